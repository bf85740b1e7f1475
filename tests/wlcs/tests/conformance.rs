//! The Wayland conformance suite, with the display proxy between its clients and a host.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Debian's.
const SUITE: &str = "/usr/lib/x86_64-linux-gnu/wlcs/wlcs";
/// How many tests pass at least; it only grows.
const PASSES: usize = 407;

/// What was built of this package beside its tests.
fn library() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let built = test
        .ancestors()
        .nth(2)
        .context("it lies among what is built")?;
    Ok(built.join("examples/libwlcs_display.so"))
}

/// Names of tests, by how they went. A name goes on behind its line's bracket, up to a blank or a comma.
fn named<'a>(output: &'a str, how: &str) -> BTreeSet<&'a str> {
    let lines = output.lines().filter_map(|line| line.strip_prefix(how));
    // At the end all that failed are listed once more, without the time that they took.
    let timed = lines.filter(|line| line.ends_with("ms)"));
    let names = timed.filter_map(|line| line.trim_start().split([' ', ',']).next());
    names.collect()
}

#[test]
fn clients_of_the_suite_pass_but_for_what_is_listed() -> Result<()> {
    let library = library()?;
    ensure!(
        Path::new(SUITE).exists(),
        "`cargo xtask setup` installs wlcs"
    );
    let output = Command::new(SUITE)
        .arg(&library)
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let output = String::from_utf8_lossy(&output.stdout);
    let passed = named(&output, "[       OK ]");
    ensure!(!passed.is_empty(), "the suite did not run: {output}{said}");
    let failed = named(&output, "[  FAILED  ]");
    let listed = include_str!("failures.txt").lines();
    let listed: BTreeSet<&str> = listed
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let new: Vec<_> = failed.difference(&listed).collect();
    ensure!(new.is_empty(), "not listed, and failed: {new:#?}");
    let better: Vec<_> = listed.difference(&failed).collect();
    ensure!(better.is_empty(), "listed, and did not fail: {better:#?}");
    let passed = passed.len();
    ensure!(passed >= PASSES, "only {passed} of {PASSES} passed");
    Ok(())
}
