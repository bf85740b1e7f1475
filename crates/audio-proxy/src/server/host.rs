//! Whether the host's server is there.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a server that still accepts is watched after it has closed a connection.
const WATCHED: Duration = Duration::from_secs(5);

/// How long after it has closed the connection by which it was watched it is looked for again: one that is
/// full closes each at once.
const AGAIN: Duration = Duration::from_millis(250);

/// The host's server, as far as connecting to it tells.
pub struct Host {
    socket: PathBuf,
    gone: bool,
    /// Whether it is watched: a server that ends closes the connections of its clients before it closes the
    /// socket that it listens on, so that connecting works for a moment longer.
    watch: Watch,
}

enum Watch {
    Not,
    /// By a connection with nothing on it.
    By(UnixStream, Instant),
    /// It is looked for at that time.
    Again(Instant),
}

impl Host {
    /// The one that listens at `socket`.
    pub fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            gone: false,
            watch: Watch::Not,
        }
    }

    /// Whether it was not there when it was last looked for.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Connects without waiting: a server that does not accept is as good as none.
    ///
    /// # Errors
    /// The kernel's, for instance that nobody listens.
    pub fn connect(&mut self) -> rustix::io::Result<UnixStream> {
        let connected = connect(&self.socket);
        self.gone = connected.is_err();
        connected
    }

    /// Finds out whether it has ended, or only closed the one connection that it has closed.
    pub fn suspect(&mut self, now: Instant) {
        self.watch = match self.connect() {
            Ok(stream) => Watch::By(stream, now + WATCHED),
            Err(_) => Watch::Not,
        };
    }

    /// What to wait for the end of.
    pub fn polled(&self) -> Option<BorrowedFd<'_>> {
        match &self.watch {
            Watch::By(stream, _) => Some(stream.as_fd()),
            Watch::Not | Watch::Again(_) => None,
        }
    }

    /// When [`settle`](Self::settle) is wanted whatever happens.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.watch {
            Watch::By(_, at) | Watch::Again(at) => Some(*at),
            Watch::Not => None,
        }
    }

    /// Goes on with finding out; `closed` is whether what was `polled` has ended.
    pub fn settle(&mut self, closed: bool, now: Instant) {
        let due = self.deadline().is_some_and(|at| now >= at);
        match self.watch {
            Watch::By(..) if closed => {
                let alive = self.connect().is_ok();
                self.watch = if alive {
                    Watch::Again(now + AGAIN)
                } else {
                    Watch::Not
                };
            }
            Watch::By(..) if due => self.watch = Watch::Not,
            Watch::Again(_) if due => self.suspect(now),
            _ => {}
        }
    }
}

fn connect(path: &std::path::Path) -> rustix::io::Result<UnixStream> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn listening(name: &str) -> (Host, UnixListener) {
        let name = format!("oz-audio-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        (Host::new(path), listener)
    }

    #[test]
    fn one_that_listens_a_moment_longer_than_it_serves_is_found_to_be_gone() {
        let (mut host, listener) = listening("ends");
        let now = Instant::now();
        host.suspect(now);
        assert!(!host.is_gone(), "it still listens");
        assert!(host.polled().is_some());

        drop(listener);
        host.settle(true, now);
        assert!(host.is_gone());
        assert!(host.polled().is_none() && host.deadline().is_none());
    }

    #[test]
    fn one_that_stays_is_not_watched_for_ever() {
        let (mut host, _listener) = listening("stays");
        let now = Instant::now();
        host.suspect(now);
        host.settle(false, now);
        assert!(host.polled().is_some());
        host.settle(false, now + WATCHED);
        assert!(host.polled().is_none() && host.deadline().is_none());
        assert!(!host.is_gone());
    }

    #[test]
    fn one_that_closes_every_connection_is_not_looked_for_all_the_time() {
        let (mut host, listener) = listening("full");
        let now = Instant::now();
        host.suspect(now);
        host.settle(true, now);
        assert!(host.polled().is_none(), "not at once");
        assert_eq!(host.deadline(), Some(now + AGAIN));

        drop(listener);
        host.settle(false, now + AGAIN);
        assert!(host.is_gone());
    }
}
