//! `oz run --explain`: what was refused is said, and stays refused.

mod costs;
mod lists;
mod said;
mod walls;

use oz_e2e::Run;
use oz_e2e::probe::Probe;
use serde_json::Value;

/// An attempt of the probe in a sandbox of its own that is explained.
fn explained(probe: &Probe, options: &[&str], words: &[&str]) -> Run {
    run(options)
        .arg("--read")
        .arg(probe.dir())
        .arg("--")
        .arg(probe.path())
        .args(words)
}

/// A program of Python's in a sandbox of its own, with `call(NUMBER, …)` in it.
fn python(options: &[&str], script: &str) -> Run {
    let script = format!(
        "import ctypes, os, sys, time\ncall = ctypes.CDLL(None, use_errno=True).syscall\n{script}"
    );
    run(options).args(["--", "python3", "-c", &script])
}

/// With `--explain`, unless the options say it in another way.
fn run(options: &[&str]) -> Run {
    let said = options.iter().any(|option| option.starts_with("--explain"));
    let explain = (!said).then_some("--explain");
    oz_e2e::oz(["run", "--ephemeral"])
        .args(explain)
        .args(options)
}

/// Of a document of `--explain --json`, what was refused of a call.
fn of<'a>(document: &'a Value, call: &str) -> Vec<&'a Value> {
    let all = document["refused"].as_array().expect("a list");
    all.iter().filter(|one| one["call"] == call).collect()
}
