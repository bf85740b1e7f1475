//! Which changes are taken over without a word, which need one, and which never are.

use std::path::Path;

use oz_core::OsBytes;
use oz_core::plan::SandboxId;
use oz_core::wire::copies::{Change, Kind, What};

use super::{Place, guard};

/// What a person has decided.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decided {
    /// Where both have changed something, the sandbox's is taken.
    pub theirs: bool,
    /// There the sandbox's comes beside the user's.
    pub both: bool,
    /// What has a [`guard()`] is taken as well: it is in a protected place, or leads to one.
    pub protected: bool,
}

/// Where a change goes below its place; none if it is left out.
#[must_use]
pub fn target(
    decided: Decided,
    id: &SandboxId,
    home: &Path,
    place: &Place,
    change: &Change,
) -> Option<OsBytes> {
    let path = change.path.as_path();
    let guarded = guard(home, place, change).is_some();
    if guarded && !decided.protected || change.kind == Kind::Other {
        return None;
    }
    if change.conflict.is_none() || decided.theirs {
        return Some(change.path.clone());
    }
    let is_file = change.copy.is_some() && change.kind != Kind::Directory;
    let keeps = is_file && !matches!(change.what, What::Renamed { .. });
    (decided.both && keeps).then(|| beside(path, id))
}

/// `notes.txt.firefox`.
fn beside(path: &Path, id: &SandboxId) -> OsBytes {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{id}"));
    path.with_file_name(name).into()
}
