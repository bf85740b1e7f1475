//! Views: directories in which a sandbox may change some files, each served by a files proxy.
//!
//! A file that is mounted by itself cannot be replaced, and replacing it is how most programs save.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::wire::files::{Answer, NAMES_MAX, Name, Request};
use oz_core::wire::mount::{self, Granted, Identity, Refusal};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use serde::{Deserialize, Serialize};

use super::helper::{self, Helpers};
use crate::child::Child;
use crate::daemon::Daemon;
use crate::directories;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::connection::{Connection, ConnectionError};
use crate::sandbox::{Namespaces, Sandbox, spawn};

/// How long a proxy may take to answer, and the host's file system to open a directory.
const DEADLINE: Duration = Duration::from_secs(5);

/// So many ends of proxies are repaired, and no more: something in the sandbox wants them.
const AGAIN: usize = 100;

/// Bytes of private files in a view whose directory is not the sandbox's own.
const SIZE: u64 = 256 << 20;

/// Files with these ends are databases, and these names belong to them.
const DATABASES: [&str; 4] = ["db", "db3", "sqlite", "sqlite3"];
const COMPANIONS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// A view that is served.
#[derive(Debug)]
pub(crate) struct View {
    kept: Kept,
    proxy: Arc<Child>,
}

/// What a later daemon needs to know of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    granted: Granted,
    /// Names its socket.
    number: u64,
    /// Its proxy, by number and start time.
    pub(crate) process: (i32, u64),
}

impl Kept {
    /// The directory that it lies over, if the sandbox had one at its place before.
    pub(crate) fn covers(&self) -> Option<&OsBytes> {
        self.granted.made.is_empty().then_some(&self.granted.path)
    }
}

impl View {
    /// One that an earlier daemon made.
    pub(crate) fn adopt(sandbox: &Sandbox, kept: Kept, proxy: Child) -> Self {
        Self {
            kept,
            proxy: watched(sandbox, proxy),
        }
    }

    /// Whether somebody serves it still.
    pub(super) fn is_served(&self) -> bool {
        self.proxy.pid().is_some()
    }

    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    pub(super) fn directory(&self) -> &OsBytes {
        &self.kept.granted.path
    }

    pub(super) fn granted(&self) -> &Granted {
        &self.kept.granted
    }
}

/// Its proxy never outlives it.
impl Drop for View {
    fn drop(&mut self) {
        self.proxy.kill();
    }
}

/// Reaps it when it ends, and says so.
fn watched(sandbox: &Sandbox, proxy: Child) -> Arc<Child> {
    let proxy = Arc::new(proxy);
    let (watched, ended) = (proxy.clone(), sandbox.files_proxy_ended.clone());
    tokio::spawn(async move {
        watched.wait().await;
        ended.notify_one();
    });
    proxy
}

/// Makes views of a sandbox anew whose proxies have died, until the sandbox ends, by when the task
/// that runs this is aborted.
pub(crate) async fn supervise(daemon: Arc<Daemon>, sandbox: Arc<Sandbox>) {
    let mut repaired = 0;
    while repaired < AGAIN {
        sandbox.files_proxy_ended.notified().await;
        repaired += super::change::repair(&daemon, &sandbox).await;
    }
    tracing::warn!("files proxies end too often; their files wait for being added again");
}

/// What a view shows of a file, and of what belongs to it.
pub(super) fn names(path: &Path, identity: Option<Identity>) -> Vec<Name> {
    let name = path.file_name().unwrap_or_default();
    let itself = Name {
        name: name.into(),
        identity,
        companion: false,
    };
    let is_database = path.extension().is_some_and(|end| {
        DATABASES
            .iter()
            .any(|known| end.eq_ignore_ascii_case(known))
    });
    let companions = COMPANIONS.iter().filter(|_| is_database).map(|end| {
        let mut companion = name.to_owned();
        companion.push(end);
        Name {
            name: companion.as_os_str().into(),
            identity: None,
            companion: true,
        }
    });
    std::iter::once(itself).chain(companions).collect()
}

/// Why there is no view.
pub(super) enum Without {
    /// Mounting it is refused. A mount of the file itself may do.
    Refused(Refusal),
    /// It could not be served.
    Failed(Failure),
}

impl From<Failure> for Without {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Makes a view; with the names that it cannot show.
pub(super) async fn open(
    daemon: &Daemon,
    sandbox: &Sandbox,
    (namespaces, helpers): (&Namespaces, &Helpers),
    directory: &Path,
    names: Vec<Name>,
) -> Result<(View, Vec<OsBytes>), Without> {
    if names.len() > NAMES_MAX {
        return Err(Without::Refused(os("view", rustix::io::Errno::NFILE)));
    }
    let host = host_directory(directory).await?;
    let wanted = mount::View {
        path: directory.into(),
        size: SIZE,
    };
    let unserved = helper::view(helpers, namespaces, wanted).await?;
    let (granted, [device, mounted, below]) = unserved.map_err(Without::Refused)?;
    let number = granted.mount;
    let served = async {
        let address = Address::of(daemon, sandbox, number)?;
        let listener = listen(&address)?;
        let proxy = start(daemon, &listener)?;
        let process = proxy.name().ok_or_else(|| failed("it ended at once"))?;
        let view = View {
            kept: Kept {
                granted: granted.clone(),
                number,
                process,
            },
            proxy: watched(sandbox, proxy),
        };
        let request = Request::Serve {
            sandbox: sandbox.id.to_string(),
            names,
        };
        let fds = [&device, &mounted, &host, &below].map(AsFd::as_fd);
        let answer = ask(&address, &request, &fds).await?;
        helper::uncover(helpers, namespaces, &granted, below.as_fd()).await?;
        Ok::<_, Failure>((view, answer.replaced))
    };
    match served.await {
        Ok(served) => Ok(served),
        Err(failure) => {
            // Without a server everything in it would wait.
            let request = mount::Request::Remove(vec![granted]);
            if let Err(error) = helper::ask(helpers, namespaces, &request).await {
                tracing::warn!(error = error.line(), "a view stays that nobody serves");
            }
            Err(failure.into())
        }
    }
}

/// Shows just these names from now on; returns those that it cannot show.
pub(super) async fn update(
    daemon: &Daemon,
    sandbox: &Sandbox,
    view: &View,
    names: Vec<Name>,
) -> Result<Vec<OsBytes>> {
    let address = Address::of(daemon, sandbox, view.kept.number)?;
    let answer = ask(&address, &Request::Update { names }, &[]).await?;
    Ok(answer.replaced)
}

/// The host's directory, through no symlink; on a thread of its own, because it can hang.
async fn host_directory(path: &Path) -> Result<OwnedFd> {
    let owned = path.to_owned();
    let open = tokio::task::spawn_blocking(move || {
        let how = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat2(CWD, owned, flags, Mode::empty(), how)
    });
    let error = match tokio::time::timeout(DEADLINE, open).await {
        Ok(Ok(Ok(directory))) => return Ok(directory),
        Ok(Ok(Err(error))) => error.into(),
        Ok(Err(error)) => io::Error::other(error),
        Err(_) => io::ErrorKind::TimedOut.into(),
    };
    Err(Failure::host("open", path, &error))
}

/// The socket of a view's proxy, in the sandbox's runtime directory.
struct Address {
    /// The sandbox's runtime directory, by its path and opened.
    parent: PathBuf,
    directory: OwnedFd,
    name: String,
}

impl Address {
    fn of(daemon: &Daemon, sandbox: &Sandbox, number: u64) -> Result<Self> {
        let parent = daemon.directories.sandboxes().join(sandbox.id.as_str());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = rustix::fs::open(&parent, flags, Mode::empty())
            .map_err(|error| Failure::host("open", &parent, &error.into()))?;
        Ok(Self {
            parent,
            directory,
            name: format!("view-{number}"),
        })
    }

    fn socket(&self) -> io::Result<SocketAddrUnix> {
        directories::socket_in(&self.directory, &self.name)
    }
}

fn listen(address: &Address) -> Result<OwnedFd> {
    let listen = || -> io::Result<OwnedFd> {
        let flags = SocketFlags::CLOEXEC;
        let socket =
            rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        // Numbers of mounts come again.
        let _ = rustix::fs::unlinkat(&address.directory, &address.name, AtFlags::empty());
        rustix::net::bind(&socket, &address.socket()?)?;
        rustix::net::listen(&socket, 4)?;
        Ok(socket)
    };
    let path = address.parent.join(&address.name);
    listen().map_err(|error| Failure::host("make the socket", &path, &error))
}

fn start(daemon: &Daemon, listener: &OwnedFd) -> Result<Child> {
    let program = daemon.directories.program("files-proxy");
    spawn::logging(&program, &[], &spawn::log_level(), &[(listener.as_fd(), 3)])
}

async fn ask(
    address: &Address,
    request: &Request,
    fds: &[std::os::fd::BorrowedFd<'_>],
) -> Result<Answer> {
    let talk = async {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let kind = SocketType::STREAM;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, kind, flags, None)
            .map_err(io::Error::from)?;
        rustix::net::connect(&socket, &address.socket()?).map_err(io::Error::from)?;
        let mut connection = Connection::new(socket)?;
        connection.send(request, fds).await?;
        Ok::<_, ConnectionError>(connection.receive::<Answer>().await?.0)
    };
    match tokio::time::timeout(DEADLINE, talk).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failed(&error.to_string())),
        Err(_) => Err(failed("it did not answer in time")),
    }
}

fn failed(why: &str) -> Failure {
    Failure::new(
        Kind::Host,
        format!("the files proxy failed: {why}"),
        "Remove the file and add it again",
    )
}

fn os(call: &str, errno: rustix::io::Errno) -> Refusal {
    Refusal::Os {
        call: call.to_owned(),
        errno: errno.raw_os_error(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_brings_what_belongs_to_it() {
        let identity = Identity {
            device: 1,
            inode: 2,
            directory: false,
        };
        let of = |path: &str| -> Vec<String> {
            let all = names(Path::new(path), Some(identity));
            all.iter().map(|one| one.name.to_string()).collect()
        };
        assert_eq!(of("/h/a.txt"), ["a.txt"]);
        let database = [
            "a.SQLite",
            "a.SQLite-journal",
            "a.SQLite-wal",
            "a.SQLite-shm",
        ];
        assert_eq!(of("/h/a.SQLite"), database);
    }
}
