//! The programs that the benchmarks stand on do what the numbers are said to be of.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use oz_testkit::desktop::{App, Session, finish, wait_for};
use serde_json::Value;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const LONG: Duration = Duration::from_secs(30);

/// A client for a display.
fn client(display: Option<&PathBuf>, job: [&str; 2]) -> Command {
    let mut command = Command::new("oz-bench-client");
    command.args(job);
    if let Some(display) = display {
        command.env("WAYLAND_DISPLAY", display);
    }
    command
}

/// A relay that listens, and where.
fn relay(session: &Session) -> Result<(App, PathBuf), Box<dyn std::error::Error>> {
    let run = session.dir().join("run");
    let socket = run.join("bench-relay");
    if socket.exists() {
        std::fs::remove_file(&socket)?;
    }
    let mut command = Command::new("oz-bench-relay");
    command.arg(&socket).arg(run.join("wayland-1"));
    let relay = session.start(&mut command)?;
    wait_for("the relay's socket", LONG, || socket.exists().then_some(()))?;
    Ok((relay, socket))
}

/// What one job of the client prints.
fn answer(display: Option<&PathBuf>, job: [&str; 2]) -> Result<Value, Box<dyn std::error::Error>> {
    let ended = finish(&mut client(display, job), b"", LONG)?;
    assert_eq!(ended.code(), Some(0), "{job:?}: {}", ended.errors());
    Ok(serde_json::from_str(&ended.text())?)
}

#[test]
fn the_client_shows_its_whole_picture_through_the_relay() -> Outcome {
    let session = Session::enter();
    let (relay, socket) = relay(&session)?;
    let _client = session.start(&mut client(Some(&socket), ["full", "100000"]))?;
    let window = session.wait_for_window(LONG, |window| window.app_id == "oz-bench-client")?;
    assert_eq!(
        window.pid,
        relay.pid(),
        "the compositor sees the relay, not the client"
    );
    assert_eq!((window.content.width, window.content.height), (1280, 800));
    let content = window.content;
    let picture = session.look()?;
    // Red grows to the right and green downwards; the stripes between are blue.
    let right = picture.at(content.x + content.width - 4, content.y + 4);
    let bottom = picture.at(content.x + 4, content.y + content.height - 4);
    assert!(
        right.is_some_and(|[red, green, _]| red > 240 && green < 15),
        "{right:?}"
    );
    assert!(
        bottom.is_some_and(|[red, green, _]| red < 15 && green > 240),
        "{bottom:?}"
    );
    assert!(picture.colours(content) > 1000);
    Ok(())
}

#[test]
fn every_job_is_answered_directly_and_through_the_relay() -> Outcome {
    let session = Session::enter();
    let (_relay, socket) = relay(&session)?;
    for display in [None, Some(&socket)] {
        for (job, frames) in [
            (["full", "20"], 20),
            (["damage", "20"], 20),
            (["sync", "50"], 50),
        ] {
            let answer = answer(display, job)?;
            assert_eq!(answer["frames"], frames, "{answer}");
            assert!(answer["cpu_seconds"].as_f64() > Some(0.0), "{answer}");
            assert_eq!(answer["sync_us"].is_null(), job[0] != "sync", "{answer}");
        }
        let uncapped = answer(display, ["uncapped", "200"])?;
        assert!(uncapped["frames"].as_u64() > Some(0), "{uncapped}");
    }
    Ok(())
}

#[test]
fn what_is_no_job_is_refused_before_a_window_opens() -> Outcome {
    let _session = Session::enter();
    let ended = finish(&mut client(None, ["dance", "3"]), b"", LONG)?;
    assert_eq!(ended.code(), Some(1));
    assert!(ended.errors().contains("is no job"), "{}", ended.errors());
    Ok(())
}
