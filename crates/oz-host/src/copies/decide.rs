//! Which changes are taken over without a word, which need one, and which never are.

use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::plan::SandboxId;
use oz_core::protected;
use oz_core::wire::copies::{Change, Kind, What};

use super::Place;

/// What a person has decided.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decided {
    /// Where both have changed something, the sandbox's is taken.
    pub theirs: bool,
    /// There the sandbox's comes beside the user's.
    pub both: bool,
    /// What is in protected places is taken as well.
    pub protected: bool,
}

/// Why a path below a place is protected, if it is.
#[must_use]
pub fn protection(home: &Path, place: &Place, path: &Path) -> Option<&'static str> {
    let hidden = |hidden: &PathBuf| path.starts_with(hidden);
    let unnamed = || place.overlay.hidden.iter().any(hidden);
    let named = protected::is_protected(home, &place.overlay.source.join(path));
    let named = named.map(|place| place.reason);
    named.or_else(|| unnamed().then_some(protected::LINKED))
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
    let is_protected = |path: &Path| protection(home, place, path).is_some();
    let guarded = is_protected(path)
        || matches!(&change.what, What::Renamed { from, .. } if is_protected(from.as_path()));
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
