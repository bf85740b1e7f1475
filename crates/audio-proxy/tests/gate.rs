//! The two switches, between real programs and real servers.

#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod common;

use std::io::Read;

use audio_proxy::wire::sample::Format;
use common::meter::{LOUD, Meter, Tone};
use common::{OPEN, Rig, microphone, refusal, speaker, until};
use oz_core::wire::audio::{Event, Gate, Levels, Microphone, Speaker};

fn meter(rig: &Rig) -> Meter {
    Meter::start(rig.inside(&Meter::words(None)))
}

fn tone(rig: &Rig) -> Tone {
    Tone::start(rig.inside(&Tone::words(None)))
}

fn the_speaker_can_be_switched_live(rig: &Rig) {
    let heard = rig.host.speaker();
    heard.until_silent("nobody plays");
    let mut outside = Tone::start(rig.host.program(&Tone::words(None)));
    heard.until_loud("a program of the host is heard");
    outside.program.kill();
    drop(outside);
    heard.until_silent("nobody plays any more");

    let mut app = tone(rig);
    heard.until_loud("the app is heard");
    rig.proxy.gate(speaker(Speaker::Silent));
    heard.until_silent("the app was muted");
    rig.proxy.gate(Gate {
        speaker_volume: 50,
        ..OPEN
    });
    heard.until_level("the app is half as loud", LOUD / 2.0);
    rig.proxy.gate(speaker(Speaker::Off));
    heard.until_silent("the speaker was switched off");
    let another = rig.run_inside(&["/usr/bin/pacat", "--playback", "/dev/null"]);
    assert!(refusal(&another).contains("Access denied"));
    rig.proxy.gate(OPEN);
    heard.until_loud("the same stream is heard again");
    assert!(app.program.runs());
}

#[test]
fn the_speaker_can_be_switched_live_on_pulseaudio() {
    the_speaker_can_be_switched_live(&Rig::pulse(OPEN));
}

#[test]
fn the_speaker_can_be_switched_live_on_pipewire() {
    the_speaker_can_be_switched_live(&Rig::pipewire(OPEN));
}

fn the_microphone_can_be_switched_live(rig: &Rig) {
    let _feed = rig.host.microphone_tone();
    let outside = Meter::start(rig.host.program(&Meter::words(None)));
    outside.until_loud("a program of the host hears the microphone");
    drop(outside);

    let refused = rig.run_inside(&Meter::words(None));
    assert!(refusal(&refused).contains("Access denied"));
    assert!(rig.recording_at_host("box").is_empty());

    rig.proxy.gate(microphone(Microphone::Silent));
    // The gate travels by another way than the app.
    let mut app = meter(rig);
    while !app.program.runs() {
        app = meter(rig);
    }
    app.until_silent("silence at the pace of a stream");
    assert!(rig.recording_at_host("box").is_empty());
    assert!(!rig.proxy.in_use());

    rig.proxy.gate(OPEN);
    app.until_loud("the microphone is heard");
    assert_eq!(rig.recording_at_host("box").len(), 1);
    until("the report that the microphone is in use", || {
        rig.proxy.in_use()
    });

    rig.proxy.gate(Gate {
        microphone_volume: 50,
        ..OPEN
    });
    app.until_level("the microphone is half as loud", LOUD / 2.0);

    for closed in [Microphone::Off, Microphone::Silent, Microphone::Ask] {
        rig.proxy.gate(microphone(closed));
        app.until_silent("the microphone was closed");
        until("the host has no stream of the sandbox", || {
            rig.recording_at_host("box").is_empty()
        });
        until("the report that it is not in use", || !rig.proxy.in_use());
        rig.proxy.gate(OPEN);
        app.until_loud("the same stream hears again");
        assert_eq!(rig.recording_at_host("box").len(), 1);
    }
    assert!(app.program.runs());
}

#[test]
fn the_microphone_can_be_switched_live_on_pulseaudio() {
    the_microphone_can_be_switched_live(&Rig::pulse(microphone(Microphone::Off)));
}

#[test]
fn the_microphone_can_be_switched_live_on_pipewire() {
    the_microphone_can_be_switched_live(&Rig::pipewire(microphone(Microphone::Off)));
}

fn without_a_microphone_the_app_does_not_get_the_monitor(rig: &Rig) {
    let _played = Tone::start(rig.host.program(&Tone::words(None)));
    let outside = Meter::start(rig.host.program(&Meter::words(Some("speaker.monitor"))));
    outside.until_loud("a program of the host hears the monitor");
    for words in [
        Meter::words(None),
        Meter::words(Some("speaker.monitor")),
        Meter::words(Some("@DEFAULT_MONITOR@")),
        Meter::words(Some("@DEFAULT_SOURCE@")),
    ] {
        let refused = rig.run_inside(&words);
        assert!(refusal(&refused).contains("No such entity"), "{words:?}");
    }
    assert!(rig.recording_at_host("box").is_empty());
}

#[test]
fn without_a_microphone_the_app_does_not_get_the_monitor_of_pulseaudio() {
    let rig = Rig::pulse(OPEN);
    let unload = ["/usr/bin/pactl", "unload-module", "module-remap-source"];
    rig.host.run(&unload).unwrap();
    let monitor = ["/usr/bin/pactl", "set-default-source", "speaker.monitor"];
    rig.host.run(&monitor).unwrap();
    let played = Tone::start(rig.host.program(&Tone::words(None)));
    let outside = Meter::start(rig.host.program(&Meter::words(None)));
    outside.until_loud("by default a program of the host hears the monitor");
    drop((outside, played));
    without_a_microphone_the_app_does_not_get_the_monitor(&rig);
}

#[test]
fn without_a_microphone_the_app_does_not_get_the_monitor_of_pipewire() {
    let rig = Rig::pipewire(OPEN);
    let unload = ["/usr/bin/pactl", "unload-module", "module-remap-source"];
    rig.host.run(&unload).unwrap();
    until("the microphone is gone", || {
        rig.host
            .list("sources")
            .iter()
            .all(|source| source["name"] != "mic")
    });
    without_a_microphone_the_app_does_not_get_the_monitor(&rig);
}

#[test]
fn how_loud_it_is_is_said_while_somebody_looks_and_of_what_passes() {
    let rig = Rig::pulse(OPEN);
    let _feed = rig.host.microphone_tone();
    let heard = rig.host.speaker();
    let mut playing = tone(&rig);
    let recording = meter(&rig);
    heard.until_loud("the app is heard");
    recording.until_loud("the app hears");
    assert_eq!(rig.proxy.levels(), None, "nobody looks");

    rig.proxy.watch(true);
    let about = |level: u16, of: fn(Levels) -> u16| {
        until(&format!("a level of {level}"), || {
            let now = rig.proxy.levels().map(of);
            now.is_some_and(|now| now.abs_diff(level) <= 20)
        });
    };
    let (speaker_level, microphone_level) = (|l: Levels| l.speaker, |l: Levels| l.microphone);
    about(500, speaker_level);
    about(500, microphone_level);
    let halved = Gate {
        speaker_volume: 50,
        ..OPEN
    };
    rig.proxy.gate(halved);
    about(250, speaker_level);

    // The app goes on with both, and nobody sees anything of it.
    rig.proxy.gate(speaker(Speaker::Silent));
    about(0, speaker_level);
    rig.proxy.gate(microphone(Microphone::Silent));
    about(0, microphone_level);
    rig.proxy.gate(OPEN);
    about(500, microphone_level);
    playing.program.kill();
    about(0, speaker_level);

    rig.proxy.watch(false);
    rig.proxy.gate(microphone(Microphone::Off));
    recording.until_silent("the microphone was closed");
    let said = |rig: &Rig| {
        let is_level = |event: &Event| matches!(event, Event::Levels(_));
        rig.proxy.events().into_iter().filter(is_level).count()
    };
    let before = said(&rig);
    rig.proxy.gate(OPEN);
    recording.until_loud("it hears again");
    assert_eq!(said(&rig), before, "nobody looks any more");
}

#[test]
fn silence_is_that_of_the_format() {
    let rig = Rig::pulse(microphone(Microphone::Silent));
    for format in (0..13).filter_map(Format::from_number) {
        let argument = format!("--format={}", format.name());
        let record = [
            "/usr/bin/pacat",
            "--record",
            "--raw",
            "--rate=8000",
            &argument,
        ];
        let (mut program, _, mut stdout) = rig.inside(&record).start_piped();
        let mut bytes = [1; 2400];
        stdout.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, [format.silence(); 2400], "{format:?}");
        program.kill();
    }
    assert!(rig.recording_at_host("box").is_empty());
}

#[test]
fn the_user_is_asked_once_and_the_answer_counts() {
    let rig = Rig::pulse(microphone(Microphone::Ask));
    let _feed = rig.host.microphone_tone();
    let app = meter(&rig);
    let another = meter(&rig);
    rig.proxy.until_reported(&Event::MicrophoneAsked);
    assert!(rig.recording_at_host("box").is_empty());
    assert_eq!(app.bytes(), 0);
    rig.proxy.gate(OPEN);
    app.until_loud("what was asked for");
    another.until_loud("what was asked for meanwhile");
    let asked = rig.proxy.events().into_iter();
    let asked = asked.filter(|event| *event == Event::MicrophoneAsked);
    assert_eq!(asked.count(), 1);
}

#[test]
fn a_no_is_a_no() {
    let rig = Rig::pulse(microphone(Microphone::Ask));
    let mut app = rig.inside(&Meter::words(None)).start();
    rig.proxy.until_reported(&Event::MicrophoneAsked);
    rig.proxy.gate(microphone(Microphone::Off));
    assert!(!app.ends());
    assert!(rig.recording_at_host("box").is_empty());
}

#[test]
fn a_thousand_toggles_neither_leak_nor_lose() {
    let rig = Rig::pulse(OPEN);
    let _feed = rig.host.microphone_tone();
    let heard = rig.host.speaker();
    let mut playing = tone(&rig);
    let mut app = meter(&rig);
    app.until_loud("the microphone");
    heard.until_loud("the app");
    for round in 0..1000u32 {
        let closed = [Microphone::Off, Microphone::Silent, Microphone::Ask];
        let gate = if round % 2 == 0 {
            Gate {
                microphone: closed[round as usize / 2 % 3],
                speaker: Speaker::Silent,
                ..OPEN
            }
        } else {
            OPEN
        };
        rig.proxy.gate(gate);
        // Sometimes there is time for a step or two.
        if round % 7 == 0 {
            std::thread::sleep(std::time::Duration::from_millis(3));
        }
    }
    app.until_loud("the microphone after all that");
    heard.until_loud("the app after all that");
    until("one stream", || rig.recording_at_host("box").len() == 1);
    rig.proxy.gate(microphone(Microphone::Off));
    app.until_silent("closed at last");
    until("no stream", || rig.recording_at_host("box").is_empty());
    assert_eq!(rig.host.streams("sink-inputs", "box").len(), 1);
    assert!(app.program.runs() && playing.program.runs());
}
