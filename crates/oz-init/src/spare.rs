//! What all sandboxes have in common, made before one is wanted: what `oz-init --spare` does.
//!
//! A user namespace, a network namespace, and the part of the root that no app can change and that
//! is the same for all. Init joins the first two and mounts the third, and goes on from there as if it
//! had made them. No process stays: the daemon keeps them by their descriptors, for one launch.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::wire::frame::MAX_PLAN;
use oz_core::wire::init::Stage;
use oz_core::wire::spare::{Answer, Request};
use oz_core::wire::{Reader, encode};
use oz_sys::process::SingleThread;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::thread::UnshareFlags;

use crate::failure::{At, Failure};
use crate::start::wait_for_frame;
use crate::{root, stages, user_map};

/// Reads one request and answers it.
pub fn serve(socket: &OwnedFd) -> io::Result<()> {
    let frame = wait_for_frame(socket, &mut Reader::new(MAX_PLAN))?;
    let request = frame.decode().map_err(io::Error::other)?;
    let (answer, fds) = match make(&request) {
        Ok(fds) => (Answer::Made, Vec::from(fds)),
        Err(Failure { subject, errno, .. }) => (Answer::Failed { subject, errno }, Vec::new()),
    };
    let bytes = encode(&answer, fds.len()).map_err(io::Error::other)?;
    let fds: Vec<_> = fds.iter().map(AsFd::as_fd).collect();
    oz_sys::socket::send_frame(socket, &bytes, &fds)
}

/// In the order of the answer.
fn make(request: &Request) -> Result<[OwnedFd; 3], Failure> {
    SingleThread::check().at(Stage::Namespaces, "/proc/self/task")?;
    // The modes of the steps are meant as they are.
    rustix::process::umask(Mode::empty());
    let unshare =
        |which, name: &str| oz_sys::namespaces::unshare(which).at(Stage::Namespaces, name);
    // First: it gives the right to all else, which belongs to it.
    unshare(UnshareFlags::NEWUSER, "user namespace")?;
    user_map::write(&request.user, None)?;
    unshare(UnshareFlags::NEWNET, "network namespace")?;
    oz_sys::network::loopback_up().at(Stage::Namespaces, "lo")?;
    // In it the root is put together; it goes with this process, and holds no disk of the host back.
    unshare(UnshareFlags::NEWNS, "mount namespace")?;
    stages::cut_off()?;
    let root = root::begin(&request.root, &request.user.home)?;
    Ok([own("user")?, own("net")?, root])
}

fn own(kind: &str) -> Result<OwnedFd, Failure> {
    let path = format!("/proc/self/ns/{kind}");
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, &path, flags, Mode::empty()).at(Stage::Namespaces, path)
}
