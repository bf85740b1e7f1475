//! The host's sound server dies and comes back, or was never there.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use oz_e2e::processes;
use oz_e2e::sound::{self, Listener, speak, tone};
use oz_e2e::{Inside, Run, Session, oz, wait};

use super::{MOMENT, gate, only, parec, record_inside, told};

/// The desktop has no sound server until it is asked to come back, or this is dropped.
struct Down {
    is_back: bool,
}

impl Down {
    fn now() -> Result<Self> {
        let server = processes::of_session()
            .into_iter()
            .find(|process| process.runs("pulseaudio"))
            .context("a sound server")?;
        server.kill();
        wait::for_condition("the server to be gone", || !server.lives());
        Ok(Self { is_back: false })
    }

    fn up_again(&mut self) {
        start();
        self.is_back = true;
        wait::for_condition("the server to be back", || {
            oz_sound::Server::connect(None).is_ok_and(|mut server| {
                server
                    .facts()
                    .is_ok_and(|facts| facts.default_source.as_deref() == Some("mic"))
            })
        });
    }
}

impl Drop for Down {
    fn drop(&mut self) {
        if !self.is_back {
            start();
        }
    }
}

/// Not as our child: it outlives the test.
fn start() {
    let script = "setsid -f pulseaudio --daemonize=no -n --exit-idle-time=-1 --use-pid-file=yes \
                  -F $OZ_SESSION_DIR/pulse.pa >/dev/null 2>&1";
    Run::sh(script).run();
}

#[test]
fn a_server_that_dies_and_comes_back_is_found_again_and_the_gate_stands_as_it_did() -> Result<()> {
    let session = Session::begin();
    let file = tone(&session.fresh_dir("played").join("tone.wav"), 200);
    let _profile = gate(&session, "on", "off");
    let inside = Inside::idle("sounds");
    oz(["add", inside.id()]).arg(&file).run().ok();
    let play = format!("paplay {}", file.display());
    oz(["speaker", inside.id(), "silent"]).run().ok();
    let mut playing = inside.script(&play).start();
    wait::for_condition("it to play", || {
        told(inside.id(), "speaker", "streams") == 1
    });

    let mut down = Down::now()?;
    // As outside: who played is told that the connection is gone.
    wait::for_condition("the player to end", || !playing.is_running());
    // And who comes now is told so soon, instead of waiting for ever.
    let refused = inside
        .script("timeout 20 pactl info")
        .within(Duration::from_secs(60))
        .run();
    ensure!(refused.code != 0 && refused.code != 124, "{refused}");
    down.up_again();

    let listener = Listener::to("speaker.monitor");
    let _playing = inside.script(&play).start();
    wait::for_condition("it to play again", || {
        told(inside.id(), "speaker", "streams") == 1
    });
    ensure!(told(inside.id(), "speaker", "state") == "silent");
    listener.hears_nothing_for(2 * MOMENT);
    oz(["speaker", inside.id(), "on"]).run().ok();
    listener.wait_for_tone();
    inside.sh("timeout 3 parec --raw").refused_inside();
    Ok(())
}

#[test]
fn who_records_when_the_server_dies_can_record_again() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "off", "on");
    let speaking = speak();
    let mut listener = record_inside(&parec());
    listener.wait_for_tone();
    let id = only().id().to_owned();
    let mut down = Down::now()?;
    wait::for_condition("the recorder to end", || !listener.is_running());
    wait::for_condition("nobody to listen", || {
        told(&id, "microphone", "in_use") != true
    });
    drop(speaking);
    down.up_again();
    let _speaking = speak();
    record_inside(&parec()).wait_for_tone();
    Ok(())
}

#[test]
fn a_server_that_comes_after_the_app_is_found() -> Result<()> {
    let _session = Session::begin();
    let mut down = Down::now()?;
    let inside = Inside::start(&["--", "sleep", "1000"]);
    inside.sh("test -S $XDG_RUNTIME_DIR/pulse/native").ok();
    let refused = inside
        .script("timeout 20 pactl info")
        .within(Duration::from_secs(60))
        .run();
    ensure!(refused.code != 0 && refused.code != 124, "{refused}");
    down.up_again();
    inside.wait_for("pactl info");
    ensure!(sound::facts().playing.is_empty());
    Ok(())
}

#[test]
fn an_app_of_a_session_without_a_place_for_sound_has_no_socket() {
    let _session = Session::begin();
    let script =
        "test -e $XDG_RUNTIME_DIR/pulse || test -n \"$PULSE_SERVER\" || test -e /etc/asound.conf";
    let run = |server: &str| {
        oz(["run", "--ephemeral", "--", "sh", "-c", script])
            .env("PULSE_SERVER", server)
            .run()
    };
    let here = std::env::var("PULSE_SERVER").expect("the desktop has one");
    run(&here).ok();
    run("tcp:sound.example.org:4713").refused_inside();
}
