//! Windows and popups on hosts that are newer than this proxy, and on older ones.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig};
use oz_testkit::fakehost::{Configure, Seen, Versions};
use wayland_client::protocol::wl_surface::WlSurface;
use wayland_protocols::xdg::shell::client::xdg_popup::XdgPopup;
use wayland_protocols::xdg::shell::client::xdg_positioner::XdgPositioner;
use wayland_protocols::xdg::shell::client::xdg_surface::XdgSurface;
use wayland_protocols::xdg::shell::client::xdg_wm_base::XdgWmBase;

const NEWER: Versions = &[("xdg_wm_base", 7), ("wl_compositor", 6)];
const OLDER: Versions = &[("xdg_wm_base", 1), ("wl_compositor", 3), ("wl_seat", 3)];

struct Shown {
    app: App,
    xdg: XdgSurface,
    surface: WlSurface,
}

/// A client of this version whose window the host shows.
fn shown(rig: &Rig, version: u32) -> Shown {
    let mut app = rig.app();
    let surface = app.surface();
    let xdg = app
        .bind::<XdgWmBase>(version)
        .get_xdg_surface(&surface, &app.qh, ());
    let toplevel = xdg.get_toplevel(&app.qh, ());
    surface.commit();
    app.sync().unwrap();
    xdg.ack_configure(app.told.configure.unwrap());
    let mut window = common::Window {
        surface: surface.clone(),
        xdg: xdg.clone(),
        toplevel,
    };
    app.told.heard.clear();
    draw(&mut app, &mut window);
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { first: 5, .. }));
    Shown { app, xdg, surface }
}

fn draw(app: &mut App, window: &mut common::Window) {
    let pixels = common::picture(5, 16, 16);
    let memory = common::memory(rustix::fs::MemfdFlags::ALLOW_SEALING, &pixels);
    window
        .surface
        .attach(Some(&app.buffer(&memory, 16, 16)), 0, 0);
    window.surface.damage(0, 0, 16, 16);
    window.surface.commit();
    app.sync().unwrap();
}

fn everything() -> Configure {
    Configure {
        size: (640, 480),
        // Activated, tiled left, suspended, and one that the future brings.
        states: vec![4, 5, 9, 99],
        bounds: Some((1500, 900)),
        capabilities: Some(vec![1, 2, 77]),
    }
}

#[test]
fn the_offer_is_never_newer_than_both_sides() {
    for (versions, wm_base, compositor) in [(NEWER, 6, 6), (OLDER, 1, 3)] {
        let rig = Rig::on(versions, |_| {});
        let app = rig.app();
        let version = |wanted: &str| {
            let mut globals = app.told.globals.iter();
            globals.find(|(_, name, _)| name == wanted).unwrap().2
        };
        assert_eq!(version("xdg_wm_base"), wm_base);
        assert_eq!(version("wl_compositor"), compositor);
    }
}

#[test]
fn bounds_capabilities_and_suspension_are_told() {
    let rig = Rig::on(NEWER, |_| {});
    let Shown { mut app, .. } = shown(&rig, 6);
    rig.host().configure(everything());
    app.until_heard("configure 640 480 [4, 5, 9]");
    let heard = &app.told.heard;
    assert!(heard.contains(&"bounds 1500 900".to_owned()), "{heard:?}");
    assert!(heard.contains(&"can [1, 2]".to_owned()), "{heard:?}");
}

#[test]
fn an_older_app_is_told_only_what_it_knows() {
    let rig = Rig::on(NEWER, |_| {});
    let Shown {
        mut app,
        xdg,
        surface,
    } = shown(&rig, 1);
    rig.host().configure(everything());
    app.until_heard("configure 640 480 [4]");
    let news = |words: &&String| words.starts_with("bounds") || words.starts_with("can");
    assert_eq!(app.told.heard.iter().find(news), None);
    xdg.ack_configure(app.told.configure.unwrap());
    surface.commit();
    app.sync().unwrap();
    rig.still_serves();
}

#[test]
fn windows_are_shown_on_an_old_host() {
    let rig = Rig::on(OLDER, |_| {});
    let Shown { mut app, .. } = shown(&rig, 1);
    rig.host().configure(Configure {
        size: (640, 480),
        states: vec![4],
        ..Configure::default()
    });
    app.until_heard("configure 640 480 [4]");
}

#[test]
fn each_acknowledgement_goes_to_its_own_configure() {
    let rig = Rig::on(NEWER, |_| {});
    let Shown {
        mut app,
        xdg,
        surface,
    } = shown(&rig, 6);
    let mut serials = Vec::new();
    for width in [100, 200, 300] {
        rig.host().configure(Configure {
            size: (width, 100),
            ..Configure::default()
        });
        app.until_heard(&format!("configure {width} 100 []"));
        serials.push(app.told.configure.unwrap());
    }
    // The first is passed over; the host ends the connection over a serial that it does not know.
    xdg.ack_configure(serials[1]);
    surface.commit();
    xdg.ack_configure(serials[2]);
    surface.commit();
    app.sync().unwrap();
    rig.still_serves();
    let left = |seen: &Seen| matches!(seen, Seen::Left(Some(_)));
    assert!(!rig.host().seen().iter().any(left));
}

fn positioner(app: &App, version: u32) -> XdgPositioner {
    let positioner = app
        .bind::<XdgWmBase>(version)
        .create_positioner(&app.qh, ());
    positioner.set_size(30, 40);
    positioner.set_anchor_rect(0, 0, 1, 1);
    positioner
}

fn popup(shown: &Shown, version: u32) -> (XdgPopup, XdgSurface, WlSurface) {
    let app = &shown.app;
    let surface = app.surface();
    let xdg = app
        .bind::<XdgWmBase>(version)
        .get_xdg_surface(&surface, &app.qh, ());
    let popup = xdg.get_popup(Some(&shown.xdg), &positioner(app, version), &app.qh, ());
    surface.commit();
    (popup, xdg, surface)
}

#[test]
fn a_popup_moves_where_the_host_can_move_it() {
    let rig = Rig::on(NEWER, |_| {});
    let mut shown = shown(&rig, 6);
    let (popup, xdg, _surface) = popup(&shown, 6);
    shown.app.until_heard("popup 10 20 30 40");
    xdg.ack_configure(shown.app.told.configure.unwrap());
    popup.reposition(&positioner(&shown.app, 6), 4711);
    shown.app.until_heard("popup 11 21 31 41");
    assert!(
        shown
            .app
            .told
            .heard
            .contains(&"repositioned 4711".to_owned())
    );
}

#[test]
fn a_popup_is_shown_on_an_old_host() {
    let rig = Rig::on(OLDER, |_| {});
    let mut shown = shown(&rig, 1);
    let (_popup, _xdg, _surface) = popup(&shown, 1);
    shown.app.until_heard("popup 10 20 30 40");
}
