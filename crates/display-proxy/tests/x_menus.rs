//! Menus of X, which go where their apps put them.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;
#[path = "common/xserver.rs"]
mod xserver;

use common::Rig;
use oz_testkit::fakehost::Seen;
use xserver::XServer;

const WINDOW: u32 = 0x40_0001;
const MENU: u32 = 0x40_0002;
const OTHER: u32 = 0x40_0003;

fn is_menu_shown(rig: &Rig) -> bool {
    let seen = rig.host().seen();
    seen.iter().any(|seen| matches!(seen, Seen::Popup))
}

#[test]
fn a_menu_whose_window_has_gone_may_move() {
    let rig = Rig::new();
    let (mut server, mut app) = XServer::start(&rig);
    server.show(&rig, &mut app, WINDOW, 7);
    let menu = app.surface();
    app.sync().unwrap();
    server.map_menu(MENU, &menu, (1, 2));
    server.until(|_| is_menu_shown(&rig));
    server.unmap(WINDOW);
    server.move_menu(MENU, (3, 4));
    // A host ends whose surface is a popup first and a window then.
    server.show(&rig, &mut app, OTHER, 9);
    app.sync().unwrap();
}

#[test]
fn a_menu_that_comes_out_of_sight_is_shown_when_it_is_moved_there() {
    let rig = Rig::new();
    let (mut server, mut app) = XServer::start(&rig);
    app.keyboard();
    server.show(&rig, &mut app, WINDOW, 7);
    let menu = app.surface();
    app.sync().unwrap();
    server.map_menu(MENU, &menu, (-100, -100));
    server.show(&rig, &mut app, OTHER, 9);
    // What it is asked for this has been asked after all that is asked about the menu.
    rig.host().press_key();
    server.until(|server| !server.asked.is_empty());
    assert!(!is_menu_shown(&rig));
    server.move_menu(MENU, (3, 4));
    server.until(|_| is_menu_shown(&rig));
}
