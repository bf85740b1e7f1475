//! Executables that run in the machine, all in one.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::e2e::Executable;
use super::tally::{Part, Tally};
use crate::machine::{self, Event, Job};
use crate::setup;

/// What a full run tries there beside: every attack, against an older kernel.
pub(super) const ALSO: &[(&str, &[&str])] = &[("attacks", &["templates"])];

/// One to run there.
pub(super) fn job(executable: &Executable, filters: &[String]) -> Job {
    Job {
        name: executable.name.clone(),
        path: executable.path.clone(),
        filters: filters.to_vec(),
    }
}

/// Runs them; a part for each that began.
pub(super) fn run(jobs: &[Job], prefix: &Path, timeout: Duration) -> Result<Vec<Part>> {
    setup::ensure_machine()?;
    let mut parts = Parts::default();
    let outcome = machine::boot(prefix, jobs, timeout, &mut |event| parts.hear(event));
    if let Err(error) = outcome {
        parts.broken(&format!("{error:#}"));
    }
    Ok(parts.all)
}

#[derive(Default)]
struct Parts {
    all: Vec<Part>,
    /// The one that runs.
    running: Option<(String, Tally, Instant)>,
}

impl Parts {
    fn hear(&mut self, event: Event) {
        match event {
            Event::Begin(name) => {
                super::step(&format!("in the machine: {name}"));
                self.running = Some((name, Tally::default(), Instant::now()));
            }
            Event::Line(line) => {
                // A reader that went away does not end the tests.
                let _ = writeln!(std::io::stdout(), "{line}");
                if let Some((_, tally, _)) = &mut self.running {
                    tally.line(&line);
                }
            }
            Event::End(code) => {
                let ended = |tally: &Tally| match code {
                    0 => None,
                    _ if tally.closed && tally.failed > 0 => None,
                    code => Some(format!("exit status {code}")),
                };
                self.close(ended);
            }
        }
    }

    fn close(&mut self, note: impl FnOnce(&Tally) -> Option<String>) {
        if let Some((name, tally, start)) = self.running.take() {
            let note = note(&tally);
            let name = format!("machine: {name}");
            self.all
                .push(Part::new(&name, tally, note, start.elapsed()));
        }
    }

    /// The machine came to no end.
    fn broken(&mut self, why: &str) {
        super::step(&format!("the machine: {why}"));
        let short = why.lines().next().unwrap_or_default().to_owned();
        if self.running.is_some() {
            self.close(|_| Some(short));
        } else {
            self.all.push(Part::failure("machine", &short));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(events: Vec<Event>) -> Parts {
        let mut parts = Parts::default();
        for event in events {
            parts.hear(event);
        }
        parts
    }

    fn line(line: &str) -> Event {
        Event::Line(line.to_owned())
    }

    #[test]
    fn each_executable_is_a_part_and_a_crash_is_a_failure() {
        let parts = heard(vec![
            Event::Begin("a".into()),
            line("test x ... ok"),
            line("test result: ok. 1 passed; 0 failed; 0 ignored;"),
            Event::End(0),
            Event::Begin("b".into()),
            Event::End(101),
        ]);
        assert_eq!(parts.all.len(), 2);
        assert_eq!(
            (parts.all[0].tally.passed, parts.all[0].tally.failed),
            (1, 0)
        );
        assert_eq!(parts.all[1].tally.failed, 1);
    }

    #[test]
    fn a_machine_that_breaks_fails_what_runs() {
        let mut parts = heard(vec![Event::Begin("a".into())]);
        parts.broken("it did not end");
        assert_eq!(parts.all[0].note.as_deref(), Some("it did not end"));
        let mut none = Parts::default();
        none.broken("no disk");
        assert_eq!(none.all[0].tally.failed, 1);
    }
}
