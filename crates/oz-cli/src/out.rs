//! What people read: the one place that prints.
#![allow(clippy::print_stderr)] // this is it

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use oz_core::OsBytes;
use oz_host::worker;
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

/// JSON on standard error, where standard output is somebody else's.
pub(crate) fn json_aside(value: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    aside(&format!("{json}\n"))
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

/// How long work goes on before it is said how far it is.
const LONG: Duration = Duration::from_secs(2);

/// Has whoever sits at the terminal told how far long work on copies is, on a line that goes with it.
pub(crate) fn watch_long_work() {
    if io::stderr().is_terminal() {
        worker::watch(progress);
    }
}

fn progress(done: Option<u64>) {
    static SINCE: Mutex<Option<Instant>> = Mutex::new(None);
    let mut since = SINCE.lock().unwrap_or_else(PoisonError::into_inner);
    match done {
        Some(count) => {
            // The first count comes a moment after the beginning.
            let since = since.get_or_insert_with(Instant::now);
            if since.elapsed() >= LONG {
                eprint!("\r\x1b[Koz: {count} files and directories so far");
            }
        }
        None => {
            if since.take().is_some_and(|since| since.elapsed() >= LONG) {
                eprint!("\r\x1b[K");
            }
        }
    }
}

/// Text from an app or of a file's name, so that it cannot steer a terminal.
pub(crate) fn safe(text: &str) -> String {
    OsBytes::from(text).to_string()
}

/// A line of a text that an app wrote, so that it cannot steer a terminal: as [`safe`], but tabs stay, and so do backslashes
/// that are not taken for the beginning of what is written as `\xNN`.
pub(crate) fn safe_line(line: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = line;
    while !rest.is_empty() {
        let backslashes = rest.iter().take_while(|byte| **byte == b'\\').count();
        let (run, behind) = rest.split_at(backslashes);
        let end = behind
            .iter()
            .position(|byte| *byte == b'\\' || *byte == b'\t');
        let (plain, next) = behind.split_at(end.unwrap_or(behind.len()));
        let plain = OsBytes::from(plain.to_vec()).to_string();
        let times = if is_escape(&plain) { 2 } else { 1 };
        text.extend(std::iter::repeat_n('\\', run.len() * times));
        text.push_str(&plain);
        rest = match next.strip_prefix(b"\t") {
            Some(next) => {
                text.push('\t');
                next
            }
            None => next,
        };
    }
    text
}

/// Whether it begins with what is read as a byte, or would be with a backslash before it.
fn is_escape(text: &str) -> bool {
    let text = text.strip_prefix('\\').unwrap_or(text).as_bytes();
    matches!(text, [b'x', one, other, ..] if one.is_ascii_hexdigit() && other.is_ascii_hexdigit())
}

/// Cells that are wider stand out of their column: one long list would part all rows.
const WIDEST: usize = 60;

/// Rows under headings, each column as wide as its widest cell.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = headings
        .iter()
        .map(|heading| heading.chars().count())
        .collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            let cell = Some(cell.chars().count()).filter(|cell| *cell <= WIDEST);
            *width = (*width).max(cell.unwrap_or_default());
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
            let padding = width.saturating_sub(cell.chars().count()) + 2;
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
    fn a_cell_of_many_words_parts_no_other_row() {
        let long = "x".repeat(WIDEST + 1);
        let rows = [[&long, "b"], ["a", "b"]].map(|row| row.map(str::to_owned).to_vec());
        let text = table(&["ONE", "TWO"], &rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, ["ONE  TWO", &format!("{long}  b"), "a    b"]);
    }

    #[test]
    fn lines_are_read_as_they_are_and_steer_nothing() {
        for (line, shown) in [
            (&b"a\tb"[..], "a\tb"),
            (br"printf '\n\\'", r"printf '\n\\'"),
            (b"a\x1b[2J", r"a\x1b[2J"),
            (br"a\x1b[2J", r"a\\x1b[2J"),
            (b"\\\x1b", r"\\\x1b"),
            (b"\xff\r", r"\xff\x0d"),
            ("\u{202e}".as_bytes(), r"\xe2\x80\xae"),
        ] {
            assert_eq!(safe_line(line), shown);
        }
    }

    proptest::proptest! {
        #[test]
        fn two_lines_are_never_shown_alike(
            one in r"([\\x1b\t]|\x1b){0,8}",
            other in r"([\\x1b\t]|\x1b){0,8}",
        ) {
            let alike = safe_line(one.as_bytes()) == safe_line(other.as_bytes());
            proptest::prop_assert_eq!(alike, one == other);
        }
    }

    #[test]
    fn escape_codes_are_shown_not_obeyed() {
        assert_eq!(safe("a\u{1b}[2J"), "a\\x1b[2J");
    }
}
