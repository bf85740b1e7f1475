//! What an app prepares, and what its user does meanwhile, so that a merge takes more than was shown. Layers are made here as
//! overlays leave them.

mod closed;
mod many;
mod moved;
mod renames;
mod saved;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::wire::copies::{Change, Conflict, Merge, Merged, Place, What};
use rustix::fs::{CWD, FileType, Mode, XattrFlags};
use tempfile::TempDir;

use super::{changes, merge};

/// A place, what a sandbox wrote over it, and a journal.
pub(super) struct Layers {
    directory: TempDir,
    since: (i64, i64),
}

impl Layers {
    /// A place with files, each with its own name in it, as a sandbox first sees it.
    pub(super) fn over(files: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut layers = Self {
            directory,
            since: (0, 0),
        };
        for part in ["source", "upper", "journal"] {
            fs::create_dir(layers.part(part)).expect("made");
        }
        for path in files {
            write(&layers.source(path), path);
        }
        // Longer than what a clock of stamps rests.
        std::thread::sleep(Duration::from_millis(20));
        let moment = layers.part("moment");
        write(&moment, "");
        let moment = fs::metadata(moment).expect("there");
        layers.since = (moment.ctime(), moment.ctime_nsec());
        layers
    }

    fn part(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn source(&self, path: &str) -> PathBuf {
        self.part("source").join(path)
    }

    pub(super) fn upper(&self, path: &str) -> PathBuf {
        self.part("upper").join(path)
    }

    /// The app writes a file.
    pub(super) fn write(&self, path: &str, text: &str) {
        write(&self.upper(path), text);
    }

    /// The app deletes what is there.
    pub(super) fn mark_deleted(&self, path: &str) {
        let path = self.upper(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        let device = FileType::CharacterDevice;
        rustix::fs::mknodat(CWD, path, device, Mode::empty(), 0).expect("marked");
    }

    /// The app deletes a directory and makes it again.
    pub(super) fn make_again(&self, path: &str) {
        let path = self.upper(path);
        fs::create_dir_all(&path).expect("made");
        rustix::fs::setxattr(path, "user.overlay.opaque", b"y", XattrFlags::empty()).expect("set");
    }

    pub(super) fn place(&self) -> Place {
        Place {
            upper: self.part("upper"),
            source: self.part("source"),
            hidden: Vec::new(),
            since: self.since,
            settled: Vec::new(),
        }
    }

    pub(super) fn changes(&self) -> Vec<Change> {
        changes::of(&self.place()).expect("looked at").all
    }

    /// Each with what it is in conflict with.
    pub(super) fn conflicts(&self) -> Vec<(String, What, Option<Conflict>)> {
        let said = |change: Change| (change.path.to_string(), change.what, change.conflict);
        self.changes().into_iter().map(said).collect()
    }

    /// A merge of what needs no decision.
    pub(super) fn order(&self) -> Merge {
        let chosen = self.changes().into_iter();
        let chosen = chosen.filter(|change| change.conflict.is_none());
        let chosen = chosen.map(|change| (change.clone(), change.path));
        Merge {
            place: self.place(),
            journal: self.part("journal"),
            chosen: chosen.collect::<Vec<(Change, OsBytes)>>(),
        }
    }

    pub(super) fn merge(&self) -> Merged {
        merge::take_over(&self.order()).expect("merged")
    }
}

pub(super) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, text).expect("written");
}

pub(super) fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("there")
}
