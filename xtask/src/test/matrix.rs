//! `docs/matrix.md`: what was run where, and how it went.

use std::fmt::Write;
use std::process::Command;

use anyhow::{Context, Result};

use super::tally::Part;
use crate::{sh, workspace};

/// Writes the table of a full run.
pub(super) fn write(parts: &[Part]) -> Result<()> {
    let path = workspace::root().join("docs/matrix.md");
    let word = |program: &str, arguments: &[&str]| {
        sh::read(
            Command::new(program)
                .args(arguments)
                .current_dir(workspace::root()),
        )
    };
    let about = format!(
        "Written by `cargo xtask test --all` on {}, commit {}, {}, Linux {}, {} CPUs.",
        word("date", &["+%Y-%m-%d"])?,
        word("git", &["describe", "--always", "--dirty"]).unwrap_or_else(|_| "unknown".to_owned()),
        distribution(&std::fs::read_to_string("/etc/os-release").unwrap_or_default()),
        word("uname", &["-r"])?,
        std::thread::available_parallelism().map_or(1, usize::from),
    );
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)?;
    }
    std::fs::write(&path, table(&about, parts))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn distribution(os_release: &str) -> String {
    os_release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or_else(
            || "an unknown system".to_owned(),
            |name| name.trim_matches('"').to_owned(),
        )
}

fn table(about: &str, parts: &[Part]) -> String {
    let mut text = format!(
        "# Test matrix\n\n{about}\n\n| tests | passed | failed | seconds |\n|---|---|---|---|\n"
    );
    for part in parts {
        let failed = match (&part.note, part.tally.failed) {
            (Some(note), failed) => format!("{failed} ({note})"),
            (None, failed) => failed.to_string(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {failed} | {:.0} |",
            part.name,
            part.tally.passed,
            part.time.as_secs_f64()
        );
    }
    for name in parts.iter().flat_map(|part| &part.shaky) {
        let _ = writeln!(text, "\n`{name}` failed once and then passed by itself.");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_what_failed_and_why() {
        let parts = [Part::failure("claims", "did not end")];
        let text = table("Somewhere.", &parts);
        assert!(
            text.contains("| claims | 0 | 1 (did not end) | 0 |"),
            "{text}"
        );
        assert_eq!(
            distribution("ID=debian\nPRETTY_NAME=\"Debian 12\"\n"),
            "Debian 12"
        );
    }
}
