//! The smaller protocols: what the app asks is what the host is asked, and the reverse.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig, memory, picture};
use display_proxy::config::Buffers;
use oz_testkit::fakehost::Seen;
use rustix::fs::MemfdFlags;
use wayland_client::protocol::wl_seat::WlSeat;
use wayland_protocols::wp::alpha_modifier::v1::client::wp_alpha_modifier_v1::WpAlphaModifierV1;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_manager_v1::WpContentTypeManagerV1;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_v1::Type;
use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1;
use wayland_protocols::wp::idle_inhibit::zv1::client::zwp_idle_inhibit_manager_v1::ZwpIdleInhibitManagerV1;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::client::zwp_keyboard_shortcuts_inhibit_manager_v1::ZwpKeyboardShortcutsInhibitManagerV1;
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_manager_v3::ZwpTextInputManagerV3;
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_v3::{
    ChangeCause, ContentHint, ContentPurpose, ZwpTextInputV3,
};
use wayland_protocols::xdg::dialog::v1::client::xdg_wm_dialog_v1::XdgWmDialogV1;
use wayland_protocols::xdg::system_bell::v1::client::xdg_system_bell_v1::XdgSystemBellV1;
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1;

/// Does something that has to end the client, and shows that it did not end it at the host.
fn refused(act: impl FnOnce(&mut App)) {
    let rig = Rig::with(|config| config.shortcuts = true);
    let mut app = rig.app();
    act(&mut app);
    assert!(app.is_thrown_out(), "the client stays");
    rig.still_serves();
    let complaint = |seen: &Seen| matches!(seen, Seen::Left(Some(_)));
    assert!(
        !rig.host().seen().iter().any(complaint),
        "it reached the host"
    );
}

#[test]
fn surfaces_fade_and_say_what_they_show() {
    let rig = Rig::new();
    let mut app = rig.app();
    let surface = app.surface();
    let alpha = app
        .bind::<WpAlphaModifierV1>(1)
        .get_surface(&surface, &app.qh, ());
    alpha.set_multiplier(0x8000_0000);
    let content = app
        .bind::<WpContentTypeManagerV1>(1)
        .get_surface_content_type(&surface, &app.qh, ());
    content.set_content_type(Type::Video);
    app.sync().unwrap();
    rig.host().wait_for_extra("alpha 0x80000000");
    rig.host().wait_for_extra("content 2");

    // Once they are gone, others can be made.
    alpha.destroy();
    content.destroy();
    let alpha = app
        .bind::<WpAlphaModifierV1>(1)
        .get_surface(&surface, &app.qh, ());
    alpha.set_multiplier(7);
    app.sync().unwrap();
    rig.host().wait_for_extra("alpha 0x7");
}

#[test]
fn a_second_one_for_a_surface_ends_the_client_here() {
    refused(|app| {
        let (surface, alpha) = (app.surface(), app.bind::<WpAlphaModifierV1>(1));
        alpha.get_surface(&surface, &app.qh, ());
        alpha.get_surface(&surface, &app.qh, ());
    });
    refused(|app| {
        let (surface, content) = (app.surface(), app.bind::<WpContentTypeManagerV1>(1));
        content.get_surface_content_type(&surface, &app.qh, ());
        content.get_surface_content_type(&surface, &app.qh, ());
    });
    refused(|app| {
        let (surface, scale) = (app.surface(), app.bind::<WpFractionalScaleManagerV1>(1));
        scale.get_fractional_scale(&surface, &app.qh, ());
        scale.get_fractional_scale(&surface, &app.qh, ());
    });
    refused(|app| {
        let (window, dialogs) = (app.window(), app.bind::<XdgWmDialogV1>(1));
        dialogs.get_xdg_dialog(&window.toplevel, &app.qh, ());
        dialogs.get_xdg_dialog(&window.toplevel, &app.qh, ());
    });
}

#[test]
fn a_surface_that_is_gone_does_not_fade() {
    refused(|app| {
        let surface = app.surface();
        let alpha = app
            .bind::<WpAlphaModifierV1>(1)
            .get_surface(&surface, &app.qh, ());
        surface.destroy();
        alpha.set_multiplier(1);
    });
}

#[test]
fn the_scale_is_the_hosts() {
    let rig = Rig::new();
    let mut app = rig.app();
    let surface = app.surface();
    app.bind::<WpFractionalScaleManagerV1>(1)
        .get_fractional_scale(&surface, &app.qh, ());
    app.until_heard("scale 180");
}

#[test]
fn a_window_keeps_the_screen_on_until_it_is_done() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let inhibitor =
        app.bind::<ZwpIdleInhibitManagerV1>(1)
            .create_inhibitor(&window.surface, &app.qh, ());
    app.sync().unwrap();
    rig.host().wait_for_extra("keeps the screen on");
    inhibitor.destroy();
    app.sync().unwrap();
    rig.host().wait_for_extra("lets the screen go off");
}

#[test]
fn the_shortcuts_are_the_apps_if_its_profile_says_so_and_the_user_takes_them_back() {
    let rig = Rig::with(|config| config.shortcuts = true);
    let mut app = rig.app();
    let window = app.window();
    let shortcuts: ZwpKeyboardShortcutsInhibitManagerV1 = app.bind(1);
    let seat: WlSeat = app.bind(5);
    let inhibitor = shortcuts.inhibit_shortcuts(&window.surface, &seat, &app.qh, ());
    app.until_heard("mine");
    rig.host().take_shortcuts_back();
    app.until_heard("not mine");
    inhibitor.destroy();
    app.sync().unwrap();
    rig.host().wait_for_extra("gives the shortcuts back");
}

#[test]
fn an_app_cannot_take_the_shortcuts_unless_its_profile_says_so() {
    let offers = |rig: &Rig| {
        let globals = rig.app().told.globals;
        let shortcuts = "zwp_keyboard_shortcuts_inhibit_manager_v1";
        globals.iter().any(|(_, name, _)| name == shortcuts)
    };
    assert!(offers(&Rig::with(|config| config.shortcuts = true)));
    assert!(!offers(&Rig::new()));
}

#[test]
fn a_dialog_is_one_at_the_host_too() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let dialog = app
        .bind::<XdgWmDialogV1>(1)
        .get_xdg_dialog(&window.toplevel, &app.qh, ());
    dialog.set_modal();
    dialog.unset_modal();
    app.sync().unwrap();
    rig.host().wait_for_extra("not modal");
    assert_eq!(rig.host().extras(), ["dialog", "modal", "not modal"]);
}

#[test]
fn the_bell_rings_and_a_flood_of_it_is_not_heard() {
    let rig = Rig::new();
    let mut app = rig.app();
    let window = app.window();
    let bell: XdgSystemBellV1 = app.bind(1);
    for _ in 0..500 {
        bell.ring(Some(&window.surface));
    }
    app.sync().unwrap();
    rig.host().wait_for_extra("rings for a window");
    rig.still_serves();
    // Five hundred at once take far less than the pauses between two that are heard would.
    let heard = rig.host().extras().len();
    assert!(heard < 50, "{heard}");
}

fn icon_from(rig: &Rig, side: i32) -> App {
    let mut app = rig.app();
    let window = app.window();
    let icons: XdgToplevelIconManagerV1 = app.bind(1);
    app.told.heard.clear();
    app.sync().unwrap();
    assert_eq!(app.told.heard, ["icons of 48", "icons, no more"]);
    let icon = icons.create_icon(&app.qh, ());
    let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0xff11_2233, 16, 16));
    let picture = app.buffer(&pixels, 16, side);
    icon.set_name("utilities-terminal".to_owned());
    icon.set_name("../../secret".to_owned());
    icon.add_buffer(&picture, 1);
    icons.set_icon(&window.toplevel, Some(&icon));
    window.surface.commit();
    icon.destroy();
    // Only now may it go.
    picture.destroy();
    app
}

#[test]
fn a_window_has_an_icon_of_its_own() {
    for buffers in [Buffers::Shared, Buffers::Copied] {
        let rig = Rig::with(|config| config.buffers = buffers);
        let mut app = icon_from(&rig, 16);
        app.sync().unwrap();
        rig.host()
            .wait_for_extra("icon Some(\"utilities-terminal\") Some(ff112233)");
    }
}

#[test]
fn an_icon_is_a_square() {
    let rig = Rig::new();
    assert!(icon_from(&rig, 8).is_thrown_out());
}

#[test]
fn a_picture_does_not_go_before_its_icon() {
    refused(|app| {
        let icons: XdgToplevelIconManagerV1 = app.bind(1);
        let icon = icons.create_icon(&app.qh, ());
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(0, 16, 16));
        let picture = app.buffer(&pixels, 16, 16);
        icon.add_buffer(&picture, 1);
        picture.destroy();
    });
}

#[test]
fn an_icon_that_a_window_has_changes_no_more() {
    refused(|app| {
        let window = app.window();
        let icons: XdgToplevelIconManagerV1 = app.bind(1);
        let icon = icons.create_icon(&app.qh, ());
        icons.set_icon(&window.toplevel, Some(&icon));
        icon.set_name("another".to_owned());
    });
}

fn text_input(app: &App) -> ZwpTextInputV3 {
    let seat: WlSeat = app.bind(5);
    app.bind::<ZwpTextInputManagerV3>(1)
        .get_text_input(&seat, &app.qh, ())
}

#[test]
fn the_hosts_input_method_writes_into_the_app() {
    let rig = Rig::new();
    let mut app = rig.app();
    let mut window = app.window();
    app.draw(&mut window, 1);
    let input = text_input(&app);
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Shown { .. }));
    app.until_heard("text here");

    input.enable();
    input.set_surrounding_text("día".to_owned(), 3, 3);
    input.set_text_change_cause(ChangeCause::Other);
    input.set_content_type(ContentHint::Spellcheck, ContentPurpose::Email);
    input.set_cursor_rectangle(10, 20, 2, 16);
    input.commit();
    app.sync().unwrap();
    rig.host().wait_for_extra("field committed 1");
    assert_eq!(
        rig.host().extras(),
        [
            "text \"día\" 3 3",
            "cause 1",
            "field 2 6",
            "cursor 10 20 2 16",
            "field committed 1"
        ]
    );

    rig.host().write_text("に", "日本");
    app.until_heard("done 1");
    let told = &app.told.heard;
    let from = told
        .iter()
        .position(|words| words.starts_with("writes"))
        .unwrap();
    assert_eq!(
        told[from..],
        ["writes に 1 1", "wrote 日本", "deletes 2 1", "done 1"]
    );
}

#[test]
fn a_cursor_within_a_character_is_not_told() {
    let rig = Rig::new();
    let mut app = rig.app();
    let input = text_input(&app);
    input.enable();
    input.set_surrounding_text("é".to_owned(), 1, 0);
    input.set_surrounding_text("é".to_owned(), -1, 99);
    input.set_cursor_rectangle(i32::MIN, i32::MAX, -1, i32::MAX);
    input.commit();
    app.sync().unwrap();
    rig.host().wait_for_extra("field committed 1");
    let side = display_proxy::policy::SIDE_MAX;
    assert_eq!(
        rig.host().extras(),
        [
            format!("cursor -{side} {side} 0 {side}"),
            "field committed 1".to_owned()
        ]
    );
}
