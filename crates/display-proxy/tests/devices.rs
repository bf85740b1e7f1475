//! Input devices: what the host's do is what the app's do.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig};
use oz_testkit::fakehost::{Seen, Versions};
use wayland_client::protocol::wl_seat::WlSeat;

const NEWER: Versions = &[("wl_seat", 9)];

/// A client whose window the host shows.
fn shown(rig: &Rig) -> App {
    let mut app = rig.app();
    let mut window = app.window();
    app.draw(&mut window, 5);
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { first: 5, .. }));
    app
}

/// What has been heard from some words on.
fn heard_from<'a>(app: &'a App, words: &str) -> &'a [String] {
    let from = app.told.heard.iter().position(|heard| heard == words);
    &app.told.heard[from.unwrap()..]
}

/// Waits until the host has what the client has asked for: it answers each of these with something.
fn settled(app: &mut App) {
    app.keyboard();
    app.told.heard.retain(|heard| !heard.starts_with("repeat"));
    app.until(|told| told.heard.iter().any(|heard| heard.starts_with("repeat")));
}

#[test]
fn a_part_of_a_notch_of_the_wheel_is_a_part_of_one() {
    let rig = Rig::on(NEWER, |_| {});
    let mut app = shown(&rig);
    app.bind::<WlSeat>(9).get_pointer(&app.qh, ());
    settled(&mut app);
    rig.host().turn_wheel(30);
    app.until_heard("frame");
    assert_eq!(
        heard_from(&app, "source 0"),
        [
            "source 0",
            "direction 1",
            "120ths 30",
            "axis 0 3.75",
            "frame"
        ]
    );
}

#[test]
fn the_wheel_turns_by_notches_for_an_older_app_on_a_newer_host() {
    let rig = Rig::on(NEWER, |_| {});
    let mut app = shown(&rig);
    app.bind::<WlSeat>(5).get_pointer(&app.qh, ());
    settled(&mut app);
    rig.host().turn_wheel(120);
    app.until_heard("frame");
    assert_eq!(
        heard_from(&app, "source 0"),
        ["source 0", "notches 1", "axis 0 15", "frame"]
    );
}

#[test]
fn fingers_have_a_place_and_a_shape() {
    let rig = Rig::on(NEWER, |_| {});
    let mut app = shown(&rig);
    app.touch(6);
    settled(&mut app);
    rig.host().touch();
    app.until_heard("up 2");
    assert_eq!(
        heard_from(&app, "down 2 5 6")[..6],
        [
            "down 2 5 6",
            "shape 2 9 8",
            "turned 2 45",
            "motion 2 6 6",
            "frame",
            "up 2"
        ]
    );
}

#[test]
fn a_keymap_and_a_layout_that_are_switched_are_the_apps_at_once() {
    let rig = Rig::new();
    let mut app = shown(&rig);
    settled(&mut app);
    app.told.keymap = None;
    rig.host().switch_layout("another keymap\0");
    app.until_heard("modifiers 2 1");
    let (fd, size) = app.told.keymap.as_ref().expect("the keymap comes first");
    let mut text = vec![0; *size as usize];
    rustix::io::pread(fd, &mut text, 0).unwrap();
    assert_eq!(text, b"another keymap\0");
}

#[test]
fn a_key_that_is_held_when_the_user_looks_away_is_held_no_more() {
    let rig = Rig::new();
    let mut app = shown(&rig);
    settled(&mut app);
    rig.host().hold_key();
    app.until(|told| !told.keys.is_empty());
    // Apps repeat keys themselves, by what the host says, until they are told that the keyboard is gone.
    assert!(app.told.heard.contains(&"repeat 25 600".to_owned()));
    rig.host().look_away();
    app.until_heard("keyboard left");
    let keys = app.told.keys.len();
    app.sync().unwrap();
    assert_eq!(
        app.told.keys.len(),
        keys,
        "keys after the keyboard has left"
    );
}

#[test]
fn what_keyboard_and_pointer_are_on_is_left_before_it_goes() {
    let rig = Rig::on(NEWER, |_| {});
    let mut app = rig.app();
    let mut window = app.window();
    app.draw(&mut window, 5);
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { first: 5, .. }));
    let _pointer = app.pointer();
    settled(&mut app);
    rig.host().hold_key();
    rig.host().turn_wheel(30);
    app.until(|told| !told.keys.is_empty());
    app.until_heard("frame");
    // All at once: when the host hears of it nobody here knows any more what it was.
    window.toplevel.destroy();
    window.xdg.destroy();
    window.surface.destroy();
    app.until_heard("keyboard left");
    app.until_heard("pointer left");
}
