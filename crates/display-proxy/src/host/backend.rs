//! Where host connections come from.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use oz_core::wire::display::Opening;
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
    /// It wants to be opened by something else than it was.
    #[error("the host refuses the connection")]
    Refused,
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

    /// What is done with a connection that the daemon has made, to a compositor or to an X server.
    pub(crate) fn adopt(
        &self,
        socket: UnixStream,
        opening: Option<&Opening>,
    ) -> Result<Connected, ConnectError> {
        let Some(opening) = opening else {
            return Ok(Connected {
                socket,
                server: None,
            });
        };
        let place = match self {
            Self::X11(place) => Arc::clone(place),
            Self::Wayland(_) | Self::Headless(_) => Arc::new(Place::elsewhere()),
        };
        let (server, socket) = Server::start_on(&place, socket, opening)?;
        Ok(Connected {
            socket,
            server: Some(server),
        })
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
