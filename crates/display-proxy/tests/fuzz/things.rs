//! Descriptors of every kind that a client could send.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::fs::MemfdFlags;

use super::common::memory;
use super::random::Random;

/// Bytes of each piece of memory.
pub const LENGTH: usize = 16 * 1024;

pub struct Things {
    all: Vec<OwnedFd>,
}

impl Things {
    pub fn new() -> Self {
        let (pipe, other) = rustix::pipe::pipe().unwrap();
        let (socket, peer) = UnixStream::pair().unwrap();
        let mut path = std::env::temp_dir();
        path.push(format!("oz-dp-fuzz-{}", std::process::id()));
        std::fs::write(&path, vec![3; LENGTH]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let read_only = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let files = [
            "/dev/zero",
            "/dev/null",
            "/proc/self/maps",
            "/",
            "/proc/self/mem",
        ];
        let mut all = vec![
            pipe,
            other,
            socket.into(),
            peer.into(),
            file.into(),
            read_only.into(),
            rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).unwrap(),
            rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC).unwrap(),
            memory(MemfdFlags::empty(), b""),
        ];
        all.extend(
            files
                .iter()
                .filter_map(|path| Some(File::open(path).ok()?.into())),
        );
        Self { all }
    }

    pub fn any(&self, random: &mut Random) -> BorrowedFd<'_> {
        random.pick(&self.all).as_fd()
    }
}

/// Memory that a pool can be made of; some of it can shrink.
pub fn pixels(random: &mut Random) -> OwnedFd {
    let flags = match random.below(3) {
        0 => MemfdFlags::empty(),
        _ => MemfdFlags::ALLOW_SEALING,
    };
    memory(flags, &[7; LENGTH])
}
