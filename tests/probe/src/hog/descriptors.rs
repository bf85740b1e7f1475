//! Descriptors on their way from one program to another.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Attempt, MANY};

/// The usual soft limit of open files.
const USUAL: u64 = 1024;

/// As many as one message carries.
const MOST: usize = 253;

/// Leaves many on their way and looks whether another program with the usual limit could pass one now.
pub fn starve() -> Attempt {
    let (_sockets, count) = leave_on_their_way();
    match pass() {
        Ok(_) => Err(format!("{count} do not starve anybody")),
        Err(error) => Ok(format!("{count} starve others: {error}")),
    }
}

/// Passes one descriptor, as every Wayland client does, with the usual limit of open files.
pub fn pass() -> Attempt {
    let limit = getrlimit(Resource::Nofile);
    let usual = Rlimit {
        current: Some(USUAL),
        ..limit
    };
    setrlimit(Resource::Nofile, usual).map_err(|error| error.to_string())?;
    let (ours, _theirs) = UnixStream::pair().map_err(|error| error.to_string())?;
    match send(&ours, &[ours.as_fd()]) {
        Ok(()) => Ok("passed".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn leave_on_their_way() -> (Vec<UnixStream>, usize) {
    let (mut sockets, mut count) = (Vec::new(), 0);
    while count < MANY
        && let Ok((ours, theirs)) = UnixStream::pair()
    {
        let many = [ours.as_fd(); MOST];
        let sent = loop {
            match send(&ours, &many) {
                Ok(()) => count += MOST,
                Err(error) => break error,
            }
            if count >= MANY {
                break Errno::AGAIN;
            }
        };
        sockets.extend([ours, theirs]);
        if sent != Errno::AGAIN {
            break;
        }
    }
    (sockets, count)
}

fn send(socket: &UnixStream, fds: &[BorrowedFd]) -> Result<(), Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(fds));
    let data = [IoSlice::new(b"x")];
    rustix::net::sendmsg(socket, &data, &mut control, SendFlags::DONTWAIT)?;
    Ok(())
}
