//! Profiles that are read again only when a file of theirs has changed.
//!
//! A launch needs one profile, and which one only all of them together say.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use oz_core::profile::{Catalogue, Profile, ProfileError};

use crate::profiles::{self, Directories, LoadError};
use crate::stamp::Stamp;

/// The clock of a file system may stand still for so long: what changed within it before it was
/// read may change again without looking different.
const GRANULE: Duration = Duration::from_secs(2);

/// What was read last.
#[derive(Debug)]
pub struct Cache {
    kept: Mutex<Option<Kept>>,
    granule: Duration,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            granule: GRANULE,
        }
    }
}

#[derive(Debug)]
struct Kept {
    directories: Directories,
    stamps: Vec<(PathBuf, Option<Stamp>)>,
    profiles: Arc<Profiles>,
}

/// All profiles, those that were asked for merged.
#[derive(Debug)]
pub struct Profiles {
    /// As they were read.
    pub catalogue: Catalogue,
    resolved: Mutex<BTreeMap<String, Arc<Profile>>>,
}

impl Profiles {
    /// The profile or template of a name.
    pub fn resolve(&self, name: &str) -> Result<Arc<Profile>, ProfileError> {
        let lock = || self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(name) {
            return Ok(Arc::clone(known));
        }
        let profile = Arc::new(self.catalogue.resolve(name)?);
        lock().insert(name.to_owned(), Arc::clone(&profile));
        Ok(profile)
    }
}

impl Cache {
    /// The profiles as they are now.
    pub fn load(&self, directories: &Directories) -> Result<Arc<Profiles>, LoadError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = &*kept
            && kept.directories == *directories
            && kept
                .stamps
                .iter()
                .all(|(path, was)| Stamp::of(path) == *was)
        {
            return Ok(Arc::clone(&kept.profiles));
        }
        *kept = None;
        // Before reading: what changes in between counts as changed later.
        let now = SystemTime::now();
        let stamps: Vec<_> = profiles::paths(directories)
            .into_iter()
            .map(|path| (path.clone(), Stamp::of(&path)))
            .collect();
        let profiles = Arc::new(Profiles {
            catalogue: profiles::load(directories)?,
            resolved: Mutex::default(),
        });
        let settled = |stamp: &Option<Stamp>| is_settled(stamp, now, self.granule);
        if stamps.iter().all(|(_, stamp)| settled(stamp)) {
            *kept = Some(Kept {
                directories: directories.clone(),
                stamps,
                profiles: Arc::clone(&profiles),
            });
        }
        Ok(profiles)
    }
}

fn is_settled(stamp: &Option<Stamp>, now: SystemTime, granule: Duration) -> bool {
    stamp
        .as_ref()
        .is_none_or(|stamp| stamp.age(now).is_some_and(|age| age > granule))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = r#"{ "description": "one" }"#;

    fn directories(base: &std::path::Path) -> Directories {
        Directories {
            shipped: base.join("shipped"),
            administrator: base.join("administrator"),
            user: base.join("user"),
        }
    }

    fn age(cache: &Cache) -> bool {
        cache.kept.lock().expect("unlocked").is_some()
    }

    #[test]
    fn what_has_just_changed_is_read_each_time() {
        let base = tempfile::tempdir().expect("a directory");
        let directories = directories(base.path());
        std::fs::create_dir(&directories.user).expect("made");
        std::fs::write(directories.user.join("app.json"), PROFILE).expect("written");
        let cache = Cache::default();
        cache.load(&directories).expect("loaded");
        assert!(!age(&cache));
    }

    #[test]
    fn a_changed_a_new_and_a_removed_profile_are_noticed() {
        let base = tempfile::tempdir().expect("a directory");
        let directories = directories(base.path());
        std::fs::create_dir(&directories.user).expect("made");
        let app = directories.user.join("app.json");
        std::fs::write(&app, PROFILE).expect("written");
        let cache = Cache {
            granule: Duration::from_millis(20),
            ..Cache::default()
        };
        let settle = || {
            std::thread::sleep(cache.granule * 2);
            let loaded = cache.load(&directories).expect("loaded");
            assert!(age(&cache), "it is kept now");
            let again = cache.load(&directories).expect("loaded");
            assert!(Arc::ptr_eq(&loaded, &again));
            loaded
        };
        let changed = |before: &Arc<Profiles>| {
            !Arc::ptr_eq(before, &cache.load(&directories).expect("loaded"))
        };
        let before = settle();
        let known = before.resolve("app").expect("a profile");
        assert!(Arc::ptr_eq(&known, &before.resolve("app").expect("again")));
        std::fs::write(&app, PROFILE.replace("one", "two")).expect("written");
        assert!(changed(&before));
        let before = settle();
        std::fs::create_dir(directories.user.join("templates")).expect("made");
        assert!(changed(&before));
        let before = settle();
        std::fs::remove_file(&app).expect("removed");
        assert!(changed(&before));
    }
}
