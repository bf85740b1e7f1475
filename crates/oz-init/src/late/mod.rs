//! Mounting into a running sandbox, from outside: what `oz-mount` does.
//!
//! The process joins the sandbox's user namespace, which gives it capabilities over the
//! sandbox's mounts and none over the host, makes a mount namespace that is a copy of the host's, opens
//! what was granted there, and carries detached copies of it over into the sandbox's mount
//! namespace. Nothing in it waits for anything inside; a file system of the host that does not
//! answer costs this process, which the daemon kills after a while, and nobody else.

mod add;
mod masks;
mod path;
mod places;
mod remove;
mod view;

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
    let mut fds = frame.fds.into_iter();
    let (Some(user), Some(mounts)) = (fds.next(), fds.next()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let (results, fds) = answer(&Sandbox { user, mounts }, request, fds.next());
    let bytes = encode(&Answer { results }, fds.len()).map_err(io::Error::other)?;
    let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
    oz_sys::socket::send_frame(socket, &bytes, &fds)
}

/// One result for each part of the request, and descriptors if it made something to serve.
fn answer(
    sandbox: &Sandbox,
    request: Request,
    below: Option<OwnedFd>,
) -> (Vec<Result<Granted, Refusal>>, Vec<OwnedFd>) {
    match request {
        Request::Add(grants) => (add::add(sandbox, &grants), Vec::new()),
        Request::Remove(granted) => (remove::remove(sandbox, &granted), Vec::new()),
        Request::View(view) => match view::mount(sandbox, &view) {
            Ok((granted, fds)) => (vec![Ok(granted)], fds.into()),
            Err(refusal) => (vec![Err(refusal)], Vec::new()),
        },
        Request::Uncover(granted) => {
            let below = below.ok_or_else(|| os("descriptor", rustix::io::Errno::BADF));
            let uncovered = below.and_then(|below| view::uncover(sandbox, &granted, &below));
            (vec![uncovered.map(|()| granted)], Vec::new())
        }
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
