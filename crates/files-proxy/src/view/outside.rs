//! Telling what the host does to a granted file from what the sandbox does to it itself.

use std::ffi::OsStr;

use rustix::fs::Stat;

use super::grants::State;
use super::{ROOT, View};

/// By what one sees that a file is another one, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    file: (u64, u64),
    size: i64,
    modified: (i64, u64),
    changed: (i64, u64),
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        Self {
            file: (stat.st_dev, stat.st_ino),
            size: stat.st_size,
            modified: (stat.st_mtime, stat.st_mtime_nsec),
            changed: (stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

impl View {
    /// Whether the host has changed a file since it was looked at last. One that is gone has not: those who
    /// wait for the next one are told of that.
    pub(crate) fn changed_outside(&mut self, name: &OsStr) -> bool {
        if !self.grants.has(name) || !matches!(self.grants.state(name), State::Shown) {
            return false;
        }
        let now = self.host.stat(name).ok().map(|stat| Stamp::of(&stat));
        let before = self.grants.stamp(name, now);
        now.is_some() && before != now
    }

    /// All granted names.
    pub(crate) fn granted(&self) -> Vec<std::ffi::OsString> {
        self.grants.names().map(OsStr::to_owned).collect()
    }

    /// The sandbox has changed what it has open.
    pub(super) fn own_write(&mut self, handle: u64) {
        let Ok(open) = self.handles.get(handle) else {
            return;
        };
        if let Ok(Some((ROOT, name))) = self.nodes.place(open.ino)
            && self.grants.has(name)
            && let Ok(stat) = open.file().and_then(rustix::fs::fstat)
        {
            self.grants.stamp(name, Some(Stamp::of(&stat)));
        }
    }

    /// The sandbox has changed a file by its number.
    pub(super) fn own_change_of(&mut self, ino: u64) {
        if let Ok(Some((ROOT, name))) = self.nodes.place(ino) {
            let now = self.host.stat(name).ok().map(|stat| Stamp::of(&stat));
            self.grants.stamp(name, now);
        }
    }

    /// The sandbox has made, replaced or changed a file by its name.
    pub(super) fn own_change(&mut self, name: &OsStr) {
        let now = self.host.stat(name).ok().map(|stat| Stamp::of(&stat));
        self.grants.stamp(name, now);
    }
}
