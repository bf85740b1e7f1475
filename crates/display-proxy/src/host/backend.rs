//! Where host connections come from.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// The kinds of host that windows can appear on.
#[derive(Debug)]
pub enum Backend {
    /// A Wayland compositor that listens at this path.
    Wayland(PathBuf),
    /// No screen: a fake host takes the other end of a fresh socket pair. For tests.
    Headless(std::sync::mpsc::Sender<UnixStream>),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens any more.
    #[error("the host compositor does not listen")]
    Gone,
    /// It listens, but not now: its queue is full.
    #[error("the host compositor does not accept connections")]
    Busy,
    /// Something else is wrong.
    #[error("cannot connect to the host compositor")]
    Failed(#[source] Errno),
}

impl Backend {
    /// Opens one more connection, without waiting for the host.
    pub(crate) fn connect(&self) -> Result<UnixStream, ConnectError> {
        match self {
            Self::Wayland(path) => {
                let address = SocketAddrUnix::new(path).map_err(ConnectError::Failed)?;
                let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
                let socket =
                    rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
                        .map_err(ConnectError::Failed)?;
                match rustix::net::connect(&socket, &address) {
                    Ok(()) => Ok(UnixStream::from(socket)),
                    Err(Errno::AGAIN) => Err(ConnectError::Busy),
                    Err(Errno::NOENT | Errno::CONNREFUSED) => Err(ConnectError::Gone),
                    Err(error) => Err(ConnectError::Failed(error)),
                }
            }
            Self::Headless(hosts) => {
                let (ours, theirs) = UnixStream::pair().map_err(|_| ConnectError::Busy)?;
                ours.set_nonblocking(true).map_err(|_| ConnectError::Busy)?;
                hosts.send(theirs).map_err(|_| ConnectError::Gone)?;
                Ok(ours)
            }
        }
    }
}
