//! The witness itself: what it says of the desktop's sound is so.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use oz_e2e::sound::{self, Listener, speak, tone};
use oz_e2e::{Run, Session};
use oz_sound::{Server, Source};

const WHILE: Duration = Duration::from_millis(600);

#[test]
fn devices_streams_and_levels_are_as_they_are() -> Result<()> {
    let session = Session::begin();
    let mut server = Server::connect(None)?;
    let facts = server.facts()?;
    let sinks: Vec<_> = facts.sinks.iter().map(|sink| sink.name.as_str()).collect();
    ensure!(sinks == ["speaker", "micfeed"], "{facts:?}");
    ensure!(facts.default_sink.as_deref() == Some("speaker"));
    ensure!(facts.default_source.as_deref() == Some("mic"));
    let microphones = facts.sources.iter().filter(|it| it.monitors.is_none());
    ensure!(microphones.map(|it| it.name.as_str()).eq(["mic"]));
    ensure!(facts.playing.is_empty() && server.peak(Source::Device("mic"), WHILE)? == 0.0);

    let _speaking = speak();
    let loud = server.peak(Source::Device("mic"), WHILE)?;
    ensure!((0.4..0.6).contains(&loud), "{loud}");
    ensure!(server.peak(Source::Device("speaker.monitor"), WHILE)? == 0.0);

    let file = tone(&session.fresh_dir("played").join("tone.wav"), 200);
    let _playing = Run::new("paplay", ["--client-name=somebody"])
        .arg(file)
        .start();
    Listener::to("speaker.monitor").wait_for_tone();
    let facts = server.facts()?;
    let stream = facts
        .playing
        .iter()
        .find(|stream| stream.program.as_deref() == Some("somebody"))
        .context("its stream")?;
    ensure!(stream.sandbox.is_none() && !stream.corked && stream.volume == Some(100));
    let of_stream = Source::Stream {
        monitor: "speaker.monitor",
        index: stream.index,
    };
    let loud = server.peak(of_stream, WHILE)?;
    ensure!((0.4..0.6).contains(&loud), "{loud}");
    ensure!(server.peak(Source::Device("no-such"), WHILE).is_err());
    Ok(())
}

#[test]
fn without_a_server_it_says_so_at_once() {
    let _session = Session::begin();
    assert!(Server::connect(Some("unix:/no/such/socket")).is_err());
    ensure_answers();
}

fn ensure_answers() {
    assert!(!sound::facts().sinks.is_empty());
}
