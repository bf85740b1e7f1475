//! The sockets of the sandbox.

use std::io;
use std::os::fd::OwnedFd;

use oz_core::plan::Listener;
use oz_core::wire::frame::MAX_FDS;
use oz_core::wire::init::Stage;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::failure::{At, Failure};
use crate::inside::Listening;
use crate::root::Root;

/// Namespaces and listeners travel in one frame.
const MOST: usize = MAX_FDS - 4;

/// Makes every socket of the plan.
pub fn bind(root: &Root, listeners: &[Listener]) -> Result<Vec<Listening>, Failure> {
    if listeners.len() > MOST {
        return Err(io::Error::from(rustix::io::Errno::NFILE)).at(Stage::Listeners, "all");
    }
    let mut all = Vec::new();
    for listener in listeners {
        let socket = listen(root, listener).at(Stage::Listeners, listener.path.as_path())?;
        let mut listening = Listening {
            service: listener.service,
            path: listener.path.clone(),
            helper: listener.helper.clone(),
            socket,
            sends: None,
        };
        if listener.helper.is_some() && listener.reaches_outside() {
            let (outside, inside) = channel().at(Stage::Listeners, listener.path.as_path())?;
            listening.sends = Some(inside);
            all.push(Listening {
                service: listener.service,
                path: listener.path.clone(),
                helper: None,
                socket: outside,
                sends: None,
            });
        }
        all.push(listening);
    }
    Ok(all)
}

/// What a helper needs of the outside goes there in whole messages, each time that it is started.
fn channel() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        flags,
        None,
    )?)
}

fn listen(root: &Root, listener: &Listener) -> io::Result<OwnedFd> {
    let (directory, name) = root.parent(&listener.path)?;
    // An address has room for 107 bytes: name the socket from within its directory.
    rustix::process::fchdir(&directory)?;
    let address = SocketAddrUnix::new(name)?;
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    rustix::net::bind(&socket, &address)?;
    rustix::net::listen(&socket, 128)?;
    Ok(socket)
}
