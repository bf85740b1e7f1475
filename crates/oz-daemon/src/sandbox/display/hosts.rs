//! Connections to the host that a display proxy cannot make itself: to a compositor that was started after it, where the
//! kernel tells sockets from each other, to an X server that another cookie opens, and to another host than that of the start. Each goes to it as one message, on a socket by
//! whose name the next daemon finds it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use oz_core::plan::SandboxId;
use oz_core::wire::display::{Given, Host, Opening};
use oz_core::xauthority;
use oz_host::small;
use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::directories::{Directories, socket_in};
use crate::launch::display;

/// Name of the socket.
const NAME: &str = "display-hosts";
/// Connections for one question: as many as clients of an app that are usual. It asks again.
const AT_ONCE: u32 = 8;
/// The largest file of cookies that is read.
const AUTHORITY_MAX: u64 = 1 << 20;

/// The directory of one sandbox, where the socket is.
pub(super) struct Hosts(PathBuf);

impl Hosts {
    pub(super) fn of(directories: &Directories, id: &SandboxId) -> Self {
        Self(directories.sandboxes().join(id.as_str()))
    }

    /// A new one: the proxy's end.
    pub(super) fn fresh(&self) -> io::Result<OwnedFd> {
        match std::fs::remove_file(self.0.join(NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = messages()?;
        let directory = self.directory()?;
        rustix::net::bind(&socket, &socket_in(&directory, NAME)?)?;
        Ok(socket)
    }

    fn directory(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::DIRECTORY | OFlags::PATH | OFlags::CLOEXEC;
        Ok(rustix::fs::open(&self.0, flags, Mode::empty())?)
    }

    /// Hands over as many connections as the proxy asks for. Without a host there are none, and it asks again.
    pub(super) fn more(&self, host: &Host, connections: u32) -> io::Result<()> {
        let to = self.reach()?;
        let message = Given {
            another: false,
            opening: opening(host),
        };
        let message = message.write();
        for _ in 0..connections.min(AT_ONCE) {
            let connection = display::connect_to(host)?;
            oz_sys::socket::try_send(&to, &message, &[connection.as_fd()])?;
        }
        Ok(())
    }

    /// Has the proxy leave its host for another.
    pub(super) fn another(&self, connection: &OwnedFd, opening: Option<Opening>) -> io::Result<()> {
        let to = self.reach()?;
        let message = Given {
            another: true,
            opening,
        };
        oz_sys::socket::try_send(&to, &message.write(), &[connection.as_fd()]).map(drop)
    }

    fn reach(&self) -> io::Result<OwnedFd> {
        let socket = messages()?;
        let directory = self.directory()?;
        rustix::net::connect(&socket, &socket_in(&directory, NAME)?)?;
        Ok(socket)
    }
}

/// What opens an X server, as its user's file says now; a compositor is opened by nothing.
pub(super) fn opening(host: &Host) -> Option<Opening> {
    let Host::X11(server) = host else {
        return None;
    };
    let hostname = rustix::system::uname().nodename().to_bytes().to_vec();
    let file = server.authority.as_deref().map(read).unwrap_or_default();
    Some(Opening {
        screen: server.screen,
        said: xauthority::find(&file, &hostname, server.display),
    })
}

/// A file of cookies; nothing if it is none.
fn read(path: &Path) -> Vec<u8> {
    small::read(path, AUTHORITY_MAX).unwrap_or_else(|error| {
        tracing::debug!(%error, "no file opens the X server");
        Vec::new()
    })
}

fn messages() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let kind = SocketType::DGRAM;
    Ok(rustix::net::socket_with(
        AddressFamily::UNIX,
        kind,
        flags,
        None,
    )?)
}
