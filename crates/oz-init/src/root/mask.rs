//! Hiding what a bind or a file system would show.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use oz_sys::mounts::{Attributes, NO_DEVICES, NO_EXECUTE, NO_SETUID, READ_ONLY, set_attributes};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::UnmountFlags;

use super::target::Root;
use super::{attach, filesystems, source};

/// Where the empty things lie while the root is built; gone when it is finished.
const WORKSHOP: &str = ".oz";

/// An empty directory and an empty file, made when the first mask needs them.
#[derive(Default)]
pub struct Masks(Option<Empty>);

struct Empty {
    directory: OwnedFd,
    file: OwnedFd,
}

impl Masks {
    /// Covers what is at `path`, if there is something.
    pub fn hide(&mut self, root: &Root, path: &Path) -> io::Result<()> {
        let place = match root.open(path, OFlags::PATH) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            place => place?,
        };
        let empty = match &mut self.0 {
            Some(empty) => empty,
            none => none.insert(Empty::make(root)?),
        };
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&place)?.st_mode);
        let cover = source::clone(match kind {
            FileType::Directory => &empty.directory,
            _ => &empty.file,
        })?;
        let attributes = Attributes {
            set: READ_ONLY | NO_SETUID | NO_DEVICES | NO_EXECUTE,
            ..Attributes::default()
        };
        set_attributes(&cover, true, attributes)?;
        attach(cover, place)
    }

    /// Leaves only the covers.
    pub fn finish(self, root: &Root) -> io::Result<()> {
        if self.0.is_none() {
            return Ok(());
        }
        drop(self.0);
        rustix::process::fchdir(root)?;
        rustix::mount::unmount(WORKSHOP, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW)?;
        Ok(rustix::fs::unlinkat(
            root.writable(),
            WORKSHOP,
            AtFlags::REMOVEDIR,
        )?)
    }
}

impl Empty {
    /// On a file system of their own: a removed directory of the root could not be listed.
    fn make(root: &Root) -> io::Result<Self> {
        // Masks come after the seal.
        rustix::fs::mkdirat(root.writable(), WORKSHOP, Mode::RWXU)?;
        let workshop = filesystems::tmpfs(0o755, 4096, true)?;
        attach(&workshop, root.open(Path::new(WORKSHOP), OFlags::PATH)?)?;
        rustix::fs::mkdirat(&workshop, "directory", Mode::from_raw_mode(0o555))?;
        let create = OFlags::RDONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&workshop, "file", create, Mode::from_raw_mode(0o444))?;
        let look = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            directory: rustix::fs::openat(&workshop, "directory", look, Mode::empty())?,
            file,
        })
    }
}
