//! Sockets inside that a process outside serves.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::plan::forward::Endpoint;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::{Failed, failed};

/// How many connections may wait.
const BACKLOG: i32 = 64;

/// Makes one.
pub(super) fn listen(endpoint: &Endpoint, mounts: Option<&OwnedFd>) -> Result<OwnedFd, Failed> {
    let failed = failed("making the socket");
    match endpoint {
        Endpoint::Tcp(address) => tcp(*address).map_err(failed),
        Endpoint::Udp(address) => udp(*address).map_err(failed),
        Endpoint::Unix(path) => {
            let mounts = mounts.ok_or_else(|| failed(io::ErrorKind::InvalidInput.into()))?;
            unix(path, mounts).map_err(failed)
        }
    }
}

fn family(address: SocketAddr) -> AddressFamily {
    match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    }
}

fn tcp(address: SocketAddr) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(family(address), SocketType::STREAM, flags, None)?;
    // What an earlier one at this place left behind is no obstacle.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket)
}

fn udp(address: SocketAddr) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(family(address), SocketType::DGRAM, flags, None)?;
    rustix::net::bind(&socket, &address)?;
    Ok(socket)
}

/// In the sandbox's file system, with no right there but those of the app itself: links in the
/// path may lead wherever the app could go.
fn unix(path: &str, mounts: &OwnedFd) -> io::Result<OwnedFd> {
    move_into_link_name_space(mounts.as_fd(), Some(LinkNameSpaceType::Mount))?;
    oz_sys::privileges::drop_all()?;
    let flags = SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let address = SocketAddrUnix::new(path)?;
    if is_socket(path) {
        // Of an earlier one at this place; an app that has one of its own there loses its name.
        rustix::fs::unlink(path)?;
    }
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket)
}

fn is_socket(path: &str) -> bool {
    rustix::fs::lstat(path).is_ok_and(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Socket
    })
}
