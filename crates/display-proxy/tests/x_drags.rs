//! What windows of X drag: the window of the window manager's that lies over all others meanwhile.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;
#[path = "common/xserver.rs"]
mod xserver;

use common::{App, Rig};
use xserver::XServer;

const WINDOW: u32 = 0x40_0001;

/// A server with a window whose client has begun to drag; also the window that lies over all others.
fn dragging(rig: &Rig) -> (XServer, App, u32) {
    let (mut server, mut app) = XServer::start(rig);
    let _pointer = app.pointer();
    server.show(rig, &mut app, WINDOW, 7);
    rig.host().hold_button();
    app.until(|told| !told.buttons.is_empty());
    let before = server.mapped.clone();
    server.take_selection("XdndSelection", WINDOW);
    server.until(|server| server.mapped != before);
    let over = *server.mapped.difference(&before).next().unwrap();
    (server, app, over)
}

#[test]
fn nothing_lies_over_windows_once_the_pointer_has_left_with_its_button() {
    let rig = Rig::new();
    let (mut server, _app, over) = dragging(&rig);
    rig.host().point_away();
    server.until(|server| !server.mapped.contains(&over));
}

#[test]
fn nothing_lies_over_windows_once_the_host_is_gone() {
    let mut rig = Rig::new();
    let (mut server, _app, over) = dragging(&rig);
    rig.lose_host();
    server.until(|server| !server.mapped.contains(&over));
}

#[test]
fn what_is_dragged_with_the_next_press_is_another_drag() {
    let rig = Rig::new();
    let (mut server, mut app, over) = dragging(&rig);
    rig.host().point_away();
    let before = app.told.buttons.len();
    rig.host().hold_button();
    app.until(|told| told.buttons.len() > before);
    server.mapped.remove(&over);
    server.take_selection("XdndSelection", WINDOW);
    server.until(|server| server.mapped.contains(&over));
}
