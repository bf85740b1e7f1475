//! Several screens, of several scales.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::Rig;
use oz_testkit::fakehost::Seen;
use wayland_client::protocol::wl_output::WlOutput;
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_manager_v1::ZxdgOutputManagerV1;

fn screens(told: &common::Told) -> usize {
    told.globals
        .iter()
        .filter(|(_, name, _)| name == "wl_output")
        .count()
}

#[test]
fn a_window_moves_to_a_screen_of_another_scale_and_back() {
    let rig = Rig::new();
    let mut app = rig.app();
    let mut window = app.window();
    app.draw(&mut window, 5);
    let _first: WlOutput = app.bind(4);
    app.until_heard("screen of scale 1");

    rig.host().add_screen(1, 2);
    app.until(|told| screens(told) == 2);
    // The newest is found first.
    app.told.globals.reverse();
    let _second: WlOutput = app.bind(4);
    app.until_heard("screen of scale 2");

    for (number, colour) in [(1, 6), (0, 7)] {
        app.told.heard.clear();
        rig.host().move_to_screen(number);
        app.until_heard("on a screen");
        app.until_heard("off a screen");
        window
            .surface
            .set_buffer_scale(if number == 1 { 2 } else { 1 });
        app.draw(&mut window, colour);
        rig.host()
            .wait_for(|seen| matches!(seen, Seen::Shown { first, .. } if *first == colour));
    }
}

#[test]
fn a_screen_that_goes_is_gone_for_the_app() {
    let rig = Rig::new();
    rig.host().add_screen(1, 2);
    let mut app = rig.app();
    app.until(|told| screens(told) == 2);
    rig.host().remove_screen(1);
    app.until(|told| screens(told) == 1);
    rig.still_serves();
}

#[test]
fn a_screen_is_said_to_be_complete_with_its_logical_size_too() {
    let rig = Rig::start(&[("zxdg_output_manager_v1", 3)], |_| {}, |_| {});
    // The older way is to say so of the logical one.
    for (version, last) in [(3, "all of the screen"), (2, "all of the logical screen")] {
        let mut app = rig.app();
        let screen: WlOutput = app.bind(2);
        let manager: ZxdgOutputManagerV1 = app.bind(version);
        app.sync().unwrap();
        app.told.heard.clear();
        manager.get_xdg_output(&screen, &app.qh, ());
        // What the host adds comes later: programs ask once whether that was all.
        app.sync().unwrap();
        let size = app
            .told
            .heard
            .iter()
            .position(|heard| heard == "logical size 1600x1000");
        let end = app.told.heard.iter().rposition(|heard| heard == last);
        assert!(size.is_some() && size < end, "{:?}", app.told.heard);
    }
}
