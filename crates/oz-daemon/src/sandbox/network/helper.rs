//! `oz-net`, a process of the host that enters the sandbox's namespaces; it lives as long as it is
//! held here.

use std::os::fd::{AsFd, OwnedFd};

use oz_core::wire::net::{Answer, Request};

use super::DEADLINE;
use crate::aside::Careful;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::connection::{Connection, ConnectionError};
use crate::sandbox::proxy::KillOnDrop;
use crate::sandbox::{Namespaces, Sandbox, spawn};

/// Has one make a socket inside.
pub(super) async fn socket(
    daemon: &Daemon,
    sandbox: &Sandbox,
    request: Request,
) -> Result<OwnedFd> {
    let mut helper = Helper::start(daemon, sandbox)?;
    let asked = tokio::time::timeout(DEADLINE, helper.ask(request)).await;
    let missed = || {
        Failure::new(
            Kind::Timeout,
            "no socket was made inside in time",
            "Try again",
        )
    };
    asked.map_err(|_| missed())??.ok_or_else(missed)
}

/// One that runs.
pub(super) struct Helper<'a> {
    connection: Connection,
    _child: KillOnDrop,
    /// Until they have been sent.
    namespaces: Option<&'a Namespaces>,
    /// A request was sent and its answer not received yet.
    asked: bool,
}

impl<'a> Helper<'a> {
    pub(super) fn start(daemon: &Daemon, sandbox: &'a Sandbox) -> Result<Self> {
        let namespaces = sandbox.namespaces.get();
        let namespaces = namespaces.ok_or_else(|| Failure::gone(&sandbox.id))?;
        let (child, socket) = spawn::helper(&daemon.directories.program("oz-net"), &spawn::NET)?;
        let child = KillOnDrop::new(child);
        let connection = Connection::new(socket).map_err(|error| failed(&error.to_string()))?;
        Ok(Self {
            connection,
            _child: child,
            namespaces: Some(namespaces),
            asked: false,
        })
    }

    /// Asks and waits for the answer; the caller has a deadline. If it gives up waiting, the next
    /// call waits for the same answer, and must ask for the same.
    pub(super) async fn ask(&mut self, request: Request) -> Result<Option<OwnedFd>> {
        let broken = |error: ConnectionError| failed(&error.to_string());
        if !self.asked {
            let fds: Vec<_> = match self.namespaces.take() {
                Some(all) => vec![all.user.as_fd(), all.net.as_fd(), all.mount.as_fd()],
                None => Vec::new(),
            };
            self.connection.send(&request, &fds).await.map_err(broken)?;
            self.asked = true;
        }
        let (answer, fds) = self.connection.receive::<Answer>().await.map_err(broken)?;
        self.asked = false;
        match (answer, <[OwnedFd; 1]>::try_from(Careful::all(fds))) {
            (Answer::Done, Err(none)) if none.is_empty() => Ok(None),
            (Answer::Listening, Ok([socket])) => Ok(Some(socket)),
            (Answer::Failed { what, errno: 0 }, _) => Err(failed(&what)),
            (Answer::Failed { what, errno }, _) => {
                let error = std::io::Error::from_raw_os_error(errno);
                Err(failed(&format!("{what}: {error}")))
            }
            _ => Err(failed("it answered another question")),
        }
    }
}

fn failed(why: &str) -> Failure {
    Failure::new(
        Kind::Host,
        format!("the sandbox's network could not be changed: {why}"),
        "`oz doctor` says what this machine lacks",
    )
}
