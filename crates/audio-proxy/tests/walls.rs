//! What an app cannot do, between real programs and real servers; each is first shown to work outside.

#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod common;

use common::meter::{Meter, Tone};
use common::{OPEN, Proxy, Rig, refusal, until};
use oz_core::wire::audio::Event;

const PACTL: &str = "/usr/bin/pactl";

/// What pactl says inside, which must be a refusal.
fn refused(rig: &Rig, words: &[&str]) -> String {
    let all: Vec<&str> = std::iter::once(PACTL)
        .chain(words.iter().copied())
        .collect();
    refusal(&rig.run_inside(&all))
}

/// What pactl says inside.
fn said(rig: &Rig, words: &[&str]) -> String {
    let all: Vec<&str> = std::iter::once(PACTL)
        .chain(words.iter().copied())
        .collect();
    let output = rig.run_inside(&all);
    assert!(output.status.success(), "{words:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What pactl says outside.
fn outside(rig: &Rig, words: &[&str]) -> String {
    let all: Vec<&str> = std::iter::once(PACTL)
        .chain(words.iter().copied())
        .collect();
    rig.host
        .run(&all)
        .unwrap_or_else(|| panic!("{words:?} works outside"))
}

fn the_app_cannot_change_the_host(rig: &Rig) {
    let stranger = Tone::start(rig.host.program(&Tone::words(None)));
    until("a stream of the host", || {
        !rig.host.list("sink-inputs").is_empty()
    });
    let index = rig.host.list("sink-inputs")[0]["index"].to_string();
    for words in [
        &["load-module", "module-null-sink"][..],
        &["set-default-sink", "speaker"],
        &["set-default-source", "mic"],
        &["set-sink-volume", "speaker", "100%"],
        &["set-sink-mute", "speaker", "0"],
        &["set-source-volume", "mic", "100%"],
        &["set-source-mute", "mic", "0"],
        &["set-sink-input-volume", &index, "100%"],
        &["set-sink-input-mute", &index, "0"],
        &["move-sink-input", &index, "speaker"],
        &["suspend-sink", "speaker", "0"],
        &["suspend-source", "mic", "0"],
    ] {
        outside(rig, words);
    }
    for words in [
        &["load-module", "module-null-sink"][..],
        &["unload-module", "0"],
        &["set-default-sink", "speaker"],
        &["set-default-source", "microphone"],
        &["set-sink-volume", "speaker", "10%"],
        &["set-sink-mute", "0", "1"],
        &["set-source-volume", "microphone", "10%"],
        &["set-source-mute", "0", "1"],
        &["set-sink-input-volume", &index, "10%"],
        &["set-sink-input-mute", &index, "1"],
        &["move-sink-input", &index, "speaker"],
        &["move-source-output", "0", "microphone"],
        &["suspend-sink", "speaker", "1"],
        &["suspend-source", "microphone", "1"],
        &["set-card-profile", "0", "off"],
        &["set-sink-port", "speaker", "x"],
        &["set-source-port", "microphone", "x"],
        &["play-sample", "x"],
        &["remove-sample", "x"],
        &["send-message", "/core", "list-handlers"],
        &["exit"],
    ] {
        let text = refused(rig, words);
        assert!(
            text.contains("Access denied") || text.contains("No such entity"),
            "{words:?}: {text}"
        );
    }
    rig.proxy.until_reported(&Event::Denied {
        command: "load-module".to_owned(),
        count: 1,
    });
    assert_eq!(rig.host.list("sink-inputs")[0]["mute"], false);
    drop(stranger);
}

#[test]
fn the_app_cannot_change_pulseaudio() {
    the_app_cannot_change_the_host(&Rig::pulse(OPEN));
}

#[test]
fn the_app_cannot_change_pipewire() {
    the_app_cannot_change_the_host(&Rig::pipewire(OPEN));
}

fn the_app_sees_its_own_and_nothing_else(rig: &Rig) {
    let _stranger = Tone::start(rig.host.program(&Tone::words(None)));
    let _listener = Meter::start(rig.host.program(&Meter::words(Some("mic"))));
    until("streams of the host", || {
        outside(rig, &["list", "short", "sink-inputs"])
            .lines()
            .count()
            == 1
            && outside(rig, &["list", "short", "source-outputs"])
                .lines()
                .count()
                >= 2
    });
    for kind in [
        "sink-inputs",
        "source-outputs",
        "modules",
        "cards",
        "samples",
    ] {
        assert_eq!(said(rig, &["list", "short", kind]), "", "{kind}");
    }
    assert_eq!(said(rig, &["list", "short", "clients"]).lines().count(), 1);
    let sinks = said(rig, &["list", "short", "sinks"]);
    assert!(
        sinks.starts_with("0\tspeaker\toz\t") && sinks.lines().count() == 1,
        "{sinks}"
    );
    let sources = said(rig, &["list", "short", "sources"]);
    assert!(
        sources.starts_with("0\tmicrophone\toz\t") && sources.lines().count() == 1,
        "{sources}"
    );

    let _tone = Tone::start(rig.inside(&Tone::words(None)));
    let meter = Meter::start(rig.inside(&Meter::words(None)));
    until("its own streams", || {
        said(rig, &["list", "short", "sink-inputs"]).lines().count() == 1
            && said(rig, &["list", "short", "source-outputs"])
                .lines()
                .count()
                == 1
    });
    until("it records", || meter.bytes() > 0);
    let inputs = said(rig, &["list", "short", "sink-inputs"]);
    let (index, _) = inputs.split_once('\t').expect("a line");
    said(rig, &["set-sink-input-volume", index, "50%"]);
    said(rig, &["set-source-output-volume", "0", "50%"]);
    until("the host has the volume", || {
        let volume = &rig.host.streams("sink-inputs", "box")[0]["volume"];
        volume["front-left"]["value_percent"] == "50%"
    });
}

#[test]
fn the_app_sees_its_own_and_nothing_else_of_pulseaudio() {
    the_app_sees_its_own_and_nothing_else(&Rig::pulse(OPEN));
}

#[test]
fn the_app_sees_its_own_and_nothing_else_of_pipewire() {
    the_app_sees_its_own_and_nothing_else(&Rig::pipewire(OPEN));
}

#[test]
fn two_sandboxes_do_not_hear_or_see_each_other() {
    let rig = Rig::pulse(OPEN);
    let other = Proxy::start(rig.host.path(), "other", rig.host.config("other"), OPEN);
    let heard = rig.host.speaker();
    let _tone = Tone::start(rig.host.at(&other.socket, &Tone::words(None)));
    heard.until_loud("the other one is heard outside");
    let meter = Meter::start(rig.inside(&Meter::words(None)));
    meter.until_silent("and not inside");
    let index = rig.host.streams("sink-inputs", "other")[0]["index"].to_string();
    assert_eq!(said(&rig, &["list", "short", "sink-inputs"]), "");
    refused(&rig, &["set-sink-input-mute", &index, "1"]);
    let list = [PACTL, "list", "short", "sink-inputs"];
    let own = rig.host.at(&other.socket, &list).output();
    assert!(own.stdout.starts_with(index.as_bytes()));
}

#[test]
fn the_host_sees_whose_stream_it_is_and_nothing_of_the_host_in_it() {
    let rig = Rig::pulse(OPEN);
    let outside = Tone::start(rig.host.program(&Tone::words(None)));
    until("a stream of the host", || {
        !rig.host.list("sink-inputs").is_empty()
    });
    let known = rig.host.list("sink-inputs")[0]["properties"].clone();
    assert!(known["application.process.id"].is_string());
    assert!(known["application.process.host"].is_string());
    drop(outside);

    let _tone = Tone::start(rig.inside(&Tone::words(None)));
    until("the app's stream", || {
        !rig.host.streams("sink-inputs", "box").is_empty()
    });
    let stream = rig.host.streams("sink-inputs", "box")[0]["properties"].clone();
    let client = rig.host.streams("clients", "box")[0]["properties"].clone();
    assert_eq!(stream["application.name"], "[box] pacat");
    assert_eq!(client["application.name"], "[box] pacat");
    for properties in [stream, client] {
        let keys = properties.as_object().unwrap().keys();
        let told: Vec<&String> = keys
            .filter(|key| key.starts_with("application.process") || key.starts_with("window"))
            .collect();
        assert!(told.is_empty(), "{told:?}");
    }
}

#[test]
fn when_the_server_dies_apps_end_as_they_would_outside_and_the_next_ones_are_heard() {
    let mut rig = Rig::pulse(OPEN);
    let mut outside = Meter::start(rig.host.program(&Meter::words(Some("speaker.monitor"))));
    let mut inside = Tone::start(rig.inside(&Tone::words(None)));
    outside.until_loud("the app");
    rig.host.kill();
    assert!(!outside.program.ends());
    assert!(!inside.program.ends());
    rig.proxy.until_reported(&Event::HostGone);
    refused(&rig, &["info"]);
    assert!(rig.proxy.lives());

    rig.host.start_pulse();
    let heard = rig.host.speaker();
    let _again = Tone::start(rig.inside(&Tone::words(None)));
    heard.until_loud("an app with the new server");
    rig.proxy.until_reported(&Event::HostBack);
}
