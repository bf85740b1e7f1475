//! Work in a sandbox's network from outside: what `oz-net` does.
//!
//! The process joins the sandbox's user namespace, which gives it capabilities over the sandbox's
//! network and none over the host's. It stays in the host's mount namespace, so that the programs
//! it runs are the host's, except to make a socket in the file system. Nothing in it reads what
//! an app wrote.

mod guard;
mod interface;
mod listen;
mod refusals;

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::wire::frame::MAX_PLAN;
use oz_core::wire::net::{Answer, Request};
use oz_core::wire::{Reader, encode};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::start::wait_for_frame;

/// What failed, and how.
struct Failed {
    what: String,
    errno: i32,
}

/// Serves requests until the daemon hangs up.
pub fn serve(socket: &OwnedFd) -> io::Result<()> {
    let mut reader = Reader::new(MAX_PLAN);
    let mut mounts = None;
    loop {
        let frame = match wait_for_frame(socket, &mut reader) {
            Ok(frame) => frame,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        let request = frame.decode().map_err(io::Error::other)?;
        if mounts.is_none() {
            let [user, net, mount] = <[OwnedFd; 3]>::try_from(frame.fds)
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
            move_into_link_name_space(user.as_fd(), Some(LinkNameSpaceType::User))?;
            move_into_link_name_space(net.as_fd(), Some(LinkNameSpaceType::Network))?;
            mounts = Some(mount);
        }
        let result = match request {
            Request::Guard { nft, rules } => guard::load(&nft, &rules).map(|()| None),
            Request::Refusals => refusals::hear().map(Some),
            Request::Await => interface::wait().map(|()| None),
            Request::Listen(endpoint) => listen::listen(&endpoint, mounts.as_ref()).map(Some),
        };
        let (answer, fd) = match result {
            Ok(None) => (Answer::Done, None),
            Ok(Some(fd)) => (Answer::Listening, Some(fd)),
            Err(Failed { what, errno }) => (Answer::Failed { what, errno }, None),
        };
        let fds: Vec<_> = fd.iter().map(AsFd::as_fd).collect();
        let bytes = encode(&answer, fds.len()).map_err(io::Error::other)?;
        oz_sys::socket::send_frame(socket, &bytes, &fds)?;
    }
}

fn failed<'a>(what: &'a str) -> impl Fn(io::Error) -> Failed + use<'a> {
    move |error| Failed {
        what: what.to_owned(),
        errno: error.raw_os_error().unwrap_or(0),
    }
}
