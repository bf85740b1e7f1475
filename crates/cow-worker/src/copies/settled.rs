//! Changes of a place that are nobody's but a merge's.
//!
//! An original that has changed since the sandbox first saw it is a conflict, and a merge changes originals. What it has left is
//! written down; as long as it is still exactly that, it counts as what the sandbox saw.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::wire::copies::{Kind, Place, Seen};
use rustix::fs::Stat;

use super::tree::{Tree, changed, kind, seen};

/// What is known of a place.
pub(super) struct Known<'p> {
    since: (i64, i64),
    settled: HashMap<&'p Path, &'p Seen>,
}

impl<'p> Known<'p> {
    pub(super) fn of(place: &'p Place) -> Self {
        let settled = place.settled.iter();
        Self {
            since: place.since,
            settled: settled.map(|(path, seen)| (path.as_path(), seen)).collect(),
        }
    }

    /// Whether somebody else has changed what is at a path.
    pub(super) fn has_changed(&self, path: &Path, original: &Stat) -> bool {
        let is_ours = || {
            self.settled
                .get(path)
                .is_some_and(|ours| **ours == seen(original))
        };
        changed(original) >= self.since && !is_ours()
    }

    /// Whether a directory may have come in the place of another: others may be in it then, which are as old as before. To be
    /// moved changes it; so do names that come and go in it, but they stamp both of its times alike.
    pub(super) fn is_replaced(&self, path: &Path, directory: &Stat) -> bool {
        let names = (
            directory.st_mtime,
            i64::try_from(directory.st_mtime_nsec).unwrap_or(0),
        );
        kind(directory) == Kind::Directory
            && names != changed(directory)
            && self.has_changed(path, directory)
    }
}

/// What a merge, or its undoing, works in: directories in which nobody else has changed names before.
pub(super) struct Quiet(BTreeSet<PathBuf>);

impl Quiet {
    /// Looks at the directories of paths, and at those that are some themselves.
    pub(super) fn look<'t>(
        place: &Place,
        lower: &Tree,
        targets: impl Iterator<Item = &'t Path>,
    ) -> Self {
        let known = Known::of(place);
        let of_target = |target: &'t Path| target.parent().into_iter().chain([target]);
        let directories: BTreeSet<&Path> = targets.flat_map(of_target).collect();
        let is_quiet = |directory: &&Path| match lower.look(directory) {
            Ok(Some(there)) => {
                kind(&there) == Kind::Directory && !known.has_changed(directory, &there)
            }
            // What is made there from here on is ours.
            Ok(None) => true,
            Err(_) => false,
        };
        let quiet = directories.into_iter().filter(is_quiet);
        Self(quiet.map(Path::to_owned).collect())
    }

    /// How things are left: what was put somewhere, as it was then, and these directories.
    pub(super) fn settle(self, lower: &Tree, put: Put) -> Vec<(OsBytes, Seen)> {
        let Self(directories) = self;
        let directories = directories.into_iter().filter_map(|path| {
            let there = lower.look(&path).ok().flatten()?;
            (kind(&there) == Kind::Directory).then(|| (path, seen(&there)))
        });
        let all = directories.chain(put.0.into_inner());
        all.map(|(path, seen)| (path.into(), seen)).collect()
    }
}

/// What was put somewhere. It is looked at right then: what it is later somebody else may have made of it.
#[derive(Default)]
pub(super) struct Put(RefCell<BTreeMap<PathBuf, Seen>>);

impl Put {
    /// Something is at a path now. What cannot be looked at is nobody's.
    pub(super) fn note(&self, lower: &Tree, path: &Path) {
        if let Ok(Some(there)) = lower.look(path) {
            self.0.borrow_mut().insert(path.to_owned(), seen(&there));
        }
    }
}
