//! What a trained app's profile should be, as `oz learn --show --json` says it: lines of a difference, each with what it means.
//! A hostile document may have brought any of it about.

use std::path::Path;

use oz_core::OsBytes;
use oz_core::protected;
use oz_host::profile_edit::Change;
use serde::Deserialize;
use serde_json::Value;

use crate::words::{tr, tr_count, tr_with};

/// What trainings come to.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Proposal {
    /// The profile's name.
    pub name: String,
    /// The profile or template under which it was trained.
    pub under: String,
    /// How many runs.
    pub runs: usize,
    /// The text of the profile, if there is none yet.
    pub new: Option<String>,
    /// What would change.
    pub changes: Vec<Line>,
}

/// One key of the profile.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Line {
    /// As in `audio.speaker`.
    pub key: String,
    /// What it says now, if anything.
    pub before: Option<String>,
    /// What it would say.
    pub after: Value,
    /// Why, in English.
    pub why: String,
    /// It gives something, so it is left unless the person takes it.
    pub gives: Option<String>,
}

impl Line {
    /// What would be changed.
    pub fn change(&self) -> Change {
        Change::set(self.key.clone(), self.after.clone())
    }

    /// The two lines of a difference, fit to be read.
    pub fn difference(&self) -> (Option<String>, String) {
        let key = fit(&self.key);
        let before = self.before.as_ref();
        let before = before.map(|before| format!("− {key}: {}", fit(before)));
        (before, format!("+ {key}: {}", fit(&short(&self.after))))
    }

    /// What it means, in a line.
    pub fn words(&self, home: &Path) -> String {
        let text = self.after.as_str().unwrap_or_default();
        match (self.key.as_str(), text) {
            ("display.enabled", _) => tr("No windows"),
            ("display.clipboard", _) => tr("What is copied passes both ways"),
            ("audio.speaker", "on") => tr("It is heard"),
            ("audio.speaker", _) => tr("No sound"),
            ("audio.microphone", "ask") => tr("It asks you each time whether it may hear you"),
            ("audio.microphone", _) => tr("No microphone"),
            ("bus.private", _) => tr("No message bus, and no dialogs of your desktop"),
            ("network.mode", "internet") => {
                tr("The Internet: it can send what it knows to anybody")
            }
            ("network.mode", _) => tr("No network"),
            ("files.home", _) => tr("A home that lasts, with what an attacker leaves there"),
            ("files.data", _) => tr("What it keeps in your home without a sandbox"),
            ("files.system", _) => tr("Configuration of this computer to read"),
            ("syscalls.deny", _) => tr_count(
                "{n} system call less that it did not use",
                "{n} system calls less that it did not use",
                self.count(),
            ),
            ("syscalls.also_allow", _) => tr_count(
                "{n} system call more, by which it could attack the kernel",
                "{n} system calls more, by which it could attack the kernel",
                self.count(),
            ),
            (key, _) => match key.strip_prefix("files.rules.") {
                Some(place) => self.rule(place, home),
                None => fit(key),
            },
        }
    }

    fn count(&self) -> usize {
        self.after.as_array().map_or(0, Vec::len)
    }

    fn rule(&self, place: &str, home: &Path) -> String {
        let file = fit(place);
        let fill = [("file", file.as_str())];
        let words = match self.after["access"].as_str() {
            Some("write") => tr_with("To read and to change all in {file}", &fill),
            _ => tr_with("To read all in {file}", &fill),
        };
        let below = place.strip_prefix("~/").map(|below| home.join(below));
        match below.and_then(|path| protected::is_protected(home, &path)) {
            Some(_) => format!(
                "{words} · {}",
                tr("A protected place: what is there may run when you log in, or be a secret.")
            ),
            None => words,
        }
    }
}

impl Proposal {
    /// As the command says it.
    pub fn of(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// Under what it was trained and how often, in a line.
    pub fn summary(&self) -> String {
        let under = fit(&self.under);
        let runs = tr_count("{n} run", "{n} runs", self.runs);
        tr_with(
            "{runs} under {profile}",
            &[("runs", &runs), ("profile", &under)],
        )
    }
}

fn fit(text: &str) -> String {
    OsBytes::from(text).to_string()
}

/// Of a long list its beginning, and how long it is.
fn short(value: &Value) -> String {
    const MOST: usize = 6;
    match value {
        Value::Array(all) if all.len() > MOST => {
            let first: Vec<String> = all.iter().take(MOST).map(Value::to_string).collect();
            format!("[{}, … ({})]", first.join(", "), all.len())
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(key: &str, after: Value) -> Line {
        Line {
            key: key.to_owned(),
            before: Some("\"on\"".to_owned()),
            after,
            why: String::new(),
            gives: None,
        }
    }

    #[test]
    fn each_line_says_what_it_means_and_what_would_change() {
        let words = |key: &str, after: Value| line(key, after).words(Path::new("/home/u"));
        assert_eq!(words("audio.speaker", json!("off")), "No sound");
        assert_eq!(
            words("syscalls.deny", json!(["a", "b"])),
            "2 system calls less that it did not use"
        );
        let read = json!({ "access": "read", "optional": true });
        assert_eq!(
            words("files.rules.xdg:MUSIC", read.clone()),
            "To read all in xdg:MUSIC"
        );
        let protected = words("files.rules.~/.ssh", read);
        assert!(
            protected.contains("~/.ssh · A protected place"),
            "{protected}"
        );
        let write = json!({ "access": "write" });
        let odd = words("files.rules.~/a\u{202e}gpj", write);
        assert_eq!(odd, r"To read and to change all in ~/a\xe2\x80\xaegpj");
        let (before, after) = line("audio.speaker", json!("off")).difference();
        assert_eq!(before.as_deref(), Some("− audio.speaker: \"on\""));
        assert_eq!(after, "+ audio.speaker: \"off\"");
    }

    #[test]
    fn what_the_command_says_is_understood_whole_or_not_at_all() {
        let said = br#"{ "name": "x", "under": "generic", "runs": 2, "new": null, "remarks": [],
            "changes": [{ "key": "audio.speaker", "before": "\"on\"", "after": "off", "why": "w", "gives": null }] }"#;
        let proposal = Proposal::of(said).expect("a proposal");
        assert_eq!(proposal.summary(), "2 runs under generic");
        assert_eq!(
            proposal.changes[0].change(),
            Change::set("audio.speaker", "off")
        );
        assert_eq!(Proposal::of(b"{ \"name\": \"x\" }"), None);
    }
}
