//! What one process alone can have much of.

use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, inotify};
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

use super::MANY;

/// The size of a large pipe that every program may have.
const PIPE: usize = 1 << 20;
const PAGE: usize = 4096;
/// More memory than this is not taken.
const MEBIBYTES: usize = 512;

pub(super) fn watchers() -> Vec<OwnedFd> {
    let make = || inotify::init(inotify::CreateFlags::CLOEXEC).ok();
    std::iter::from_fn(make).take(MANY).collect()
}

/// Full pipes, and how many pages are in them.
pub(super) fn pipes() -> (Vec<(OwnedFd, OwnedFd)>, usize) {
    let (mut pipes, mut pages) = (Vec::new(), 0);
    let page = [0; PAGE];
    while let Ok((reader, writer)) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK) {
        // Refused once the user has many.
        let _ = fcntl_setpipe_size(&writer, PIPE);
        while rustix::io::write(&writer, &page).is_ok() {
            pages += 1;
        }
        pipes.push((reader, writer));
    }
    (pipes, pages)
}

/// Files in memory, and how many MiB they have.
pub(super) fn memory() -> (Vec<OwnedFd>, usize) {
    let (mut files, mut mebibytes) = (Vec::new(), 0);
    let block = vec![1; 1 << 20];
    while mebibytes < MEBIBYTES
        && let Ok(file) = rustix::fs::memfd_create("oz-probe", MemfdFlags::CLOEXEC)
    {
        for _ in 0..64 {
            if rustix::io::write(&file, &block).is_ok() {
                mebibytes += 1;
            }
        }
        files.push(file);
    }
    (files, mebibytes)
}
