//! An app cannot cover the mark, leave it, or bear another's name.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig, Window, memory, picture};
use display_proxy::config::Mark;
use oz_core::colour::Colour;
use oz_testkit::fakehost::{Layer, Seen};
use rustix::fs::MemfdFlags;
use wayland_client::protocol::wl_surface::WlSurface;
use wayland_protocols::xdg::shell::client::xdg_surface::XdgSurface;
use wayland_protocols::xdg::shell::client::xdg_wm_base::XdgWmBase;

const APP: u32 = 0xff12_3456;
const BORDER: i32 = 4;
const BAR: i32 = 18;
const THIN: i32 = 2;

fn rig() -> Rig {
    Rig::with(|config| {
        config.sandbox = "gedit".to_owned();
        config.mark = Mark::Border;
        config.colour = Some(Colour::of_profile("gedit"));
    })
}

fn show(app: &App, surface: &WlSurface, width: i32, height: i32) {
    let pixels = usize::try_from(width * height).unwrap();
    let memory = memory(MemfdFlags::ALLOW_SEALING, &picture(APP, pixels, 1));
    let buffer = app.buffer(&memory, width, height);
    surface.attach(Some(&buffer), 0, 0);
    surface.damage_buffer(0, 0, width, height);
    surface.commit();
}

/// The last window or popup that the host was shown, once all has come.
fn last(rig: &Rig, app: &mut App) -> ([i32; 4], Vec<Layer>) {
    app.sync().unwrap();
    // The end of a sync is this side's; another client's window comes after all.
    rig.still_serves();
    let seen = rig.host().seen();
    let complaint = seen.iter().find(|seen| matches!(seen, Seen::Left(Some(_))));
    assert_eq!(complaint, None, "it reached the host");
    let mut windows = seen.into_iter().filter_map(|seen| match seen {
        Seen::Window { geometry, layers } => Some((geometry, layers)),
        _ => None,
    });
    // The bystander's are of another colour.
    let own = windows.rfind(|(_, layers)| layers.iter().any(|layer| layer.first == APP));
    let (geometry, layers) = own.expect("a window was shown");
    (geometry.expect("with a border it has a geometry"), layers)
}

/// Everything of the app's is within the border, and the border is above it.
fn assert_marked(geometry: [i32; 4], layers: &[Layer]) {
    let [x, y, w, h] = geometry;
    let (apps, mark) = layers.split_at(layers.len() - 4);
    assert!(mark.iter().all(|part| part.first != APP), "{layers:?}");
    let thick = mark[2].size.0;
    let top = mark[0].size.1;
    // Its sides lie along the edges of the window.
    assert_eq!((mark[0].at, mark[0].size.0), ((x, y), w));
    assert_eq!((mark[1].at, mark[1].size), ((x, y + h - thick), (w, thick)));
    assert_eq!((mark[2].at, mark[2].size), ((x, y), (thick, h)));
    assert_eq!((mark[3].at, mark[3].size), ((x + w - thick, y), (thick, h)));
    for app in apps {
        assert_eq!(app.first, APP);
        assert!(
            app.at.0 >= x + thick
                && app.at.1 >= y + top
                && app.at.0 + app.size.0 <= x + w - thick
                && app.at.1 + app.size.1 <= y + h - thick,
            "{app:?} is not within {geometry:?}"
        );
    }
}

fn window(app: &mut App) -> Window {
    let window = app.window();
    show(app, &window.surface, 100, 80);
    window
}

#[test]
fn a_window_has_a_border_in_its_own_surfaces() {
    let rig = rig();
    let mut app = rig.app();
    let _window = window(&mut app);
    let (geometry, layers) = last(&rig, &mut app);
    assert_marked(geometry, &layers);
    assert_eq!(
        geometry,
        [-BORDER, -BAR, 100 + 2 * BORDER, 80 + BAR + BORDER]
    );
    assert_eq!(layers.len(), 5);
}

#[test]
fn an_app_cannot_cover_the_mark_with_a_subsurface() {
    let rig = rig();
    let mut app = rig.app();
    let window = app.window();
    // One before there is a border, one after.
    let (early, early_sub) = app.subsurface(&window.surface);
    early_sub.set_position(0, 0);
    show(&app, &early, 50, 50);
    show(&app, &window.surface, 100, 80);
    app.sync().unwrap();
    let (late, late_sub) = app.subsurface(&window.surface);
    late_sub.set_position(-BORDER, -BAR);
    late_sub.place_above(&early);
    early_sub.place_above(&late);
    show(&app, &late, 120, 20);
    window.surface.commit();
    let (geometry, layers) = last(&rig, &mut app);
    assert_eq!(layers.len(), 7);
    assert_marked(geometry, &layers);
}

#[test]
fn an_app_cannot_cover_the_mark_with_a_subsurface_of_a_subsurface_that_it_moves_later() {
    let rig = rig();
    let mut app = rig.app();
    let window = window(&mut app);
    let (child, sub) = app.subsurface(&window.surface);
    let (grandchild, grandsub) = app.subsurface(&child);
    sub.set_desync();
    grandsub.set_desync();
    show(&app, &grandchild, 10, 10);
    show(&app, &child, 10, 10);
    window.surface.commit();
    app.sync().unwrap();
    // From here on the window itself commits nothing.
    grandsub.set_position(-500, -300);
    child.commit();
    let (geometry, layers) = last(&rig, &mut app);
    assert_marked(geometry, &layers);
    show(&app, &grandchild, 900, 40);
    let (geometry, layers) = last(&rig, &mut app);
    assert_marked(geometry, &layers);
}

#[test]
fn an_app_cannot_draw_outside_by_lying_about_its_geometry() {
    for (x, y, w, h) in [
        (40, 30, 10, 10),
        (0, 0, 1, 1),
        (-50, -50, 400, 400),
        (5000, 5000, 10, 10),
        (99, 79, i32::MAX, i32::MAX),
    ] {
        let rig = rig();
        let mut app = rig.app();
        let window = app.window();
        window.xdg.set_window_geometry(x, y, w, h);
        show(&app, &window.surface, 100, 80);
        let (geometry, layers) = last(&rig, &mut app);
        assert_marked(geometry, &layers);
        // With what was shown before, too.
        window.xdg.set_window_geometry(3, 3, 20, 20);
        window.surface.commit();
        let (geometry, layers) = last(&rig, &mut app);
        assert_marked(geometry, &layers);
    }
}

#[test]
fn an_app_cannot_draw_outside_by_a_viewport() {
    let rig = rig();
    let mut app = rig.app();
    let window = app.window();
    let viewport = app.viewport(&window.surface);
    viewport.set_destination(300, 200);
    window.xdg.set_window_geometry(10, 10, 80, 60);
    show(&app, &window.surface, 100, 80);
    let (geometry, layers) = last(&rig, &mut app);
    assert_marked(geometry, &layers);
    assert_eq!(layers[0].size, (80, 60));
    viewport.set_destination(900, 900);
    window.xdg.set_window_geometry(0, 0, 900, 900);
    window.surface.commit();
    let (geometry, layers) = last(&rig, &mut app);
    assert_marked(geometry, &layers);
    assert_eq!(layers[0].size, (900, 900));
}

#[test]
fn a_window_too_large_to_be_marked_costs_its_app() {
    let rig = rig();
    let mut app = rig.app();
    let window = window(&mut app);
    let (child, sub) = app.subsurface(&window.surface);
    sub.set_position(i32::MAX, i32::MIN);
    show(&app, &child, 10, 10);
    window.surface.commit();
    assert!(app.is_thrown_out());
    rig.still_serves();
}

fn popup(app: &mut App, parent: &XdgSurface) -> WlSurface {
    let wm_base = app.bind::<XdgWmBase>(3);
    let positioner = wm_base.create_positioner(&app.qh, ());
    positioner.set_size(30, 40);
    positioner.set_anchor_rect(5, 6, 7, 8);
    let surface = app.surface();
    let xdg = wm_base.get_xdg_surface(&surface, &app.qh, ());
    let _popup = xdg.get_popup(Some(parent), &positioner, &app.qh, ());
    surface.commit();
    app.told.configure = None;
    app.until(|told| told.configure.is_some());
    xdg.ack_configure(app.told.configure.unwrap());
    surface
}

#[test]
fn an_app_cannot_show_a_popup_without_a_border() {
    let rig = rig();
    let mut app = rig.app();
    let window = window(&mut app);
    let surface = popup(&mut app, &window.xdg);
    show(&app, &surface, 30, 40);
    let (geometry, layers) = last(&rig, &mut app);
    assert_marked(geometry, &layers);
    assert_eq!(geometry, [-THIN, -THIN, 30 + 2 * THIN, 40 + 2 * THIN]);
    // What the host is asked for is with the borders, what the app is told is without.
    let sizes = rig.host().seen();
    assert!(sizes.contains(&Seen::PopupSize(30 + 2 * THIN, 40 + 2 * THIN)));
    assert!(sizes.contains(&Seen::Anchor([5 + BORDER, 6 + BAR, 7, 8])));
    // The fake host puts every popup there.
    let told = [
        10 + THIN - BORDER,
        20 + THIN - BAR,
        30 - 2 * THIN,
        40 - 2 * THIN,
    ];
    assert_eq!(app.told.popup, Some(told));
}

#[test]
fn sizes_are_told_without_the_border_and_asked_for_with_it() {
    let rig = rig();
    rig.host().size_windows(640, 480);
    let mut app = rig.app();
    let window = app.window();
    assert_eq!(app.told.size, (640 - 2 * BORDER, 480 - BAR - BORDER));
    window.toplevel.set_min_size(200, 100);
    show(&app, &window.surface, 100, 80);
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| *seen == Seen::MinSize(200 + 2 * BORDER, 100 + BAR + BORDER));
}

#[test]
fn a_press_on_the_border_moves_the_window_and_the_app_hears_nothing() {
    let rig = rig();
    let mut app = rig.app();
    let _pointer = app.pointer();
    let _window = window(&mut app);
    last(&rig, &mut app);
    // The bystander's window is the newest now; this one again.
    let mut again = app.window();
    app.draw(&mut again, APP);
    last_of(&rig, &mut app);
    rig.host().press_button(1, (50.0, 9.0));
    rig.host().wait_for(|seen| matches!(seen, Seen::Move(_)));
    app.sync().unwrap();
    assert!(app.told.buttons.is_empty() && app.told.places.is_empty());
    // On the app's own surface it is the app's.
    rig.host().press_button(0, (3.0, 4.0));
    app.until(|told| told.buttons.len() == 2);
    assert_eq!(app.told.places[0], (3.0, 4.0));
}

/// Waits until the host was shown the newest window of the app, without another client.
fn last_of(rig: &Rig, app: &mut App) {
    app.sync().unwrap();
    rig.host().wait_for(|seen| match seen {
        Seen::Window { layers, .. } => layers[0].first == APP && layers[0].size == (16, 16),
        _ => false,
    });
}

#[test]
fn a_touch_of_the_border_that_was_cancelled_is_no_part_of_the_next() {
    let rig = rig();
    let mut app = rig.app();
    let _touch = app.touch(6);
    let mut window = app.window();
    app.draw(&mut window, APP);
    last_of(&rig, &mut app);
    rig.host().touch_and_cancel(1);
    app.until_heard("cancelled");
    // The same finger again, on what is the app's.
    rig.host().touch();
    app.until_heard("up 2");
    for words in ["down 2 5 6", "motion 2 6 6"] {
        assert!(app.told.heard.iter().any(|heard| heard == words), "{words}");
    }
}

#[test]
fn where_a_shadow_is_cut_off_the_pointer_is_where_the_app_draws() {
    let rig = rig();
    let mut app = rig.app();
    let _pointer = app.pointer();
    let window = app.window();
    window.xdg.set_window_geometry(4, 6, 16, 16);
    show(&app, &window.surface, 30, 30);
    last_of(&rig, &mut app);
    rig.host().press_button(0, (1.0, 2.0));
    app.until(|told| !told.buttons.is_empty());
    assert!(app.told.places.iter().all(|place| *place == (5.0, 8.0)));
}

#[test]
fn an_app_cannot_put_another_sandboxs_name_in_its_title() {
    let rig = rig();
    let mut app = rig.app();
    let window = app.window();
    window.toplevel.set_title("[bank] \u{202e}Login".to_owned());
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| *seen == Seen::Title("[gedit] [bank] Login".to_owned()));
    // Nor is there a moment without one.
    let seen = rig.host().seen();
    let mut titles = seen.iter().filter(|seen| matches!(seen, Seen::Title(_)));
    assert_eq!(titles.next(), Some(&Seen::Title("[gedit]".to_owned())));
}

#[test]
fn an_app_cannot_fill_the_screen_unless_the_user_has_just_done_something_in_it() {
    let rig = rig();
    let mut app = rig.app();
    let _keyboard = app.keyboard();
    let mut window = app.window();
    app.told.configure = None;
    window.toplevel.set_fullscreen(None);
    // It is told how its window is, and may go on.
    app.until(|told| told.configure.is_some());
    window.xdg.ack_configure(app.told.configure.unwrap());
    app.draw(&mut window, APP);
    last_of(&rig, &mut app);
    assert!(!rig.host().seen().contains(&Seen::Fullscreen));
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    window.toplevel.set_fullscreen(None);
    app.sync().unwrap();
    rig.host().wait_for(|seen| *seen == Seen::Fullscreen);
}

#[test]
fn without_a_mark_the_window_is_the_apps_alone() {
    let rig = Rig::with(|config| config.sandbox = "gedit".to_owned());
    let mut app = rig.app();
    let _window = window(&mut app);
    app.sync().unwrap();
    rig.still_serves();
    let seen = rig.host().seen();
    assert!(!seen.contains(&Seen::Subsurface));
    assert!(!seen.iter().any(|seen| matches!(seen, Seen::Title(_))));
}
