//! Hiding what a bind or a file system would show.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use oz_sys::mounts::{Attributes, NO_DEVICES, NO_EXECUTE, NO_SETUID, READ_ONLY, set_attributes};
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::target::Root;
use super::{attach, filesystems, source};

/// Nearly all of it is for names of what covers hide.
const SIZE: u64 = 32 << 20;

/// An empty directory and an empty file to cover things with.
///
/// They are on a file system of their own, since a removed directory of the root could not be
/// listed. It must be mounted, for only what is mounted can be copied; where it lies it goes with
/// the host's root, while each unmount of its own would wait for all processors.
pub struct Masks {
    workshop: OwnedFd,
    directory: OwnedFd,
    file: OwnedFd,
}

impl Masks {
    /// Before the new root is mounted.
    pub fn prepare() -> io::Result<Self> {
        let workshop = filesystems::tmpfs(0o755, SIZE, true)?;
        attach(&workshop, spare_directory()?)?;
        rustix::fs::mkdirat(&workshop, "directory", Mode::from_raw_mode(0o555))?;
        let create = OFlags::RDONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&workshop, "file", create, Mode::from_raw_mode(0o444))?;
        let look = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            directory: rustix::fs::openat(&workshop, "directory", look, Mode::empty())?,
            file,
            workshop,
        })
    }

    /// A mounted directory that nobody sees.
    pub fn workshop(&self) -> &OwnedFd {
        &self.workshop
    }

    /// Covers what is at `path`, if there is something. A link shows nothing itself; where it leads must be hidden
    /// there.
    pub fn hide(&self, root: &Root, path: &Path) -> io::Result<()> {
        let place = match root.open(path, OFlags::PATH | OFlags::NOFOLLOW) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            place => place?,
        };
        let with = match FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode) {
            FileType::Symlink => return Ok(()),
            FileType::Directory => &self.directory,
            _ => &self.file,
        };
        cover(with, place)
    }

    /// Covers a file that must be there with one of this content.
    pub fn tell(&self, root: &Root, path: &Path, content: &[u8]) -> io::Result<()> {
        let place = root.open(path, OFlags::PATH)?;
        let name = path.file_name().ok_or(Errno::INVAL)?;
        let create = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.workshop, name, create, Mode::from_raw_mode(0o444))?;
        rustix::io::write(&file, content)?;
        cover(file, place)
    }
}

/// Puts a copy of what is mounted onto a place, where it can only be read.
fn cover(with: impl AsFd, place: OwnedFd) -> io::Result<()> {
    let cover = source::clone(with)?;
    let attributes = Attributes {
        set: READ_ONLY | NO_SETUID | NO_DEVICES | NO_EXECUTE,
        ..Attributes::default()
    };
    set_attributes(&cover, true, attributes)?;
    attach(cover, place)
}

/// A directory of the host in which no source of a plan can be.
fn spare_directory() -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = |path: &str| rustix::fs::openat(CWD, path, flags, Mode::empty());
    Ok(open("/sys").or_else(|_| open("/boot"))?)
}
