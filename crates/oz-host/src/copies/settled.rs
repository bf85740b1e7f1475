//! What merges have left in a place since a sandbox first saw it, so that it is no conflict later.
//!
//! It is kept next to the layers, where no app gets. Without it, or with less of it, more is asked about and nothing is lost.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use oz_core::OsBytes;
use oz_core::wire::copies::{MOST, Merged, Place, Seen};

use crate::small;

/// The file of it among the layers.
const SETTLED: &str = "settled";

/// What is known of it, by where the layer is.
pub(super) fn read(upper: &Path) -> Vec<(OsBytes, Seen)> {
    let bytes = small::read(&upper.with_file_name(SETTLED), MOST).unwrap_or_default();
    postcard::from_bytes(&bytes).unwrap_or_default()
}

/// Writes down what a merge, or its undoing, has left.
pub(super) fn note(place: &Place, merged: &Merged) {
    let mut all: BTreeMap<OsBytes, Seen> = read(&place.upper).into_iter().collect();
    all.extend(merged.settled.iter().cloned());
    let all: Vec<(OsBytes, Seen)> = all.into_iter().collect();
    let written = postcard::to_stdvec(&all).map_err(io::Error::other);
    let written = written
        .and_then(|bytes| small::replace(&place.upper.with_file_name(SETTLED), &bytes, 0o600));
    if let Err(error) = written {
        tracing::debug!(%error, "what was merged may be a conflict later");
    }
}

/// A clone knows the same.
///
/// # Errors
/// It cannot be written.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::copy(from.join(SETTLED), to.join(SETTLED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        copied => copied.map(drop),
    }
}

/// Forgets all of it.
///
/// # Errors
/// It stays.
pub(super) fn clear(layers: &Path) -> io::Result<()> {
    match std::fs::remove_file(layers.join(SETTLED)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
