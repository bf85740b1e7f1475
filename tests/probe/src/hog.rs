//! Using up what the kernel counts for the user as a whole.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::say;

/// What became of it, and what there is to say.
type Attempt = Result<String, String>;

/// Enough for every program with the usual limit to be refused.
const MANY: usize = 3000;

/// The usual soft limit of open files.
const USUAL: u64 = 1024;

/// As many as one message carries.
const MOST: usize = 253;

/// `descriptors`: leaves as many as it can on their way. `inotify`: makes as many watchers as it can. Says how
/// many and keeps them for so many seconds.
pub fn attempt(what: &str, seconds: &str) -> Attempt {
    let seconds = seconds.parse().map_err(|_| "not a number".to_owned())?;
    match what {
        "descriptors" => {
            let (_sockets, count) = leave_on_their_way();
            say(&format!("ok {count}"));
            std::thread::sleep(Duration::from_secs(seconds));
        }
        "inotify" => {
            let watchers = watchers();
            say(&format!("ok {}", watchers.len()));
            std::thread::sleep(Duration::from_secs(seconds));
        }
        _ => return Err("no such quota".to_owned()),
    }
    Ok("done".to_owned())
}

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

fn leave_on_their_way() -> (Vec<UnixStream>, usize) {
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

fn watchers() -> Vec<OwnedFd> {
    let make = || rustix::fs::inotify::init(rustix::fs::inotify::CreateFlags::CLOEXEC).ok();
    std::iter::from_fn(make).take(MANY).collect()
}
