//! Places of the home whose content runs later or opens doors.
//!
//! Who can write there owns the user's next session; who can read there has the user's keys. No
//! grant for writing may name one, lie inside one, or hold one.

use std::path::Path;

/// A protected place.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Relative to the home directory.
    pub path: &'static str,
    /// What happens to who lets it be written.
    pub reason: &'static str,
}

/// All of them.
pub const PLACES: &[Place] = &[];

/// The protected place that the path is, or lies in.
pub fn is_protected(home: &Path, path: &Path) -> Option<&'static Place> {
    let below = path.strip_prefix(home).ok()?;
    PLACES.iter().find(|place| below.starts_with(place.path))
}

/// A protected place that lies below the path, so that whoever may write to the path could replace
/// the place by renaming what is above it.
pub fn covers_protected(home: &Path, path: &Path) -> Option<&'static Place> {
    PLACES.iter().find(|place| {
        let place = home.join(place.path);
        place != path && place.starts_with(path)
    })
}
