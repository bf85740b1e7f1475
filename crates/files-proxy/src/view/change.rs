//! Making and removing names, and changing what is known of a file.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{FileType, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;

use super::grants::State;
use super::{Attributes, Spot, View};

/// Change of attributes; nothing that is absent changes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) mode: Option<u32>,
    pub(crate) owner: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) size: Option<u64>,
    pub(crate) accessed: Option<Time>,
    pub(crate) modified: Option<Time>,
}

/// A time to set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Time {
    Now,
    At(SystemTime),
}

impl View {
    pub(crate) fn change(
        &mut self,
        ino: u64,
        handle: Option<u64>,
        changes: &Changes,
    ) -> Result<Attributes, Errno> {
        let before = self.attributes(ino, handle)?;
        let other = |wanted: Option<u32>, is: u32| wanted.is_some_and(|wanted| wanted != is);
        if other(changes.owner, before.stat.st_uid) || other(changes.group, before.stat.st_gid) {
            return Err(Errno::PERM);
        }
        if let Some(size) = changes.size {
            self.truncate(ino, handle, size)?;
        }
        if let Some(mode) = changes.mode {
            self.set_mode(ino, Mode::from_raw_mode(mode & 0o777))?;
        }
        if changes.accessed.is_some() || changes.modified.is_some() {
            self.set_times(ino, handle, changes)?;
        }
        match handle {
            Some(handle) => self.own_write(handle),
            None => self.own_change_of(ino),
        }
        self.attributes(ino, handle)
    }

    fn truncate(&self, ino: u64, handle: Option<u64>, size: u64) -> Result<(), Errno> {
        if let Some(handle) = handle {
            return rustix::fs::ftruncate(self.handles.get(handle)?.file()?, size);
        }
        match self.spot_of(ino)? {
            Spot::Root => Err(Errno::ISDIR),
            Spot::Below(entry) => rustix::fs::ftruncate(entry.open(OFlags::WRONLY)?, size),
            Spot::Granted(name) => match self.grants.state(name) {
                State::Shown => rustix::fs::ftruncate(self.host.open(name, OFlags::WRONLY)?, size),
                State::Draft(draft) => rustix::fs::ftruncate(draft.file(), size),
                State::Vacant => Err(Errno::NOENT),
            },
        }
    }

    fn set_mode(&self, ino: u64, mode: Mode) -> Result<(), Errno> {
        match self.spot_of(ino) {
            Ok(Spot::Root) => Err(Errno::PERM),
            Ok(Spot::Below(entry)) => entry.set_mode(mode),
            Ok(Spot::Granted(name)) => rustix::fs::fchmod(self.held(name, OFlags::RDONLY)?, mode),
            Err(error) => match self.handles.of(ino) {
                Some(handle) => rustix::fs::fchmod(handle.file()?, mode),
                None => Err(error),
            },
        }
    }

    fn set_times(&self, ino: u64, handle: Option<u64>, changes: &Changes) -> Result<(), Errno> {
        let times = Timestamps {
            last_access: timespec(changes.accessed),
            last_modification: timespec(changes.modified),
        };
        if let Some(handle) = handle {
            return rustix::fs::futimens(self.handles.get(handle)?.file()?, &times);
        }
        match self.spot_of(ino)? {
            Spot::Root => Err(Errno::PERM),
            Spot::Below(entry) => entry.set_times(&times),
            Spot::Granted(name) => match self.grants.state(name) {
                State::Shown => rustix::fs::futimens(self.host.open(name, OFlags::RDONLY)?, &times),
                State::Draft(draft) => rustix::fs::futimens(draft.file(), &times),
                State::Vacant => Err(Errno::NOENT),
            },
        }
    }

    /// What a granted name stands for, to change what is known of it: whatever its maker has made the
    /// permissions of a draft, it is held open already.
    fn held(&self, name: &OsStr, flags: OFlags) -> Result<File, Errno> {
        match self.grants.state(name) {
            State::Shown => self.host.open(name, flags),
            State::Draft(draft) => Ok(rustix::io::dup(draft.file())?.into()),
            State::Vacant => Err(Errno::NOENT),
        }
    }

    pub(crate) fn make_node(
        &mut self,
        parent: u64,
        name: &OsStr,
        mode: u32,
    ) -> Result<Attributes, Errno> {
        let permissions = Mode::from_raw_mode(mode & 0o777);
        match self.spot(parent, name)? {
            Spot::Below(entry) => entry.make_node(FileType::from_raw_mode(mode), permissions)?,
            _ => return Err(self.taken(name)),
        }
        self.told(parent, name)
    }

    pub(crate) fn make_directory(
        &mut self,
        parent: u64,
        name: &OsStr,
        mode: u32,
    ) -> Result<Attributes, Errno> {
        match self.spot(parent, name)? {
            Spot::Below(entry) => entry.make_directory(Mode::from_raw_mode(mode & 0o777))?,
            _ => return Err(self.taken(name)),
        }
        self.told(parent, name)
    }

    pub(crate) fn make_symlink(
        &mut self,
        parent: u64,
        name: &OsStr,
        target: &Path,
    ) -> Result<Attributes, Errno> {
        match self.spot(parent, name)? {
            Spot::Below(entry) => entry.make_symlink(target)?,
            _ => return Err(self.taken(name)),
        }
        self.told(parent, name)
    }

    /// Another name for a file of the sandbox. In the view's own directory there are none: a
    /// program could not tell which names of it are the host's.
    pub(crate) fn link(
        &mut self,
        ino: u64,
        parent: u64,
        name: &OsStr,
    ) -> Result<Attributes, Errno> {
        let from = match self.spot_of(ino)? {
            Spot::Below(entry) => entry,
            _ => return Err(Errno::PERM),
        };
        match self.spot(parent, name)? {
            Spot::Below(to) if parent != super::ROOT => from.link_to(&to)?,
            _ => return Err(Errno::PERM),
        }
        self.told(parent, name)
    }

    /// A granted name can only be a regular file.
    fn taken(&self, name: &OsStr) -> Errno {
        match self.stat(&Spot::Granted(name)) {
            Ok(_) => Errno::EXIST,
            Err(_) => Errno::PERM,
        }
    }

    pub(crate) fn remove(&mut self, parent: u64, name: &OsStr) -> Result<(), Errno> {
        match self.spot(parent, name)? {
            Spot::Root => return Err(Errno::ISDIR),
            Spot::Below(entry) => entry.remove()?,
            Spot::Granted(name) => {
                self.stat(&Spot::Granted(name))?;
                if self.grants.is_companion(name) {
                    self.host.remove(name)?;
                } else if let Some(State::Draft(draft)) = self.grants.set(name, State::Vacant) {
                    self.host.discard(draft);
                }
                self.own_change(name);
            }
        }
        self.nodes.detach(parent, name);
        Ok(())
    }

    pub(crate) fn remove_directory(&mut self, parent: u64, name: &OsStr) -> Result<(), Errno> {
        match self.spot(parent, name)? {
            Spot::Below(entry) => entry.remove_directory()?,
            _ => return Err(Errno::NOTDIR),
        }
        self.nodes.detach(parent, name);
        Ok(())
    }
}

fn timespec(time: Option<Time>) -> Timespec {
    let special = |nsec| Timespec {
        tv_sec: 0,
        tv_nsec: nsec,
    };
    match time {
        None => special(rustix::fs::UTIME_OMIT),
        Some(Time::Now) => special(rustix::fs::UTIME_NOW),
        Some(Time::At(at)) => {
            // Before 1970 is rare and rounds to the whole second below.
            match at.duration_since(SystemTime::UNIX_EPOCH) {
                Ok(after) => Timespec {
                    tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
                    tv_nsec: i64::from(after.subsec_nanos()),
                },
                Err(before) => Timespec {
                    tv_sec: i64::try_from(before.duration().as_secs()).map_or(i64::MIN, |s| -s - 1),
                    tv_nsec: 0,
                },
            }
        }
    }
}
