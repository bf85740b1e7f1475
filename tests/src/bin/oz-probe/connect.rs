//! Reaching what listens on the host.

use std::net::{SocketAddr, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixStream};
use std::time::Duration;

use super::Attempt;

/// Connects to a socket: `unix PATH`, `abstract NAME`, `tcp ADDRESS:PORT`.
pub fn attempt(kind: &str, place: &str) -> Attempt {
    let outcome = match kind {
        "unix" => UnixStream::connect(place).map(drop),
        "abstract" => UnixAddr::from_abstract_name(place)
            .and_then(|address| UnixStream::connect_addr(&address))
            .map(drop),
        "tcp" => {
            let address: SocketAddr = place.parse().map_err(|_| "not an address".to_owned())?;
            TcpStream::connect_timeout(&address, Duration::from_secs(3)).map(drop)
        }
        _ => return Err("no such kind of socket".to_owned()),
    };
    outcome
        .map(|()| "connected".to_owned())
        .map_err(|error| error.to_string())
}
