//! Counting what libtest prints.

use std::io::{BufRead, Write};
use std::time::Duration;

/// The sums of one or more `test result:` lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u32,
    pub(super) failed: u32,
    pub(super) ignored: u32,
    /// The names of the tests that failed.
    pub(super) failures: Vec<String>,
    /// Whether there was a result line at all.
    pub(super) closed: bool,
}

impl Tally {
    /// Reads to the end, passing every line on.
    pub(super) fn read(mut stream: impl BufRead, mut out: impl Write) -> Self {
        let mut tally = Self::default();
        let mut line = Vec::new();
        while stream
            .read_until(b'\n', &mut line)
            .is_ok_and(|count| count > 0)
        {
            // A reader that went away does not end the tests.
            let _ = out.write_all(&line).and_then(|()| out.flush());
            tally.line(&String::from_utf8_lossy(&line));
            line.clear();
        }
        tally
    }

    /// Counts one line.
    pub(super) fn line(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        }
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        self.closed = true;
        for part in rest.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let Some(count) = words.next().and_then(|word| word.parse::<u32>().ok()) else {
                continue;
            };
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed") => self.failed += count,
                Some("ignored") => self.ignored += count,
                _ => {}
            }
        }
    }
}

/// One kind of tests or one executable, and how it went.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) tally: Tally,
    pub(super) note: Option<String>,
    pub(super) time: Duration,
    /// Tests that failed and then passed by themselves.
    pub(super) shaky: Vec<String>,
}

/// More failures than this in one executable are no accident.
const RETRIED: usize = 3;

impl Part {
    /// A part that has run; a note is a failure of its own (a crash, a time-out).
    pub(super) fn new(name: &str, mut tally: Tally, note: Option<String>, time: Duration) -> Self {
        if note.is_some() {
            tally.failed += 1;
        }
        Self {
            name: name.to_owned(),
            tally,
            note,
            time,
            shaky: Vec::new(),
        }
    }

    /// The tests to try once more: a few that failed in a run that came to its end.
    pub(super) fn to_retry(&self) -> Option<Vec<String>> {
        let failures = &self.tally.failures;
        let few = (1..=RETRIED).contains(&failures.len());
        (few && self.note.is_none() && self.tally.closed).then(|| failures.clone())
    }

    /// Counts the second try of [`to_retry`](Self::to_retry)'s tests instead of their first.
    pub(super) fn retried(&mut self, again: Self) {
        self.time += again.time;
        if again.note.is_some() || !again.tally.closed {
            return;
        }
        let failed_again = |name: &String| again.tally.failures.contains(name);
        let (failures, shaky) = std::mem::take(&mut self.tally.failures)
            .into_iter()
            .partition(failed_again);
        self.tally.failures = failures;
        self.shaky = shaky;
        self.tally.failed = again.tally.failed;
        self.tally.passed += again.tally.passed;
    }

    /// A part that could not run.
    pub(super) fn failure(name: &str, why: &str) -> Self {
        Self::new(name, Tally::default(), Some(why.to_owned()), Duration::ZERO)
    }

    /// One line for the summary.
    pub(super) fn line(&self) -> String {
        let Tally {
            passed,
            failed,
            ignored,
            ..
        } = &self.tally;
        let mut line = format!(
            "{:24} {passed:5} passed {failed:3} failed {:7.1} s",
            self.name,
            self.time.as_secs_f64()
        );
        if *ignored > 0 {
            line.push_str(&format!(", {ignored} ignored"));
        }
        if let Some(note) = &self.note {
            line.push_str(&format!(": {note}"));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Part {
        let tally = Tally::read(text.as_bytes(), std::io::sink());
        Part::new("e2e", tally, None, Duration::ZERO)
    }

    #[test]
    fn a_test_that_passes_by_itself_is_shaky_and_one_that_does_not_has_failed() {
        let mut first = part(
            "test a ... FAILED\ntest b ... FAILED\n\
             test result: FAILED. 7 passed; 2 failed; 0 ignored;\n",
        );
        assert_eq!(first.to_retry(), Some(vec!["a".to_owned(), "b".to_owned()]));
        first.retried(part(
            "test a ... ok\ntest b ... FAILED\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored;\n",
        ));
        assert_eq!((first.tally.passed, first.tally.failed), (8, 1));
        assert_eq!(
            (first.tally.failures, first.shaky),
            (vec!["b".into()], vec!["a".into()])
        );
    }

    #[test]
    fn neither_a_crash_nor_many_failures_are_tried_again() {
        let many = "test t ... FAILED\n".repeat(RETRIED + 1);
        assert_eq!(
            part(&format!("{many}test result: FAILED. 0 passed; 4 failed;\n")).to_retry(),
            None
        );
        assert_eq!(
            part("test a ... FAILED\n").to_retry(),
            None,
            "it did not come to its end"
        );
        assert_eq!(
            part("test result: ok. 7 passed; 0 failed;\n").to_retry(),
            None
        );
    }

    #[test]
    fn results_are_summed_and_failures_named() {
        let text = "running 2 tests\ntest a::b ... ok\ntest a::c ... FAILED\n\
            test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.10s\n\
            test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.20s\n";
        let tally = Tally::read(text.as_bytes(), std::io::sink());
        assert_eq!((tally.passed, tally.failed, tally.ignored), (13, 1, 2));
        assert_eq!(tally.failures, ["a::c"]);
        assert!(tally.closed);
    }

    #[test]
    fn a_crash_is_a_failure() {
        let tally = Tally::read("running 2 tests\n".as_bytes(), std::io::sink());
        assert!(!tally.closed);
        let part = Part::new("x", tally, Some("no result".to_owned()), Duration::ZERO);
        assert_eq!(part.tally.failed, 1);
        assert!(part.line().contains("no result"));
    }
}
