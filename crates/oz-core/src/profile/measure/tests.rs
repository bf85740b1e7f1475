//! The rules, over programs as they are installed.

use super::*;
use crate::profile::{Catalogue, Layer, Text};

/// A program of the system with a desktop entry of these categories and these libraries.
fn app(name: &str, categories: &str, libraries: &[&str]) -> Facts {
    let entry = EntryFacts {
        id: format!("org.example.{name}"),
        categories: categories
            .split_terminator(';')
            .map(str::to_owned)
            .collect(),
        of_system: true,
        ..EntryFacts::default()
    };
    Facts {
        entry: Some(entry),
        ..program(name, libraries)
    }
}

/// One without.
fn program(name: &str, libraries: &[&str]) -> Facts {
    Facts {
        path: format!("/usr/bin/{name}"),
        name: name.to_owned(),
        of_system: true,
        analysis: Some(Analysis {
            kind: Kind::Elf,
            libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
            complete: true,
            ..Analysis::default()
        }),
        ..Facts::default()
    }
}

fn script(name: &str, interpreter: &str, modules: &[&str]) -> Facts {
    let mut facts = program(name, &[]);
    facts.analysis = Some(Analysis {
        kind: Kind::Script,
        interpreter: Some(interpreter.to_owned()),
        modules: modules.iter().map(|name| (*name).to_owned()).collect(),
        complete: true,
        ..Analysis::default()
    });
    facts
}

/// What differs from the template.
fn keys(facts: &Facts) -> Vec<String> {
    let proposal = propose(facts, &facts.name);
    let keys = proposal.keys.iter();
    keys.map(|key| format!("{}={}", key.key, key.value))
        .collect()
}

#[test]
fn the_template_is_that_of_the_category() {
    let gtk = &["libgtk-3.so.0", "libc.so.6"][..];
    for (facts, wanted) in [
        (app("gedit", "GNOME;GTK;Utility;TextEditor;", gtk), "editor"),
        (
            app(
                "evince",
                "GNOME;GTK;Office;Viewer;Graphics;2DGraphics;VectorGraphics;",
                gtk,
            ),
            "viewer",
        ),
        (
            app("mpv", "AudioVideo;Audio;Video;Player;TV;", gtk),
            "media",
        ),
        (
            app(
                "foot",
                "System;TerminalEmulator;",
                &["libwayland-client.so.0"],
            ),
            "terminal",
        ),
        (app("firefox", "Network;WebBrowser;", &[]), "browser"),
        (app("chromium", "Network;WebBrowser;", gtk), "browser"),
        (app("libreoffice", "Office;X-Red-Hat-Base;", &[]), "editor"),
        (app("vim", "Utility;TextEditor;", &[]), "editor"),
        (app("calculator", "Utility;Calculator;", gtk), "generic"),
        (app("mail", "Network;Email;Office;", gtk), "generic"),
        (program("git", &["libpcre2-8.so.0"]), "generic"),
        (
            program("ffplay", &["libavformat.so.59", "libSDL2-2.0.so.0"]),
            "media",
        ),
        (program("ffmpeg", &["libavformat.so.59"]), "generic"),
        (script("tool", "python3", &["Gtk", "urllib"]), "generic"),
    ] {
        let choice = for_a_run(&facts);
        assert_eq!(choice.template, wanted, "{}: {}", facts.name, choice.why);
    }
}

#[test]
fn what_a_program_says_of_itself_gives_nothing() {
    let mut facts = app("firefox", "Network;WebBrowser;", &[]);
    facts.of_system = false;
    assert_eq!(
        for_a_run(&facts).template,
        "generic",
        "a program of the home"
    );
    facts.of_system = true;
    facts.entry.as_mut().expect("has one").of_system = false;
    assert_eq!(
        for_a_run(&facts).template,
        "generic",
        "an entry of the home"
    );
    let hungry = [
        "libcurl.so.4",
        "libpulse.so.0",
        "libgtk-4.so.1",
        "libvulkan.so.1",
        "libffmpeg2.so",
    ];
    assert_eq!(keys(&program("hungry", &hungry)), [] as [&str; 0]);
}

#[test]
fn what_it_cannot_do_is_taken_away() {
    let nothing = [] as [&str; 0];
    assert_eq!(
        keys(&program("git", &["libz.so.1"])),
        ["display.enabled=false", "audio.speaker=\"off\""]
    );
    assert_eq!(
        keys(&app("calculator", "Utility;", &["libgtk-4.so.1"])),
        ["audio.speaker=\"off\""]
    );
    assert_eq!(
        keys(&app("tetris", "Game;", &["libSDL2-2.0.so.0"])),
        nothing
    );
    // What they run is not known.
    assert_eq!(keys(&program("bash", &[])), nothing);
    assert_eq!(keys(&program("python3.11", &[])), nothing);
    assert_eq!(keys(&script("soffice", "/bin/sh", &[])), nothing);
    assert_eq!(
        keys(&script("tool", "python3", &["os", "urllib"])),
        ["display.enabled=false", "audio.speaker=\"off\""]
    );
    assert_eq!(
        keys(&script("window", "python3", &["Gtk"])),
        ["audio.speaker=\"off\""]
    );
    let mut cut = program("huge", &[]);
    cut.analysis.as_mut().expect("has one").complete = false;
    assert_eq!(
        keys(&cut),
        nothing,
        "nothing is taken away by what was not read"
    );
}

#[test]
fn what_talks_by_its_nature_is_proposed_a_network_and_does_not_get_it_by_a_run() {
    let mail = app(
        "mail",
        "Network;Email;",
        &["libgtk-3.so.0", "libpulse.so.0"],
    );
    assert_eq!(keys(&mail), ["network.mode=\"internet\""]);
    assert_eq!(for_a_run(&mail).template, "generic");
    let electron = app(
        "chat",
        "InstantMessaging;",
        &["libffmpeg.so", "libasound.so.2", "libgtk-3.so.0"],
    );
    assert_eq!(
        keys(&electron),
        ["network.mode=\"internet\"", "syscalls.list=\"browser\""]
    );
}

#[test]
fn a_proposal_is_a_profile_with_its_reasons() {
    let mut facts = app(
        "notes",
        "Utility;",
        &["libgtk-4.so.1", "libepoxy.so.0", "libcurl.so.4"],
    );
    facts.entry.as_mut().expect("has one").name = Some("Notes".to_owned());
    facts.data = vec!["~/.config/notes".to_owned().try_into().expect("a path")];
    let text = checked(&propose(&facts, "notes"));
    insta::assert_snapshot!(text);
}

#[test]
fn a_hostile_name_stays_in_its_string_and_its_comment() {
    let mut facts = app("x", "Network;\u{202e}Chat;Chat;", &["libgtk-4.so.1"]);
    let entry = facts.entry.as_mut().expect("has one");
    entry.name = Some("a\", \"network\": {\"mode\": \"host\"}, \"b\": \"\n\u{202e}*/".to_owned());
    facts.path = "/home/user/a\n\"network\": 1".to_owned();
    facts.of_system = false;
    let proposal = propose(&facts, "x");
    let text = text(&proposal);
    assert!(!text.contains('\u{202e}'), "{text}");
    let profile = resolved(&text);
    if let Ok(profile) = profile {
        assert_eq!(profile.network.mode, crate::plan::Mode::Internet);
    }
}

fn checked(proposal: &Proposal) -> String {
    let text = text(proposal);
    let profile = resolved(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    assert_eq!(profile.name, "it");
    text
}

fn resolved(text: &str) -> Result<crate::profile::Profile, crate::profile::ProfileError> {
    let one = |name: &str, text: &str, template| Text {
        name: name.to_owned(),
        layer: Layer::User,
        path: format!("/{name}.json").into(),
        text: text.to_owned(),
        template,
    };
    Catalogue::new(vec![one("it", text, false), one("generic", "{}", true)]).resolve("it")
}
