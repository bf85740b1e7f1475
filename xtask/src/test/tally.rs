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

    fn line(&mut self, line: &str) {
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
}

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
        }
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
