//! What an app hears: nothing, silence, or the user.

use anyhow::{Result, ensure};
use oz_e2e::sound::{self, Listener, speak, tone};
use oz_e2e::{Inside, Run, Session, oz, wait};

use super::{MOMENT, gate, only, parec, record_inside, set, told, wait_for_use};

/// Programs that record, each by its own way to the sound server.
fn recorders() -> Vec<(&'static str, Vec<&'static str>)> {
    let words = |line: &'static str| line.split(' ').collect();
    vec![
        ("the server's own", parec()),
        ("ALSA", words("arecord -q -t raw -f S16_LE -r 44100 -c 2")),
        (
            "ffmpeg",
            words(
                "ffmpeg -nostdin -loglevel error -f pulse -i default -ac 2 -ar 44100 -f s16le -flush_packets 1 -",
            ),
        ),
    ]
}

#[test]
fn every_recorder_hears_as_it_does_without_oz_when_it_may() {
    let session = Session::begin();
    let _profile = gate(&session, "off", "on");
    let _speaking = speak();
    for (way, command) in recorders() {
        eprintln!("{way}");
        Listener::start(command[0], &command[1..]).wait_for_tone();
        let listener = record_inside(&command);
        listener.wait_for_tone();
        wait_for_use(only().id(), true);
        drop(listener);
        oz(["stop", "--all"]).run().ok();
    }
}

#[test]
fn no_recorder_hears_anything_unless_its_profile_says_so() {
    let session = Session::begin();
    let _profile = gate(&session, "on", "off");
    let _speaking = speak();
    for (way, command) in recorders() {
        let limited = ["timeout", "5"].into_iter().chain(command.iter().copied());
        let outside = Run::new("timeout", limited.clone().skip(1)).run();
        ensure_heard(way, &outside.out);
        let inside = oz(["run", "--profile", "sounds", "--"]).args(limited).run();
        // ffmpeg ends with 0 whatever it could not open when it has an output.
        assert!(
            inside.code != 124 && inside.out.is_empty(),
            "{way} recorded: {} bytes, {}",
            inside.out.len(),
            inside.complaint()
        );
    }
    let shipped = oz(["run", "--ephemeral", "--", "timeout", "5", "parec"]).run();
    shipped.refused_inside();
}

fn ensure_heard(way: &str, bytes: &[u8]) {
    let last = &bytes[bytes.len() / 2 / 2 * 2..];
    assert!(sound::loudness(last) > 0.2, "{way} hears nothing outside");
}

#[test]
fn the_microphone_is_opened_and_closed_while_an_app_records() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "off", "silent");
    let _speaking = speak();
    let mut listener = record_inside(&parec());
    let id = only();
    // Silence goes on arriving: the app believes that it records.
    listener.hears_nothing_for(2 * MOMENT);
    ensure!(told(id.id(), "microphone", "streams") == 1);
    wait_for_use(id.id(), false);
    ensure!(sound::facts().recording_of(id.id()).count() == 0);
    for state in ["off", "silent"] {
        set("mic", id.id(), "on");
        listener.wait_for_tone();
        wait_for_use(id.id(), true);
        set("mic", id.id(), state);
        listener.wait_for_silence();
        wait_for_use(id.id(), false);
        // The host's microphone is closed, not only its sound thrown away.
        wait::for_condition("the host's stream to be gone", || {
            sound::facts().recording_of(id.id()).count() == 0
        });
        listener.hears_nothing_for(MOMENT);
    }
    ensure!(
        listener.is_running(),
        "it noticed: {}",
        listener.complaint()
    );
    Ok(())
}

#[test]
fn a_microphone_can_be_turned_down() {
    let session = Session::begin();
    let _profile = gate(&session, "off", "on");
    let _speaking = speak();
    let listener = record_inside(&parec());
    listener.wait_for_tone();
    oz(["mic", only().id(), "--volume", "25"]).run().ok();
    listener.wait_for("less", |loud| loud > 0.001 && loud < 0.15);
    oz(["mic", only().id(), "--volume", "0"]).run().ok();
    listener.wait_for_silence();
}

#[test]
fn the_list_says_who_listens() {
    let session = Session::begin();
    let _profile = gate(&session, "off", "on");
    let quiet = Inside::start(&["--ephemeral", "--profile", "sounds", "--", "sleep", "1000"]);
    let shown = oz(["ps"]).run().ok().text();
    assert!(
        shown.contains(" on ") && !shown.contains("LISTENS"),
        "{shown}"
    );
    let _listener = record_inside(&parec());
    wait::for_condition("the list to say it", || {
        let shown = oz(["ps"]).run().ok().text();
        let of = |id: &str| {
            shown
                .lines()
                .find(|line| line.starts_with(id))
                .map(str::to_owned)
        };
        let listens = |line: Option<String>| line.is_some_and(|line| line.contains("LISTENS"));
        listens(of("sounds-2 ")) && !listens(of(&format!("{} ", quiet.id())))
    });
}

#[test]
fn without_a_microphone_an_app_does_not_get_what_the_speaker_plays() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "on", "on");
    let file = tone(&session.fresh_dir("played").join("tone.wav"), 200);
    let _gone = NoMicrophone::make();
    let playing = Run::new("paplay", ["--latency-msec=20"]).arg(&file).start();
    // What the server takes for the microphone then is what the speaker plays.
    Listener::start("parec", sound::RAW).wait_for_tone();
    for command in [parec(), [parec(), vec!["-d", "@DEFAULT_SOURCE@"]].concat()] {
        let limited = ["timeout", "4"].into_iter().chain(command.iter().copied());
        let inside = oz(["run", "--ephemeral", "--profile", "sounds", "--"])
            .args(limited)
            .run();
        let loud = sound::loudest(&inside.out);
        ensure!(loud < 0.001, "{command:?} heard {loud}: {inside}");
    }
    drop(playing);
    Ok(())
}

/// While it lives the desktop has no microphone.
struct NoMicrophone;

impl NoMicrophone {
    fn make() -> Self {
        let modules = Run::sh("pactl list short modules").run().ok().text();
        for line in modules.lines().filter(|line| line.contains("micfeed")) {
            let number = line.split_whitespace().next().unwrap_or_default();
            // The one that rests on the other goes with it.
            Run::new("pactl", ["unload-module", number]).run();
        }
        wait::for_condition("no microphone", || {
            sound::facts()
                .sources
                .iter()
                .all(|source| source.monitors.is_some())
        });
        Self
    }
}

impl Drop for NoMicrophone {
    fn drop(&mut self) {
        for command in [
            "load-module module-null-sink sink_name=micfeed norewinds=1",
            "load-module module-remap-source source_name=mic master=micfeed.monitor",
            "set-default-source mic",
            "set-default-sink speaker",
        ] {
            Run::new("pactl", command.split(' ')).run();
        }
    }
}
