//! Keys of a window of X wait until its server knows that they are that window's.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;
#[path = "common/xserver.rs"]
mod xserver;

use common::{App, Rig, memory, picture};
use oz_testkit::fakehost::Seen;
use rustix::fs::MemfdFlags;
use std::time::Instant;
use xserver::XServer;

const WINDOW: u32 = 0x40_0001;
/// What a key and its release are for the app.
const BOTH: usize = 2;

/// A server with a window that the host shows, and a keyboard.
fn shown(rig: &Rig) -> (XServer, App) {
    let (mut server, mut app) = XServer::start(rig);
    app.keyboard();
    let surface = app.surface();
    app.sync().unwrap();
    server.map(WINDOW, &surface);
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(7, 16, 16));
    let buffer = app.buffer(&pixels, 16, 16);
    surface.attach(Some(&buffer), 0, 0);
    surface.damage(0, 0, 16, 16);
    surface.commit();
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { first: 7, .. }));
    app.until_heard("repeat 25 600");
    (server, app)
}

#[test]
fn keys_come_when_the_server_has_answered() {
    let rig = Rig::new();
    let (mut server, mut app) = shown(&rig);
    rig.host().press_key();
    server.until(|server| !server.asked.is_empty());
    assert_eq!(server.focus, WINDOW, "the focus comes before the question");
    app.sync().unwrap();
    assert_eq!(app.told.keys, [0; 0]);
    let asked = server.asked.remove(0);
    server.answer(asked, WINDOW);
    app.until(|told| told.keys.len() == BOTH);
    assert!(app.told.keys.is_sorted());
}

#[test]
fn only_the_last_answer_lets_keys_go() {
    let rig = Rig::new();
    let (mut server, mut app) = shown(&rig);
    rig.host().press_key();
    rig.host().look_away();
    rig.host().press_key();
    server.until(|server| server.asked.len() == 2);
    // What was typed before the user looked away was the window's.
    app.until(|told| told.keys.len() == BOTH);
    let asked = server.asked.remove(0);
    server.answer(asked, WINDOW);
    app.sync().unwrap();
    assert_eq!(app.told.keys.len(), BOTH);
    let asked = server.asked.remove(0);
    server.answer(asked, WINDOW);
    app.until(|told| told.keys.len() == 2 * BOTH);
}

#[test]
fn a_server_that_never_answers_gets_its_keys_all_the_same() {
    let rig = Rig::new();
    let (mut server, mut app) = shown(&rig);
    let start = Instant::now();
    rig.host().press_key();
    server.until(|server| !server.asked.is_empty());
    app.until(|told| told.keys.len() == BOTH);
    assert!(start.elapsed().as_millis() >= 100, "they waited");
    // Others have nothing to do with it.
    rig.still_serves();
}
