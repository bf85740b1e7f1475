//! What texts were before both a sandbox and somebody else changed them.
//!
//! It is kept next to the layers, where no app gets, and of a copy only as long as that is a copy of it: what was merged is forgotten, and
//! so is all of it when a sandbox begins anew.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use oz_core::OsBytes;
use oz_core::wire::copies as wire;

use super::{Error, Held, Place, to_look_at};
use crate::worker;

/// The directory of it among the layers.
const BEFORE: &str = "before";

/// Keeps it for a sandbox that has ended, as far as it still is there; says of how many texts.
///
/// # Errors
/// There is no room, or the worker gives no answer.
pub fn note(place: &Place) -> Result<u64, Error> {
    let before = directory(&place.overlay.layers)?;
    let place = to_look_at(place);
    Ok(super::ask("note", &wire::Note { place, before })?)
}

/// Puts changes of the same texts together in the copy; says what became of each.
///
/// # Errors
/// The worker gives no answer; it may have done a part.
pub fn combine(
    place: &Place,
    _held: &Held,
    changes: Vec<wire::Change>,
) -> Result<Vec<wire::Combined>, Error> {
    let count = changes.len();
    let before = directory(&place.overlay.layers)?;
    let place = to_look_at(place);
    let order = wire::Combine {
        place,
        before,
        changes,
    };
    let all: Vec<wire::Combined> = super::ask("combine", &order)?;
    match all.len() == count {
        true => Ok(all),
        false => Err(worker::Error::Failed.into()),
    }
}

/// Forgets it of some texts.
pub(super) fn forget<'p>(place: &wire::Place, paths: impl Iterator<Item = &'p OsBytes>) {
    let Some(layers) = place.upper.parent() else {
        return;
    };
    // Names come from whoever looked at what an app made.
    let is_plain = |path: &Path| {
        path.components()
            .all(|part| matches!(part, Component::Normal(_)))
    };
    for path in paths.map(OsBytes::as_path).filter(|path| is_plain(path)) {
        // Most have none.
        let _ = std::fs::remove_file(layers.join(BEFORE).join(path));
    }
}

/// Forgets all of it.
///
/// # Errors
/// It stays.
pub(super) fn clear(layers: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(layers.join(BEFORE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn directory(layers: &Path) -> Result<PathBuf, Error> {
    let before = layers.join(BEFORE);
    let mut builder = std::fs::DirBuilder::new();
    let made = builder.mode(0o700).recursive(true).create(&before);
    made.map_err(Error::io("make", &before))?;
    Ok(before)
}
