//! Menus of X, which go where their apps put them.

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
use xserver::XServer;

const WINDOW: u32 = 0x40_0001;
const MENU: u32 = 0x40_0002;
const OTHER: u32 = 0x40_0003;

/// Shows a window with that as its first pixel.
fn show(rig: &Rig, server: &mut XServer, app: &mut App, window: u32, first: u32) {
    let surface = app.surface();
    app.sync().unwrap();
    server.map(window, &surface);
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(first, 16, 16));
    let buffer = app.buffer(&pixels, 16, 16);
    surface.attach(Some(&buffer), 0, 0);
    surface.damage(0, 0, 16, 16);
    surface.commit();
    app.sync().unwrap();
    let is_it = |seen: &Seen| matches!(seen, Seen::Shown { first: it, .. } if *it == first);
    server.until(|_| rig.host().seen().iter().any(is_it));
}

fn is_menu_shown(rig: &Rig) -> bool {
    let seen = rig.host().seen();
    seen.iter().any(|seen| matches!(seen, Seen::Popup))
}

#[test]
fn a_menu_whose_window_has_gone_may_move() {
    let rig = Rig::new();
    let (mut server, mut app) = XServer::start(&rig);
    show(&rig, &mut server, &mut app, WINDOW, 7);
    let menu = app.surface();
    app.sync().unwrap();
    server.map_menu(MENU, &menu, (1, 2));
    server.until(|_| is_menu_shown(&rig));
    server.unmap(WINDOW);
    server.move_menu(MENU, (3, 4));
    // A host ends whose surface is a popup first and a window then.
    show(&rig, &mut server, &mut app, OTHER, 9);
    app.sync().unwrap();
}

#[test]
fn a_menu_that_comes_out_of_sight_is_shown_when_it_is_moved_there() {
    let rig = Rig::new();
    let (mut server, mut app) = XServer::start(&rig);
    app.keyboard();
    show(&rig, &mut server, &mut app, WINDOW, 7);
    let menu = app.surface();
    app.sync().unwrap();
    server.map_menu(MENU, &menu, (-100, -100));
    show(&rig, &mut server, &mut app, OTHER, 9);
    // What it is asked for this has been asked after all that is asked about the menu.
    rig.host().press_key();
    server.until(|server| !server.asked.is_empty());
    assert!(!is_menu_shown(&rig));
    server.move_menu(MENU, (3, 4));
    server.until(|_| is_menu_shown(&rig));
}
