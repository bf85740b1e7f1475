//! The `oz` command line.

use std::ffi::OsStr;
use std::time::Duration;

use serde_json::Value;

use crate::run::Run;

/// `oz` with arguments.
pub fn oz<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    Run::new("oz", arguments)
}

/// `oz … --json`, parsed.
pub fn json<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Value {
    let ran = oz(arguments).arg("--json").run().ok();
    serde_json::from_slice(&ran.out).unwrap_or_else(|error| panic!("no JSON ({error}) from {ran}"))
}

/// The ids of all sandboxes that run.
pub fn running() -> Vec<String> {
    ids(&json(["ps"]))
}

/// The ids in what `oz ps --json` prints.
pub fn ids(list: &Value) -> Vec<String> {
    let rows = list.as_array().or_else(|| list["sandboxes"].as_array());
    rows.unwrap_or_else(|| panic!("`oz ps --json` is no list: {list}"))
        .iter()
        .map(|row| {
            row["id"]
                .as_str()
                .unwrap_or_else(|| panic!("a sandbox without id: {row}"))
                .to_owned()
        })
        .collect()
}

/// Whether a sandbox runs.
pub fn is_running(id: &str) -> bool {
    running().iter().any(|other| other == id)
}

/// Ends all sandboxes.
pub fn stop_all() {
    oz(["stop", "--all"])
        .within(Duration::from_secs(60))
        .run()
        .ok();
}

/// A command in a fresh sandbox of its own, with nothing granted.
pub fn sandboxed<A: AsRef<OsStr>>(command: impl IntoIterator<Item = A>) -> Run {
    let words = command.into_iter().map(|word| word.as_ref().to_owned());
    oz(["run", "--ephemeral", "--"]
        .into_iter()
        .map(Into::into)
        .chain(words))
}

/// A shell script in a fresh sandbox of its own, with nothing granted.
pub fn sandboxed_sh(script: &str) -> Run {
    sandboxed(["sh", "-c", script])
}
