//! Which machine it was, and how busy.

use std::fs;
use std::process::Command;

/// One paragraph that says under which circumstances the numbers came about.
pub(crate) fn describe(quick: bool) -> String {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let load = first_words("/proc/loadavg", 3);
    let kernel = first_words("/proc/sys/kernel/osrelease", 1);
    let rounds = if quick {
        " A quick run: too few rounds to believe."
    } else {
        ""
    };
    format!(
        "{}, {cpus} × {}, {}, kernel {kernel}; load before the run {load}.{rounds}\n\n",
        said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        field("/proc/cpuinfo", "model name", ':'),
        field("/etc/os-release", "PRETTY_NAME", '=').trim_matches('"'),
    )
}

/// The first line that a program prints; empty if it does not run.
pub(crate) fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn first_words(path: &str, count: usize) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace()
        .take(count)
        .collect::<Vec<_>>()
        .join(" ")
}

fn field(path: &str, name: &str, separator: char) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let value = text.lines().find_map(|line| {
        let (key, value) = line.split_once(separator)?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    value.unwrap_or_else(|| "unknown".to_owned())
}
