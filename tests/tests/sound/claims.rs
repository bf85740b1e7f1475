//! "The app cannot …", at the sound server. Each attempt is first made outside, by the same user,
//! where it succeeds.

use anyhow::{Result, ensure};
use oz_e2e::sound::{self, Listener, RAW, speak, tone};
use oz_e2e::{Inside, Run, Session, fixtures, oz, wait};

use super::{gate, only, parec, record_inside};

/// A sandbox that may do with sound whatever a profile can allow.
fn trusted(session: &Session) -> (oz_e2e::session::Profile, Inside) {
    let profile = gate(session, "on", "on");
    let inside = Inside::idle("sounds");
    (profile, inside)
}

/// A stream of the host's, which an app has no business with.
fn somebody_plays(session: &Session) -> oz_e2e::run::Started {
    let file = tone(&session.fresh_dir("others").join("tone.wav"), 200);
    let playing = Run::new("paplay", ["--latency-msec=20", "--client-name=somebody"])
        .arg(file)
        .start();
    wait::for_condition("somebody to play", || !sound::facts().playing.is_empty());
    playing
}

#[test]
fn the_app_cannot_command_the_server() -> Result<()> {
    let session = Session::begin();
    let _somebody = somebody_plays(&session);
    let (_profile, inside) = trusted(&session);
    let stream = || sound::facts().playing[0].index;
    let load = |name: &str| {
        let load = format!("pactl load-module module-null-sink sink_name={name}");
        Run::sh(&load).run().ok().text()
    };
    let (module, spare) = (load("spare"), load("spare-too"));
    let attempts = [
        "pactl load-module module-null-sink sink_name=planted".to_owned(),
        "pactl load-module module-native-protocol-tcp listen=127.0.0.1 port=47113".to_owned(),
        "pactl load-module module-pipe-source file=/tmp/planted".to_owned(),
        format!("pactl unload-module {spare}"),
        "pactl set-default-sink spare".to_owned(),
        "pactl set-default-source spare.monitor".to_owned(),
        "pactl set-sink-volume speaker 40%".to_owned(),
        "pactl set-sink-mute speaker 1".to_owned(),
        "pactl set-sink-mute speaker 0".to_owned(),
        "pactl set-source-volume mic 40%".to_owned(),
        "pactl set-source-mute mic 1".to_owned(),
        "pactl set-source-mute mic 0".to_owned(),
        "pactl suspend-sink spare 1".to_owned(),
        format!("pactl set-sink-input-volume {} 40%", stream()),
        format!("pactl set-sink-input-mute {} 1", stream()),
        format!("pactl set-sink-input-mute {} 0", stream()),
        format!("pactl move-sink-input {} spare", stream()),
        format!("pactl move-sink-input {} speaker", stream()),
    ];
    // First inside, where nothing may change, then outside, where everything may.
    let before = sound::facts();
    for attempt in &attempts {
        let ran = inside.sh(attempt).refused_inside();
        ensure!(sound::facts() == before, "{ran}");
    }
    for attempt in &attempts {
        Run::sh(attempt).run().ok();
    }
    ensure!(sound::facts() != before, "nothing of it does anything");
    for undo in [
        "unload-module module-pipe-source".to_owned(),
        "unload-module module-native-protocol-tcp".to_owned(),
        "set-default-sink speaker".to_owned(),
        "set-default-source mic".to_owned(),
        "set-sink-volume speaker 100%".to_owned(),
        "set-source-volume mic 100%".to_owned(),
    ] {
        Run::new("pactl", undo.split(' ')).run().ok();
    }
    let planted = "pactl list short modules | grep planted | cut -f1";
    Run::sh(&format!("pactl unload-module $({planted})"))
        .run()
        .ok();
    Run::new("pactl", ["unload-module", &module]).run().ok();
    Ok(())
}

#[test]
fn the_app_cannot_see_what_others_play_or_record() -> Result<()> {
    let session = Session::begin();
    let _somebody = somebody_plays(&session);
    let _hears = Listener::to("mic");
    let (_profile, inside) = trusted(&session);
    for list in [
        "sink-inputs",
        "clients",
        "source-outputs",
        "modules",
        "cards",
    ] {
        let outside = Run::new("pactl", ["list", list]).run().ok().text();
        let seen = inside.sh(&format!("pactl list {list}"));
        let seen = seen.text() + &seen.complaint();
        for word in ["somebody", "micfeed", "parec", "native-protocol"] {
            ensure!(!seen.contains(word), "{list} shows {word}: {seen}");
        }
        if list == "sink-inputs" || list == "clients" {
            ensure!(outside.contains("somebody"), "{outside}");
        }
    }
    let sinks = inside.sh("pactl list short sinks").ok().text();
    ensure!(sinks.lines().count() == 1, "{sinks}");
    let sources = inside.sh("pactl list short sources").ok().text();
    ensure!(
        sources.lines().count() <= 1 && !sources.contains("monitor"),
        "{sources}"
    );
    Ok(())
}

#[test]
fn the_app_cannot_learn_of_the_machine_by_its_sound_server() -> Result<()> {
    let session = Session::begin();
    let (_profile, inside) = trusted(&session);
    let outside = Run::new("pactl", ["info"]).run().ok().text();
    let seen = inside.sh("pactl info; pactl list sinks; pactl list sources; pactl list clients");
    let seen = seen.text();
    let host = Run::new("uname", ["-n"]).run().ok().text();
    ensure!(outside.contains(&host), "{outside}");
    ensure!(!seen.contains(&host), "{seen}");
    let home = session.home().display().to_string();
    for secret in [home.as_str(), "micfeed", "application.process.id"] {
        ensure!(!seen.contains(secret), "{secret} in {seen}");
    }
    Ok(())
}

#[test]
fn the_app_cannot_record_what_others_play() -> Result<()> {
    let session = Session::begin();
    let _somebody = somebody_plays(&session);
    let (_profile, inside) = trusted(&session);
    let stream = sound::facts().playing[0].index;
    let raw = RAW.join(" ");
    for of in [
        "-d speaker.monitor".to_owned(),
        "-d @DEFAULT_MONITOR@".to_owned(),
        "-d 0".to_owned(),
        format!("--monitor-stream={stream}"),
    ] {
        let script = format!("timeout 4 parec {raw} {of}");
        let outside = Run::sh(&script).run();
        let inside = inside.sh(&script);
        let (heard, seen) = (sound::loudest(&outside.out), sound::loudest(&inside.out));
        ensure!(heard > 0.1, "{script} is no attempt: {heard}, {outside}");
        ensure!(seen < 0.001, "{script} heard {seen}: {inside}");
    }
    Ok(())
}

#[test]
fn two_sandboxes_do_not_hear_or_see_each_other() -> Result<()> {
    let session = Session::begin();
    let directory = session.fresh_dir("played");
    let file = tone(&directory.join("tone.wav"), 200);
    let _profile = gate(&session, "on", "on");
    let playing = oz(["run", "--profile", "sounds", "--read"])
        .arg(&directory)
        .args(["--", "paplay", "--client-name=somebody"])
        .arg(&file)
        .start();
    Listener::to("speaker.monitor").wait_for_tone();
    let alone = ["--ephemeral", "--profile", "sounds", "--", "sleep", "1000"];
    let other = Inside::start(&alone);
    let seen = other.sh("pactl list sink-inputs; pactl list clients");
    ensure!(!seen.text().contains("somebody"), "{seen}");
    for of in ["", "-d speaker.monitor"] {
        let heard = other.sh(&format!("timeout 3 parec {} {of}", RAW.join(" ")));
        ensure!(sound::loudest(&heard.out) < 0.001, "{heard}");
    }
    let stream = sound::facts().playing[0].index;
    for attempt in [
        "set-sink-input-mute N 1",
        "set-sink-input-volume N 0%",
        "kill-sink-input N",
    ] {
        let attempt = attempt.replace('N', &stream.to_string());
        other.sh(&format!("pactl {attempt}")).refused_inside();
    }
    Listener::to("speaker.monitor").wait_for_tone();
    drop(playing);
    Ok(())
}

#[test]
fn the_app_has_neither_cookie_nor_pipewire_nor_the_hosts_socket() -> Result<()> {
    let session = Session::begin();
    let cookie = session.home().join(".config/pulse/cookie");
    wait::for_condition("the host's cookie", || cookie.exists());
    let bytes = std::fs::read(&cookie)?;
    let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let pipewire = oz_e2e::session::runtime_dir().join("pipewire-0");
    let planted = !pipewire.exists();
    if planted {
        fixtures::write(&pipewire, b"");
    }
    let (_profile, inside) = trusted(&session);
    // A program of the library makes up a cookie where it finds none.
    inside.sh("pactl info").ok();
    let found = inside.sh(&format!(
        "find / -xdev -size 1 \\( -name '*cookie*' -o -path '*pulse*' \\) -type f -exec od -An -v -tx1 {{}} + 2>/dev/null | tr -d ' \\n' | grep -c {}",
        &hexadecimal[..64]
    ));
    ensure!(found.text() == "0", "{found}");
    inside
        .sh("test -e $XDG_RUNTIME_DIR/pipewire-0")
        .refused_inside();
    inside
        .sh("test -e $HOME/.config/pulse/cookie")
        .refused_inside();
    let sockets =
        inside.sh("find $XDG_RUNTIME_DIR -type s; echo $PULSE_SERVER; env | grep -i cookie");
    ensure!(
        !sockets
            .text()
            .contains(&oz_e2e::session::runtime_dir().display().to_string())
            && !sockets.text().to_lowercase().contains("cookie"),
        "{sockets}"
    );
    if planted {
        std::fs::remove_file(pipewire)?;
    }
    Ok(())
}

#[test]
fn the_hosts_mixer_names_the_sandbox_and_the_app_cannot_lie_about_it() -> Result<()> {
    let session = Session::begin();
    let _profile = gate(&session, "on", "on");
    let _speaking = speak();
    let lie = ["--property=oz.sandbox=firefox", "--client-name=Firefox"];
    let command = [parec(), lie.to_vec()].concat();
    let listener = record_inside(&command);
    listener.wait_for_tone();
    let id = only();
    let facts = sound::facts();
    let streams: Vec<_> = facts.recording_of(id.id()).collect();
    ensure!(streams.len() == 1, "{facts:?}");
    ensure!(facts.recording_of("firefox").count() == 0, "{facts:?}");
    let shown = streams[0].program.clone().unwrap_or_default();
    ensure!(shown.contains(id.id()), "the mixer shows {shown:?}");
    Ok(())
}
