//! Mount points in a running sandbox.
//!
//! The app can change directories of its own while this runs. So every step is one name in a
//! directory that is already open, and a symlink is never followed: whatever the app does, what
//! is made and mounted lies inside the sandbox.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::wire::mount::Refusal;
use oz_sys::mounts::{Attributes, READ_ONLY, set_attributes};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::OpenTreeFlags;

use super::add::mount_id;
use super::{os, path};

const DIRECTORY: Mode = Mode::from_raw_mode(0o755);
const FILE: Mode = Mode::from_raw_mode(0o600);

/// The sandbox's root, in whose mount namespace this process is.
pub struct Places {
    root: OwnedFd,
}

impl Places {
    /// By a descriptor of the root.
    pub fn new(root: OwnedFd) -> Self {
        Self { root }
    }

    /// The place at a path, and what had to be made for it, outermost first.
    pub fn make(
        &self,
        names: &[&OsStr],
        directory: bool,
    ) -> Result<(OwnedFd, Vec<OsBytes>), Refusal> {
        let mut made = Vec::new();
        let place = self.walk(names, directory, &mut made);
        if place.is_err() {
            self.unmake(&made);
        }
        Ok((place?, made))
    }

    fn walk(
        &self,
        names: &[&OsStr],
        directory: bool,
        made: &mut Vec<OsBytes>,
    ) -> Result<OwnedFd, Refusal> {
        let mut here = self.root.try_clone().map_err(|error| os("fcntl", error))?;
        let mut walked = PathBuf::from("/");
        for (index, name) in names.iter().enumerate() {
            let is_directory = directory || index + 1 < names.len();
            let next = match step(&here, name) {
                Err(Errno::NOENT) => {
                    if self.make_one(&here, &walked, name, is_directory)? {
                        made.push(walked.join(name).into());
                    }
                    step(&here, name)
                }
                next => next,
            };
            here = next.map_err(|error| os("openat", error))?;
            let stat = rustix::fs::fstat(&here).map_err(|error| os("fstat", error))?;
            let expected = match is_directory {
                true => FileType::Directory,
                false => FileType::RegularFile,
            };
            if FileType::from_raw_mode(stat.st_mode) != expected {
                return Err(Refusal::Blocked);
            }
            walked.push(name);
        }
        Ok(here)
    }

    /// Makes one directory or empty file; false if somebody else just has.
    fn make_one(
        &self,
        parent: &OwnedFd,
        walked: &Path,
        name: &OsStr,
        directory: bool,
    ) -> Result<bool, Refusal> {
        let make = |parent: &OwnedFd| {
            if directory {
                return rustix::fs::mkdirat(parent, name, DIRECTORY);
            }
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            rustix::fs::openat(parent, name, flags, FILE).map(drop)
        };
        let result = match make(parent) {
            Err(Errno::ROFS) => self
                .writable(parent, walked)
                .and_then(|parent| make(&parent)),
            result => result,
        };
        match result {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            // In a place that is shown read-only, or hidden, nothing can be put that is not there.
            Err(Errno::ROFS) => Err(Refusal::Blocked),
            Err(error) => Err(os(if directory { "mkdirat" } else { "openat" }, error)),
        }
    }

    /// The same directory as `parent`, which lies at `walked`, through a mount that can be written.
    ///
    /// Only for the sandbox's root file system, which init made read-only when it was finished: a copy of
    /// its mount that nobody else has is writable, and the one that the app sees never is.
    fn writable(&self, parent: &OwnedFd, walked: &Path) -> rustix::io::Result<OwnedFd> {
        if mount_id(parent)? != mount_id(&self.root)? {
            return Err(Errno::ROFS);
        }
        let copy = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_EMPTY_PATH;
        let copy = rustix::mount::open_tree(&self.root, "", copy)?;
        let writable = Attributes {
            clear: READ_ONLY,
            ..Attributes::default()
        };
        set_attributes(&copy, false, writable)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::ROFS))?;
        let how = ResolveFlags::IN_ROOT
            | ResolveFlags::NO_SYMLINKS
            | ResolveFlags::NO_MAGICLINKS
            | ResolveFlags::NO_XDEV;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat2(copy, walked, flags, Mode::empty(), how)
    }

    /// Removes what was made, innermost first, as far as it is empty still.
    pub fn unmake(&self, made: &[OsBytes]) {
        for path in made.iter().rev() {
            // The app may have moved or filled it, which is its own affair.
            let _ = self.unmake_one(path);
        }
    }

    fn unmake_one(&self, path: &OsBytes) -> Result<(), Refusal> {
        let names = path::names(path)?;
        let Some((name, parents)) = names.split_last() else {
            return Ok(());
        };
        let mut here = self.root.try_clone().map_err(|error| os("fcntl", error))?;
        for parent in parents {
            here = step(&here, parent).map_err(|error| os("openat", error))?;
        }
        let result = match unlink_empty(&here, name) {
            Err(Errno::ROFS) => {
                let walked = path.as_path().parent().unwrap_or(Path::new("/"));
                self.writable(&here, walked)
                    .and_then(|here| unlink_empty(&here, name))
            }
            result => result,
        };
        result.map_err(|error| os("unlinkat", error))
    }
}

/// One name further, not through a symlink and without opening what is there.
pub fn step(here: impl AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(here, name, flags, Mode::empty())
}

/// Removes an empty directory or an empty file.
fn unlink_empty(here: &OwnedFd, name: &OsStr) -> rustix::io::Result<()> {
    let stat = rustix::fs::statat(here, name, AtFlags::SYMLINK_NOFOLLOW)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => rustix::fs::unlinkat(here, name, AtFlags::REMOVEDIR),
        FileType::RegularFile if stat.st_size == 0 => {
            rustix::fs::unlinkat(here, name, AtFlags::empty())
        }
        _ => Ok(()),
    }
}
