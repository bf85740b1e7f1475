//! Who may read what, and when.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig};
use display_proxy::config::{Clipboard, Content};
use oz_core::denied::Denied;
use oz_core::wire::display::Direction;
use oz_testkit::fakehost::Seen;

/// A client with a window and the devices that a clipboard needs.
fn app_with_clipboard(
    rig: &Rig,
) -> (
    App,
    wayland_client::protocol::wl_data_device_manager::WlDataDeviceManager,
    wayland_client::protocol::wl_data_device::WlDataDevice,
) {
    let mut app = rig.app();
    let _keyboard = app.keyboard();
    let (manager, device) = app.data_device();
    let mut window = app.window();
    app.draw(&mut window, 1);
    (app, manager, device)
}

/// A key in the app's window, in which it has heard of what the host has copied.
fn press_where_it_is_offered(rig: &Rig, app: &mut App) {
    rig.host().press_key();
    app.until(|told| told.offer.is_some() && !told.keys.is_empty());
}

/// As what the host can have what was copied inside.
fn offered_outside(rig: &Rig) -> Vec<String> {
    let is_selection = |seen: &Seen| matches!(seen, Seen::Selection(_));
    let Seen::Selection(mimes) = rig.host().wait_for(is_selection) else {
        unreachable!()
    };
    mimes
}

/// What the host reads of what an app has copied.
fn read_outside(rig: &Rig, app: &mut App, mime: &str) -> String {
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| rig.host().read_selection(mime));
        app.until(|told| !told.sends.is_empty());
        reader.join().unwrap()
    })
}

/// What another client of the sandbox does.
fn read_inside(reader: &mut App, app: &mut App, mime: &str) -> String {
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| app.until(|told| !told.sends.is_empty()));
        let text = reader.paste(mime);
        writer.join().unwrap();
        text
    })
}

#[test]
fn a_read_without_input_gets_nothing() {
    let rig = Rig::new();
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "secret of the host");
    app.until(|told| told.offer.is_some());
    assert_eq!(app.paste("text/plain"), "");
    assert!(
        !rig.host()
            .seen()
            .iter()
            .any(|seen| matches!(seen, Seen::Read(_)))
    );
}

#[test]
fn a_read_after_a_key_gets_the_text() {
    let rig = Rig::new();
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "text of the host");
    press_where_it_is_offered(&rig, &mut app);
    assert_eq!(app.paste("text/plain"), "text of the host");
}

#[test]
fn a_key_in_another_clients_window_permits_nothing() {
    let rig = Rig::new();
    let (mut spy, ..) = app_with_clipboard(&rig);
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "text of the host");
    press_where_it_is_offered(&rig, &mut app);
    spy.until(|told| told.offer.is_some());
    assert_eq!(spy.paste("text/plain"), "");
}

#[test]
fn only_text_comes_in() {
    let rig = Rig::new();
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(
        &[
            "text/uri-list",
            "text/plain",
            "image/png",
            "x-kde-passwordManagerHint",
        ],
        "text",
    );
    press_where_it_is_offered(&rig, &mut app);
    assert_eq!(app.told.mimes, ["text/plain"]);
    assert_eq!(app.paste("text/uri-list"), "");
}

#[test]
fn nothing_comes_in_when_only_out_is_open() {
    let rig = Rig::with(|config| config.clipboard = Clipboard::Out);
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "secret of the host");
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    assert!(app.told.offer.is_none());
    assert_eq!(rig.daemon().denied(), (Denied::PasteIn, 1));
}

#[test]
fn a_selection_without_input_is_cancelled() {
    let rig = Rig::new();
    let (mut app, manager, device) = app_with_clipboard(&rig);
    let source = manager.create_data_source(&app.qh, ());
    source.offer("text/plain".to_owned());
    device.set_selection(Some(&source), 1);
    app.until(|told| told.cancelled);
    assert_eq!(rig.daemon().denied(), (Denied::CopyUnasked, 1));
    assert!(
        !rig.host()
            .seen()
            .iter()
            .any(|seen| matches!(seen, Seen::Selection(_)))
    );
}

/// Copies as an app does: after a key, with its serial.
fn copy(rig: &Rig, app: &mut App, text: &str) {
    let (manager, device) = app.data_device();
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    app.told.text = text.to_owned();
    let source = manager.create_data_source(&app.qh, ());
    for mime in ["text/plain", "text/html", "text/uri-list"] {
        source.offer(mime.to_owned());
    }
    device.set_selection(Some(&source), *app.told.keys.last().unwrap());
    app.sync().unwrap();
}

#[test]
fn only_text_goes_out() {
    let rig = Rig::new();
    let (mut app, ..) = app_with_clipboard(&rig);
    copy(&rig, &mut app, "from inside");
    let mimes = offered_outside(&rig);
    assert_eq!(mimes, ["text/plain"]);
    let reader = read_outside(&rig, &mut app, "text/plain");
    assert_eq!(reader, "from inside");
}

#[test]
fn nothing_goes_out_when_only_in_is_open() {
    let rig = Rig::with(|config| config.clipboard = Clipboard::In);
    let (mut app, ..) = app_with_clipboard(&rig);
    copy(&rig, &mut app, "from inside");
    rig.still_serves();
    assert_eq!(rig.daemon().denied(), (Denied::CopyOut, 1));
    assert!(
        !rig.host()
            .seen()
            .iter()
            .any(|seen| matches!(seen, Seen::Selection(_)))
    );
}

#[test]
fn within_the_sandbox_everything_passes_even_when_off() {
    let rig = Rig::with(|config| config.clipboard = Clipboard::Off);
    let (mut reader, ..) = app_with_clipboard(&rig);
    let (mut app, ..) = app_with_clipboard(&rig);
    copy(&rig, &mut app, "<b>markup</b>");
    reader.until(|told| told.offer.is_some());
    assert!(reader.told.mimes.contains(&"text/html".to_owned()));
    let text = read_inside(&mut reader, &mut app, "text/html");
    assert_eq!(text, "<b>markup</b>");
}

#[test]
fn an_offer_that_was_replaced_serves_nothing() {
    let rig = Rig::new();
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "old");
    press_where_it_is_offered(&rig, &mut app);
    let old = app.told.offer.clone();
    rig.host().offer(&["text/plain"], "new");
    app.until(|told| told.offer != old);
    let new = std::mem::replace(&mut app.told.offer, old);
    assert_eq!(app.paste("text/plain"), "");
    app.told.offer = new;
    assert_eq!(app.paste("text/plain"), "new");
}

#[test]
fn what_the_host_copied_comes_and_goes_with_the_direction() {
    let rig = Rig::with(|config| config.clipboard = Clipboard::Out);
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "of the host");
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    assert!(app.told.offer.is_none());
    rig.daemon().switch(Clipboard::In);
    app.until(|told| told.offer.is_some());
    rig.host().press_key();
    app.until(|told| told.keys.len() > 2);
    assert_eq!(app.paste("text/plain"), "of the host");
    let old = app.told.offer.clone();
    rig.daemon().switch(Clipboard::Off);
    app.until(|told| told.offer.is_none());
    app.told.offer = old;
    rig.host().press_key();
    app.sync().unwrap();
    assert_eq!(app.paste("text/plain"), "");
}

#[test]
fn what_was_copied_inside_is_the_hosts_no_longer_when_out_is_closed() {
    let rig = Rig::new();
    let (mut reader, ..) = app_with_clipboard(&rig);
    let (mut app, ..) = app_with_clipboard(&rig);
    copy(&rig, &mut app, "from inside");
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Selection(_)));
    rig.daemon().switch(Clipboard::In);
    rig.host().wait_for(|seen| *seen == Seen::SourceGone);
    // Within the sandbox it is still there.
    reader.until(|told| told.offer.is_some());
    let text = read_inside(&mut reader, &mut app, "text/plain");
    assert_eq!(text, "from inside");
    // What is copied next goes out again if it may.
    rig.daemon().switch(Clipboard::Both);
    let before = rig.host().seen().len();
    // By the second answer it has heard what was said before the first question.
    app.sync().unwrap();
    app.sync().unwrap();
    app.told.keys.clear();
    copy(&rig, &mut app, "later");
    let later = |seen: &[Seen]| seen.iter().any(|seen| matches!(seen, Seen::Selection(_)));
    let start = std::time::Instant::now();
    while !later(&rig.host().seen()[before..]) {
        assert!(start.elapsed().as_secs() < 5, "it is not offered");
        app.sync().unwrap();
    }
}

/// What a paste gets while somebody answers for the user.
fn paste_asked(rig: &Rig, app: &mut App, yes: bool) -> (String, Direction) {
    std::thread::scope(|scope| {
        let answered = scope.spawn(|| rig.daemon().answer_copy(yes));
        let text = app.paste("text/plain");
        (text, answered.join().unwrap())
    })
}

/// A client may ask, and be asked about, once in a while.
fn wait_for_the_next_question() {
    std::thread::sleep(std::time::Duration::from_millis(1100));
}

#[test]
fn where_the_user_is_asked_a_key_is_not_enough() {
    let rig = Rig::with(|config| config.clipboard = Clipboard::Ask);
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "of the host");
    press_where_it_is_offered(&rig, &mut app);
    let asked = paste_asked(&rig, &mut app, true);
    assert_eq!(asked, ("of the host".to_owned(), Direction::In));
    // The answer is for this copy, however often it is read.
    assert_eq!(app.paste("text/plain"), "of the host");
    let old = app.told.offer.clone();
    rig.host().offer(&["text/plain"], "a secret");
    app.until(|told| told.offer != old);
    assert_eq!(paste_asked(&rig, &mut app, false).0, "");
    // Too soon: nobody is asked, and nothing is had.
    assert_eq!(app.paste("text/plain"), "");
    assert!(!rig.daemon().was_asked());
    wait_for_the_next_question();
    assert_eq!(paste_asked(&rig, &mut app, true).0, "a secret");
}

#[test]
fn a_client_in_the_background_does_not_even_make_the_user_be_asked() {
    for clipboard in [Clipboard::Ask, Clipboard::Both] {
        let rig = Rig::with(|config| config.clipboard = clipboard);
        let (mut spy, ..) = app_with_clipboard(&rig);
        let (mut app, ..) = app_with_clipboard(&rig);
        rig.host().offer(&["text/plain"], "of the host");
        press_where_it_is_offered(&rig, &mut app);
        spy.until(|told| told.offer.is_some());
        assert_eq!(spy.paste("text/plain"), "");
        assert!(!rig.daemon().was_asked());
    }
}

#[test]
fn a_window_with_the_keyboard_makes_the_user_be_asked_when_the_key_was_long_ago() {
    let rig = Rig::new();
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "of the host");
    press_where_it_is_offered(&rig, &mut app);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let asked = paste_asked(&rig, &mut app, true);
    assert_eq!(asked, ("of the host".to_owned(), Direction::In));
}

#[test]
fn where_the_user_is_asked_what_was_copied_inside_waits_for_a_yes() {
    let rig = Rig::with(|config| config.clipboard = Clipboard::Ask);
    let (mut app, ..) = app_with_clipboard(&rig);
    copy(&rig, &mut app, "from inside");
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Selection(_)));
    let refused = std::thread::scope(|scope| {
        let reader = scope.spawn(|| rig.host().read_selection("text/plain"));
        assert_eq!(rig.daemon().answer_copy(false), Direction::Out);
        reader.join().unwrap()
    });
    assert_eq!(refused, "");
    assert!(app.told.sends.is_empty(), "the app hears nothing of it");
    wait_for_the_next_question();
    let text = std::thread::scope(|scope| {
        let reader = scope.spawn(|| rig.host().read_selection("text/plain"));
        assert_eq!(rig.daemon().answer_copy(true), Direction::Out);
        app.until(|told| !told.sends.is_empty());
        reader.join().unwrap()
    });
    assert_eq!(text, "from inside");
}

#[test]
fn a_yes_that_comes_when_the_direction_is_closed_opens_nothing() {
    let rig = Rig::with(|config| config.clipboard = Clipboard::Ask);
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "of the host");
    press_where_it_is_offered(&rig, &mut app);
    let text = std::thread::scope(|scope| {
        let pasted = scope.spawn(|| app.paste("text/plain"));
        let (question, _) = rig.daemon().copy_asked();
        rig.daemon().switch(Clipboard::Off);
        rig.daemon().tell_copy(question, true);
        pasted.join().unwrap()
    });
    assert_eq!(text, "");
}

#[test]
fn each_direction_has_its_own_kinds_and_its_own_size() {
    let rig = Rig::with(|config| {
        config.clipboard_in.types = vec![Content::Text, Content::Images];
        config.clipboard_in.most = 6;
        config.clipboard_out.types = vec![Content::Html];
        config.clipboard_out.most = 9;
    });
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(
        &["text/html", "image/png", "image/svg+xml", "text/plain"],
        "of the host",
    );
    press_where_it_is_offered(&rig, &mut app);
    assert_eq!(app.told.mimes, ["image/png", "text/plain"]);
    assert_eq!(app.paste("image/png"), "of the");
    assert_eq!(app.paste("text/html"), "");
    app.told.keys.clear();
    copy(&rig, &mut app, "from inside");
    let mimes = offered_outside(&rig);
    assert_eq!(mimes, ["text/html"]);
    let read = read_outside(&rig, &mut app, "text/html");
    assert_eq!(read, "from insi");
}
