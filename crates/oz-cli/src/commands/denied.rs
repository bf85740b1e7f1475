//! `oz denied`: what a sandbox was refused while it ran, how often, and why.

use std::time::{SystemTime, UNIX_EPOCH};

use oz_core::denied::{DENIED, Denied as Kind};
use serde::Serialize;

use super::ps::age;
use crate::arguments::Denied;
use crate::bus::{Bus, Denial};
use crate::error::Result;
use crate::out;

/// One refusal in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// `microphone`, `copy-out`, `link` and so on; a later daemon may know more.
    kind: String,
    /// What it was about, if there is more than one thing; up to 81 characters without control characters.
    subject: String,
    /// How often.
    count: u32,
    /// The first time, in seconds since 1970.
    first: u64,
    /// The last time, likewise.
    last: u64,
    /// What it wanted, a sentence.
    what: String,
    /// Why it did not get it, a sentence.
    why: String,
    /// What allows it, a command; nothing if nothing does.
    allow: Option<String>,
}

pub(crate) async fn run(what: Denied) -> Result<u8> {
    let sandbox = Bus::connect().await?.get(&what.id).await?;
    let rows: Vec<Row> = sandbox
        .denials
        .into_iter()
        .map(|denial| row(denial, &sandbox.id))
        .collect();
    if what.json {
        out::json(&rows)?;
    } else if rows.is_empty() {
        out::note(&format!(
            "{} was refused nothing that would be known",
            sandbox.id
        ));
    } else {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        out::text(&text(&rows, now.map_or(0, |now| now.as_secs())))?;
    }
    Ok(0)
}

fn row(denial: Denial, id: &str) -> Row {
    let kind = DENIED.iter().find(|entry| entry.name == denial.kind);
    Row {
        allow: kind.and_then(|entry| allow(entry.denied, id)),
        kind: denial.kind,
        subject: out::safe(&denial.subject),
        count: denial.count,
        first: denial.first,
        last: denial.last,
        what: out::safe(&denial.what),
        why: out::safe(&denial.why),
    }
}

/// The command that lets it happen while the sandbox runs.
fn allow(kind: Kind, id: &str) -> Option<String> {
    use oz_core::denied::Remedy;
    match kind.entry().remedy {
        Remedy::Nothing => None,
        Remedy::Microphone => Some(format!("oz mic {id} on")),
        Remedy::Speaker => Some(format!("oz speaker {id} on")),
        Remedy::CopyOut | Remedy::PasteIn => Some(format!("oz clipboard {id} both")),
        Remedy::Files => Some(format!("oz add {id} FILE")),
    }
}

fn text(rows: &[Row], now: u64) -> String {
    let mut text = String::new();
    for row in rows {
        let ago = age(now.saturating_sub(row.last));
        let times = if row.count == 1 {
            format!("once, {ago} ago")
        } else {
            format!("{} times, the last {ago} ago", row.count)
        };
        let subject = if row.subject.is_empty() {
            String::new()
        } else {
            format!(": {}", row.subject)
        };
        text.push_str(&format!(
            "{}{subject}, {times}\n  {} {}\n",
            row.kind, row.what, row.why
        ));
        if let Some(allow) = &row.allow {
            text.push_str(&format!("  To allow it until it ends: {allow}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_what_and_why_and_programs_what_the_schema_says() {
        let denial = |kind: &str, subject: &str, count| {
            let entry = Kind::from_name(kind).expect("is known").entry();
            Denial {
                kind: kind.into(),
                subject: subject.into(),
                count,
                first: 5,
                last: 10,
                what: entry.what.into(),
                why: entry.why.into(),
            }
        };
        let all = [
            denial("microphone", "", 3),
            denial("link", "x:\u{1b}[2J", 1),
        ];
        let rows: Vec<Row> = all
            .into_iter()
            .map(|denial| row(denial, "firefox"))
            .collect();
        insta::assert_snapshot!(text(&rows, 70));
        insta::assert_json_snapshot!("denied", rows);
        insta::assert_json_snapshot!("denied-schema", schemars::schema_for!(Vec<Row>));
    }
}
