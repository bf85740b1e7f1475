//! What of their own data the user lets apps have where it is, in the user's home.
//!
//! It is the user's to decide and no profile's, so it is kept with our own state, which no app can write: a list of places
//! for each profile. A place that a newer profile adds is not among them.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oz_core::profile::Profile;
use oz_core::profile::files::DataPath;

use crate::small;

/// Name of its directory in our state.
const NAME: &str = "own";
/// A longer list is none of ours.
const MOST: u64 = 64 << 10;

/// The lists.
pub struct Own(PathBuf);

impl Own {
    /// Beneath the directory of our state.
    #[must_use]
    pub fn beneath(state: &Path) -> Self {
        Self(state.join(NAME))
    }

    /// The places that a profile has; none if there is no list that can be read.
    #[must_use]
    pub fn of(&self, profile: &str) -> Vec<DataPath> {
        let text = small::read(&self.0.join(profile), MOST);
        let text = String::from_utf8(text.unwrap_or_default()).unwrap_or_default();
        text.lines()
            .filter_map(|line| line.to_owned().try_into().ok())
            .collect()
    }

    /// The profile as it is with them.
    #[must_use]
    pub fn apply(&self, profile: Arc<Profile>) -> Arc<Profile> {
        let own = self.of(&profile.name);
        if own.is_empty() {
            return profile;
        }
        let mut profile = Arc::unwrap_or_clone(profile);
        profile.give_own(&own);
        Arc::new(profile)
    }

    /// Writes a list, in one step.
    pub(crate) fn give(&self, profile: &str, places: &[DataPath]) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&self.0)?;
        let temporary = self.0.join(format!(".{profile}.new"));
        let _ = fs::remove_file(&temporary);
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        for place in places {
            writeln!(file, "{}", String::from(place.clone()))?;
        }
        fs::rename(&temporary, self.0.join(profile))
    }

    /// Forgets it; whether there was one.
    pub(crate) fn take(&self, profile: &str) -> io::Result<bool> {
        let taken = match fs::remove_file(self.0.join(profile)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            done => done.map(|()| true)?,
        };
        // Only the last one takes the directory with it.
        let _ = fs::remove_dir(&self.0);
        Ok(taken)
    }
}
