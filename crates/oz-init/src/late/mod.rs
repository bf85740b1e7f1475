//! Mounting into a running sandbox, from outside: what `oz-mount` does.
//!
//! The process joins the sandbox's user namespace, which gives it capabilities over the
//! sandbox's mounts and none over the host, makes a mount namespace that is a copy of the host's, opens
//! what was granted there, and carries detached copies of it over into the sandbox's mount
//! namespace. Nothing in it waits for anything inside; a file system of the host that does not
//! answer costs this process, which the daemon kills after a while, and nobody else.

mod add;
mod mountinfo;
mod path;
mod places;
mod remove;

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::wire::frame::MAX_PLAN;
use oz_core::wire::mount::{Answer, Granted, Refusal, Request};
use oz_core::wire::{Reader, encode};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::thread::LinkNameSpaceType;

use crate::start::wait_for_frame;

/// The namespaces of a sandbox.
struct Sandbox {
    user: OwnedFd,
    mounts: OwnedFd,
}

/// Reads one request and answers it.
pub fn serve(socket: &OwnedFd) -> io::Result<()> {
    let frame = wait_for_frame(socket, &mut Reader::new(MAX_PLAN))?;
    let request = frame.decode().map_err(io::Error::other)?;
    let [user, mounts] = <[OwnedFd; 2]>::try_from(frame.fds)
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let answer = Answer {
        results: answer(&Sandbox { user, mounts }, request),
    };
    let bytes = encode(&answer, 0).map_err(io::Error::other)?;
    oz_sys::socket::send_frame(socket, &bytes, &[])
}

fn answer(sandbox: &Sandbox, request: Request) -> Vec<Result<Granted, Refusal>> {
    match request {
        Request::Add(grants) => add::add(sandbox, &grants),
        Request::Remove(granted) => remove::remove(sandbox, &granted),
    }
}

impl Sandbox {
    fn enter_user_namespace(&self) -> Result<(), Refusal> {
        let kind = Some(LinkNameSpaceType::User);
        rustix::thread::move_into_link_name_space(self.user.as_fd(), kind)
            .map_err(|error| os("setns", error))
    }

    /// The sandbox's root becomes that of this process.
    fn enter_mount_namespace(&self) -> Result<OwnedFd, Refusal> {
        let kind = Some(LinkNameSpaceType::Mount);
        rustix::thread::move_into_link_name_space(self.mounts.as_fd(), kind)
            .map_err(|error| os("setns", error))?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(CWD, "/", flags, Mode::empty()).map_err(|error| os("openat", error))
    }
}

/// A system call that failed.
fn os(call: &str, error: impl Into<io::Error>) -> Refusal {
    Refusal::Os {
        call: call.to_owned(),
        errno: error.into().raw_os_error().unwrap_or(0),
    }
}
