//! How the content of changes differs, for people and programs. All of it is an app's: what is no text in a line, or
//! steers a terminal, is escaped.

use std::fmt;

use oz_core::OsBytes;
use oz_core::wire::copies::{Change, Difference, Hunk, Side};
use oz_host::copies::{self, Kept, Place};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::out;

/// How one differs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Diff {
    /// In lines; in none if only attributes differ.
    Text {
        /// Where.
        hunks: Vec<Part>,
    },
    /// The copy or the original is no text.
    Binary,
    /// One of them, or what differs, is too large to be shown.
    Large,
    /// It could not be looked at.
    Unknown {
        /// Why.
        why: String,
    },
}

/// Lines that differ, with a few around them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Part {
    /// The first line of the original, counted from 1.
    old_start: u64,
    /// How many there are.
    old_lines: u64,
    /// Likewise of the copy.
    new_start: u64,
    /// How many there are.
    new_lines: u64,
    /// Each begins with a space (both have it), `-` (the original) or `+` (the copy). What is no text in it, or steers a
    /// terminal, is escaped. `\ no newline at the end` stands behind one that ends a file so.
    lines: Vec<String>,
}

/// Those of some changes, in their order.
pub(super) fn of(kept: &Kept, place: &Place, changes: &[Change]) -> Result<Vec<Option<Diff>>> {
    let found = copies::compare(place, changes.to_vec());
    let found = found.map_err(|error| {
        let what = format!(
            "cannot find out how what {} has changed differs: {error}.",
            kept.id
        );
        Error::failed(
            what,
            "Without --diff the changes are listed; name some paths to have less compared.",
        )
    })?;
    let mut all: Vec<Option<Diff>> = found.into_iter().map(|one| Some(one.into())).collect();
    all.resize(changes.len(), None);
    Ok(all)
}

impl From<Difference> for Diff {
    fn from(difference: Difference) -> Self {
        match difference {
            Difference::Lines(hunks) => Self::Text {
                hunks: hunks.into_iter().map(Part::from).collect(),
            },
            Difference::Binary => Self::Binary,
            Difference::Large => Self::Large,
            Difference::Unknown(why) => Self::Unknown {
                why: out::safe(&why),
            },
        }
    }
}

impl From<Hunk> for Part {
    fn from(hunk: Hunk) -> Self {
        let mut lines = Vec::new();
        for (side, line) in &hunk.lines {
            let sign = match side {
                Side::Both => ' ',
                Side::Old => '-',
                Side::New => '+',
            };
            let (line, ends) = body(line);
            lines.push(format!("{sign}{}", out::safe_line(line)));
            if !ends {
                lines.push(r"\ no newline at the end".to_owned());
            }
        }
        Self {
            old_start: hunk.old.0,
            old_lines: hunk.old.1,
            new_start: hunk.new.0,
            new_lines: hunk.new.1,
            lines,
        }
    }
}

/// A line without its end, and whether it had one.
fn body(line: &OsBytes) -> (&[u8], bool) {
    let line = line.as_bytes();
    line.strip_suffix(b"\n")
        .map_or((line, false), |body| (body, true))
}

impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { hunks } => hunks.iter().try_for_each(|hunk| write!(f, "{hunk}")),
            Self::Binary => writeln!(f, "  (no text, so not shown)"),
            Self::Large => writeln!(f, "  (too large to be shown)"),
            Self::Unknown { why } => writeln!(f, "  (not shown: {why})"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old, new) = (
            (self.old_start, self.old_lines),
            (self.new_start, self.new_lines),
        );
        writeln!(f, "@@ -{},{} +{},{} @@", old.0, old.1, new.0, new.1)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_app_stay_lines_of_the_diff() {
        let line = |side, text: &[u8]| (side, OsBytes::from(text.to_vec()));
        let hunk = Hunk {
            old: (1, 2),
            new: (1, 2),
            lines: vec![
                line(Side::Both, b"kept\n"),
                line(Side::Old, b"before\n"),
                line(Side::New, b"\x1b[2Jafter\r"),
            ],
        };
        let diff = Diff::from(Difference::Lines(vec![hunk]));
        insta::assert_snapshot!(diff, @r"
        @@ -1,2 +1,2 @@
         kept
        -before
        +\x1b[2Jafter\x0d
        \ no newline at the end
        ");
    }
}
