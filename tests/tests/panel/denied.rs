//! What was refused is listed, and allowed once or always.

use anyhow::{Result, ensure};
use oz_e2e::session::home;
use oz_e2e::{Inside, Session, cli, oz, wait};

use super::Panel;

/// Waits until its microphone is so.
fn wait_for_microphone(inside: &Inside, state: &str) {
    wait::for_condition(&format!("the microphone to be {state}"), || {
        let list = cli::json(["ps"]);
        let all = list.as_array().expect("a list");
        let of_it = |row: &&serde_json::Value| row["id"] == inside.id();
        all.iter()
            .find(of_it)
            .is_some_and(|row| row["microphone"]["state"] == state)
    });
}

#[test]
fn what_was_refused_is_allowed_once_and_then_always() -> Result<()> {
    let session = Session::begin();
    let text = "{ \"extends\": \"generic\", // mine\n  \"audio\": { \"microphone\": \"off\" } }\n";
    let _profile = session.profile("listener", text);
    let inside = Inside::idle("listener");
    let panel = Panel::open(&session)?;
    panel.wait_for_text("Microphone")?;
    inside.sh("timeout 20 parec > /tmp/heard").fails();
    panel.wait_for_text("It wanted to hear the microphone.")?;
    panel.wait_for_text("The microphone is off for it.")?;
    panel.wait_for_text("Once, at")?;
    panel.shoot("panel-denied")?;

    panel.press("Allow once: It wanted to hear the microphone.")?;
    wait_for_microphone(&inside, "on");
    inside
        .sh("timeout 20 parec | head -c 20000 | wc -c | grep -qx 20000")
        .ok();
    let file = home().join(".config/oz/profiles/listener.json");
    ensure!(std::fs::read_to_string(&file)? == text);

    oz(["mic", inside.id(), "off"]).run().ok();
    panel.press("Always allow: It wanted to hear the microphone.")?;
    panel.wait_for_text("Always allow this to listener?")?;
    panel.shoot("panel-denied-always")?;
    panel.press("Always Allow")?;
    wait::for_condition("the profile to say so", || {
        std::fs::read_to_string(&file).is_ok_and(|now| now == text.replace("\"off\"", "\"on\""))
    });
    wait_for_microphone(&inside, "on");
    panel.close()
}

#[test]
fn what_cannot_be_changed_is_said_and_stays() -> Result<()> {
    let session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    oz(["speaker", inside.id(), "off"]).run().ok();
    let panel = Panel::open(&session)?;
    panel.wait_for_text("Speaker")?;
    inside.sh("timeout 20 pacat /dev/zero").fails();
    panel.press("Always allow: It wanted to play sound.")?;
    panel.press("Always Allow")?;
    panel.wait_for_text("is no app's profile")?;
    ensure!(!home().join(".config/oz/profiles/generic.json").exists());
    panel.close()
}
