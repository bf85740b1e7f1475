//! `oz answer`: the prompts that wait, and an answer to one.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::ps::age;
use crate::arguments::{Answer, YesNo};
use crate::bus::{Bus, Prompt};
use crate::error::Result;
use crate::out;

/// One prompt in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// What `oz answer` is given.
    prompt: String,
    sandbox: String,
    profile: String,
    /// `microphone`.
    kind: String,
    /// The question.
    title: String,
    /// What else there is to know, in lines; what an app says is in quotation marks.
    body: String,
    /// Seconds since 1970.
    asked: u64,
    /// Where it can be seen: `agent`, `notification`; empty: nowhere yet.
    shown: String,
}

pub(crate) async fn run(what: Answer) -> Result<u8> {
    let bus = Bus::connect().await?;
    if let (Some(prompt), Some(answer)) = (&what.prompt, what.answer) {
        bus.answer(prompt, answer == YesNo::Yes).await?;
        return Ok(0);
    }
    let list = bus.prompts().await?;
    if what.json {
        let rows: Vec<Row> = list.into_iter().map(Row::from).collect();
        out::json(&rows)?;
    } else if list.is_empty() {
        out::note("no prompt waits for an answer");
    } else {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        out::text(&paragraphs(&list, now))?;
    }
    Ok(0)
}

impl From<Prompt> for Row {
    fn from(prompt: Prompt) -> Self {
        Self {
            prompt: prompt.id,
            sandbox: prompt.sandbox,
            profile: prompt.profile,
            kind: prompt.kind,
            title: prompt.title,
            body: prompt.body,
            asked: prompt.asked,
            shown: prompt.shown,
        }
    }
}

/// One for each prompt: what is asked, what there is to know, how to answer.
fn paragraphs(list: &[Prompt], now: u64) -> String {
    let mut text = String::new();
    for prompt in list {
        let age = age(now.saturating_sub(prompt.asked));
        let title = out::safe(&prompt.title);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{title} ({age} ago)");
        for line in prompt.body.lines() {
            let _ = writeln!(text, "    {}", out::safe(line));
        }
        let _ = writeln!(text, "    oz answer {} yes|no", out::safe(&prompt.id));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt() -> Prompt {
        Prompt {
            id: "4711".into(),
            sandbox: "foot".into(),
            profile: "foot".into(),
            kind: "microphone".into(),
            title: "Let foot use the microphone?".into(),
            body: "It hears you.\nThe program calls itself “\u{1b}[2J”".into(),
            asked: 1_000,
            shown: "agent".into(),
        }
    }

    #[test]
    fn what_is_asked_and_how_to_answer() {
        insta::assert_snapshot!(paragraphs(&[prompt(), prompt()], 1_003), @r"
        Let foot use the microphone? (3 s ago)
            It hears you.
            The program calls itself “\x1b[2J”
            oz answer 4711 yes|no
        Let foot use the microphone? (3 s ago)
            It hears you.
            The program calls itself “\x1b[2J”
            oz answer 4711 yes|no
        ");
    }

    #[test]
    fn json_is_as_its_schema_says() {
        insta::assert_json_snapshot!("answer-schema", schemars::schema_for!(Vec<Row>));
        insta::assert_json_snapshot!("answer", vec![Row::from(prompt())]);
    }
}
