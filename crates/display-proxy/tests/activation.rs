//! The focus for what a click has started.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig, Window};
use oz_core::wire::display::Tell;
use oz_testkit::fakehost::Seen;
use wayland_protocols::xdg::activation::v1::client::xdg_activation_v1::XdgActivationV1;

fn shown(rig: &Rig) -> (App, Window) {
    let mut app = rig.app();
    let mut window = app.window();
    app.draw(&mut window, 1);
    (app, window)
}

/// Tokens that the host has been asked for the focus with.
fn used(rig: &Rig) -> Vec<String> {
    let seen = rig.host().seen().into_iter();
    let tokens = seen.filter_map(|seen| match seen {
        Seen::Activated(token) => Some(token),
        _ => None,
    });
    tokens.collect()
}

fn click(rig: &Rig, app: &mut App) {
    rig.daemon().tell(&Tell::Activation {
        token: "inside".to_owned(),
        host: "of the host".to_owned(),
    });
    // By the second answer the proxy has heard what was said before the first question.
    app.sync().unwrap();
    app.sync().unwrap();
}

#[test]
fn a_click_lets_one_window_of_any_client_have_the_focus() {
    let rig = Rig::new();
    let (mut started, _window) = shown(&rig);
    let (mut app, window) = shown(&rig);
    click(&rig, &mut started);
    let activation: XdgActivationV1 = app.bind(1);
    activation.activate("inside".to_owned(), &window.surface);
    let of_host = |seen: &Seen| matches!(seen, Seen::Activated(token) if token == "of the host");
    app.sync().unwrap();
    rig.host().wait_for(of_host);
    // Once: what is said again is not the host's token any more.
    activation.activate("inside".to_owned(), &window.surface);
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Activated(token) if token == "inside"));
    assert_eq!(used(&rig), ["of the host", "inside"]);
}

#[test]
fn a_guessed_click_is_none() {
    let rig = Rig::new();
    let (mut app, window) = shown(&rig);
    click(&rig, &mut app);
    let activation: XdgActivationV1 = app.bind(1);
    for guess in ["", "insid", "inside-", "INSIDE"] {
        activation.activate(guess.to_owned(), &window.surface);
    }
    activation.activate("x".repeat(257), &window.surface);
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Activated(token) if token == "INSIDE"));
    let used = used(&rig);
    assert!(!used.contains(&"of the host".to_owned()), "{used:?}");
    assert!(used.iter().all(|token| token.len() <= 256));
}

#[test]
fn the_first_window_has_the_focus_for_the_click_that_started_the_sandbox() {
    let rig = Rig::with(|config| config.activation_token = Some("first".to_owned()));
    let (_app, _window) = shown(&rig);
    let (_other, _second) = shown(&rig);
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Activated(_)));
    assert_eq!(used(&rig), ["first"]);
}
