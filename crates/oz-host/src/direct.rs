//! The daemon's own socket: launches are asked for on it without the session bus between.
//!
//! It takes one request per connection. A request is one packet: the arguments of `org.oz.Manager1.Launch`, with
//! the descriptors among them, marshalled as in the body of a call on the bus
//! (<https://dbus.freedesktop.org/doc/dbus-specification.html#type-system>) in the order of bytes of this machine. The answer is one
//! packet as well: [`DONE`] and what `Launch` returns, or [`FAILED`] and the name and the text of its error, each as a body of its own
//! behind the first byte.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::environment;

/// Its name in `$XDG_RUNTIME_DIR/oz`.
pub const NAME: &str = "launch";
/// Longest packet in bytes; what takes more goes over the bus.
pub const MOST: usize = 64 << 10;
/// First byte of an answer: it runs.
pub const DONE: u8 = 0;
/// First byte of an answer: it does not.
pub const FAILED: u8 = 1;

/// A socket of the kind that both ends are.
///
/// # Errors
///
/// The system has no more.
pub fn socket(flags: SocketFlags) -> io::Result<OwnedFd> {
    let flags = flags | SocketFlags::CLOEXEC;
    Ok(socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        flags,
        None,
    )?)
}

/// A connection to the daemon of this session.
///
/// # Errors
///
/// None runs, or its place has a name that is too long for a socket: the bus finds or starts it.
pub fn reach() -> io::Result<OwnedFd> {
    let path = environment::runtime().join("oz").join(NAME);
    reach_at(&path)
}

fn reach_at(path: &Path) -> io::Result<OwnedFd> {
    let address = SocketAddrUnix::new(path)?;
    let socket = socket(SocketFlags::empty())?;
    connect(&socket, &address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_where_nobody_listens_or_with_too_long_a_name_is_an_error() {
        let directory = tempfile::tempdir().expect("made");
        assert!(reach_at(&directory.path().join("x")).is_err());
        assert!(reach_at(&directory.path().join("x".repeat(200))).is_err());
    }
}
