//! What the documentation shows is tried.
//!
//! The convention, for `README.md` and every `docs/*.md`:
//!
//! - In a block fenced as `sh`, a line that begins with `oz ` is a command line that must be
//!   understood: `oz` must not exit with 2. It is tried where there is no bus to reach, so
//!   that it does nothing else.
//! - A line that begins with `$ oz ` is executed, in the order of the file, in one shell per file
//!   with a fresh directory as its current one, and must succeed. Other lines that begin with `$ `
//!   are executed as well; they prepare.
//! - A block fenced as `jsonc` is a profile: `oz profile check` must accept it.
//! - A block fenced as `text`, or not marked at all, is not looked at.

use std::path::PathBuf;

use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session, oz};

/// A fenced block of a document.
struct Block {
    /// The word after the fence.
    kind: String,
    /// The line on which it begins.
    line: usize,
    text: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut all = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in document.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => all.extend(open.take()),
            (Some(kind), None) => {
                let kind = kind.trim().to_owned();
                open = Some(Block {
                    kind,
                    line: number + 1,
                    text: String::new(),
                });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is never closed");
    all
}

/// The documents as they were when the test was built; in a session the source is not there.
fn documents() -> Vec<(PathBuf, String)> {
    DOCUMENTS
        .iter()
        .map(|(name, text)| (PathBuf::from(name), (*text).to_owned()))
        .collect()
}

include!(concat!(env!("OUT_DIR"), "/documents.rs"));

#[test]
fn every_command_line_is_understood() {
    let _session = Session::begin();
    let mut tried = 0;
    for (path, text) in documents() {
        for block in blocks(&text).iter().filter(|block| block.kind == "sh") {
            for (offset, line) in block
                .text
                .lines()
                .enumerate()
                .filter(|(_, line)| line.starts_with("oz "))
            {
                let place = format!("{}:{}", path.display(), block.line + offset + 1);
                let ran = Run::new("bash", ["-c", line])
                    .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/bus")
                    .env("XDG_RUNTIME_DIR", "/no/such/place")
                    .stdin("")
                    .run();
                assert_ne!(ran.code, 2, "{place}: {ran}");
                assert_ne!(ran.code, 127, "{place}: {ran}");
                tried += 1;
            }
        }
    }
    assert!(tried > 5, "the documents show only {tried} commands");
}

#[test]
fn every_executed_line_succeeds() {
    let session = Session::begin();
    for (path, text) in documents() {
        let dir = session.fresh_dir("documentation");
        let mut script = "set -e\n".to_owned();
        for block in blocks(&text).iter().filter(|block| block.kind == "sh") {
            for line in block
                .text
                .lines()
                .filter_map(|line| line.strip_prefix("$ "))
            {
                script += &format!(
                    "{line} || {{ echo 'failed: {}' >&2; exit 1; }}\n",
                    line.replace('\'', "'\\''")
                );
            }
        }
        let ran = Run::new("bash", ["-c", &script])
            .dir(&dir)
            .within(oz_e2e::wait::LONG)
            .run();
        assert_eq!(ran.code, 0, "{}: {ran}", path.display());
        oz_e2e::cli::stop_all();
    }
}

#[test]
fn every_profile_is_right() {
    let session = Session::begin();
    let mut tried = 0;
    for (path, text) in documents() {
        for block in blocks(&text).iter().filter(|block| block.kind == "jsonc") {
            let name = name_in_comment(&block.text).unwrap_or_else(|| "example".to_owned());
            let file = write(
                &session.fresh_dir("profiles").join(name),
                block.text.as_bytes(),
            );
            let ran = oz(["profile", "check"]).arg(&file).run();
            assert_eq!(ran.code, 0, "{}:{}: {ran}", path.display(), block.line);
            tried += 1;
        }
    }
    assert!(tried > 0, "the documents show no profile");
}

/// A first line such as `// ~/.config/oz/profiles/evince.json: …` names the file.
fn name_in_comment(text: &str) -> Option<String> {
    let first = text.lines().next()?.strip_prefix("//")?;
    let word = first
        .split_whitespace()
        .find(|word| word.contains(".json"))?;
    let end = word.find(".json")? + ".json".len();
    word[..end].rsplit('/').next().map(str::to_owned)
}
