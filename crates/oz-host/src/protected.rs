//! Where the protected places of the home really are.
//!
//! The list in `oz-core` has names. On a host each may be a symlink (`~/.bashrc` into a directory of
//! dotfiles, `~/.ssh` onto another disk), and the same directory may be reachable by a second path (a bind
//! mount, a file system that ignores case). So places are compared by what they lead to: by path, also
//! for those that do not exist yet, and by device and inode.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use oz_core::protected::{PLACES, Place};

use crate::resolve::canonical;

/// Device and inode.
type Identity = (u64, u64);

/// The protected places of one home, as they are now.
#[derive(Debug)]
pub struct Protected(Vec<Found>);

#[derive(Debug)]
struct Found {
    place: &'static Place,
    /// Without links as far as it exists.
    real: PathBuf,
    identity: Option<Identity>,
    /// All directories above it.
    above: BTreeSet<Identity>,
}

impl Protected {
    /// Looks where the places of this home are. What a link leads to counts only if it is the user's: nobody
    /// changes the system's files by a grant, nor are they secret.
    #[must_use]
    pub fn look(home: &Path) -> Self {
        let mut known = BTreeMap::new();
        let mut above = BTreeMap::new();
        let found = PLACES.iter().filter_map(|place| {
            let named = home.join(place.path);
            let real = real(home, Path::new(place.path), &mut known);
            let metadata = std::fs::metadata(&real).ok();
            if real != named && !is_of_the_user(&real, metadata.as_ref()) {
                return None;
            }
            let ancestors = real.ancestors().skip(1);
            let above = ancestors.filter_map(|path| {
                *above
                    .entry(path.to_owned())
                    .or_insert_with(|| std::fs::metadata(path).ok().as_ref().map(identity))
            });
            Some(Found {
                place,
                above: above.collect(),
                identity: metadata.as_ref().map(identity),
                real,
            })
        });
        Self(found.collect())
    }

    /// The protected place that a canonical path is, or lies in.
    #[must_use]
    pub fn holding(&self, path: &Path) -> Option<&'static Place> {
        let above: BTreeSet<Identity> = path
            .ancestors()
            .filter_map(|path| std::fs::metadata(path).ok().as_ref().map(identity))
            .collect();
        let holds = |found: &&Found| {
            let same = found.identity.is_some_and(|place| above.contains(&place));
            same || path.starts_with(&found.real)
        };
        self.0.iter().find(holds).map(|found| found.place)
    }

    /// Where protected places are that are elsewhere than their names say.
    #[must_use]
    pub fn elsewhere(&self, home: &Path) -> Vec<PathBuf> {
        let elsewhere = self
            .0
            .iter()
            .filter(|found| found.real != home.join(found.place.path));
        elsewhere.map(|found| found.real.clone()).collect()
    }

    /// Where the protected places below a canonical path really are, whether they exist or not.
    pub fn all_below(&self, path: &Path) -> impl Iterator<Item = &Path> {
        let below = self
            .0
            .iter()
            .filter(move |found| found.real != path && found.real.starts_with(path));
        below.map(|found| found.real.as_path())
    }

    /// A protected place that is below a directory only by another path than its own, as with a bind mount: it
    /// cannot be hidden there by its path.
    #[must_use]
    pub fn below_unseen(&self, path: &Path) -> Option<&'static Place> {
        let this = std::fs::metadata(path).ok().as_ref().map(identity)?;
        let unseen = |found: &&Found| !found.real.starts_with(path) && found.above.contains(&this);
        self.0.iter().find(unseen).map(|found| found.place)
    }

    /// A protected place below a canonical path.
    #[must_use]
    pub fn below(&self, path: &Path) -> Option<&'static Place> {
        let this = std::fs::metadata(path).ok().as_ref().map(identity);
        let lies_below = |found: &&Found| {
            let by_path = found.real != path && found.real.starts_with(path);
            by_path || this.is_some_and(|this| found.above.contains(&this))
        };
        self.0.iter().find(lies_below).map(|found| found.place)
    }
}

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// Whether the user owns it, or what would hold it if it existed.
fn is_of_the_user(path: &Path, metadata: Option<&Metadata>) -> bool {
    let user = nix::unistd::geteuid().as_raw();
    let owner = metadata.map(MetadataExt::uid).or_else(|| {
        let mut above = path.ancestors().skip(1);
        above.find_map(|path| std::fs::metadata(path).ok().map(|found| found.uid()))
    });
    owner == Some(user)
}

/// Where `below` the home leads; each directory on the way is looked at once for all places.
fn real(home: &Path, below: &Path, known: &mut BTreeMap<PathBuf, PathBuf>) -> PathBuf {
    let (Some(parent), Some(name)) = (below.parent(), below.file_name()) else {
        return home.to_owned();
    };
    if let Some(real) = known.get(below) {
        return real.clone();
    }
    let path = real(home, parent, known).join(name);
    let path = match std::fs::read_link(&path) {
        Ok(target) => behind(&path, &target),
        Err(_) => path,
    };
    known.insert(below.to_owned(), path.clone());
    path
}

/// What a link leads to; if that is missing, where it would be.
fn behind(link: &Path, target: &Path) -> PathBuf {
    if let Ok(found) = canonical(link) {
        return found;
    }
    let target = link.parent().unwrap_or(link).join(target);
    match (target.parent().map(canonical), target.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => target,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a directory"))
        }

        fn path(&self, below: &str) -> PathBuf {
            let top = canonical(self.0.path()).expect("a path");
            if below.is_empty() {
                top
            } else {
                top.join(below)
            }
        }

        fn directory(&self, below: &str) {
            std::fs::create_dir_all(self.path(below)).expect("a directory");
        }

        fn holding(&self, below: &str) -> Option<&'static str> {
            let places = Protected::look(&self.path(""));
            places.holding(&self.path(below)).map(|place| place.path)
        }

        fn below(&self, below: &str) -> Option<&'static str> {
            let places = Protected::look(&self.path(""));
            places.below(&self.path(below)).map(|place| place.path)
        }
    }

    #[test]
    fn a_place_behind_a_link_is_protected_where_it_is() {
        let home = Home::new();
        home.directory("dotfiles/shell");
        std::fs::write(home.path("dotfiles/shell/bashrc"), "").expect("written");
        symlink("dotfiles/shell/bashrc", home.path(".bashrc")).expect("linked");
        assert_eq!(home.holding("dotfiles/shell/bashrc"), Some(".bashrc"));
        assert_eq!(home.below("dotfiles"), Some(".bashrc"));
        assert_eq!(home.holding("dotfiles/shell"), None);
        assert_eq!(home.below("dotfiles/shell/bashrc"), None);
    }

    #[test]
    fn what_does_not_exist_yet_is_protected_where_it_would_be() {
        let home = Home::new();
        home.directory("data/config");
        symlink("data/config", home.path(".config")).expect("linked");
        symlink("data/profile", home.path(".profile")).expect("linked");
        assert!(home.below("data/config").is_some());
        assert_eq!(
            home.holding("data/config/autostart/x.desktop"),
            Some(".config/autostart")
        );
        assert_eq!(home.holding("data/profile"), Some(".profile"));
    }

    #[test]
    fn a_second_name_of_the_same_file_is_that_file() {
        let home = Home::new();
        std::fs::write(home.path(".bashrc"), "").expect("written");
        std::fs::hard_link(home.path(".bashrc"), home.path("other")).expect("linked");
        assert_eq!(home.holding("other"), Some(".bashrc"));
    }

    #[test]
    fn the_system_s_files_behind_a_link_and_everything_else_stay_free() {
        let home = Home::new();
        home.directory("Documents");
        symlink("/usr/share/doc", home.path(".vim")).expect("linked");
        assert_eq!(home.holding("Documents"), None);
        assert_eq!(home.below("Documents"), None);
        let places = Protected::look(&home.path(""));
        // Root owns it for everybody but root.
        if !nix::unistd::geteuid().is_root() {
            assert!(places.holding(Path::new("/usr/share/doc")).is_none());
            assert!(places.below(Path::new("/usr/share")).is_none());
        }
        assert!(places.below(Path::new("/")).is_some());
    }
}
