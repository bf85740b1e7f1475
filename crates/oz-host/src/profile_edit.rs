//! Changing what the user's own file says of a profile, for programs: one key at a time, everything else as its author wrote
//! it, and only if the whole is a profile afterwards that says what was wanted.

use std::io;
use std::path::{Path, PathBuf};

use oz_core::profile::{self, Catalogue, Layer, MAX_TEXT, Profile, ProfileError, Text};
use serde_json::Value;

use crate::profiles::{Directories, LoadError, load};
use crate::small;

/// What a file says that nobody has written yet.
const NOTHING: &str = "{}\n";

/// One key, and what it is to say; nothing: what the layers below say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As in `audio.microphone`.
    pub key: String,
    /// Its value.
    pub value: Option<Value>,
}

impl Change {
    /// Says a value.
    pub fn set(key: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            key: key.into(),
            value: Some(value.into()),
        }
    }

    /// Says nothing of a key.
    pub fn restore(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: None,
        }
    }
}

/// Why it was not changed; each message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The profiles cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A command that follows a template has none of its own.
    #[error("{0} is no app's profile, so there is nothing to change: write a profile for the app")]
    NoApp(String),
    /// The administrator says so.
    #[error("the administrator has locked {0}: ask the administrator")]
    Locked(String),
    /// The file, or what would become of it.
    #[error("the file {} is left as it is, because it would not be a profile: {first}: look at it with `oz profile check`", path.display())]
    Profile {
        /// Which.
        path: PathBuf,
        /// The first line of what is wrong.
        first: String,
    },
    /// Links and the like are for their makers.
    #[error("{} is no plain file, so it is left as it is: change it yourself", .0.display())]
    NotPlain(PathBuf),
    /// Somebody else was at it.
    #[error("{} was changed at the same time: try again", .0.display())]
    Busy(PathBuf),
    /// The file system.
    #[error("cannot write {}: {source}: make room or give yourself the right to", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Changes the user's file of an app's profile; what holds then.
///
/// # Errors
/// Nothing was changed.
pub fn change(directories: &Directories, name: &str, changes: &[Change]) -> Result<Profile, Error> {
    let catalogue = load(directories)?;
    if !catalogue.names().contains(&name) {
        return Err(Error::NoApp(name.to_owned()));
    }
    let file = File::of(directories, name);
    let before = read(&file.path)?;
    let text = before.clone().unwrap_or_else(|| NOTHING.to_owned());
    file.write(catalogue, before.as_deref(), text, changes)
}

/// Writes changes into a profile; one that was not there is made of `new` with them. What holds then.
///
/// # Errors
/// Nothing was written.
pub fn save(
    directories: &Directories,
    name: &str,
    new: Option<&str>,
    changes: &[Change],
) -> Result<Profile, Error> {
    match new {
        Some(text) => create(directories, name, text, changes),
        None => change(directories, name, changes),
    }
}

/// Writes a profile of the user's that was not there, with changes; what holds then.
///
/// # Errors
/// Nothing was written.
pub fn create(
    directories: &Directories,
    name: &str,
    text: &str,
    changes: &[Change],
) -> Result<Profile, Error> {
    let file = File::of(directories, name);
    file.write(load(directories)?, None, text.to_owned(), changes)
}

/// A file of the user's.
struct File<'a> {
    name: &'a str,
    path: PathBuf,
}

impl<'a> File<'a> {
    fn of(directories: &Directories, name: &'a str) -> Self {
        Self {
            name,
            path: directories.user.join(format!("{name}.json")),
        }
    }

    /// In one write, so that no moment has a profile of which only a part was wanted. `before` is what the file must
    /// hold, if it must be there.
    fn write(
        &self,
        catalogue: Catalogue,
        before: Option<&str>,
        text: String,
        changes: &[Change],
    ) -> Result<Profile, Error> {
        let mut after = Text {
            name: self.name.to_owned(),
            layer: Layer::User,
            path: self.path.clone(),
            text,
            template: false,
        };
        for change in changes {
            let edited = profile::edit(&after, &change.key, change.value.as_ref());
            after.text = edited.map_err(|error| self.wrong(&error))?;
        }
        let resolved = resolved(catalogue, self.name, &after, changes);
        let profile = resolved.map_err(|error| match error {
            Wrong::Locked(key) => Error::Locked(key),
            Wrong::Profile(error) => self.wrong(&error),
        })?;
        let io = |source| Error::Io {
            path: self.path.clone(),
            source,
        };
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory).map_err(io)?;
        }
        if read(&self.path)?.as_deref() != before {
            return Err(Error::Busy(self.path.clone()));
        }
        small::replace(&self.path, after.text.as_bytes(), 0o644).map_err(io)?;
        Ok(profile)
    }

    fn wrong(&self, error: &ProfileError) -> Error {
        let text = error.to_string();
        Error::Profile {
            path: self.path.clone(),
            first: text.lines().next().unwrap_or_default().to_owned(),
        }
    }
}

enum Wrong {
    Locked(String),
    Profile(ProfileError),
}

/// What the profile is with the new text.
fn resolved(
    catalogue: Catalogue,
    name: &str,
    text: &Text,
    changes: &[Change],
) -> Result<Profile, Wrong> {
    match catalogue.with(text.clone()).resolve(name) {
        Ok(profile) => Ok(profile),
        Err(error @ ProfileError::Locked(_)) => {
            let said = changes.iter().find(|change| change.value.is_some());
            Err(said.map_or(Wrong::Profile(error), |change| {
                Wrong::Locked(change.key.clone())
            }))
        }
        Err(error) => Err(Wrong::Profile(error)),
    }
}

/// The text of a file, if there is one.
fn read(path: &Path) -> Result<Option<String>, Error> {
    let io = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
        Ok(there) if !there.is_file() => return Err(Error::NotPlain(path.to_owned())),
        Ok(_) => {}
    }
    let bytes = small::read(path, MAX_TEXT as u64 + 1).map_err(io)?;
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|_| Error::NotPlain(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let place = Self(tempfile::tempdir().expect("a directory"));
            let shipped = r#"{ "audio": { "microphone": "off", "speaker": "on" } }"#;
            place.write("shipped/app.json", shipped);
            place.write("shipped/templates/generic.json", "{}");
            place
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.path(name);
            fs::create_dir_all(path.parent().expect("has one")).expect("made");
            fs::write(path, text).expect("written");
        }

        fn own(&self) -> String {
            fs::read_to_string(self.path("user/app.json")).expect("is there")
        }

        fn directories(&self) -> Directories {
            Directories {
                shipped: self.path("shipped"),
                administrator: self.path("administrator"),
                user: self.path("user"),
            }
        }

        fn change(&self, changes: &[Change]) -> Result<Profile, Error> {
            change(&self.directories(), "app", changes)
        }
    }

    #[test]
    fn a_new_profile_holds_all_that_was_said_yes_to_or_is_not_there() {
        let place = Place::new();
        let new = |text: &str, change| create(&place.directories(), "new", text, &[change]);
        let wrong = Change::set("audio.speaker", "loud");
        assert!(new("{ \"extends\": \"generic\" }", wrong).is_err());
        assert!(!place.path("user/new.json").exists());
        let off = Change::set("audio.speaker", "off");
        new("{ \"extends\": \"generic\" }", off).expect("it is written");
        let text = fs::read_to_string(place.path("user/new.json")).expect("it is there");
        assert!(text.contains("off"), "{text}");
    }

    #[test]
    fn what_is_changed_is_in_the_users_file_and_can_be_taken_back() {
        use oz_core::wire::audio::Microphone;
        let place = Place::new();
        let profile = place
            .change(&[Change::set("audio.microphone", "ask")])
            .expect("changed");
        assert_eq!(profile.audio.microphone, Microphone::Ask);
        assert_eq!(profile.layer_of("audio.microphone"), Some(Layer::User));
        assert_eq!(
            place.own(),
            "{\n  \"audio\": {\n    \"microphone\": \"ask\"\n  }\n}\n"
        );
        let profile = place
            .change(&[Change::restore("audio.microphone")])
            .expect("changed");
        assert_eq!(profile.audio.microphone, Microphone::Off);
        assert_eq!(profile.layer_of("audio.microphone"), Some(Layer::Shipped));
    }

    #[test]
    fn what_the_administrator_has_locked_stays() {
        let place = Place::new();
        place.write("administrator/app.json", r#"{ "lock": ["audio"] }"#);
        let error = place
            .change(&[Change::set("audio.microphone", "on")])
            .expect_err("is locked");
        assert!(
            matches!(&error, Error::Locked(key) if key == "audio.microphone"),
            "{error}"
        );
        assert!(!place.path("user/app.json").exists());
    }

    #[test]
    fn a_file_that_is_broken_a_link_or_no_text_is_left_as_it_is() {
        let place = Place::new();
        let wanted = [Change::set("audio.microphone", "on")];
        place.write("user/app.json", "{ nonsense");
        assert!(matches!(place.change(&wanted), Err(Error::Profile { .. })));
        assert_eq!(place.own(), "{ nonsense");
        place.write("elsewhere.json", "{}");
        fs::remove_file(place.path("user/app.json")).expect("removed");
        std::os::unix::fs::symlink(place.path("elsewhere.json"), place.path("user/app.json"))
            .expect("made");
        assert!(matches!(place.change(&wanted), Err(Error::NotPlain(_))));
        assert_eq!(
            fs::read_to_string(place.path("elsewhere.json")).expect("read"),
            "{}"
        );
    }

    #[test]
    fn what_would_be_no_profile_is_not_written() {
        let place = Place::new();
        for (key, value) in [
            ("audio.microphone", "loud"),
            ("audio.sound", "on"),
            ("nothing.at", "all"),
        ] {
            let error = place
                .change(&[Change::set(key, value)])
                .expect_err("is refused");
            assert!(matches!(error, Error::Profile { .. }), "{error}");
        }
        assert!(!place.path("user/app.json").exists());
    }

    #[test]
    fn a_template_is_no_apps_profile() {
        let place = Place::new();
        let error = change(&place.directories(), "generic", &[]).expect_err("is refused");
        assert!(matches!(error, Error::NoApp(_)), "{error}");
    }
}
