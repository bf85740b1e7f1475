//! Dialogs stand in front of the window that asked for them.

use std::fs;

use anyhow::Result;
use oz_e2e::session::home;
use oz_e2e::{Run, Session, wait};

use crate::app::{App, Script};
use crate::{dialog, host};

const ATTACK: &str = include_str!("attack.py");

/// Lets what shows dialogs say what it tells the compositor.
fn listen() {
    host::begin();
    let set = "dbus-update-activation-environment WAYLAND_DEBUG=client";
    Run::sh(set).run().ok();
    // One that runs already says nothing; the next dialog starts another.
    let bus = "gdbus call --session -d org.freedesktop.DBus -o / -m org.freedesktop.DBus";
    let name = "org.freedesktop.impl.portal.desktop.gtk";
    let pid = Run::sh(&format!("{bus}.GetConnectionUnixProcessID {name}")).run();
    if let Some(pid) = pid.text().split_whitespace().nth(1) {
        let pid = pid.trim_end_matches(",)");
        Run::new("kill", [pid]).run().ok();
        wait::for_condition("it has ended", || {
            Run::sh(&format!("{bus}.GetNameOwner {name}")).run().code != 0
        });
    }
}

/// What it has said of parents.
fn said() -> String {
    let log = home().with_file_name("log").join("dbus-daemon.log");
    let log = fs::read(&log).expect("the log of what the session bus starts");
    let log = String::from_utf8_lossy(&log).into_owned();
    let of_parents = log.lines().filter(|line| line.contains("zxdg_imported"));
    of_parents.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_dialog_of_a_gtk3_app_is_in_front_of_its_window() -> Result<()> {
    is_in_front(3)
}

#[test]
fn the_dialog_of_a_gtk4_app_is_in_front_of_its_window() -> Result<()> {
    is_in_front(4)
}

fn is_in_front(gtk: u8) -> Result<()> {
    let session = Session::begin();
    listen();
    let before = said().len();
    let app = App::start(&session, gtk, &["open"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    wait::for_condition("it has a parent", || {
        said()[before..].contains("set_parent_of")
    });
    session.shoot(&format!("portal-parent-gtk{gtk}"))?;
    let words = said()[before..].to_owned();
    assert!(
        !words.contains("destroyed"),
        "the host knows the window: {words}"
    );
    dialog::cancel(&session, &window)
}

#[test]
fn a_dialog_with_a_forged_parent_is_in_front_of_no_window() -> Result<()> {
    let session = Session::begin();
    listen();
    let before = said().len();
    let app = App::run(&session, &Script("attack.py", ATTACK), &["title"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    assert_eq!(&said()[before..], "");
    dialog::cancel(&session, &window)
}
