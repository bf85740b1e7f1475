//! What differs between a copy and its original, line by line.

use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use oz_core::OsBytes;
use oz_core::wire::copies::{Change, Compare, Difference, Hunk, Kind, Side, What};
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};

use super::tree::{Tree, seen};

/// Larger files are not compared.
const LARGEST: u64 = 4 << 20;
/// Most bytes of lines that are said of one file, and of all.
const MOST_OF_ONE: usize = 4 << 20;
const MOST_OF_ALL: usize = 64 << 20;
/// How long a good comparison is looked for; after that any is good enough.
const PATIENCE: Duration = Duration::from_secs(2);
/// Lines around what differs.
const AROUND: usize = 3;

pub fn of(compare: &Compare) -> Result<Vec<Difference>> {
    let upper = Tree::open(&compare.place.upper)?;
    let lower = Tree::open(&compare.place.source)?;
    let mut left = MOST_OF_ALL;
    let mut all = Vec::new();
    for change in &compare.changes {
        let difference = one(&upper, &lower, change, left.min(MOST_OF_ONE));
        let difference = difference.unwrap_or_else(|error| Difference::Unknown(error.to_string()));
        if let Difference::Lines(hunks) = &difference {
            left = left.saturating_sub(hunks.iter().map(size).sum());
        }
        all.push(difference);
    }
    Ok(all)
}

fn one(upper: &Tree, lower: &Tree, change: &Change, most: usize) -> io::Result<Difference> {
    let path = change.path.as_path();
    let before = match &change.what {
        What::Renamed { from, .. } => from.as_path(),
        _ => path,
    };
    let old = content(lower, before, change.original.is_some())?;
    let new = content(upper, path, change.copy.is_some())?;
    let now = upper.look(path)?.as_ref().map(seen);
    if change.copy.is_some() && now != change.copy {
        return Ok(Difference::Unknown("it was changed meanwhile".to_owned()));
    }
    let (Content::Text(old), Content::Text(new)) = (&old, &new) else {
        let large = matches!(old, Content::Large) || matches!(new, Content::Large);
        return Ok(if large {
            Difference::Large
        } else {
            Difference::Binary
        });
    };
    let hunks = hunks(old, new);
    Ok(match hunks.iter().map(size).sum::<usize>() > most {
        true => Difference::Large,
        false => Difference::Lines(hunks),
    })
}

enum Content {
    Text(Vec<u8>),
    Binary,
    Large,
}

/// Of a file, or where a link leads; nothing of a directory, and of what is not there.
fn content(tree: &Tree, path: &Path, there: bool) -> io::Result<Content> {
    let stat = match tree.look(path)? {
        Some(stat) if there => stat,
        _ => return Ok(Content::Text(Vec::new())),
    };
    let mut content = Vec::new();
    match super::tree::kind(&stat) {
        Kind::File if seen(&stat).size > LARGEST => return Ok(Content::Large),
        Kind::File => {
            let file = tree.file(path)?;
            file.take(LARGEST).read_to_end(&mut content)?;
        }
        Kind::Symlink => content = tree.link(path)?,
        Kind::Directory => {}
        Kind::Other => return Ok(Content::Binary),
    }
    Ok(match content.contains(&0) {
        true => Content::Binary,
        false => Content::Text(content),
    })
}

fn hunks(old: &[u8], new: &[u8]) -> Vec<Hunk> {
    let (old, new) = (lines(old), lines(new));
    let until = Instant::now() + PATIENCE;
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(until));
    let mut all = Vec::new();
    for group in group_diff_ops(ops, AROUND) {
        // Without lines before it that both have, it is the beginning of both.
        let start = match group.first() {
            Some(DiffOp::Equal {
                old_index,
                new_index,
                ..
            }) => (*old_index, *new_index),
            _ => (0, 0),
        };
        let of = |side: Side, lines: &[&[u8]]| -> Vec<(Side, OsBytes)> {
            lines
                .iter()
                .map(|line| (side, line.to_vec().into()))
                .collect()
        };
        let mut said = Vec::new();
        for op in &group {
            let (from, to) = (op.old_range(), op.new_range());
            if let DiffOp::Equal { .. } = op {
                said.extend(of(Side::Both, &old[from]));
                continue;
            }
            said.extend(of(Side::Old, &old[from]));
            said.extend(of(Side::New, &new[to]));
        }
        let span = |start: usize, but: Side| {
            let count = said.iter().filter(|(side, _)| *side != but).count();
            // As others count: where there is none, the line before.
            let begin = start + usize::from(count > 0);
            (begin as u64, count as u64)
        };
        all.push(Hunk {
            old: span(start.0, Side::New),
            new: span(start.1, Side::Old),
            lines: said,
        });
    }
    all
}

/// With their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn size(hunk: &Hunk) -> usize {
    let lines = hunk.lines.iter();
    lines.map(|(_, line)| line.as_bytes().len() + 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The original with what differs done to it.
    fn apply(old: &[u8], hunks: &[Hunk]) -> Vec<u8> {
        let lines: Vec<&[u8]> = old.split_inclusive(|byte| *byte == b'\n').collect();
        let (mut at, mut new) = (0, Vec::new());
        for hunk in hunks {
            let first = usize::try_from(hunk.old.0).expect("small");
            let begin = first - usize::from(hunk.old.1 > 0);
            new.extend(lines[at..begin].concat());
            at = begin + usize::try_from(hunk.old.1).expect("small");
            let kept = hunk.lines.iter().filter(|(side, _)| *side != Side::Old);
            kept.for_each(|(_, line)| new.extend(line.as_bytes()));
            let of_old = hunk.lines.iter().filter(|(side, _)| *side != Side::New);
            let of_old: Vec<u8> = of_old
                .flat_map(|(_, line)| line.as_bytes().to_vec())
                .collect();
            assert_eq!(of_old, lines[begin..at].concat());
        }
        new.extend(lines[at..].concat());
        new
    }

    proptest! {
        #[test]
        fn what_differs_is_all_that_differs(old in "[ab\n]{0,60}", new in "[ab\n]{0,60}") {
            let hunks = hunks(old.as_bytes(), new.as_bytes());
            prop_assert_eq!(apply(old.as_bytes(), &hunks), new.as_bytes());
            prop_assert_eq!(hunks.is_empty(), old == new);
        }
    }
}
