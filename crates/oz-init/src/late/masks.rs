//! Hiding parts of what is shown.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use oz_core::wire::mount::{Grant, Refusal};
use oz_sys::mounts::{Attributes, NO_DEVICES, NO_EXECUTE, NO_SETUID, READ_ONLY, set_attributes};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, UnmountFlags};

use super::os;
use crate::root::filesystems;

/// An empty directory and an empty file, mounted where nobody but this process sees it.
pub struct Masks {
    directory: OwnedFd,
    file: OwnedFd,
}

/// What covers things for as long as they are copied.
#[derive(Default)]
#[must_use]
pub struct Covers(Vec<OwnedFd>);

impl Masks {
    /// In the mount namespace of this process.
    pub fn prepare() -> Result<Self, Refusal> {
        let workshop = filesystems::tmpfs(0o755, 4096, true).map_err(|e| os("fsmount", e))?;
        let look = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |path: &str| rustix::fs::openat(CWD, path, look, Mode::empty());
        // It must be mounted to be copied; no file of a user is there.
        let spare = open("/sys").or_else(|_| open("/boot"));
        attach(&workshop, spare.map_err(|e| os("openat", e))?)?;
        rustix::fs::mkdirat(&workshop, "directory", Mode::from_raw_mode(0o555))
            .map_err(|e| os("mkdirat", e))?;
        let create = OFlags::RDONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&workshop, "file", create, Mode::from_raw_mode(0o444))
            .map_err(|e| os("openat", e))?;
        let directory = rustix::fs::openat(&workshop, "directory", look, Mode::empty())
            .map_err(|e| os("openat", e))?;
        Ok(Self { directory, file })
    }

    /// Covers what a grant hides of the directory that is open.
    pub fn cover(&self, source: &OwnedFd, grant: &Grant) -> Result<Covers, Refusal> {
        let mut covers = Covers(Vec::new());
        for path in &grant.hide {
            let invalid = || os("hide", Errno::INVAL);
            let below = path.as_path().strip_prefix(grant.path.as_path());
            let below = below.map_err(|_| invalid())?;
            if below == Path::new("") {
                return Err(invalid());
            }
            match self.cover_one(source, below) {
                Ok(cover) => covers.0.extend(cover),
                Err(refusal) => {
                    covers.take_off()?;
                    return Err(refusal);
                }
            }
        }
        Ok(covers)
    }

    /// None if there is nothing.
    fn cover_one(&self, source: &OwnedFd, below: &Path) -> Result<Option<OwnedFd>, Refusal> {
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let place = match rustix::fs::openat2(source, below, flags, Mode::empty(), how) {
            // A link shows nothing itself; where it leads is in the list if it must be hidden.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            place => place.map_err(|error| os("openat2", error))?,
        };
        let stat = rustix::fs::fstat(&place).map_err(|error| os("fstat", error))?;
        let with = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => &self.directory,
            _ => &self.file,
        };
        let copy = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH;
        let cover = rustix::mount::open_tree(with, "", copy).map_err(|e| os("open_tree", e))?;
        let attributes = Attributes {
            set: READ_ONLY | NO_SETUID | NO_DEVICES | NO_EXECUTE,
            ..Attributes::default()
        };
        set_attributes(&cover, false, attributes).map_err(|e| os("mount_setattr", e))?;
        attach(&cover, place)?;
        Ok(Some(cover))
    }
}

impl Covers {
    /// Shows again what they cover, the last first: one may lie in another.
    pub fn take_off(self) -> Result<(), Refusal> {
        for cover in self.0.into_iter().rev() {
            let path = format!("/proc/self/fd/{}", cover.as_raw_fd());
            rustix::mount::unmount(path, UnmountFlags::DETACH).map_err(|e| os("umount2", e))?;
        }
        Ok(())
    }
}

fn attach(mount: impl AsFd, place: impl AsFd) -> Result<(), Refusal> {
    let by_descriptors =
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    rustix::mount::move_mount(mount, "", place, "", by_descriptors)
        .map_err(|error| os("move_mount", error))
}
