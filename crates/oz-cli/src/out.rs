//! What people read: the one place that prints.
#![allow(clippy::print_stderr)] // this is it

use std::io::{self, IsTerminal, Write};

use oz_core::OsBytes;
use serde::Serialize;

use crate::error::{Error, Result};

/// Text on standard output.
pub(crate) fn text(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// A line on standard output.
pub(crate) fn line(line: &str) -> Result<()> {
    text(&format!("{line}\n"))
}

/// JSON on standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    line(&json)
}

/// Why the command failed, on standard error.
pub(crate) fn error(error: &Error) {
    eprintln!("oz: {error}");
}

/// A remark on standard error.
pub(crate) fn note(note: &str) {
    eprintln!("oz: {note}");
}

/// A remark on a terminal that a program may be using: it may have turned off that a new line
/// begins at the left.
pub(crate) fn note_on_terminal(note: &str) {
    eprint!("\r\noz: {note}\r\n");
}

/// A warning on standard error, red if a person reads it there.
pub(crate) fn warning(warning: &str) {
    eprintln!("oz: {}", red(warning, io::stderr().is_terminal()));
}

/// Whether a person reads standard output as it is written.
pub(crate) fn is_read() -> bool {
    io::stdout().is_terminal()
}

/// What must not be overlooked, for a terminal.
pub(crate) fn red(text: &str, terminal: bool) -> String {
    if terminal {
        format!("\x1b[31m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// What is said of a sandbox that has the network `host`.
pub(crate) const HOST_NETWORK: &str = "the network of this machine itself: the app reaches what listens on its loopback \
     and on its neighbours, and sees its addresses and connections";

/// Text on standard error.
pub(crate) fn aside(text: &str) -> Result<()> {
    Ok(io::stderr().lock().write_all(text.as_bytes())?)
}

/// Text from an app or of a file's name, so that it cannot steer a terminal.
pub(crate) fn safe(text: &str) -> String {
    OsBytes::from(text).to_string()
}

/// Rows under headings, each column as wide as its widest cell.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings
        .iter()
        .map(|heading| heading.chars().count())
        .collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let headings: Vec<String> = headings
        .iter()
        .map(|heading| (*heading).to_owned())
        .collect();
    for row in std::iter::once(&headings).chain(rows) {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let padding = width - cell.chars().count() + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', padding));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_up_and_has_no_space_at_the_end_of_a_line() {
        let rows = [
            vec!["firefox-2".to_owned(), "running".to_owned()],
            vec!["ä".to_owned(), String::new()],
        ];
        insta::assert_snapshot!(table(&["ID", "STATE"], &rows), @r"
        ID         STATE
        firefox-2  running
        ä
        ");
    }

    #[test]
    fn escape_codes_are_shown_not_obeyed() {
        assert_eq!(safe("a\u{1b}[2J"), "a\\x1b[2J");
    }
}
