//! Whoever starts an enabled app, by whatever way a desktop has, starts it in its sandbox; and nothing is left of that
//! when it is disabled.

mod data;
mod firefox;
mod services;
mod ways;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use oz_e2e::cli::oz;
use oz_e2e::processes::{self, Process};
use oz_e2e::{Session, session, wait};

/// Apps that are enabled for the length of a test.
struct Enabled(&'static [&'static str]);

impl Enabled {
    fn new(apps: &'static [&'static str]) -> Self {
        oz(["enable"]).args(apps).run().ok();
        Self(apps)
    }
}

impl Drop for Enabled {
    fn drop(&mut self) {
        let _ = oz(["stop", "--all"]).run();
        let apps = self.0.split(|word| word.starts_with("--")).next();
        let _ = oz(["disable"]).args(apps.unwrap_or_default()).run();
    }
}

/// Processes of an app that are in no sandbox.
fn outside(program: &str) -> Vec<Process> {
    let own = fs::read_link("/proc/self/ns/pid").ok();
    let all = processes::of_session().into_iter();
    all.filter(|process| process.runs(program) && process.namespace("pid") == own)
        .collect()
}

fn end_all(program: &str) {
    for process in outside(program) {
        process.kill();
        wait::for_condition(&format!("{process} to be gone"), || !process.lives());
    }
}

/// All that the user has of launchers, services, commands and what we keep of them.
fn picture() -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
    let mut all = BTreeMap::new();
    for below in [
        ".local/share/applications",
        ".local/share/dbus-1",
        ".local/bin",
        ".local/state/oz/launchers",
        ".local/state/oz/own",
        ".config/mimeapps.list",
    ] {
        for path in oz_e2e::leftovers::tree(&session::home().join(below)) {
            let Ok(metadata) = fs::symlink_metadata(&path) else {
                continue;
            };
            let content = fs::read(&path).unwrap_or_default();
            let time = if metadata.is_dir() {
                0
            } else {
                metadata.mtime()
            };
            all.insert(path, (metadata.mode(), time, content));
        }
    }
    all
}

#[test]
fn after_disable_everything_is_byte_for_byte_as_before() {
    let session = Session::begin();
    // A launcher of the user's own is what is started, and is there again afterwards.
    let own = session
        .home()
        .join(".local/share/applications/org.gnome.gedit.desktop");
    oz_e2e::fixtures::write(
        &own,
        b"[Desktop Entry]\nType=Application\nName=Mine\nExec=gedit --standalone %U\n",
    );
    let before = picture();
    for shell in [false, true] {
        let enable = oz(["enable", "gedit", "evince"]);
        if shell { enable.arg("--shell") } else { enable }
            .run()
            .ok();
        assert_ne!(picture(), before);
        let entry = fs::read_to_string(&own).expect("read");
        assert!(
            entry.contains("--standalone %U") && entry.contains("Name=Mine"),
            "{entry}"
        );
        oz(["disable", "--all"]).run().ok();
        assert_eq!(picture(), before, "with shell: {shell}");
    }
    fs::remove_file(own).expect("removed");
}

#[test]
fn all_known_apps_are_enabled_at_once_and_said() {
    let _session = Session::begin();
    let all = Enabled(&[]);
    let said = oz(["enable", "--all-known"]).run().ok().text();
    for app in ["gedit", "evince", "firefox", "mousepad", "foot"] {
        assert!(
            said.contains(&format!("{app} is started in its sandbox\n")),
            "{said}"
        );
    }
    let status = oz_e2e::cli::json(["status"]);
    let rows = status.as_array().expect("a list");
    assert!(rows.len() > 5);
    for row in rows {
        assert_eq!(row["state"], "enabled", "{row}");
    }
    let again = oz(["enable", "--all-known"]).run().ok().text();
    assert!(
        again.contains("gedit is started in its sandbox, as before\n"),
        "{again}"
    );
    oz(["disable", "--all"]).run().ok();
    let status = oz(["status"]).run().ok().text();
    assert!(
        !status.contains("enabled\n") && status.contains("not enabled"),
        "{status}"
    );
    drop(all);
}

#[test]
fn what_cannot_be_enabled_is_said_with_what_to_do() {
    let _session = Session::begin();
    oz(["enable", "nonsense"])
        .run()
        .exits(1)
        .complains("oz profile list");
    oz(["disable", "gedit"])
        .run()
        .exits(1)
        .complains("oz status");
    oz(["enable"]).run().exits(2);
}
