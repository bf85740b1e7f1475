//! What tells whether a file is still the one that was looked at, without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Device, inode, size, and the time of the last change of anything: it changes when the file is replaced or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp(u64, u64, u64, i64, i64);

impl Stamp {
    /// That of what a path leads to now; none if nothing is there.
    pub fn of(path: &Path) -> Option<Self> {
        let of = |found: Metadata| {
            let changed = (found.ctime(), found.ctime_nsec());
            Self(found.dev(), found.ino(), found.size(), changed.0, changed.1)
        };
        std::fs::metadata(path).ok().map(of)
    }

    /// How long before `now` it changed; none if that lies ahead.
    pub(crate) fn age(&self, now: SystemTime) -> Option<Duration> {
        let Self(.., seconds, nanoseconds) = *self;
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let nanoseconds = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
        now.duration_since(UNIX_EPOCH + seconds + nanoseconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_replaced_is_another() {
        let directory = tempfile::tempdir().expect("a directory");
        let (path, new) = (directory.path().join("init"), directory.path().join("new"));
        std::fs::write(&path, "old").expect("written");
        let known = Stamp::of(&path).expect("there");
        assert_eq!(Stamp::of(&path), Some(known));
        std::fs::write(&new, "new").expect("written");
        std::fs::rename(&new, &path).expect("replaced");
        assert_ne!(Stamp::of(&path), Some(known));
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(Stamp::of(&path), None);
    }
}
