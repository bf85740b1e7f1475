//! What the prober must not reach: sockets of ours on the host, which we reach ourselves first.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use oz_core::OsBytes;

use super::around;
use crate::error::{Error, Result};

/// How long it may take to reach oneself.
const PATIENCE: Duration = Duration::from_secs(2);

/// They are open as long as this lives.
pub(super) struct Baits {
    _ports: Vec<TcpListener>,
    _name: UnixListener,
    /// Where to connect.
    pub(super) ports: Vec<SocketAddr>,
    /// The name of an abstract socket.
    pub(super) abstract_socket: OsBytes,
}

impl Baits {
    /// Listens, and shows that whoever is on the host can connect.
    pub(super) fn lay() -> Result<Self> {
        let failed = |error: std::io::Error| {
            Error::failed(
                format!("cannot listen on this machine: {error}."),
                "Close some programs; a check needs ports to try.",
            )
        };
        let mut listeners = Vec::new();
        let mut ports = Vec::new();
        for address in around::own() {
            // One that is just coming or going is not there yet, or any more.
            let Ok(listener) = TcpListener::bind(address) else {
                continue;
            };
            let port = listener.local_addr().map_err(failed)?;
            if TcpStream::connect_timeout(&port, PATIENCE).is_err() {
                continue;
            }
            ports.push(port);
            listeners.push(listener);
        }
        if ports.is_empty() {
            return Err(failed(std::io::ErrorKind::AddrNotAvailable.into()));
        }
        let name = format!("oz-check-{}", std::process::id());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).map_err(failed)?;
        let listener = UnixListener::bind_addr(&address).map_err(failed)?;
        UnixStream::connect_addr(&address).map_err(failed)?;
        Ok(Self {
            _ports: listeners,
            _name: listener,
            ports,
            abstract_socket: name.as_str().into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_laid_can_be_reached_from_here() {
        let baits = Baits::lay().expect("laid");
        for port in &baits.ports {
            assert!(TcpStream::connect(port).is_ok());
        }
    }
}
