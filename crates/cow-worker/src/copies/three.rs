//! Two changes of one text put together, by what it was before both of them.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};

/// How long a good comparison is looked for; after that any is good enough.
const PATIENCE: Duration = Duration::from_secs(2);

/// What one of the two changed.
struct Side<'t> {
    lines: Vec<&'t [u8]>,
    /// Lines of the text before, and what is there instead, in order.
    changes: Vec<(Range<usize>, Range<usize>)>,
}

impl<'t> Side<'t> {
    /// Where a line of the text before is in this one, behind so many of its changes.
    fn place(&self, line: usize, changes: usize) -> usize {
        let last = changes
            .checked_sub(1)
            .and_then(|last| self.changes.get(last));
        last.map_or(line, |(old, new)| new.end + (line - old.end))
    }

    fn new(before: &[&[u8]], text: &'t [u8]) -> Self {
        let lines = lines(text);
        let until = Instant::now() + PATIENCE;
        let ops = capture_diff_slices_deadline(Algorithm::Myers, before, &lines, Some(until));
        let mut changes: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        // Where the steps lead is counted, so that one that says of itself where it is cannot be mistaken.
        let (mut old, mut new, mut goes_on) = (0, 0, false);
        for op in &ops {
            let (less, more) = (op.old_range().len(), op.new_range().len());
            if op.tag() == DiffTag::Equal {
                goes_on = false;
            } else if let Some(last) = changes.last_mut().filter(|_| goes_on) {
                last.0.end += less;
                last.1.end += more;
            } else {
                changes.push((old..old + less, new..new + more));
                goes_on = true;
            }
            old += less;
            new += more;
        }
        Self { changes, lines }
    }
}

/// The text with both changes; none if they are of the same lines, or of lines without one between them, and not the same.
pub fn together(before: &[u8], one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let before = lines(before);
    let sides = [Side::new(&before, one), Side::new(&before, other)];
    let mut next = [0, 0];
    let (mut done, mut text) = (0, Vec::new());
    loop {
        let change = |side: usize, next: [usize; 2]| sides[side].changes.get(next[side]);
        let starts = (0..2).filter_map(|side| Some(change(side, next)?.0.start));
        let Some(start) = starts.min() else { break };
        let first = next;
        let mut end = start;
        // All that touches what is changed belongs to it.
        let touches =
            |side: &usize, next, end| change(*side, next).is_some_and(|(old, _)| old.start <= end);
        while let Some(side) = (0..2).find(|side| touches(side, next, end)) {
            end = end.max(sides[side].changes[next[side]].0.end);
            next[side] += 1;
        }
        let [mine, theirs] = [0, 1].map(|side| {
            let at = |line, changes| sides[side].place(line, changes);
            sides[side].lines[at(start, first[side])..at(end, next[side])].concat()
        });
        text.extend(before[done..start].concat());
        match [0, 1].map(|side| next[side] > first[side]) {
            [true, false] => text.extend(mine),
            [false, true] => text.extend(theirs),
            _ if mine == theirs => text.extend(mine),
            _ => return None,
        }
        done = end;
    }
    text.extend(before[done..].concat());
    Some(text)
}

/// With their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(before: &str, one: &str, other: &str) -> Option<String> {
        let text = together(before.as_bytes(), one.as_bytes(), other.as_bytes())?;
        Some(String::from_utf8(text).expect("text"))
    }

    #[test]
    fn changes_of_other_lines_are_both_there() {
        assert_eq!(
            of("a\nb\nc\nd\ne\n", "A\na\nb\nc\nd\ne\n", "a\nb\nc\ne\nE").as_deref(),
            Some("A\na\nb\nc\ne\nE")
        );
        assert_eq!(
            of("a\nb\nc\nd\ne\n", "x\nb\nc\nd\ny\n", "a\nb\nz\nd\ny\n").as_deref(),
            Some("x\nb\nz\nd\ny\n")
        );
    }

    #[test]
    fn changes_of_the_same_lines_are_nobodys_to_decide() {
        for (before, one, other) in [
            ("a\n", "b\n", "c\n"),
            ("a\nb\n", "x\nb\n", "a\ny\n"),
            ("a\nb\n", "a\n1\nb\n", "a\n2\nb\n"),
            ("a\nb\nc\n", "", "a\nx\nc\n"),
            ("", "x\n", "y\n"),
        ] {
            assert_eq!(of(before, one, other), None, "{before:?}");
        }
    }

    proptest! {
        #[test]
        fn one_change_alone_is_taken_as_it_is(before in "[ab\n]{0,40}", one in "[ab\n]{0,40}") {
            prop_assert_eq!(of(&before, &one, &before), Some(one.clone()));
            prop_assert_eq!(of(&before, &before, &one), Some(one.clone()));
            prop_assert_eq!(of(&before, &one, &one), Some(one.clone()));
        }

        #[test]
        fn it_does_not_matter_whose_is_whose(
            before in "[abc\n]{0,40}", one in "[abc\n]{0,40}", other in "[abc\n]{0,40}"
        ) {
            prop_assert_eq!(of(&before, &one, &other), of(&before, &other, &one));
        }

        #[test]
        fn to_put_them_together_again_changes_nothing(
            middle in "(m[0-9]\n){3,8}", one in "[ab\n]{0,20}", other in "[ab\n]{0,20}"
        ) {
            // One before, one behind lines that nobody has changed.
            let (one, other) = (format!("{one}\n{middle}"), format!("{middle}{other}"));
            if let Some(both) = of(&middle, &one, &other) {
                prop_assert_eq!(of(&other, &other, &both), Some(both.clone()));
            }
        }
    }
}
