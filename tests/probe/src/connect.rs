//! Reaching what listens on the host.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram, UnixStream};
use std::time::Duration;

use crate::outcome::{Outcome, refused};

/// Connects to a socket: `unix PATH`, `abstract NAME`, `datagram NAME` (abstract as well), `tcp ADDRESS:PORT`.
pub fn attempt(kind: &str, place: &str) -> Outcome {
    let outcome = match kind {
        "unix" => UnixStream::connect(place).map(drop),
        "abstract" => UnixAddr::from_abstract_name(place)
            .and_then(|address| UnixStream::connect_addr(&address))
            .map(drop),
        "datagram" => {
            let address = UnixAddr::from_abstract_name(place)?;
            UnixDatagram::unbound()?
                .send_to_addr(b"probe", &address)
                .map(drop)
        }
        "tcp" => {
            let Ok(address) = place.parse::<SocketAddr>() else {
                return refused("not an address");
            };
            TcpStream::connect_timeout(&address, Duration::from_secs(3)).map(drop)
        }
        _ => return refused("no such kind of socket"),
    };
    outcome?;
    Ok("connected".to_owned())
}

fn datagrams(place: &str) -> std::io::Result<(UdpSocket, SocketAddr)> {
    // Also understands which interface an address is meant for.
    let mut places = place.to_socket_addrs()?;
    let address = places.next().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let own = if address.is_ipv4() {
        "0.0.0.0:0"
    } else {
        "[::]:0"
    };
    let socket = UdpSocket::bind(own)?;
    socket.set_broadcast(true)?;
    Ok((socket, address))
}

/// Sends to `ADDRESS:PORT`, which may be many machines.
pub fn send(place: &str) -> Outcome {
    let (socket, address) = datagrams(place)?;
    socket.send_to(b"probe", address)?;
    Ok("sent".to_owned())
}

/// Asks a server for names for a text.
pub fn ask(place: &str) -> Outcome {
    const QUESTION: &[u8] =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03who\x00\x00\x10\x00\x01";
    let (socket, address) = datagrams(place)?;
    socket.set_read_timeout(Some(Duration::from_secs(3)))?;
    socket.connect(address)?;
    socket.send(QUESTION)?;
    let mut reply = [0; 512];
    let length = socket.recv(&mut reply)?;
    // The text is behind the question, 12 bytes about the answer and its own length.
    match reply[..length].get(QUESTION.len() + 13..) {
        Some(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        None => refused("no answer to that question"),
    }
}
