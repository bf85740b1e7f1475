//! The host goes, and another comes: the app hears nothing worse than that nobody sees it, and its windows come back.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig, Window, memory, picture};
use display_proxy::config::Mark;
use oz_core::colour::Colour;
use oz_core::wire::display::Event;
use oz_testkit::fakehost::{FakeHost, Layer, Seen, Versions};
use rustix::fs::MemfdFlags;
use wayland_client::Proxy;
use wayland_client::protocol::wl_buffer::WlBuffer;
use wayland_client::protocol::wl_output::WlOutput;
use wayland_client::protocol::wl_seat::WlSeat;
use wayland_client::protocol::wl_surface::WlSurface;
use wayland_protocols::wp::alpha_modifier::v1::client::wp_alpha_modifier_v1::WpAlphaModifierV1;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_manager_v1::WpContentTypeManagerV1;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_v1::Type;
use wayland_protocols::wp::presentation_time::client::wp_presentation::WpPresentation;
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_manager_v3::ZwpTextInputManagerV3;
use wayland_protocols::xdg::dialog::v1::client::xdg_wm_dialog_v1::XdgWmDialogV1;
use wayland_protocols::xdg::shell::client::xdg_popup::XdgPopup;
use wayland_protocols::xdg::shell::client::xdg_surface::XdgSurface;
use wayland_protocols::xdg::shell::client::xdg_wm_base::XdgWmBase;

const NEWER: Versions = &[("xdg_wm_base", 6), ("wl_compositor", 6)];

/// A buffer of one colour.
fn buffer(app: &App, colour: u32, width: i32, height: i32) -> WlBuffer {
    let pixels = usize::try_from(width * height).unwrap();
    let memory = memory(MemfdFlags::ALLOW_SEALING, &picture(colour, pixels, 1));
    app.buffer(&memory, width, height)
}

fn show(app: &App, surface: &WlSurface, colour: u32) -> WlBuffer {
    let buffer = buffer(app, colour, 100, 80);
    surface.attach(Some(&buffer), 0, 0);
    surface.damage(0, 0, 100, 80);
    surface.commit();
    buffer
}

/// Waits until the host was shown a buffer of this colour.
fn shown(rig: &Rig, colour: u32) {
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { first, last, .. } if *first == colour && *last == colour));
}

/// A window of this colour that the host shows.
fn window(rig: &Rig, app: &mut App, colour: u32) -> Window {
    let window = app.window();
    show(app, &window.surface, colour);
    app.sync().unwrap();
    shown(rig, colour);
    window
}

/// An app with a window whose host is gone.
fn without_host() -> (Rig, App, Window) {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let window = window(&rig, &mut app, 1);
    rig.lose_host();
    (rig, app, window)
}

fn heard(app: &App, words: &str) -> bool {
    app.told.heard.iter().any(|heard| heard == words)
}

#[test]
fn the_app_hears_nothing_worse_than_that_it_is_not_seen() {
    let mut rig = Rig::on(NEWER, |_| {});
    let mut app = rig.app();
    let _screen: WlOutput = app.bind(4);
    let (_keyboard, _pointer) = (app.keyboard(), app.pointer());
    let surface = app.surface();
    let xdg = app
        .bind::<XdgWmBase>(6)
        .get_xdg_surface(&surface, &app.qh, ());
    let _toplevel = xdg.get_toplevel(&app.qh, ());
    surface.commit();
    app.sync().unwrap();
    xdg.ack_configure(app.told.configure.unwrap());
    show(&app, &surface, 5);
    app.sync().unwrap();
    shown(&rig, 5);
    rig.host().hold_key();
    rig.host().move_to_screen(0);
    app.until(|told| !told.keys.is_empty());
    app.until_heard("on a screen");
    let globals = app.told.globals.clone();
    app.told.heard.clear();

    rig.lose_host();
    app.until_heard("configure 0 0 [9]");
    app.until_heard("keyboard left");
    app.until_heard("off a screen");
    assert_eq!(app.told.globals, globals, "no app is without a screen");
    app.sync().unwrap();
}

#[test]
fn the_proxy_does_not_end_with_the_host() {
    let (rig, mut app, _window) = without_host();
    app.sync().unwrap();
    rig.stop();
}

#[test]
fn a_window_comes_back_with_what_it_shows_and_is_called() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let window = window(&rig, &mut app, 0xff00_0001);
    window.toplevel.set_title("a letter".to_owned());
    window.toplevel.set_min_size(40, 30);
    window.surface.commit();
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| *seen == Seen::Title("a letter".to_owned()));
    rig.change_host();
    // The app does nothing for it.
    shown(&rig, 0xff00_0001);
    rig.daemon().told(|event| matches!(event, Event::HostFound));
    let seen = rig.host().seen();
    assert!(
        seen.contains(&Seen::Title("a letter".to_owned())),
        "{seen:?}"
    );
    assert!(seen.contains(&Seen::MinSize(40, 30)), "{seen:?}");
    assert_eq!(
        seen.iter().filter(|seen| **seen == Seen::Toplevel).count(),
        1
    );

    // And it goes on.
    show(&app, &window.surface, 0xff00_0002);
    app.sync().unwrap();
    shown(&rig, 0xff00_0002);
    rig.still_serves();
    rig.assert_no_complaint();
}

#[test]
fn it_comes_back_again_and_again() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let window = window(&rig, &mut app, 10);
    for colour in 11..14 {
        rig.lose_host();
        show(&app, &window.surface, colour);
        app.sync().unwrap();
        rig.find_host(&[]);
        shown(&rig, colour);
    }
    rig.assert_no_complaint();
}

#[test]
fn what_is_drawn_while_there_is_no_host_is_shown_by_the_next() {
    let (mut rig, mut app, window) = without_host();
    for colour in 2..9 {
        show(&app, &window.surface, colour);
    }
    app.sync().unwrap();
    // All but the last come back, so that the app never lacks one.
    app.until(|told| told.released.len() == 1 + 6);
    rig.find_host(&[]);
    shown(&rig, 8);
    rig.assert_no_complaint();
}

#[test]
fn a_buffer_comes_back_once() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let _window = window(&rig, &mut app, 1);
    app.until(|told| told.released.len() == 1);
    rig.change_host();
    shown(&rig, 1);
    rig.still_serves();
    app.sync().unwrap();
    assert_eq!(app.told.released.len(), 1, "the app may draw in it already");
}

#[test]
fn a_buffer_that_the_host_had_comes_back_from_the_next() {
    let mut rig = Rig::new();
    rig.host().hold_buffers();
    let mut app = rig.app();
    let window = window(&rig, &mut app, 1);
    show(&app, &window.surface, 2);
    app.sync().unwrap();
    shown(&rig, 2);
    assert!(app.told.released.is_empty());
    rig.lose_host();
    // Nobody shows the first any more.
    app.until(|told| told.released.len() == 1);
    rig.find_host(&[]);
    shown(&rig, 2);
    app.until(|told| told.released.len() == 2);
}

#[test]
fn a_buffer_that_the_app_has_destroyed_is_not_shown_again() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let buffer = show(&app, &window.surface, 1);
    app.sync().unwrap();
    shown(&rig, 1);
    rig.lose_host();
    buffer.destroy();
    app.sync().unwrap();
    rig.find_host(&[]);
    rig.host().wait_for(|seen| *seen == Seen::Toplevel);
    show(&app, &window.surface, 2);
    app.sync().unwrap();
    shown(&rig, 2);
    rig.assert_no_complaint();
}

#[test]
fn frames_are_answered_by_the_next_host_only() {
    let (mut rig, mut app, window) = without_host();
    let frame = window.surface.frame(&app.qh, ());
    show(&app, &window.surface, 2);
    app.sync().unwrap();
    assert!(frame.is_alive(), "nobody has seen it");
    rig.find_host(&[]);
    shown(&rig, 2);
    app.until(|_| !frame.is_alive());
}

#[test]
fn a_window_that_is_made_while_there_is_no_host_waits_for_one() {
    let (mut rig, mut app, _first) = without_host();
    app.sync().unwrap();
    app.told.configure = None;
    let surface = app.surface();
    let xdg = app
        .bind::<XdgWmBase>(2)
        .get_xdg_surface(&surface, &app.qh, ());
    let _toplevel = xdg.get_toplevel(&app.qh, ());
    surface.commit();
    app.sync().unwrap();
    assert_eq!(app.told.configure, None);
    rig.find_host(&[]);
    // Of the two windows the one that was seen is told first, at its own return.
    app.until(|told| told.configure.is_some());
    rig.still_serves();
    app.sync().unwrap();
    xdg.ack_configure(app.told.configure.unwrap());
    show(&app, &surface, 2);
    app.sync().unwrap();
    shown(&rig, 2);
    rig.assert_no_complaint();
}

#[test]
fn a_client_that_comes_while_there_is_no_host_waits_for_one() {
    let (mut rig, _app, _window) = without_host();
    let socket = rig.socket();
    let other = std::thread::spawn(move || {
        let mut other = App::new(socket);
        let mut window = other.window();
        other.draw(&mut window, 77);
        other
    });
    rig.find_host(&[]);
    shown(&rig, 77);
    other.join().unwrap();
}

/// The layers of the last window that consists of so many.
fn layers(rig: &Rig, many: usize) -> (Option<[i32; 4]>, Vec<Layer>) {
    let is = |seen: &Seen| matches!(seen, Seen::Window { layers, .. } if layers.len() == many);
    rig.host().wait_for(is);
    rig.still_serves();
    let last = rig.host().seen().into_iter().rfind(is);
    match last {
        Some(Seen::Window { geometry, layers }) => (geometry, layers),
        _ => unreachable!(),
    }
}

#[test]
fn a_window_of_parts_with_its_mark_is_put_together_as_it_was() {
    let mut rig = Rig::with(|config| {
        config.sandbox = "gedit".to_owned();
        config.mark = Mark::Border;
        config.colour = Some(Colour::of_profile("gedit"));
    });
    let mut app = rig.app();
    let window = app.window();
    let (below, below_sub) = app.subsurface(&window.surface);
    below_sub.place_below(&window.surface);
    below_sub.set_position(5, 6);
    show(&app, &below, 3);
    let (above, above_sub) = app.subsurface(&window.surface);
    above_sub.set_position(-7, 8);
    above_sub.set_desync();
    show(&app, &above, 4);
    let (between, between_sub) = app.subsurface(&window.surface);
    between_sub.place_below(&above);
    show(&app, &between, 5);
    let (deep, deep_sub) = app.subsurface(&above);
    deep_sub.set_position(1, 2);
    show(&app, &deep, 6);
    show(&app, &above, 4);
    show(&app, &window.surface, 7);
    window.surface.commit();
    app.sync().unwrap();
    let before = layers(&rig, 5 + 4);

    rig.change_host();
    assert_eq!(layers(&rig, 5 + 4), before);
    rig.assert_no_complaint();
}

/// A popup of the window.
fn popup(app: &App, window: &Window) -> (XdgPopup, XdgSurface, WlSurface) {
    let wm_base = app.bind::<XdgWmBase>(2);
    let positioner = wm_base.create_positioner(&app.qh, ());
    positioner.set_size(30, 40);
    positioner.set_anchor_rect(1, 1, 1, 1);
    let surface = app.surface();
    let xdg = wm_base.get_xdg_surface(&surface, &app.qh, ());
    let popup = xdg.get_popup(Some(&window.xdg), &positioner, &app.qh, ());
    surface.commit();
    (popup, xdg, surface)
}

#[test]
fn a_menu_closes_with_its_host_and_another_opens_on_the_next() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let window = window(&rig, &mut app, 1);
    let (open, xdg, surface) = popup(&app, &window);
    app.until(|told| told.popup.is_some());
    xdg.ack_configure(app.told.configure.unwrap());
    show(&app, &surface, 2);
    app.sync().unwrap();
    shown(&rig, 2);

    rig.lose_host();
    app.until_heard("popup done");
    app.told.heard.clear();
    // One that is opened now is closed at once.
    let (unseen, unseen_xdg, unseen_surface) = popup(&app, &window);
    app.until_heard("popup done");
    rig.find_host(&[]);
    shown(&rig, 1);
    // Apps may be slow to let go of them, and draw once more.
    show(&app, &surface, 3);
    unseen_surface.commit();
    app.sync().unwrap();
    for (popup, xdg) in [(open, xdg), (unseen, unseen_xdg)] {
        popup.destroy();
        xdg.destroy();
    }
    app.told.popup = None;
    let (_again, xdg, surface) = popup(&app, &window);
    app.until(|told| told.popup.is_some());
    xdg.ack_configure(app.told.configure.unwrap());
    show(&app, &surface, 4);
    app.sync().unwrap();
    shown(&rig, 4);
    rig.still_serves();
    rig.assert_no_complaint();
}

#[test]
fn keys_and_screens_of_the_next_host_are_the_apps() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let _window = window(&rig, &mut app, 1);
    let (_keyboard, _pointer) = (app.keyboard(), app.pointer());
    let _screen: WlOutput = app.bind(4);
    app.sync().unwrap();
    let before = app.told.globals.len();
    rig.lose_host();
    app.told.keymap = None;
    app.sync().unwrap();
    rig.find_host(&[]);
    rig.host().add_screen(2, 2);
    shown(&rig, 1);
    app.until(|told| told.keymap.is_some());
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    rig.host().press_button(0, (3.0, 4.0));
    app.until(|told| told.buttons.len() == 2);
    app.until(|told| told.globals.len() == before + 1);
    rig.host().move_to_screen(0);
    app.until_heard("on a screen");
    rig.assert_no_complaint();
}

#[test]
fn what_is_copied_passes_after_the_return() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let _window = window(&rig, &mut app, 1);
    let _keyboard = app.keyboard();
    let (manager, device) = app.data_device();
    app.sync().unwrap();
    rig.host().offer(&["text/plain"], "before");
    app.until(|told| told.offer.is_some());
    rig.lose_host();
    app.until(|told| told.offer.is_none());
    rig.find_host(&[]);
    shown(&rig, 1);
    rig.host().offer(&["text/plain"], "after");
    app.until(|told| told.offer.is_some());
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    assert_eq!(app.paste("text/plain"), "after");

    let source = manager.create_data_source(&app.qh, ());
    source.offer("text/plain".to_owned());
    device.set_selection(Some(&source), *app.told.keys.last().unwrap());
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| *seen == Seen::Selection(vec!["text/plain".to_owned()]));
    rig.assert_no_complaint();
}

#[test]
fn the_smaller_things_are_said_again() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let window = window(&rig, &mut app, 1);
    let alpha = app
        .bind::<WpAlphaModifierV1>(1)
        .get_surface(&window.surface, &app.qh, ());
    alpha.set_multiplier(0x8000_0000);
    let types: WpContentTypeManagerV1 = app.bind(1);
    let content = types.get_surface_content_type(&window.surface, &app.qh, ());
    // What made it may be gone.
    types.destroy();
    content.set_content_type(Type::Video);
    let dialog = app
        .bind::<XdgWmDialogV1>(1)
        .get_xdg_dialog(&window.toplevel, &app.qh, ());
    dialog.set_modal();
    app.sync().unwrap();
    let told = ["alpha 0x80000000", "content 2", "modal"];
    told.iter()
        .for_each(|words| rig.host().wait_for_extra(words));
    rig.change_host();
    told.iter()
        .for_each(|words| rig.host().wait_for_extra(words));
    shown(&rig, 1);
    rig.assert_no_complaint();
}

#[test]
fn input_methods_of_the_next_host_count_on() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let _window = window(&rig, &mut app, 1);
    let seat: WlSeat = app.bind(5);
    let input = app
        .bind::<ZwpTextInputManagerV3>(1)
        .get_text_input(&seat, &app.qh, ());
    app.until_heard("text here");
    input.enable();
    input.commit();
    app.sync().unwrap();
    rig.host().wait_for_extra("field committed 1");
    rig.lose_host();
    app.until_heard("no text here");
    rig.find_host(&[]);
    shown(&rig, 1);
    input.enable();
    input.commit();
    app.sync().unwrap();
    rig.host().wait_for_extra("field committed 1");
    rig.host().write_text("a", "b");
    // The second commit of the app, the first that this host has seen.
    app.until_heard("done 2");
}

/// One moment of a conversation after another; the host goes after each in turn.
fn converse(rig: &mut Rig, app: &mut App, lose_after: usize) -> usize {
    let mut moment = 0;
    let mut over = |rig: &mut Rig, app: &mut App| {
        app.sync().unwrap();
        if moment == lose_after {
            rig.change_host();
        }
        moment += 1;
    };
    let surface = app.surface();
    over(rig, app);
    let xdg = app
        .bind::<XdgWmBase>(2)
        .get_xdg_surface(&surface, &app.qh, ());
    over(rig, app);
    let toplevel = xdg.get_toplevel(&app.qh, ());
    over(rig, app);
    app.told.configure = None;
    surface.commit();
    over(rig, app);
    app.until(|told| told.configure.is_some());
    xdg.ack_configure(app.told.configure.unwrap());
    over(rig, app);
    let first = buffer(app, 1, 100, 80);
    over(rig, app);
    surface.attach(Some(&first), 0, 0);
    over(rig, app);
    surface.commit();
    over(rig, app);
    let (child, sub) = app.subsurface(&surface);
    over(rig, app);
    show(app, &child, 2);
    over(rig, app);
    sub.set_position(3, 4);
    surface.commit();
    over(rig, app);
    let window = Window {
        surface: surface.clone(),
        xdg,
        toplevel,
    };
    let (popup, popup_xdg, menu) = popup(app, &window);
    over(rig, app);
    popup.destroy();
    over(rig, app);
    popup_xdg.destroy();
    menu.destroy();
    over(rig, app);
    let viewport = app.viewport(&child);
    viewport.set_destination(50, 40);
    child.commit();
    over(rig, app);
    viewport.destroy();
    sub.destroy();
    over(rig, app);
    child.destroy();
    over(rig, app);
    // It is hidden, and shown again.
    surface.attach(None, 0, 0);
    surface.commit();
    over(rig, app);
    app.told.configure = None;
    surface.commit();
    over(rig, app);
    app.until(|told| told.configure.is_some());
    window.xdg.ack_configure(app.told.configure.unwrap());
    over(rig, app);
    show(app, &surface, 0xff00_ffff);
    over(rig, app);
    moment
}

#[test]
fn the_host_may_go_at_every_moment_of_a_conversation() {
    let mut moments = 1;
    let mut lose_after = 0;
    while lose_after < moments {
        let mut rig = Rig::new();
        let mut app = rig.app();
        moments = converse(&mut rig, &mut app, lose_after);
        shown(&rig, 0xff00_ffff);
        rig.still_serves();
        rig.assert_no_complaint();
        lose_after += 1;
    }
    assert!(moments > 15);
}

#[test]
fn who_floods_while_there_is_no_host_is_thrown_out_and_nobody_else() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let window = window(&rig, &mut app, 1);
    let mut hostile = rig.app();
    rig.lose_host();
    for _ in 0..10_000 {
        hostile.surface();
    }
    assert!(hostile.is_thrown_out(), "surfaces without end");
    app.sync().unwrap();
    rig.find_host(&[]);
    shown(&rig, 1);
    show(&app, &window.surface, 2);
    app.sync().unwrap();
    shown(&rig, 2);
}

#[test]
fn who_draws_on_while_there_is_no_host_costs_no_more_than_one_picture() {
    let (mut rig, mut app, window) = without_host();
    let buffer = buffer(&app, 2, 100, 80);
    // More than may wait at a time: an app that does not wait for its frames must not be taken for a hostile one.
    let frames: Vec<_> = (0..6000)
        .map(|number| {
            let frame = window.surface.frame(&app.qh, ());
            window.surface.attach(Some(&buffer), 0, 0);
            window.surface.damage(0, 0, 1, 1);
            window.surface.commit();
            if number % 100 == 0 {
                app.sync().unwrap();
            }
            frame
        })
        .collect();
    app.sync().unwrap();
    let waiting = frames.iter().filter(|frame| frame.is_alive()).count();
    assert!((1..=256).contains(&waiting), "{waiting}");
    rig.find_host(&[]);
    shown(&rig, 2);
    app.until(|_| frames.iter().all(|frame| !frame.is_alive()));
    rig.assert_no_complaint();
}

#[test]
fn what_is_drawn_while_there_is_no_host_was_not_shown() {
    let versions: Versions = &[("wp_presentation", 1)];
    let mut rig = Rig::on(versions, |_| {});
    let mut other = rig.app();
    let theirs = window(&rig, &mut other, 2);
    let mut app = rig.app();
    let window = window(&rig, &mut app, 1);
    let presentation: WpPresentation = app.bind(1);
    app.sync().unwrap();
    rig.lose_host();
    for _ in 0..3 {
        presentation.feedback(&window.surface, &app.qh, ());
        window.surface.commit();
    }
    app.until(|told| {
        told.heard
            .iter()
            .filter(|heard| *heard == "not shown")
            .count()
            == 3
    });
    // Nor does it concern anybody else.
    show(&other, &theirs.surface, 3);
    other.sync().unwrap();
    rig.find_host(versions);
    shown(&rig, 1);
    shown(&rig, 3);
    rig.assert_no_complaint();
}

#[test]
fn a_client_whose_every_host_goes_is_let_go() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    let _window = window(&rig, &mut app, 1);
    for _ in 0..5 {
        rig.change_host();
        shown(&rig, 1);
    }
    rig.host = None;
    assert!(app.is_thrown_out(), "what it shows may be why they go");
    rig.find_host(&[]);
    rig.still_serves();
}

#[test]
fn windows_go_where_the_daemon_says_and_so_do_later_ones() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = window(&rig, &mut app, 1);
    let (hosts, connections) = std::sync::mpsc::channel();
    let other = FakeHost::start(connections);
    rig.hand_over(b"another", &hosts);
    other.wait_for(|seen| matches!(seen, Seen::Shown { first: 1, .. }));
    rig.host().wait_for(|seen| *seen == Seen::Left(None));
    show(&app, &window.surface, 2);
    app.sync().unwrap();
    other.wait_for(|seen| matches!(seen, Seen::Shown { first: 2, .. }));

    // Connections there are the daemon's to make.
    let socket = rig.socket();
    let later = std::thread::spawn(move || {
        let mut later = App::new(socket);
        let mut window = later.window();
        later.draw(&mut window, 3);
        later
    });
    rig.daemon()
        .told(|event| *event == Event::HostWanted { connections: 1 });
    rig.hand_over(b"more", &hosts);
    other.wait_for(|seen| matches!(seen, Seen::Shown { first: 3, .. }));
    later.join().unwrap();
    assert!(!rig.host().seen().contains(&Seen::Shown {
        size: (16, 16),
        first: 3,
        last: 3,
        damage: 1
    }));
}

#[test]
fn rules_hold_while_there_is_no_host() {
    let mut rig = Rig::new();
    let mut app = rig.app();
    rig.host().wait_for(|seen| *seen == Seen::Connected);
    rig.lose_host();
    let surface = app.surface();
    let xdg = app
        .bind::<XdgWmBase>(2)
        .get_xdg_surface(&surface, &app.qh, ());
    let _toplevel = xdg.get_toplevel(&app.qh, ());
    surface.commit();
    show(&app, &surface, 1);
    assert!(app.is_thrown_out(), "a buffer before the first configure");
    rig.find_host(&[]);
    rig.still_serves();
    rig.assert_no_complaint();
    assert!(!heard(&app, "popup done"));
}
