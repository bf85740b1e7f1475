//! How the desktop looks.

use oz_e2e::{Inside, Run, Session, cli, oz, wait};

use crate::host;

#[test]
fn an_app_is_told_how_the_desktop_looks_and_when_that_changes() {
    let _session = Session::begin();
    host::begin();
    host::set("color-scheme", "prefer-dark");
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let scheme = format!(
        "{} org.freedesktop.appearance color-scheme",
        host::call("Settings.ReadOne")
    );
    assert_eq!(inside.sh(&scheme).ok().text(), "(<uint32 1>,)");
    let watch =
        "gdbus monitor --session -d org.freedesktop.portal.Desktop > /tmp/seen & sleep 1000";
    let _watching = inside.script(watch).within(wait::LONG).start();
    inside.wait_for("grep -q 'owned by' /tmp/seen");
    host::set("color-scheme", "default");
    inside.wait_for("grep -q \"SettingChanged.*'color-scheme', <uint32 0>\" /tmp/seen");
    assert_eq!(inside.sh(&scheme).ok().text(), "(<uint32 0>,)");
}

#[test]
fn an_app_is_told_nothing_else_and_can_set_nothing() {
    let _session = Session::begin();
    host::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let all = format!("{} '[]'", host::call("Settings.ReadAll"));
    let told = inside.sh(&all).ok().text();
    assert!(told.contains("font-name"), "{told}");
    // Outside the same call says more.
    let outside = Run::sh(&all).run().ok().text();
    assert!(outside.contains("org.gnome.desktop.input-sources") || outside.len() > told.len());
    for namespace in ["privacy", "input-sources", "lockdown", "sound"] {
        assert!(!told.contains(namespace), "{namespace}: {told}");
    }
    let refused = inside.sh(&format!(
        "{} org.freedesktop.appearance color-scheme '<uint32 1>'",
        host::call("Settings.Write")
    ));
    assert_ne!(refused.code, 0);
}

#[test]
fn the_portals_come_again_with_a_bus_that_was_killed() {
    let _session = Session::begin();
    host::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let ask = format!("{} '[]'", host::call("Settings.ReadAll"));
    inside.sh(&ask).ok();
    let kill = "kill -9 $(grep -l '^dbus-daemon$' /proc/[0-9]*/comm | cut -d/ -f3)";
    inside.sh(kill).ok();
    inside.wait_for(&ask);
}

#[test]
fn an_app_whose_profile_says_so_has_no_portals() {
    let session = Session::begin();
    host::begin();
    let profile = session.profile("no-portals", r#"{ "bus": { "portals": false } }"#);
    let inside = Inside::idle("no-portals");
    let asked = inside.sh(&format!("{} '[]'", host::call("Settings.ReadAll")));
    assert!(
        asked.code != 0 && asked.complaint().contains("ServiceUnknown"),
        "{asked}"
    );
    assert!(inside.holds("test -z \"$GTK_USE_PORTAL\""));
    drop(profile);
}

#[test]
fn what_an_app_sets_of_its_own_is_set_at_the_next_launch_and_is_not_the_hosts() {
    let session = Session::begin();
    session.forget("gedit");
    const KEY: [&str; 2] = ["org.gnome.gedit.preferences.editor", "tabs-size"];
    let inside = |words: &[&str]| {
        let run = oz(["run", "--profile", "gedit", "--", "gsettings"]);
        run.args(words).run().ok().text()
    };
    let hosts = || Run::new("gsettings", ["get"]).args(KEY).run().ok().text();
    let before = hosts();
    assert_ne!(before, "uint32 3");
    inside(&["set", KEY[0], KEY[1], "3"]);
    wait::for_condition("its sandbox to be gone", || !cli::is_running("gedit"));
    assert_eq!(inside(&["get", KEY[0], KEY[1]]), "uint32 3");
    assert_eq!(hosts(), before);
    session.forget("gedit");
}
