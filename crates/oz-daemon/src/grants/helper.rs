//! One run of `oz-mount`: a process of the host that enters the sandbox's namespaces, changes what
//! was asked and ends. It has a deadline, because a file system that does not answer can hold it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::wire::mount::{Answer, Granted, Refusal, Request, View};

use crate::aside::Careful;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::connection::{Connection, ConnectionError};
use crate::sandbox::proxy::KillOnDrop;
use crate::sandbox::{Namespaces, spawn};

const DEADLINE: Duration = Duration::from_secs(5);

/// Most parts of one request, and most bytes of their paths: the answer has to fit into a message, and into the
/// time.
const AT_ONCE: usize = 256;
const BYTES: usize = 12 << 10;

/// One answer for each part of a request, in order.
type Results = Vec<Result<Granted, Refusal>>;

/// Where runs come from. One can be begun while it is still found out what it shall do: to start a program takes as long.
pub(super) struct Helpers {
    program: PathBuf,
    begun: Mutex<Option<Helper>>,
}

/// A process that is killed with the value, and our end of its socket.
type Helper = (KillOnDrop, OwnedFd);

impl Helpers {
    pub(super) fn of(daemon: &Daemon) -> Self {
        Self {
            program: daemon.directories.program("oz-mount"),
            begun: Mutex::default(),
        }
    }

    /// Likewise, with one that is begun. If it cannot be, whoever asks will hear why.
    pub(super) fn begun(daemon: &Daemon) -> Self {
        let helpers = Self::of(daemon);
        *helpers.lock() = helpers.start().ok();
        helpers
    }

    fn take(&self) -> Result<Helper> {
        match self.lock().take() {
            Some(helper) => Ok(helper),
            None => self.start(),
        }
    }

    fn start(&self) -> Result<Helper> {
        let (process, socket) = spawn::helper(&self.program, &spawn::MOUNT)?;
        Ok((KillOnDrop::new(process), socket))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Helper>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds or removes mounts.
pub(super) async fn ask(
    helpers: &Helpers,
    namespaces: &Namespaces,
    request: &Request,
) -> Result<Results> {
    let parts = match request {
        Request::Add(grants) => grants.len(),
        Request::Remove(granted) => granted.len(),
        Request::View(_) | Request::Uncover(_) => 1,
    };
    if parts == 0 {
        return Ok(Vec::new());
    }
    let mut results = Vec::new();
    for part in parts_of(request) {
        match talk(helpers, namespaces, &part, &[]).await {
            Ok((more, _)) => results.extend(more),
            Err(failure) if results.is_empty() => return Err(failure),
            // What the ones before have done is done, and has to be known.
            Err(_) => {
                let refusal = Refusal::Os {
                    call: "oz-mount".to_owned(),
                    errno: rustix::io::Errno::TIMEDOUT.raw_os_error(),
                };
                results.resize(parts, Err(refusal));
                break;
            }
        }
    }
    if results.len() == parts {
        Ok(results)
    } else {
        Err(failed("it answered another question"))
    }
}

/// A large request as several.
fn parts_of(request: &Request) -> Vec<Request> {
    match request {
        Request::Add(all) => {
            let parts = several(all, |grant| &grant.path).into_iter();
            parts.map(|part| Request::Add(part.to_vec())).collect()
        }
        Request::Remove(all) => {
            let parts = several(all, |granted| &granted.path).into_iter();
            parts.map(|part| Request::Remove(part.to_vec())).collect()
        }
        Request::View(_) | Request::Uncover(_) => vec![request.clone()],
    }
}

fn several<T>(all: &[T], path: fn(&T) -> &OsBytes) -> Vec<&[T]> {
    let mut parts = Vec::new();
    let mut left = all;
    while !left.is_empty() {
        let mut bytes = 0;
        let fits = |one: &&T| {
            bytes += path(one).as_bytes().len();
            bytes <= BYTES
        };
        let count = left.iter().take(AT_ONCE).take_while(fits).count();
        let (part, rest) = left.split_at(count.max(1));
        parts.push(part);
        left = rest;
    }
    parts
}

/// A view that nobody serves yet: the FUSE device, the mount, and what lies below it.
pub(super) type Unserved = (Granted, [OwnedFd; 3]);

/// Mounts a view.
pub(super) async fn view(
    helpers: &Helpers,
    namespaces: &Namespaces,
    view: View,
) -> Result<Result<Unserved, Refusal>> {
    let (mut results, fds) = talk(helpers, namespaces, &Request::View(view), &[]).await?;
    match (results.pop(), <[OwnedFd; 3]>::try_from(fds)) {
        (Some(Ok(granted)), Ok(fds)) => Ok(Ok((granted, fds))),
        (Some(Err(refusal)), _) => Ok(Err(refusal)),
        _ => Err(failed("it answered another question")),
    }
}

/// Puts the directories below a view on top of it again.
pub(super) async fn uncover(
    helpers: &Helpers,
    namespaces: &Namespaces,
    view: &Granted,
    below: BorrowedFd<'_>,
) -> Result<()> {
    let request = Request::Uncover(view.clone());
    let (mut results, _) = talk(helpers, namespaces, &request, &[below]).await?;
    match results.pop() {
        Some(Ok(_)) => Ok(()),
        Some(Err(refusal)) => Err(failed(&refusal.to_string())),
        None => Err(failed("it answered another question")),
    }
}

async fn talk(
    helpers: &Helpers,
    namespaces: &Namespaces,
    request: &Request,
    more: &[BorrowedFd<'_>],
) -> Result<(Results, Vec<OwnedFd>)> {
    let (process, socket) = helpers.take()?;
    let talk = async {
        let mut connection = Connection::new(socket)?;
        let mut fds = vec![namespaces.user.as_fd(), namespaces.mount.as_fd()];
        fds.extend(more);
        connection.send(request, &fds).await?;
        let (answer, fds) = connection.receive::<Answer>().await?;
        Ok::<_, ConnectionError>((answer.results, Careful::all(fds)))
    };
    let answer = tokio::time::timeout(DEADLINE, talk).await;
    // It has answered or never will.
    drop(process);
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failed(&error.to_string())),
        Err(_) => Err(Failure::new(
            Kind::Timeout,
            format!(
                "the files did not appear in the sandbox within {} seconds",
                DEADLINE.as_secs()
            ),
            "The file system that they are on may not answer; try again when it does",
        )),
    }
}

fn failed(why: &str) -> Failure {
    Failure::new(
        Kind::Host,
        format!("the mount helper failed: {why}"),
        "Look at the daemon's log; the sandbox is as it was",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_request_is_made_in_parts_that_fit() {
        let paths = |count: usize, length: usize| -> Vec<OsBytes> {
            let path = |_| OsBytes::from(vec![b'x'; length]);
            (0..count).map(path).collect()
        };
        let sizes = |paths: &[OsBytes]| -> Vec<usize> {
            let parts = several(paths, |path| path);
            parts.iter().map(|part| part.len()).collect()
        };
        assert_eq!(sizes(&paths(3, 20)), [3]);
        assert_eq!(sizes(&paths(600, 20)), [256, 256, 88]);
        assert_eq!(sizes(&paths(7, 4096)), [3, 3, 1]);
        assert_eq!(sizes(&paths(2, 1 << 20)), [1, 1]);
        assert!(sizes(&[]).is_empty());
    }
}
