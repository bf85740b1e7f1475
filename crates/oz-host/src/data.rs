//! What apps keep for themselves: in the user's home, when they run without a sandbox, and in the home that is an app's own.
//!
//! An app's own home is what the app has made of it: nothing in it is followed, and what is copied out of it is copied as
//! it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use oz_core::plan::layout;
use oz_core::profile::Profile;
use oz_core::profile::files::{DataPath, Home};
use oz_core::protected;

use crate::copies;
use crate::environment;
use crate::outside::{self, Program};
use crate::own::Own;
use crate::protected::Protected;
use crate::resolve::canonical;

/// Both places.
pub struct Data {
    home: PathBuf,
    /// Where the homes of the apps are.
    homes: PathBuf,
    /// What apps have of the first in their sandboxes.
    own: Own,
}

/// A place with something in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub path: PathBuf,
    /// All files in it, in bytes; of a directory that cannot be read, what can.
    pub size: u64,
}

/// What was copied out of an app's own home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// In bytes.
    pub size: u64,
    /// What was not, because nobody may read it.
    pub closed: Vec<PathBuf>,
}

/// Why it could not be done; each message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It would be gone with the sandbox.
    #[error(
        "{0} has a home that does not last, so nothing can be copied into it: set files.home to \"private\" in its profile"
    )]
    NoHome(String),
    /// There is nothing that it could have.
    #[error("{0} has kept nothing in the home that its profile names: start it fresh")]
    NothingThere(String),
    /// What it has is no data.
    #[error(
        "{} cannot be an app's own: {reason}: use `--data copy`, by which it has a copy", path.display()
    )]
    Protected {
        /// Where.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// It is somewhere else.
    #[error("{} leads through a link to {}, which no sandbox follows: use `--data copy`, or move it where the link is", path.display(), to.display())]
    Link {
        /// Where.
        path: PathBuf,
        /// What it leads to.
        to: PathBuf,
    },
    /// There is none.
    #[error("{0} has no data of its own yet: run it with `oz run {0}`")]
    Nothing(String),
    /// Something is there.
    #[error("{} is there already: name a place that does not exist yet", .0.display())]
    Exists(PathBuf),
    /// It is there still, or a part of it.
    #[error(transparent)]
    Kept(#[from] copies::Error),
    /// The file system.
    #[error("cannot {what} {}: {why}: make room or give yourself the right to", path.display())]
    Io {
        /// What.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

impl Data {
    /// Of this user.
    pub fn of_this_user() -> Self {
        let state = environment::state().join("oz");
        Self {
            home: environment::home().unwrap_or_default(),
            homes: state.join(layout::HOMES_NAME),
            own: Own::beneath(&state),
        }
    }

    /// What the app keeps in the user's home, which its sandbox does not see.
    pub fn outside(&self, profile: &Profile) -> Vec<Place> {
        let paths = profile.files.data.iter();
        let paths = paths.map(|path| self.home.join(path.below_home()));
        paths.filter_map(Place::look).collect()
    }

    /// The home that is the app's own, if there is something in it.
    pub fn inside(&self, profile: &str) -> Option<Place> {
        let home = self.homes.join(profile);
        match fs::read_dir(&home) {
            // What nobody may look into is not nothing: the app may have closed it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            entries => drop(entries.ok()?.next()?.ok()?),
        }
        Place::look(home)
    }

    /// What of [`Self::outside`] is not in the app's own home yet.
    pub fn missing(&self, profile: &Profile) -> Vec<Place> {
        if profile.files.home != Home::Private {
            return Vec::new();
        }
        let mut all = self.outside(profile);
        all.retain(|place| {
            let target = self.target(profile, &place.path);
            target.is_some_and(|target| target.symlink_metadata().is_err())
        });
        all
    }

    /// Copies that into it; what is there already stays as it is. Returns what was copied.
    pub fn copy_in(&self, profile: &Profile) -> Result<Vec<Place>, Error> {
        if profile.files.home != Home::Private {
            return Err(Error::NoHome(profile.name.clone()));
        }
        let missing = self.missing(profile);
        for place in &missing {
            let Some(target) = self.target(profile, &place.path) else {
                continue;
            };
            self.make_way(profile, &target)?;
            copy(&place.path, &target)?;
        }
        Ok(missing)
    }

    /// What the app has in its sandbox as it is, because the user let it.
    pub fn given(&self, profile: &str) -> Vec<PathBuf> {
        let own = self.own.of(profile);
        let paths = own.iter().map(|path| self.home.join(path.below_home()));
        paths.collect()
    }

    /// Lets the app have in its sandbox what it has in the user's home, as it is. Keys, configuration that programs
    /// run, and what else of the protected places is no data stay closed. Returns what it has then.
    pub fn give(&self, profile: &Profile) -> Result<Vec<Place>, Error> {
        let places = self.giveable(profile)?;
        let given: Vec<DataPath> = profile
            .files
            .data
            .iter()
            .filter(|path| {
                let path = self.home.join(path.below_home());
                places.iter().any(|place| place.path == path)
            })
            .cloned()
            .collect();
        let done = self.own.give(&profile.name, &given);
        done.map_err(|error| Error::Io {
            what: "write down what is the app's in",
            path: self.home.clone(),
            why: error.to_string(),
        })?;
        Ok(places)
    }

    /// What [`Self::give`] would let it have.
    pub fn giveable(&self, profile: &Profile) -> Result<Vec<Place>, Error> {
        if profile.files.home == Home::None {
            return Err(Error::NoHome(profile.name.clone()));
        }
        let places = self.outside(profile);
        if places.is_empty() {
            return Err(Error::NothingThere(profile.name.clone()));
        }
        let protected = Protected::look(&self.home);
        for Place { path, .. } in &places {
            let to = canonical(path).unwrap_or_default();
            if to != *path {
                let path = path.clone();
                return Err(Error::Link { path, to });
            }
            let is_data = |place: &&protected::Place| place.reason != protected::DATA;
            let closed = protected.holding(path).filter(is_data);
            let closed = closed.or_else(|| protected.below(path));
            if let Some(place) = closed {
                return Err(Error::Protected {
                    path: path.clone(),
                    reason: place.reason,
                });
            }
        }
        Ok(places)
    }

    /// Takes it back; whether the app had it.
    pub fn take(&self, profile: &str) -> Result<bool, Error> {
        self.own.take(profile).map_err(|error| Error::Io {
            what: "forget what is the app's in",
            path: self.home.clone(),
            why: error.to_string(),
        })
    }

    /// Who has what the app keeps in the user's home in use, outside of its sandbox.
    pub fn in_use(&self, profile: &Profile) -> Option<Program> {
        let programs = profile.matches.executables.iter();
        let programs: Vec<&str> = programs.map(|name| name.as_str()).collect();
        let places = self.outside(profile).into_iter();
        let places: Vec<PathBuf> = places.map(|place| place.path).collect();
        outside::using(&programs, &places)
    }

    fn target(&self, profile: &Profile, path: &Path) -> Option<PathBuf> {
        let below = path.strip_prefix(&self.home).ok()?;
        Some(self.homes.join(&profile.name).join(below))
    }

    /// Makes the directories above a target; whatever the app has put there that is none is in the way.
    fn make_way(&self, profile: &Profile, target: &Path) -> Result<(), Error> {
        let home = self.homes.join(&profile.name);
        let fail = |path: &Path, error: &io::Error| Error::Io {
            what: "make",
            path: path.to_owned(),
            why: error.to_string(),
        };
        fs::create_dir_all(&self.homes).map_err(|error| fail(&self.homes, &error))?;
        let mut above: Vec<&Path> = target
            .ancestors()
            .skip(1)
            .take_while(|path| path.starts_with(&home))
            .collect();
        above.reverse();
        for directory in above {
            match fs::symlink_metadata(directory) {
                Ok(there) if there.is_dir() => continue,
                Ok(_) => return Err(Error::Exists(directory.to_owned())),
                Err(_) => {}
            }
            let mut builder = fs::DirBuilder::new();
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder
                .create(directory)
                .map_err(|error| fail(directory, &error))?;
        }
        Ok(())
    }

    /// Copies the app's own home to a place that does not exist yet; what the app has closed to its own user is not in it.
    pub fn export(&self, profile: &str, to: &Path) -> Result<Exported, Error> {
        let place = self.inside(profile);
        let place = place.ok_or_else(|| Error::Nothing(profile.to_owned()))?;
        if to.symlink_metadata().is_ok() {
            return Err(Error::Exists(to.to_owned()));
        }
        let closed = copy_what_is_open(&place.path, to)?;
        Ok(Exported {
            size: size(to),
            closed,
        })
    }

    /// Removes the app's own home; no sandbox may have it.
    pub fn delete(&self, profile: &str) -> Result<Place, Error> {
        let place = self.inside(profile);
        let place = place.ok_or_else(|| Error::Nothing(profile.to_owned()))?;
        // Follows no link on its way, and gets into what the app has closed.
        copies::remove(&place.path)?;
        Ok(place)
    }
}

impl Place {
    fn look(path: PathBuf) -> Option<Self> {
        let metadata = fs::symlink_metadata(&path).ok()?;
        let size = if metadata.is_dir() {
            size(&path)
        } else {
            metadata.len()
        };
        Some(Self { path, size })
    }
}

/// Of all files beneath, no link followed.
fn size(directory: &Path) -> u64 {
    let mut total = 0;
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => total += metadata.len(),
                Err(_) => {}
            }
        }
    }
    total
}

/// Copies a tree as it is, links as links, without taking up room where the file system can do that. It is there whole or
/// not at all.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    match copy_what_is_open(from, to)?.first() {
        None => Ok(()),
        Some(closed) => {
            let _ = fs::remove_dir_all(to);
            Err(Error::Io {
                what: "copy",
                path: closed.clone(),
                why: "it is closed".to_owned(),
            })
        }
    }
}

/// The same, but for what is closed to the user; that is returned.
fn copy_what_is_open(from: &Path, to: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut name = to.file_name().unwrap_or_default().to_owned();
    name.push(".oz-new");
    let temporary = to.with_file_name(name);
    let fail = |why: String| Error::Io {
        what: "copy",
        path: from.to_owned(),
        why,
    };
    let mut cp = Command::new("cp");
    // What it says is read below.
    cp.env("LC_ALL", "C");
    cp.args(["-a", "--reflink=auto", "-T", "--"]);
    let copied = cp.arg(from).arg(&temporary).output();
    let copied = copied.map_err(|error| fail(error.to_string()))?;
    let mut closed = Vec::new();
    if !copied.status.success() {
        let said = String::from_utf8_lossy(&copied.stderr);
        let mut others = said
            .lines()
            .filter(|line| !line.ends_with(": Permission denied"));
        let other = others.next().map(str::to_owned);
        if other.is_none() && is_readable(&temporary) {
            closed = closed_in(from);
        }
        if closed.is_empty() {
            let _ = fs::remove_dir_all(&temporary);
            let _ = fs::remove_file(&temporary);
            let first = said.lines().next().map(str::to_owned);
            return Err(fail(
                other.or(first).unwrap_or_else(|| "cp failed".to_owned()),
            ));
        }
    }
    fs::rename(&temporary, to).map_err(|error| fail(error.to_string()))?;
    Ok(closed)
}

/// What of a tree its own user may not read; nothing is said of what is in a closed directory.
fn closed_in(tree: &Path) -> Vec<PathBuf> {
    let (mut closed, mut open) = (Vec::new(), vec![tree.to_owned()]);
    while let Some(path) = open.pop() {
        let kind = fs::symlink_metadata(&path).map(|metadata| metadata.file_type());
        let is_directory = match kind {
            Ok(kind) if kind.is_dir() => true,
            Ok(kind) if kind.is_file() => false,
            Ok(_) => continue,
            Err(_) => {
                closed.push(path);
                continue;
            }
        };
        // A directory that can be listed and not entered has entries that are not there.
        match fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) if !is_directory && is_readable(&path) => {}
            Err(_) => closed.push(path),
        }
    }
    closed.sort();
    closed
}

/// Whether a file can be opened to be read; a link is not followed, and nothing is waited for.
fn is_readable(path: &Path) -> bool {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::profile::{Catalogue, Layer, Text};

    struct User {
        directory: tempfile::TempDir,
        data: Data,
    }

    fn user() -> User {
        let directory = tempfile::tempdir().expect("a directory");
        let data = Data {
            home: directory.path().join("home"),
            homes: directory.path().join("homes"),
            own: Own::beneath(directory.path()),
        };
        let user = User { directory, data };
        user.write("home/.config/app/settings", "mine");
        user.write("home/.config/other", "not the app's");
        user
    }

    impl User {
        fn write(&self, path: &str, text: &str) {
            let path = self.directory.path().join(path);
            fs::create_dir_all(path.parent().expect("has one")).expect("made");
            fs::write(path, text).expect("written");
        }

        fn read(&self, path: &str) -> Option<String> {
            fs::read_to_string(self.directory.path().join(path)).ok()
        }
    }

    fn profile(home: &str) -> Profile {
        let text = format!(
            r#"{{ "description": "t", "files": {{ "home": "{home}", "data": ["~/.config/app", "~/.app"] }} }}"#
        );
        let text = Text {
            name: "app".into(),
            layer: Layer::User,
            path: "app.json".into(),
            text,
            template: false,
        };
        Catalogue::new(vec![text]).resolve("app").expect("resolves")
    }

    #[test]
    fn what_the_app_has_is_copied_once_and_nothing_else() {
        let (user, profile) = (user(), profile("private"));
        let missing = user.data.missing(&profile);
        assert_eq!(missing.len(), 1);
        assert_eq!(missing[0].size, 4);
        assert_eq!(user.data.copy_in(&profile).expect("copied"), missing);
        assert_eq!(
            user.read("homes/app/.config/app/settings").as_deref(),
            Some("mine")
        );
        assert_eq!(user.read("homes/app/.config/other"), None);
        // The app goes on with its own.
        user.write("homes/app/.config/app/settings", "changed");
        assert_eq!(user.data.copy_in(&profile).expect("copied"), []);
        assert_eq!(
            user.read("homes/app/.config/app/settings").as_deref(),
            Some("changed")
        );
        assert_eq!(
            user.read("home/.config/app/settings").as_deref(),
            Some("mine")
        );
    }

    #[test]
    fn a_home_that_does_not_last_gets_nothing() {
        let user = user();
        let profile = profile("ephemeral");
        assert!(user.data.missing(&profile).is_empty());
        assert!(matches!(user.data.copy_in(&profile), Err(Error::NoHome(_))));
    }

    #[test]
    fn no_link_that_the_app_has_left_is_followed() {
        let (user, profile) = (user(), profile("private"));
        user.write("victim/keep", "x");
        fs::create_dir_all(user.directory.path().join("homes/app")).expect("made");
        let link = user.directory.path().join("homes/app/.config");
        std::os::unix::fs::symlink(user.directory.path().join("victim"), &link).expect("a link");
        assert!(matches!(user.data.copy_in(&profile), Err(Error::Exists(_))));
        assert_eq!(
            fs::read_dir(user.directory.path().join("victim"))
                .expect("listed")
                .count(),
            1
        );
        let to = user.directory.path().join("exported");
        user.data.export("app", &to).expect("exported");
        assert!(
            to.join(".config")
                .symlink_metadata()
                .expect("there")
                .is_symlink()
        );
        assert_eq!(user.read("victim/keep").as_deref(), Some("x"));
        assert!(matches!(user.data.delete("other"), Err(Error::Nothing(_))));
    }

    #[test]
    fn a_home_that_its_app_has_closed_is_there_all_the_same() {
        let (user, home) = (user(), "homes/app");
        user.write(&format!("{home}/file"), "x");
        let home = user.directory.path().join(home);
        let closed = std::os::unix::fs::PermissionsExt::from_mode(0o000);
        fs::set_permissions(&home, closed).expect("closed");
        let place = user.data.inside("app");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&home, open).expect("open");
        assert_eq!(place.map(|place| place.path), Some(home));
    }

    #[test]
    fn nothing_is_written_over_by_an_export() {
        let user = user();
        user.write("homes/app/file", "x");
        let to = user.directory.path().join("home/.config/other");
        assert!(matches!(
            user.data.export("app", &to),
            Err(Error::Exists(_))
        ));
    }

    #[test]
    fn what_the_user_gives_is_the_apps_own_until_it_is_taken() {
        let (user, profile) = (user(), profile("private"));
        assert!(user.data.given("app").is_empty());
        let given = user.data.give(&profile).expect("given");
        let place = user.directory.path().join("home/.config/app");
        assert_eq!(given[0].path, place);
        assert_eq!(user.data.given("app"), [place]);
        let rule = Own::beneath(user.directory.path()).apply(std::sync::Arc::new(profile));
        // Only what was there: what the app might have elsewhere later is not given.
        assert_eq!(rule.own, ["~/.config/app".to_owned()].into());
        assert!(user.data.take("app").expect("taken"));
        assert!(!user.data.take("app").expect("nothing is left"));
        assert!(!user.directory.path().join("own").exists());
    }

    #[test]
    fn neither_links_nor_what_is_no_data_can_be_given() {
        let user = user();
        let mut profile = profile("private");
        profile.files.data = vec!["~/.ssh".to_owned().try_into().expect("a path")];
        assert!(matches!(
            user.data.give(&profile),
            Err(Error::NothingThere(_))
        ));
        user.write("home/.ssh/id", "key");
        assert!(matches!(
            user.data.give(&profile),
            Err(Error::Protected { .. })
        ));
        let link = user.directory.path().join("home/.mozilla");
        std::os::unix::fs::symlink(user.directory.path().join("home/.ssh"), link).expect("a link");
        profile.files.data = vec!["~/.mozilla".to_owned().try_into().expect("a path")];
        assert!(matches!(user.data.give(&profile), Err(Error::Link { .. })));
        assert!(user.data.given("app").is_empty());
    }
}
