//! What is heard of an app: all of it, or nothing.

use std::path::Path;

use anyhow::{Result, ensure};
use oz_e2e::run::Started;
use oz_e2e::sound::{self, Listener, tone};
use oz_e2e::{Run, Session, oz, wait};

use super::{MOMENT, gate, only, set, told};

/// Programs that play a file, each by its own way to the sound server.
fn players(file: &str) -> Vec<(&'static str, Vec<String>)> {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect();
    let with = |line: &str| words(&line.replace("FILE", file));
    vec![
        ("the server's own", with("paplay --latency-msec=20 FILE")),
        (
            "a raw stream",
            vec![
                "sh".into(),
                "-c".into(),
                format!(
                    "sox {file} -t raw -r 44100 -c 2 -e signed -b 16 - | pacat --rate=44100 --channels=2 --format=s16le --latency-msec=20"
                ),
            ],
        ),
        ("ALSA", with("aplay -q FILE")),
        ("ALSA's device by name", with("aplay -q -D default FILE")),
        (
            "ffmpeg",
            with("ffmpeg -nostdin -loglevel error -re -i FILE -f pulse -name x out"),
        ),
        ("SDL", with("ffplay -nodisp -autoexit -loglevel error FILE")),
        (
            "mpv",
            with("mpv --no-config --no-video --no-terminal --ao=pulse FILE"),
        ),
    ]
}

/// Plays in a sandbox that can read the file's directory.
fn play_inside(profile: &str, directory: &Path, command: &[String]) -> Started {
    oz(["run", "--profile", profile, "--read"])
        .arg(directory)
        .arg("--")
        .args(command)
        .start()
}

#[test]
fn every_player_is_heard_as_it_is_without_oz() {
    let session = Session::begin();
    let directory = session.fresh_dir("played");
    let file = tone(&directory.join("tone.wav"), 60);
    for (way, command) in players(&file.display().to_string()) {
        eprintln!("{way}");
        let listener = Listener::to("speaker.monitor");
        listener.wait_for_silence();
        let outside = Run::new(&command[0], &command[1..]).start();
        listener.wait_for_tone();
        drop(outside);
        listener.wait_for_silence();

        let inside = play_inside("generic", &directory, &command);
        listener.wait_for_tone();
        let id = only();
        let facts = sound::facts();
        assert_eq!(facts.playing_of(id.id()).count(), 1, "{way}: {facts:?}");
        oz(["stop", "--all"]).run().ok();
        drop(inside);
        listener.wait_for_silence();
    }
}

#[test]
fn the_speaker_is_turned_off_and_on_while_it_plays() -> Result<()> {
    let session = Session::begin();
    let directory = session.fresh_dir("played");
    let file = tone(&directory.join("tone.wav"), 200);
    let listener = Listener::to("speaker.monitor");
    let command = ["paplay", "--latency-msec=20", &file.display().to_string()].map(str::to_owned);
    let mut playing = play_inside("generic", &directory, &command);
    listener.wait_for_tone();
    let id = only();
    wait::for_condition("the stream to be counted", || {
        told(id.id(), "speaker", "streams") == 1
    });
    for state in ["off", "silent"] {
        set("speaker", id.id(), state);
        listener.wait_for_silence();
        listener.hears_nothing_for(MOMENT);
        ensure!(told(id.id(), "speaker", "state") == state);
        set("speaker", id.id(), "on");
        listener.wait_for_tone();
    }
    oz(["speaker", id.id(), "--volume", "25"]).run().ok();
    // A volume is the cube root of its effect on the samples in every PulseAudio, so 25 % is quiet.
    listener.wait_for("less", |loud| loud > 0.001 && loud < 0.15);
    oz(["speaker", id.id(), "--volume", "100"]).run().ok();
    listener.wait_for_tone();
    ensure!(
        playing.is_running(),
        "it noticed: {}",
        playing.complaint_so_far()
    );
    Ok(())
}

#[test]
fn an_app_whose_speaker_is_off_is_refused_and_a_silent_one_is_not() {
    let session = Session::begin();
    let directory = session.fresh_dir("played");
    let file = tone(&directory.join("tone.wav"), 1);
    let script = format!("paplay {}", file.display());
    let run = |speaker: &str| {
        let _profile = gate(&session, speaker, "off");
        oz(["run", "--ephemeral", "--profile", "sounds", "--read"])
            .arg(&directory)
            .args(["--", "sh", "-c", &script])
            .run()
    };
    run("on").ok();
    run("off").refused_inside();
    let listener = Listener::to("speaker.monitor");
    listener.wait_for_silence();
    let from = listener.heard();
    run("silent").ok();
    let played = listener.heard() - from;
    assert!(played > MOMENT, "it did not take its time: {played:?}");
    listener.heard_nothing_since(from, MOMENT);
}
