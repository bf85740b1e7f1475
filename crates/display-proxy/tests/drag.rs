//! What is dragged in, out and about, and what becomes of files.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that fails here has failed"
)]

mod common;

use common::{App, Rig, TOKEN, all};
use display_proxy::config::Clipboard;
use oz_core::wire::display::Event;
use oz_testkit::fakehost::{Contents, Seen};
use wayland_client::protocol::wl_data_device_manager::DndAction;
use wayland_client::protocol::wl_data_source::WlDataSource;

const LIST: &str = "text/uri-list";

fn text(text: &str) -> Contents {
    Contents::Text(text.to_owned())
}

/// A client with a window that things can be dragged to, and its surface.
fn app(rig: &Rig) -> (App, common::Window) {
    let mut app = rig.app();
    let _keyboard = app.keyboard();
    let _devices = app.data_device();
    let mut window = app.window();
    app.draw(&mut window, 1);
    (app, window)
}

/// Begins to drag, as an app does: while a button, or a key, is down.
fn drag(rig: &Rig, app: &mut App, window: &common::Window, mimes: &[&str]) -> WlDataSource {
    let (manager, device) = app.data_device();
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    let source = manager.create_data_source(&app.qh, ());
    for part in mimes.chunks(100) {
        part.iter()
            .for_each(|mime| source.offer((*mime).to_owned()));
        app.sync().unwrap();
    }
    source.set_actions(DndAction::Copy | DndAction::Move);
    let serial = *app.told.keys.last().unwrap();
    device.start_drag(Some(&source), &window.surface, None, serial);
    app.sync().unwrap();
    source
}

fn reads(rig: &Rig) -> usize {
    let seen = rig.host().seen();
    seen.iter()
        .filter(|seen| matches!(seen, Seen::Read(_)))
        .count()
}

#[test]
fn what_is_dropped_is_read_as_what_has_become_of_it() {
    let rig = Rig::new();
    let (mut app, _window) = app(&rig);
    let list = "# files\r\nfile:///home/u/a%20b\r\nfile:///home/u/.ssh/id\r\nhttps://x/\r\n";
    rig.host()
        .drag(&[(LIST, text(list)), ("text/plain", text("a b"))], 3);
    let offer = app.accept(LIST);
    assert_eq!(app.told.mimes, [LIST, "text/plain"]);
    assert_eq!(app.told.source_actions, 3);
    rig.host().let_go();
    app.until(|told| told.dropped.is_some());
    let (pipe, again) = (app.read(&offer, LIST), app.read(&offer, LIST));
    let (paths, event) = rig.daemon().asked();
    assert_eq!(paths, ["/home/u/a b".into(), "/home/u/.ssh/id".into()]);
    assert!(
        matches!(event, Event::Dropped { source: None, .. }),
        "{event:?}"
    );
    rig.daemon().answer(&event, &[Some("/data/a b"), None]);
    let known = "file:///data/a%20b\r\nhttps://x/\r\n";
    assert_eq!(all(pipe), known);
    assert_eq!(all(again), known);
    let plain = app.read(&offer, "text/plain");
    assert_eq!(all(plain), "a b");
    assert_eq!(app.told.action, 2);
    offer.finish();
    offer.destroy();
    app.sync().unwrap();
    rig.host().wait_for(|seen| *seen == Seen::Finished);
    assert!(!rig.daemon().was_asked());
}

#[test]
fn what_only_passes_above_is_not_read() {
    let rig = Rig::new();
    let (mut app, _window) = app(&rig);
    rig.host().drag(
        &[
            (LIST, text("file:///home/u/a\r\n")),
            ("text/plain", text("a")),
        ],
        1,
    );
    let offer = app.accept(LIST);
    let (list, plain) = (app.read(&offer, LIST), app.read(&offer, "text/plain"));
    rig.host().drag_away();
    app.until(|told| told.over.is_none());
    assert_eq!((all(list), all(plain)), (String::new(), String::new()));
    // Nor afterwards.
    let list = app.read(&offer, LIST);
    assert_eq!(all(list), "");
    assert_eq!(reads(&rig), 0);
    assert!(!rig.daemon().was_asked());
}

#[test]
fn a_read_that_comes_too_early_is_served_by_the_drop() {
    let rig = Rig::new();
    let (mut app, _window) = app(&rig);
    rig.host().drag(
        &[
            (LIST, text("file:///home/u/a\r\n")),
            ("text/plain", text("a")),
        ],
        1,
    );
    let offer = app.accept(LIST);
    let (list, plain) = (app.read(&offer, LIST), app.read(&offer, "text/plain"));
    assert_eq!(reads(&rig), 0);
    rig.host().let_go();
    let (_, event) = rig.daemon().asked();
    rig.daemon().answer(&event, &[Some("/home/u/a")]);
    assert_eq!(
        (all(list), all(plain)),
        ("file:///home/u/a\r\n".to_owned(), "a".to_owned())
    );
}

#[test]
fn a_drop_of_another_sandbox_names_it() {
    let rig = Rig::new();
    let (mut app, _window) = app(&rig);
    let mark = "application/x-oz-sandbox;id=feed;drag=7";
    rig.host().drag(
        &[
            (LIST, text("file:///home/u/a\r\n")),
            (mark, Contents::Never),
        ],
        1,
    );
    let offer = app.accept(LIST);
    assert_eq!(app.told.mimes, [LIST]);
    rig.host().let_go();
    let list = app.read(&offer, LIST);
    let (_, event) = rig.daemon().asked();
    let Event::Dropped { source, .. } = &event else {
        panic!("{event:?}")
    };
    assert_eq!(source.as_deref(), Some("feed"));
    rig.daemon().answer(&event, &[None]);
    assert_eq!(all(list), "");
}

#[test]
fn a_drag_within_the_sandbox_asks_nobody_for_files() {
    for clipboard in [Clipboard::Both, Clipboard::Off] {
        let rig = Rig::with(|config| config.clipboard = clipboard);
        let (mut app, window) = app(&rig);
        app.told.text = "file:///home/u/.ssh/id_ed25519\r\n".to_owned();
        drag(&rig, &mut app, &window, &["x/own", LIST]);
        rig.host()
            .wait_for(|seen| matches!(seen, Seen::Drag { .. }));
        rig.host().drag_on();
        let offer = app.accept("x/own");
        assert_eq!(app.told.mimes, ["x/own", LIST]);
        app.until(|told| told.action == 2 && told.source == ["target x/own", "action 2"]);
        rig.host().let_go();
        app.until(|told| told.dropped.is_some());
        let list = app.read(&offer, LIST);
        app.until(|told| !told.sends.is_empty());
        assert_eq!(all(list), app.told.text);
        offer.finish();
        app.until(|told| {
            told.source
                .ends_with(&["dropped".to_owned(), "finished".to_owned()])
        });
        assert!(!rig.daemon().was_asked());
        // The host has seen that there is a drag, and of which sandbox.
        assert_eq!(reads(&rig), 0);
    }
}

#[test]
fn clients_of_one_sandbox_drag_to_each_other() {
    let rig = Rig::new();
    let (mut one, window) = app(&rig);
    one.told.text = "file:///home/u/.ssh/id_ed25519\r\n".to_owned();
    drag(&rig, &mut one, &window, &["x/own", LIST]);
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Drag { .. }));
    let (mut other, _other_window) = app(&rig);
    rig.host().drag_on();
    let offer = other.accept("x/own");
    assert_eq!(other.told.mimes, ["x/own", LIST]);
    rig.host().let_go();
    other.until(|told| told.dropped.is_some());
    let list = other.read(&offer, LIST);
    one.until(|told| !told.sends.is_empty());
    assert_eq!(all(list), one.told.text);
    offer.finish();
    other.sync().unwrap();
    one.until(|told| told.source.last().is_some_and(|last| last == "finished"));
    assert!(one.told.source.contains(&"target x/own".to_owned()));
    assert!(!rig.daemon().was_asked());
}

#[test]
fn a_list_leaves_as_what_the_sandbox_has_and_is_only_copied() {
    let rig = Rig::new();
    let (mut app, window) = app(&rig);
    app.told.text = "file:///home/u/own\r\nfile:///home/u/.ssh/id\r\nsmb://x\r\n".to_owned();
    drag(
        &rig,
        &mut app,
        &window,
        &["x/own", "text/html", LIST, "text/plain"],
    );
    let seen = rig
        .host()
        .wait_for(|seen| matches!(seen, Seen::Drag { .. }));
    let Seen::Drag { mimes, .. } = seen else {
        unreachable!()
    };
    let mimes = mimes.unwrap();
    assert_eq!(mimes[1..], [LIST, "text/plain"]);
    assert_eq!(
        mimes[0],
        format!("application/x-oz-sandbox;id={TOKEN};drag=1")
    );
    let list = rig.host().read_drag(LIST);
    app.until(|told| !told.sends.is_empty());
    let (paths, event) = rig.daemon().asked();
    assert_eq!(paths, ["/home/u/own".into(), "/home/u/.ssh/id".into()]);
    assert!(matches!(event, Event::Leaving { .. }));
    rig.daemon().answer(&event, &[Some("/home/u/own"), None]);
    assert_eq!(all(list), "file:///home/u/own\r\n");
    // What it does not offer to the host it does not hand out either.
    for mime in ["x/own", "text/html", &mimes[0]] {
        assert_eq!(all(rig.host().read_drag(mime)), "", "{mime}");
    }
    let plain = rig.host().read_drag("text/plain");
    app.until(|told| told.sends.len() == 2);
    assert_eq!(all(plain), app.told.text);
}

#[test]
fn nothing_leaves_or_enters_that_the_directions_do_not_let() {
    let rig = Rig::with(|config| {
        config.clipboard = Clipboard::Off;
        config.drops = false;
    });
    let (mut app, window) = app(&rig);
    rig.host().drag(
        &[(LIST, text("file:///a\r\n")), ("text/plain", text("a"))],
        1,
    );
    drag(&rig, &mut app, &window, &[LIST, "text/plain"]);
    let seen = rig
        .host()
        .wait_for(|seen| matches!(seen, Seen::Drag { .. }));
    let Seen::Drag { mimes, .. } = seen else {
        unreachable!()
    };
    assert_eq!(mimes.unwrap().len(), 1, "only whose it is");
    assert!(app.told.over.is_none());
    assert_eq!(all(rig.host().read_drag(LIST)), "");
    assert!(app.told.sends.is_empty());

    let rig = Rig::with(|config| config.clipboard = Clipboard::Out);
    let (mut app, _window) = self::app(&rig);
    rig.host().drag(
        &[
            ("text/plain", text("a")),
            (LIST, text("https://x/\r\nfile:///a\r\n")),
        ],
        1,
    );
    let offer = app.accept(LIST);
    assert_eq!(app.told.mimes, [LIST]);
    rig.host().let_go();
    let list = app.read(&offer, LIST);
    let (_, event) = rig.daemon().asked();
    rig.daemon().answer(&event, &[Some("/a")]);
    assert_eq!(all(list), "file:///a\r\n");
}

#[test]
fn a_drag_without_input_does_not_begin() {
    let rig = Rig::new();
    let (mut app, window) = app(&rig);
    let (manager, device) = app.data_device();
    let source = manager.create_data_source(&app.qh, ());
    source.offer(LIST.to_owned());
    device.start_drag(Some(&source), &window.surface, None, 1);
    device.start_drag(None, &window.surface, None, 1);
    app.until(|told| told.cancelled);
    rig.still_serves();
    assert!(
        !rig.host()
            .seen()
            .iter()
            .any(|seen| matches!(seen, Seen::Drag { .. }))
    );
}

#[test]
fn a_drag_without_a_source_stays_with_its_client() {
    let rig = Rig::new();
    let (mut app, window) = app(&rig);
    let (_manager, device) = app.data_device();
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    device.start_drag(None, &window.surface, None, *app.told.keys.last().unwrap());
    app.sync().unwrap();
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Drag { mimes: None, .. }));
}

#[test]
fn the_picture_under_the_pointer_does_not_cover_the_screen() {
    let rig = Rig::new();
    let (mut app, window) = app(&rig);
    let (manager, device) = app.data_device();
    rig.host().press_key();
    app.until(|told| !told.keys.is_empty());
    let serial = *app.told.keys.last().unwrap();
    for (side, icon) in [(1100, false), (64, true)] {
        let surface = app.surface();
        let pixels = common::picture(7, side, side);
        let memory = common::memory(rustix::fs::MemfdFlags::ALLOW_SEALING, &pixels);
        let side = i32::try_from(side).unwrap();
        surface.attach(Some(&app.buffer(&memory, side, side)), 0, 0);
        surface.commit();
        let source = manager.create_data_source(&app.qh, ());
        source.offer("text/plain".to_owned());
        device.start_drag(Some(&source), &window.surface, Some(&surface), serial);
        app.sync().unwrap();
        rig.host()
            .wait_for(|seen| matches!(seen, Seen::Drag { icon: shown, .. } if *shown == icon));
        // Nor does it grow later.
        let pixels = common::picture(8, 1100, 1100);
        let memory = common::memory(rustix::fs::MemfdFlags::ALLOW_SEALING, &pixels);
        surface.attach(Some(&app.buffer(&memory, 1100, 1100)), 0, 0);
        surface.commit();
        app.sync().unwrap();
    }
    rig.still_serves();
    let grown = |seen: &Seen| matches!(seen, Seen::Shown { first: 8, .. });
    assert!(!rig.host().seen().iter().any(grown));
    // A window is no such picture.
    let source = manager.create_data_source(&app.qh, ());
    device.start_drag(
        Some(&source),
        &window.surface,
        Some(&window.surface),
        serial,
    );
    assert!(app.is_thrown_out());
}

#[test]
fn requests_that_the_host_would_answer_with_an_error_cost_only_their_sender() {
    type Attack = fn(&mut App, &wayland_client::protocol::wl_data_offer::WlDataOffer);
    let attacks: [Attack; 4] = [
        |_, offer| offer.finish(),
        |_, offer| offer.set_actions(DndAction::from_bits_retain(64), DndAction::None),
        |_, offer| offer.set_actions(DndAction::Copy, DndAction::Move),
        |_, offer| {
            offer.set_actions(
                DndAction::Copy | DndAction::Move,
                DndAction::Copy | DndAction::Move,
            )
        },
    ];
    for attack in attacks {
        let rig = Rig::new();
        let (mut app, _window) = app(&rig);
        rig.host().drag(&[("text/plain", text("a"))], 1);
        let offer = app.accept("text/plain");
        attack(&mut app, &offer);
        assert!(app.is_thrown_out());
        rig.still_serves();
        let complaint = |seen: &Seen| matches!(seen, Seen::Left(Some(_)));
        assert!(
            !rig.host().seen().iter().any(complaint),
            "{:?}",
            rig.host().seen()
        );
    }
    // A drop that it never accepted is none.
    let rig = Rig::new();
    let (mut app, _window) = app(&rig);
    rig.host().drag(&[("text/plain", text("a"))], 1);
    app.until(|told| told.over.is_some());
    rig.host().let_go();
    app.until(|told| told.dropped.is_some());
    app.told.dropped.clone().unwrap().finish();
    assert!(app.is_thrown_out());
    rig.still_serves();
}

#[test]
fn a_source_is_dragged_once() {
    let rig = Rig::new();
    let (mut app, window) = app(&rig);
    let source = drag(&rig, &mut app, &window, &["text/plain"]);
    let (_manager, device) = app.data_device();
    let serial = *app.told.keys.last().unwrap();
    device.start_drag(Some(&source), &window.surface, None, serial);
    assert!(app.is_thrown_out());
    rig.still_serves();
}

#[test]
fn ten_thousand_types_and_hostile_names_hide_nothing() {
    let rig = Rig::new();
    let (mut app, _window) = app(&rig);
    let long = "m".repeat(3000);
    let mut all_types: Vec<String> = (0..10_000).map(|number| format!("t/{number}")).collect();
    all_types.extend([
        long,
        "a\u{202e}b".to_owned(),
        String::new(),
        "\n".to_owned(),
    ]);
    all_types.push(LIST.to_owned());
    all_types.push("application/x-oz-sandbox;id=feed;drag=1".to_owned());
    let list = text("file:///a\r\n");
    let types: Vec<_> = all_types
        .iter()
        .map(|mime| (mime.as_str(), list.clone()))
        .collect();
    rig.host().drag(&types, 1);
    let offer = app.accept(LIST);
    assert_eq!(app.told.mimes, [LIST]);
    rig.host().let_go();
    let list = app.read(&offer, LIST);
    let (_, event) = rig.daemon().asked();
    let Event::Dropped { source, .. } = &event else {
        panic!("{event:?}")
    };
    assert_eq!(source.as_deref(), Some("feed"));
    rig.daemon().answer(&event, &[]);
    assert_eq!(all(list), "");
}

#[test]
fn an_app_that_offers_ten_thousand_types_cannot_hide_the_mark() {
    let rig = Rig::new();
    let (mut app, window) = app(&rig);
    let types: Vec<String> = (0..10_000)
        .map(|number| format!("text/plain;x={number}"))
        .collect();
    let mut types: Vec<&str> = types.iter().map(String::as_str).collect();
    types.insert(0, "application/x-oz-sandbox;id=feed;drag=1");
    drag(&rig, &mut app, &window, &types);
    let seen = rig
        .host()
        .wait_for(|seen| matches!(seen, Seen::Drag { .. }));
    let Seen::Drag {
        mimes: Some(mimes), ..
    } = seen
    else {
        unreachable!()
    };
    assert!(mimes.len() <= 129, "{}", mimes.len());
    assert!(mimes[0].contains(TOKEN));
    assert!(
        !mimes.iter().any(|mime| mime.contains("feed")),
        "it is not another's"
    );
}

#[test]
fn lists_without_an_end_and_sources_that_never_answer_are_given_up() {
    let rig = Rig::new();
    let huge = format!("file:///home/u/{}\r\n", "x".repeat(2000)).repeat(200);
    let many = "file:///a\r\n".repeat(3000);
    for contents in [
        Contents::Endless,
        Contents::Never,
        Contents::Text(huge),
        Contents::Text(many),
    ] {
        let (mut app, window) = app(&rig);
        rig.host().drag(&[(LIST, contents)], 1);
        let offer = app.accept(LIST);
        rig.host().let_go();
        let list = app.read(&offer, LIST);
        assert_eq!(all(list), "");
        drop(window);
        assert!(!rig.daemon().was_asked());
    }
    rig.still_serves();
}

#[test]
fn an_app_that_never_answers_leaves_the_host_with_nothing() {
    let rig = Rig::new();
    let (mut app, window) = app(&rig);
    drag(&rig, &mut app, &window, &[LIST]);
    rig.host()
        .wait_for(|seen| matches!(seen, Seen::Drag { .. }));
    // It does not even look at what it is asked for.
    let list = rig.host().read_drag(LIST);
    assert_eq!(all(list), "");
    // It answers too late, to nobody.
    app.told.text = "file:///home/u/own\r\n".to_owned();
    app.until(|told| !told.sends.is_empty());
    rig.still_serves();
    assert!(!rig.daemon().was_asked());
}

#[test]
fn two_thousand_files_and_bytes_that_are_no_text_arrive() {
    let rig = Rig::new();
    let (mut app, _window) = app(&rig);
    let uris: String = (0..2000)
        .map(|number| format!("file:///home/u/%ff%0a{number}\r\n"))
        .collect();
    rig.host().drag(&[(LIST, text(&uris))], 1);
    let offer = app.accept(LIST);
    rig.host().let_go();
    let list = app.read(&offer, LIST);
    let (paths, event) = rig.daemon().asked();
    assert_eq!(paths.len(), 2000);
    assert_eq!(paths[7].as_bytes(), b"/home/u/\xff\n7");
    let known: Vec<String> = (0..2000)
        .map(|number| format!("/home/u/{number}"))
        .collect();
    let known: Vec<_> = known.iter().map(|path| Some(path.as_str())).collect();
    rig.daemon().answer(&event, &known);
    let answer = all(list);
    assert_eq!(answer.lines().count(), 2000);
    assert!(answer.starts_with("file:///home/u/0\r\nfile:///home/u/1\r\n"));
}

#[test]
fn what_is_no_pipe_gets_nothing() {
    let rig = Rig::new();
    let (mut app, _window) = app(&rig);
    rig.host().drag(&[(LIST, text("https://x/\r\n"))], 1);
    let offer = app.accept(LIST);
    rig.host().let_go();
    let file = common::memory(rustix::fs::MemfdFlags::empty(), b"");
    offer.receive(LIST.to_owned(), std::os::fd::AsFd::as_fd(&file));
    let list = app.read(&offer, LIST);
    assert_eq!(all(list), "https://x/\r\n");
    assert_eq!(rustix::fs::fstat(&file).unwrap().st_size, 0);
}
