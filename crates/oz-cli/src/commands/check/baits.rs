//! What the prober must not reach: sockets of ours on the host, which we reach ourselves first.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{UnixListener, UnixStream};

use oz_core::OsBytes;

use crate::error::{Error, Result};

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
        for address in addresses() {
            // A machine may be without one of the families.
            let Ok(listener) = TcpListener::bind((address, 0)) else {
                continue;
            };
            let port = listener.local_addr().map_err(failed)?;
            TcpStream::connect(port).map_err(failed)?;
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

/// The loopback's, and the one by which this machine would speak to others.
fn addresses() -> Vec<std::net::IpAddr> {
    let mut all: Vec<std::net::IpAddr> = vec![
        std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::Ipv6Addr::LOCALHOST.into(),
    ];
    // A connected datagram socket sends nothing, and is told which address it would use.
    let own = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    all.extend(own.map(|address| address.ip()));
    all
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
