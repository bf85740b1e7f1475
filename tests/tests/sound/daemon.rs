//! The daemon dies while an app plays or records.

use std::time::Duration;

use anyhow::{Result, ensure};
use oz_e2e::processes::{self, kill_daemon};
use oz_e2e::sound::{self, Listener, speak, tone};
use oz_e2e::{Inside, Session, cli, oz, wait};

use super::{MOMENT, gate, only, parec, record_inside, set, told, wait_for_use};

#[test]
fn sound_goes_on_without_the_daemon_and_the_next_one_has_the_gate() -> Result<()> {
    let session = Session::begin();
    let directory = session.fresh_dir("played");
    let file = tone(&directory.join("tone.wav"), 200);
    let _profile = gate(&session, "on", "off");
    let listener = Listener::to("speaker.monitor");
    let _playing = oz(["run", "--profile", "sounds", "--read"])
        .arg(&directory)
        .args(["--", "paplay", "--latency-msec=20"])
        .arg(&file)
        .start();
    listener.wait_for_tone();
    let id = only();
    for round in 0..3 {
        kill_daemon();
        listener.wait_for_sound();
        // The next daemon tells the proxy that an earlier one has started.
        set("speaker", id.id(), "silent");
        listener.wait_for_silence();
        kill_daemon();
        ensure!(
            told(id.id(), "speaker", "state") == "silent",
            "round {round}"
        );
        listener.hears_nothing_for(MOMENT);
        ensure!(told(id.id(), "speaker", "streams") == 1, "round {round}");
        set("speaker", id.id(), "on");
        listener.wait_for_tone();
    }
    Ok(())
}

#[test]
fn a_microphone_that_was_turned_off_stays_off_whoever_dies() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "off", "on");
    let _speaking = speak();
    // Its output goes nowhere, so that it does not end with whoever started it.
    let id = Inside::start(&["--profile", "sounds", "--", "sh", "-c", "parec >/dev/null"]);
    wait_for_use(id.id(), true);
    kill_daemon();
    // It listens, and the daemon that comes says so.
    ensure!(told(id.id(), "microphone", "in_use") == true);
    set("mic", id.id(), "silent");
    wait_for_use(id.id(), false);
    kill_daemon();
    ensure!(cli::running() == [id.id()]);
    wait::stays(Duration::from_secs(1), "nobody listens", || {
        !sound::is_recorded_for(id.id())
    });
    ensure!(told(id.id(), "microphone", "state") == "silent");
    let keeps = Inside::idle("sounds");
    ensure!(keeps.id() == id.id());
    // Nor does a proxy of its own making open it again.
    let proxy = processes::of_session()
        .into_iter()
        .find(|process| process.runs("audio-proxy"));
    proxy.expect("an audio proxy").kill();
    let again = id.script("timeout 5 parec --raw | head -c 40000 | od -An -v -tx1 | tr -d ' 0\\n'");
    let heard = again.run();
    ensure!(heard.text().is_empty(), "{heard}");
    ensure!(told(id.id(), "microphone", "state") == "silent");
    Ok(())
}

#[test]
fn a_proxy_that_does_not_read_what_it_is_told_is_killed() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "off", "on");
    let _speaking = speak();
    let id = Inside::idle("sounds");
    let _listener = record_inside(&parec());
    wait_for_use(id.id(), true);
    let proxy = processes::of_session()
        .into_iter()
        .find(|process| process.runs("audio-proxy"))
        .expect("an audio proxy");
    proxy.signal(rustix::process::Signal::STOP);
    set("mic", id.id(), "off");
    wait::for_condition("the proxy to be gone", || !proxy.lives());
    wait_for_use(id.id(), false);
    ensure!(id.is_running());
    Ok(())
}
