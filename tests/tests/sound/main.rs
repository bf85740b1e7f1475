//! What is heard of an app, and what it hears.

mod browser;
mod claims;
mod daemon;
mod host;
mod levels;
mod microphone;
mod server;
mod speaker;

use std::time::Duration;

use oz_e2e::session::Profile;
use oz_e2e::sound::{Listener, RAW};
use oz_e2e::{Inside, Session, cli, oz, wait};
use serde_json::Value;

/// How long silence is listened to.
const MOMENT: Duration = Duration::from_millis(500);

/// A profile for commands with these states of speaker and microphone.
fn gate(session: &Session, speaker: &str, microphone: &str) -> Profile {
    let text = format!(
        r#"{{ "extends": "generic", "audio": {{ "speaker": "{speaker}", "microphone": "{microphone}" }} }}"#
    );
    session.profile("sounds", &text)
}

/// Runs a command that writes raw sound to its output, in a sandbox with the profile `sounds`.
fn record_inside(command: &[&str]) -> Listener {
    let start = ["run", "--profile", "sounds", "--"];
    Listener::start("oz", start.iter().chain(command))
}

/// The server's own recorder.
fn parec() -> Vec<&'static str> {
    let mut command = vec!["parec"];
    command.extend(RAW);
    command
}

/// The one sandbox that runs.
fn only() -> Inside {
    Inside::of(&wait::until("a sandbox", || cli::running().pop()))
}

/// What `oz ps` says of a sandbox's microphone or speaker.
fn told(id: &str, direction: &str, what: &str) -> Value {
    let list = cli::json(["ps"]);
    let rows = list.as_array().expect("a list");
    let row = rows.iter().find(|row| row["id"] == id);
    row.map_or(Value::Null, |row| row[direction][what].clone())
}

/// Waits until `oz ps` and the host agree whether a sandbox listens.
#[track_caller]
fn wait_for_use(id: &str, on: bool) {
    wait::for_condition(&format!("the microphone's use to be {on}"), || {
        let in_use = told(id, "microphone", "in_use") == true;
        in_use == on && oz_e2e::sound::is_recorded_for(id) == on
    });
}

fn set(verb: &str, id: &str, state: &str) {
    oz([verb, id, state]).run().ok();
}
