//! Questions to the person: the microphone's, shown by a real notification service, answered by
//! its buttons and by `oz answer`.

mod answers;
mod attacks;
mod copies;
mod drops;
mod secrets;
mod service;

use oz_e2e::{Inside, Run, oz, wait};
use serde_json::Value;

/// A sandbox whose microphone asks.
fn that_asks() -> Inside {
    let inside = Inside::start(&["--", "sleep", "1000"]);
    oz(["mic", inside.id(), "ask"]).run().ok();
    inside
}

/// A recording inside, which succeeds once it has heard something.
fn recording(inside: &Inside) -> Run {
    inside
        .script("timeout 100 parec --latency-msec=50 | head -c 20000 | wc -c | grep -qx 20000")
        .within(wait::LONG)
}

/// Waits until a prompt is shown in a certain way; what `oz answer --json` says of it.
fn prompt_shown(by: &str) -> Value {
    wait::until("a prompt", || {
        let list = oz_e2e::cli::json(["answer"]);
        let list = list.as_array().expect("a list").clone();
        list.into_iter().find(|prompt| prompt["shown"] == by)
    })
}

/// Waits until nothing is asked any more.
fn nothing_waits() {
    wait::for_condition("no prompt", || {
        oz_e2e::cli::json(["answer"]) == Value::Array(Vec::new())
    });
}

/// Answers as soon as an answer counts.
fn answer(prompt: &Value, word: &str) {
    let id = prompt["prompt"].as_str().expect("an id");
    wait::for_condition("an answer that is taken", || {
        let ran = oz(["answer", id, word]).run();
        assert!(
            ran.code == 0 || ran.complaint().contains("only just appeared"),
            "{ran}"
        );
        ran.code == 0
    });
}

/// How the microphone of a sandbox stands.
fn microphone(inside: &Inside) -> String {
    let list = oz_e2e::cli::json(["ps"]);
    let rows = list.as_array().expect("a list");
    let row = rows.iter().find(|row| row["id"] == inside.id());
    row.expect("it runs")["microphone"]["state"]
        .as_str()
        .expect("a word")
        .to_owned()
}
