//! What is dropped on windows of X, whatever those say.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;
#[path = "common/xserver.rs"]
mod xserver;

use common::{App, Rig};
use oz_testkit::fakehost::{Contents, Seen};
use xserver::XServer;

const WINDOW: u32 = 0x40_0001;
const OTHER: u32 = 0x40_0002;
/// Actions, as Wayland counts them.
const COPY: u32 = 1;
const MOVE: u32 = 2;
const ASK: u32 = 4;

/// A server with a window that takes drops.
fn taker(rig: &Rig) -> (XServer, App) {
    let (mut server, mut app) = XServer::start(rig);
    server.aware = Some(5);
    app.keyboard();
    server.show(rig, &mut app, WINDOW, 7);
    (server, app)
}

/// Drops something with which `may` can be done on the window, which agrees to an action and says that another was done.
fn drop(rig: &Rig, server: &mut XServer, may: u32, agreed: (&str, u32), done: &str) {
    let text = Contents::Text("words".to_owned());
    rig.host().drag(&[("text/plain", text)], may);
    let hears = |server: &XServer, kind| {
        let kind = server.atom(kind);
        server.told.iter().any(|(told, _)| *told == kind)
    };
    server.until(|server| hears(server, "XdndPosition"));
    let (_, [dragger, ..]) = server.told[0];
    let action = server.atom(agreed.0);
    server.say(dragger, "XdndStatus", [WINDOW, 1, 0, 0, action]);
    let agreed = Seen::Actions(agreed.1, agreed.1);
    server.until(|_| rig.host().seen().contains(&agreed));
    rig.host().let_go();
    server.until(|server| hears(server, "XdndDrop"));
    let action = server.atom(done);
    server.say(dragger, "XdndFinished", [WINDOW, 1, action, 0, 0]);
}

#[test]
fn a_window_that_does_what_was_not_agreed_does_not_end_all() {
    let rig = Rig::new();
    let (mut server, mut app) = taker(&rig);
    let copy = ("XdndActionCopy", COPY);
    drop(&rig, &mut server, COPY, copy, "XdndActionMove");
    server.until(|_| rig.host().seen().contains(&Seen::Finished));
    server.show(&rig, &mut app, OTHER, 9);
}

#[test]
fn what_the_user_was_asked_about_is_done() {
    let rig = Rig::new();
    let (mut server, _app) = taker(&rig);
    let ask = ("XdndActionAsk", ASK);
    let may = COPY | MOVE | ASK;
    drop(&rig, &mut server, may, ask, "XdndActionMove");
    server.until(|_| rig.host().seen().contains(&Seen::Finished));
    assert!(rig.host().seen().contains(&Seen::Actions(MOVE, MOVE)));
}

#[test]
fn what_was_done_though_the_source_does_not_let_it_be_is_not_said() {
    let rig = Rig::new();
    let (mut server, mut app) = taker(&rig);
    let ask = ("XdndActionAsk", ASK);
    drop(&rig, &mut server, COPY | ASK, ask, "XdndActionMove");
    server.show(&rig, &mut app, OTHER, 9);
    let seen = rig.host().seen();
    assert!(!seen.contains(&Seen::Actions(MOVE, MOVE)));
    assert!(!seen.contains(&Seen::Finished));
}
