//! Questions appear in the panel if the person looks at it, and nowhere take the keyboard away.

use anyhow::{Result, ensure};
use oz_e2e::{Inside, Run, Session, oz, wait};
use serde_json::Value;

use super::Panel;

pub(super) fn asking(session: &Session) -> (oz_e2e::session::Profile, Inside) {
    let text = r#"{ "extends": "generic", "audio": { "microphone": "ask" } }"#;
    let profile = session.profile("asking", text);
    (profile, Inside::idle("asking"))
}

/// A recording inside, which succeeds once it has heard something.
pub(super) fn recording(inside: &Inside) -> Run {
    inside
        .script("timeout 100 parec --latency-msec=50 | head -c 20000 | wc -c | grep -qx 20000")
        .within(wait::LONG)
}

/// Waits until a prompt is shown in a certain way.
pub(super) fn shown(by: &str) -> Value {
    wait::until("a prompt", || {
        let list = oz_e2e::cli::json(["answer"]);
        let list = list.as_array().expect("a list").clone();
        list.into_iter().find(|prompt| prompt["shown"] == by)
    })
}

#[test]
fn a_question_is_answered_in_the_panel() -> Result<()> {
    let session = Session::begin();
    let (_profile, inside) = asking(&session);
    let panel = Panel::open(&session)?;
    panel.wait_for_text("asking")?;
    let heard = recording(&inside).start();
    let prompt = shown("agent");
    let title = prompt["title"].as_str().expect("a title");
    panel.wait_for_text(title)?;
    panel.shoot("panel-prompt")?;
    // A key that somebody was about to press answers nothing.
    // (Escape closes what they may have opened.)
    for key in ["enter", "space", "escape"] {
        session.key(key, "press")?;
    }
    ensure!(shown("agent")["prompt"] == prompt["prompt"]);
    panel.press("Allow")?;
    heard.end_within(wait::LONG).ok();
    panel.wait_for_no_text(title);
    oz(["mic", inside.id(), "ask"]).run().ok();
    let heard = recording(&inside).start();
    panel.wait_for_text(title)?;
    panel.press("Deny")?;
    heard.end_within(wait::LONG).fails();
    panel.wait_for_no_text(title);
    panel.close()
}
