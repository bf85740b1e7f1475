//! Who may read what, and when.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig};
use display_proxy::config::Clipboard;
use oz_core::denied::Denied;
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
    rig.host().press_key();
    app.until(|told| told.offer.is_some() && !told.keys.is_empty());
    assert_eq!(app.paste("text/plain"), "text of the host");
}

#[test]
fn a_key_in_another_clients_window_permits_nothing() {
    let rig = Rig::new();
    let (mut spy, ..) = app_with_clipboard(&rig);
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "text of the host");
    rig.host().press_key();
    app.until(|told| told.offer.is_some() && !told.keys.is_empty());
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
    rig.host().press_key();
    app.until(|told| told.offer.is_some() && !told.keys.is_empty());
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
    let Seen::Selection(mimes) = rig
        .host()
        .wait_for(|seen| matches!(seen, Seen::Selection(_)))
    else {
        unreachable!()
    };
    assert_eq!(mimes, ["text/plain"]);
    let reader = std::thread::scope(|scope| {
        let reader = scope.spawn(|| rig.host().read_selection("text/plain"));
        app.until(|told| !told.sends.is_empty());
        reader.join().unwrap()
    });
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
    let text = std::thread::scope(|scope| {
        let writer = scope.spawn(|| app.until(|told| !told.sends.is_empty()));
        let text = reader.paste("text/html");
        writer.join().unwrap();
        text
    });
    assert_eq!(text, "<b>markup</b>");
}

#[test]
fn an_offer_that_was_replaced_serves_nothing() {
    let rig = Rig::new();
    let (mut app, ..) = app_with_clipboard(&rig);
    rig.host().offer(&["text/plain"], "old");
    rig.host().press_key();
    app.until(|told| told.offer.is_some() && !told.keys.is_empty());
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
    let text = std::thread::scope(|scope| {
        let writer = scope.spawn(|| app.until(|told| !told.sends.is_empty()));
        let text = reader.paste("text/plain");
        writer.join().unwrap();
        text
    });
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
