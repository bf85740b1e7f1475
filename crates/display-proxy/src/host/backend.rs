//! Where host connections come from.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::x11::{Place, Server};

/// The kinds of host that windows can appear on.
#[derive(Debug)]
pub enum Backend {
    /// A Wayland compositor that listens at this path.
    Wayland(PathBuf),
    /// A screen of an X server.
    X11(Arc<Place>),
    /// No screen: a fake host takes the other end of a fresh socket pair. For tests.
    Headless(Hosts),
}

/// Where the fake host of a test takes its connections from; it can be another one after a while.
pub type Hosts = Arc<Mutex<Sender<UnixStream>>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens any more.
    #[error("the host does not listen")]
    Gone,
    /// It listens, but not now: its queue is full.
    #[error("the host does not accept connections")]
    Busy,
    /// Something else is wrong.
    #[error("cannot connect to the host")]
    Failed(#[source] Errno),
}

/// A connection for one app client.
pub(crate) struct Connected {
    pub(crate) socket: UnixStream,
    /// What is at its other end, if that is here.
    pub(crate) server: Option<Box<Server>>,
}

impl Backend {
    /// Whether it may be there again once it is gone: what its windows show is kept until then.
    pub(crate) fn returns(&self) -> bool {
        match self {
            Self::Wayland(_) | Self::Headless(_) => true,
            // The server in this process would have to be made anew as well.
            Self::X11(_) => false,
        }
    }

    /// Opens one more connection, without waiting for a compositor.
    pub(crate) fn connect(&self) -> Result<Connected, ConnectError> {
        let server = None;
        match self {
            Self::Wayland(path) => {
                let address = SocketAddrUnix::new(path).map_err(ConnectError::Failed)?;
                let socket = open(&address)?;
                Ok(Connected { socket, server })
            }
            Self::X11(place) => {
                let (server, socket) = Server::start(place)?;
                let server = Some(server);
                Ok(Connected { socket, server })
            }
            Self::Headless(hosts) => {
                let (socket, theirs) = UnixStream::pair().map_err(|_| ConnectError::Busy)?;
                socket
                    .set_nonblocking(true)
                    .map_err(|_| ConnectError::Busy)?;
                let hosts = hosts.lock().unwrap_or_else(PoisonError::into_inner);
                hosts.send(theirs).map_err(|_| ConnectError::Gone)?;
                Ok(Connected { socket, server })
            }
        }
    }

    /// A connection on which nothing is said: it closes when the host ends.
    pub(crate) fn watch(&self) -> Result<UnixStream, ConnectError> {
        match self {
            Self::X11(place) => place.socket(),
            Self::Wayland(_) | Self::Headless(_) => self.connect().map(|made| made.socket),
        }
    }
}

/// Connects without waiting.
pub(super) fn open(address: &SocketAddrUnix) -> Result<UnixStream, ConnectError> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .map_err(ConnectError::Failed)?;
    match rustix::net::connect(&socket, address) {
        Ok(()) => Ok(UnixStream::from(socket)),
        Err(Errno::AGAIN) => Err(ConnectError::Busy),
        Err(Errno::NOENT | Errno::CONNREFUSED) => Err(ConnectError::Gone),
        Err(error) => Err(ConnectError::Failed(error)),
    }
}
