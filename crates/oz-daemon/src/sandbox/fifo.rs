//! FIFOs in a sandbox's runtime directory, by whose names the next daemon finds what programs and
//! proxies have to say.
//!
//! The writer's end is open for reading as well, so that a write is no error while no daemon lives.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use oz_core::plan::SandboxId;
use rustix::fs::{CWD, FileType, Mode, OFlags};

use crate::directories::Directories;

/// One FIFO.
pub(crate) struct Fifo(PathBuf);

impl Fifo {
    /// The one of that name, which need not exist yet.
    pub(crate) fn of(directories: &Directories, id: &SandboxId, name: &str) -> Self {
        Self(directories.sandboxes().join(id.as_str()).join(name))
    }

    pub(crate) fn exists(&self) -> bool {
        self.0.exists()
    }

    /// An end for whoever writes.
    pub(crate) fn writer(&self) -> io::Result<OwnedFd> {
        match rustix::fs::mknodat(CWD, &self.0, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        open(&self.0, OFlags::RDWR)
    }

    /// The daemon's end for what it has to say, which never waits for whoever reads; there must be
    /// one.
    pub(crate) fn sender(&self) -> io::Result<OwnedFd> {
        open(&self.0, OFlags::WRONLY | OFlags::NONBLOCK)
    }

    /// Takes its name away, so that the next one is another.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The daemon's end, which says that there is nothing when the last writer is gone.
    pub(crate) fn reader(&self) -> io::Result<OwnedFd> {
        open(&self.0, OFlags::RDONLY | OFlags::NONBLOCK)
    }
}

fn open(path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}
