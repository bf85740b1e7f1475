//! Places beneath the new root.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::{attach, filesystems};

/// Enough for mount points and small files.
const SIZE: u64 = 16 << 20;

/// Directories that a plan does not name.
const USUAL: Mode = Mode::from_raw_mode(0o755);

/// The new root before it is entered.
pub struct Root(OwnedFd);

impl Root {
    /// Mounts an empty one over the host's `/`; only its descriptor leads to it.
    pub fn mount() -> io::Result<Self> {
        let root = filesystems::tmpfs(USUAL.as_raw_mode(), SIZE, false)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        attach(&root, rustix::fs::openat(CWD, "/", flags, Mode::empty())?)?;
        Ok(Self(root))
    }

    /// Opens what is at `path`, where no component may be a symlink.
    pub fn open(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let how = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(&self.0, path, flags | OFlags::CLOEXEC, Mode::empty(), how)
    }

    /// Opens the directory at `path`; makes it and its parents if they are missing.
    pub fn directory(&self, path: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        match self.open(path, flags) {
            Err(Errno::NOENT) => {
                self.make_directory(path, USUAL)?;
                Ok(self.open(path, flags)?)
            }
            other => Ok(other?),
        }
    }

    /// Makes a directory, and its parents if they are missing. One that exists stays as it is.
    pub fn make_directory(&self, path: &Path, mode: Mode) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        match rustix::fs::mkdirat(parent, name, mode) {
            Err(Errno::EXIST) => {
                self.open(path, OFlags::PATH | OFlags::DIRECTORY)?;
            }
            made => made?,
        }
        Ok(())
    }

    /// Opens the file at `path`, an empty one if there is none, to be mounted on.
    pub fn placeholder(&self, path: &Path) -> io::Result<OwnedFd> {
        match self.open(path, OFlags::PATH) {
            Err(Errno::NOENT) => {
                let (parent, name) = self.parent(path)?;
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                drop(rustix::fs::openat(parent, name, flags, Mode::RUSR)?);
                Ok(self.open(path, OFlags::PATH)?)
            }
            other => Ok(other?),
        }
    }

    /// The directory of `path`, made if it is missing, and the last component.
    pub fn parent<'p>(&self, path: &'p Path) -> io::Result<(OwnedFd, &'p OsStr)> {
        let plain = |part| matches!(part, Component::Normal(_) | Component::RootDir);
        if !path.is_absolute() || !path.components().all(plain) {
            return Err(Errno::INVAL.into());
        }
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Ok((self.directory(parent)?, name)),
            _ => Err(Errno::EXIST.into()),
        }
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
