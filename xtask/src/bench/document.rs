//! docs/benchmarks.md: a section for each suite, replaced by what was measured last.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace;

/// The document before anything was measured.
const EMPTY: &str = "\
# Benchmarks

What Oz costs, beside what it is compared with, as it was measured last. Times depend on the
machine and on what else it does; ratios of programs that took turns depend on it much less, but
still a little: small work after a pause suffers most from neighbours, so read the load that each
section begins with. The budgets are those of the design; one that is missed is said here and
fails nothing, and one that is not listed is not measured yet.

To measure again: `cargo xtask bench` (all), `cargo xtask bench launch scale`, `cargo xtask bench
display`, `cargo xtask bench audio files cow ui`; `--quick` only shows that it works, `--print` leaves this file as it is. Everything
runs in headless sessions, as an ordinary user, with release builds.

## Starting a program

<!-- launch: begin -->
Not measured yet.
<!-- launch: end -->

## Many sandboxes at once

<!-- scale: begin -->
Not measured yet.
<!-- scale: end -->

## Showing a window

<!-- display: begin -->
Not measured yet.
<!-- display: end -->

## Playing and recording

<!-- audio: begin -->
Not measured yet.
<!-- audio: end -->

## Files

<!-- files: begin -->
Not measured yet.
<!-- files: end -->

## A home that is copied on writing

<!-- cow: begin -->
Not measured yet.
<!-- cow: end -->

## The panel

<!-- ui: begin -->
Not measured yet.
<!-- ui: end -->
";

/// Puts a suite's report into the document.
pub(super) fn keep(suite: &str, report: &str) -> Result<()> {
    let path = workspace::root().join("docs/benchmarks.md");
    let old = fs::read_to_string(&path).unwrap_or_else(|_| EMPTY.to_owned());
    let new = replace(&old, suite, report)
        .with_context(|| format!("{} has no section for {suite}", path.display()))?;
    fs::write(&path, new).with_context(|| format!("cannot write {}", path.display()))
}

/// What stands above the tables of docs/walls.md.
const WALLS: &str = "\
# What holds, beside others

The attacks of `oz-probe` (`oz-probe --list`), made without a sandbox and under several, each started as its users start
it. An attack counts if it got what it says. Some of it does no harm outside: who may write to an /etc of its own changes
nobody else's. But each is a step that somebody has used, and none of it is needed to show a document. The class `leak` is
what every program on the machine learns; SECURITY.md says why.

To measure again: `cargo xtask bench walls`. Oz's column is also a test, for every template: `cargo xtask test attacks`.

";

/// Writes docs/walls.md.
pub(super) fn walls(report: &str) -> Result<()> {
    let path = workspace::root().join("docs/walls.md");
    fs::write(&path, format!("{WALLS}{}\n", report.trim_end()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The document with one section changed.
fn replace(document: &str, suite: &str, report: &str) -> Option<String> {
    let begin = format!("<!-- {suite}: begin -->\n");
    let start = document.find(&begin)? + begin.len();
    let end = start + document[start..].find(&format!("<!-- {suite}: end -->"))?;
    Some(format!(
        "{}{}\n{}",
        &document[..start],
        report.trim_end(),
        &document[end..]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measuring_one_suite_leaves_the_other() {
        let once = replace(EMPTY, "launch", "fast\n").unwrap();
        let twice = replace(&once, "display", "smooth").unwrap();
        let twice = replace(&twice, "audio", "loud").unwrap();
        let twice = replace(&twice, "scale", "many").unwrap();
        let twice = replace(&twice, "files", "soon").unwrap();
        let twice = replace(&twice, "cow", "little").unwrap();
        let twice = replace(&twice, "ui", "smooth").unwrap();
        assert!(twice.contains("begin -->\nfast\n<!-- launch"));
        assert!(twice.contains("begin -->\nsmooth\n<!-- display"));
        assert!(!twice.contains("Not measured yet"));
    }

    #[test]
    fn a_second_measurement_replaces_the_first() {
        let once = replace(EMPTY, "launch", "one").unwrap();
        assert_eq!(
            replace(&once, "launch", "two"),
            replace(EMPTY, "launch", "two")
        );
    }

    #[test]
    fn a_document_without_the_section_is_not_touched() {
        assert_eq!(replace("# Mine\n", "launch", "x"), None);
    }
}
