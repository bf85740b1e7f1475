use super::*;
use oz_core::profile::{Layer, Text};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

const VENDOR: &str = "[Desktop Entry]\nName=Editor\nExec=editor %U\nDBusActivatable=true\n";

/// A user's directories with one app that has two launchers, one of which the profile does not name.
struct Place {
    directory: tempfile::TempDir,
    launchers: Launchers,
    catalogue: Catalogue,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |path: &str| directory.path().join(path);
        let launchers = Launchers {
            own: at("own"),
            system: vec![at("system")],
            programs: at("bin"),
            records: at("state/launchers"),
            oz: "/usr/bin/oz".into(),
        };
        let text = r#"{ "description": "t", "match": { "desktop": ["org.x.Editor"], "executables": ["editor", "sh", "oz-not-installed"] } }"#;
        let text = Text {
            name: "editor".into(),
            layer: Layer::User,
            path: "editor.json".into(),
            text: text.into(),
            template: false,
        };
        let place = Self {
            launchers,
            catalogue: Catalogue::new(vec![text]),
            directory,
        };
        place.write("system/applications/org.x.Editor.desktop", VENDOR);
        place.write(
            "system/applications/x/other.desktop",
            "[Desktop Entry]\nExec=/usr/bin/editor --other\n",
        );
        place.write(
            "system/applications/alien.desktop",
            "[Desktop Entry]\nExec=alien\n",
        );
        place.write(
            "system/dbus-1/services/org.x.Editor.service",
            "[D-BUS Service]\nName=org.x.Editor\nExec=/usr/bin/editor --gapplication-service\n",
        );
        place
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.directory.path().join(path);
        fs::create_dir_all(path.parent().expect("has one")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.directory.path().join(path)).ok()
    }

    fn enable(&self, shell: bool) -> Done {
        self.launchers
            .enable(&self.catalogue, "org.x.Editor.desktop", shell)
            .expect("enabled")
            .1
    }

    fn disable(&self) -> Done {
        self.launchers
            .disable(&self.catalogue, "editor")
            .expect("disabled")
            .1
    }

    /// Everything with its mode and time of change.
    fn picture(&self) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
        let mut all = BTreeMap::new();
        let mut open = vec![self.directory.path().to_owned()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(&directory).expect("listed").flatten() {
                let metadata = entry.metadata().expect("there");
                let path = entry.path();
                if metadata.is_dir() {
                    open.push(path.clone());
                    all.insert(path, (metadata.mode(), 0, Vec::new()));
                } else {
                    let content = fs::read(&path).expect("read");
                    all.insert(path, (metadata.mode(), metadata.mtime(), content));
                }
            }
        }
        all
    }
}

#[test]
fn all_launchers_of_the_app_start_it_in_its_sandbox_and_the_bus_does_not_start_it_at_all() {
    let place = Place::new();
    let done = place.enable(false);
    assert_eq!(done.files.len(), 3, "{done:?}");
    assert!(done.services && done.left.is_empty());
    let entry = place
        .read("own/applications/org.x.Editor.desktop")
        .expect("made");
    assert!(
        entry.contains("Exec=/usr/bin/oz run --detach editor %U\n"),
        "{entry}"
    );
    assert!(entry.contains("DBusActivatable=false\n"), "{entry}");
    let other = place
        .read("own/applications/x-other.desktop")
        .expect("made");
    assert!(
        other.contains("run --detach /usr/bin/editor --other"),
        "{other}"
    );
    let service = place
        .read("own/dbus-1/services/org.x.Editor.service")
        .expect("made");
    assert!(service.contains("Exec=/bin/false"), "{service}");
    assert_eq!(place.read("own/applications/alien.desktop"), None);
}

#[test]
fn undone_everything_is_as_it_was() {
    let place = Place::new();
    // A launcher of the user's own, which counts before the system's, with a mode of its own.
    place.write(
        "own/applications/org.x.Editor.desktop",
        "[Desktop Entry]\nExec=editor --mine\n",
    );
    let own = place
        .directory
        .path()
        .join("own/applications/org.x.Editor.desktop");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).expect("set");
    let before = place.picture();
    for shell in [false, true] {
        place.enable(shell);
        place.enable(shell);
        let entry = place
            .read("own/applications/org.x.Editor.desktop")
            .expect("made");
        assert!(entry.contains("run --detach editor --mine"), "{entry}");
        assert_ne!(place.picture(), before);
        let done = place.disable();
        assert!(done.left.is_empty());
        let mut after = place.picture();
        // The directory of the records is ours.
        after.remove(&place.directory.path().join("state"));
        assert_eq!(after, before);
    }
}

#[test]
fn what_somebody_has_edited_is_left_alone() {
    let place = Place::new();
    place.enable(false);
    place.write(
        "own/applications/x-other.desktop",
        "[Desktop Entry]\nExec=mine\n",
    );
    let status = place.launchers.status(&place.catalogue).expect("looked");
    assert!(status[0].enabled && status[0].outdated);
    let edited = place
        .directory
        .path()
        .join("own/applications/x-other.desktop");
    assert_eq!(place.enable(false).left, std::slice::from_ref(&edited));
    // It is the user's from now on.
    assert!(place.disable().left.is_empty());
    assert_eq!(
        fs::read_to_string(edited).expect("there"),
        "[Desktop Entry]\nExec=mine\n"
    );
}

#[test]
fn what_the_vendor_changes_is_made_again_and_what_he_removes_is_removed() {
    let place = Place::new();
    place.enable(false);
    let refresh = || {
        place
            .launchers
            .refresh(&place.catalogue)
            .expect("refreshed")
    };
    assert_eq!(refresh(), Done::default());
    place.write(
        "system/applications/org.x.Editor.desktop",
        &VENDOR.replace("Name=Editor", "Name=Better editor"),
    );
    assert!(place.launchers.status(&place.catalogue).expect("looked")[0].outdated);
    refresh();
    let entry = place
        .read("own/applications/org.x.Editor.desktop")
        .expect("there");
    assert!(entry.contains("Name=Better editor"), "{entry}");
    assert!(!place.launchers.status(&place.catalogue).expect("looked")[0].outdated);
    fs::remove_dir_all(place.directory.path().join("system")).expect("removed");
    refresh();
    assert_eq!(place.read("own/applications/org.x.Editor.desktop"), None);
    assert!(
        place
            .launchers
            .status(&place.catalogue)
            .expect("looked")
            .is_empty()
    );
    assert!(place.launchers.disable(&place.catalogue, "editor").is_err());
}

#[test]
fn a_shell_finds_the_sandboxed_program_and_nothing_of_the_users_is_replaced() {
    let place = Place::new();
    place.write("bin/sh", "mine");
    let refused = place.launchers.enable(&place.catalogue, "editor", true);
    assert!(matches!(refused, Err(Error::InTheWay(_))), "{refused:?}");
    assert_eq!(place.read("own/applications/org.x.Editor.desktop"), None);
    fs::remove_file(place.directory.path().join("bin/sh")).expect("removed");
    place.enable(true);
    assert_eq!(place.read("bin/oz-not-installed"), None);
    let shim = place.read("bin/sh").expect("made");
    assert!(shim.contains("exec /usr/bin/oz run sh \"$@\"\n"), "{shim}");
    let mode = fs::metadata(place.directory.path().join("bin/sh"))
        .expect("there")
        .mode();
    assert_eq!(mode & 0o777, 0o755);
    // Without them the next time.
    place.enable(false);
    assert_eq!(place.read("bin/sh"), None);
}

#[test]
fn what_has_no_profile_or_no_launcher_is_said() {
    let place = Place::new();
    let enable = |app: &str| place.launchers.enable(&place.catalogue, app, false);
    assert!(matches!(enable("nonsense"), Err(Error::Unknown(_))));
    fs::remove_dir_all(place.directory.path().join("system")).expect("removed");
    assert!(matches!(enable("editor"), Err(Error::NotInstalled(_))));
}
