//! Copies that the user is asked about: who wants to have one waits until the answer comes, or does not.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use oz_core::wire::display::Event;
use tracing::debug;

use super::transfer::Origin;
use crate::session::Session;

/// How long the answer may take: the user has a minute.
const ASKING: Duration = Duration::from_secs(90);
/// After a no a client does not make the user be asked again before this is over.
const PAUSE: Duration = Duration::from_secs(1);
/// Reads that wait for one answer; further ones get nothing.
const AT_ONCE: usize = 16;

/// What a client has asked, and been told.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    asked: Option<Asked>,
    /// When the last no came, or no answer.
    refused: Option<Instant>,
    /// What the user has said yes to, while it is what is copied: one for each selection and direction.
    allowed: Vec<Origin>,
}

#[derive(Debug)]
struct Asked {
    question: u64,
    origin: Origin,
    /// By MIME type.
    reads: Vec<(String, OwnedFd)>,
    until: Instant,
}

impl Copies {
    /// Descriptors that it holds.
    pub(crate) fn fds(&self) -> usize {
        self.asked.as_ref().map_or(0, |asked| asked.reads.len())
    }

    /// When a question is given up.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.asked.as_ref().map(|asked| asked.until)
    }

    /// Gives up a question that was not answered.
    pub(crate) fn give_up(&mut self, now: Instant) {
        if self.asked.take_if(|asked| asked.until <= now).is_some() {
            self.refused = Some(now);
        }
    }

    fn allows(&self, origin: Origin) -> bool {
        self.allowed.contains(&origin)
    }

    fn allow(&mut self, origin: Origin) {
        let other =
            |known: &Origin| (known.which, known.direction) != (origin.which, origin.direction);
        self.allowed.retain(other);
        self.allowed.push(origin);
    }

    /// What was allowed holds no more: other rules do.
    pub(crate) fn forget(&mut self) {
        self.allowed.clear();
    }

    /// Has a read wait for an answer. Whether the user has to be asked now, by this number; what gets nothing is closed.
    fn wait(
        &mut self,
        origin: Origin,
        read: (String, OwnedFd),
        next: impl FnOnce() -> u64,
    ) -> Option<u64> {
        if let Some(asked) = &mut self.asked {
            if asked.origin == origin && asked.reads.len() < AT_ONCE {
                asked.reads.push(read);
            }
            return None;
        }
        let now = Instant::now();
        if self
            .refused
            .is_some_and(|at| now.saturating_duration_since(at) < PAUSE)
        {
            debug!("the user has just said no");
            return None;
        }
        let question = next();
        self.asked = Some(Asked {
            question,
            origin,
            reads: vec![read],
            until: now + ASKING,
        });
        Some(question)
    }
}

impl Session {
    /// Serves a read once the user has said yes to it, or has before.
    pub(crate) fn ask_for_copy(&mut self, origin: Origin, mime: String, to: OwnedFd) {
        if self.copies.allows(origin) {
            self.serve_copy(origin, mime, to);
            return;
        }
        let shared = &self.shared;
        let asked = self.copies.wait(origin, (mime, to), || shared.next_list());
        let Some(question) = asked else { return };
        let direction = origin.direction;
        let event = Event::Copy {
            question,
            direction,
        };
        if !self.shared.report.post(&[event]) {
            debug!("nobody can be asked about what was copied");
            self.answered_copy(question, false);
        }
    }

    /// The user's answer. False if nothing here waits for it.
    pub(crate) fn answered_copy(&mut self, question: u64, yes: bool) -> bool {
        let asked = &mut self.copies.asked;
        let Some(asked) = asked.take_if(|asked| asked.question == question) else {
            return false;
        };
        if yes {
            self.copies.allow(asked.origin);
            for (mime, to) in asked.reads {
                self.serve_copy(asked.origin, mime, to);
            }
        } else {
            self.copies.refused = Some(Instant::now());
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::selection::{Direction, Which};

    fn origin(generation: u64) -> Origin {
        Origin {
            which: Which::Clipboard,
            direction: Direction::In,
            generation,
        }
    }

    fn read() -> (String, OwnedFd) {
        let pipe = rustix::pipe::pipe().unwrap();
        ("text/plain".to_owned(), pipe.1)
    }

    #[test]
    fn there_is_one_question_at_a_time_and_so_many_reads_wait_for_it() {
        let mut copies = Copies::default();
        assert_eq!(copies.wait(origin(1), read(), || 7), Some(7));
        for _ in 0..2 * AT_ONCE {
            assert_eq!(copies.wait(origin(1), read(), || 8), None);
        }
        assert_eq!(copies.wait(origin(2), read(), || 9), None);
        assert_eq!(copies.fds(), AT_ONCE);
        let late = copies.deadline().expect("it waits");
        copies.give_up(late);
        assert_eq!(copies.fds(), 0);
        // And not at once another.
        assert_eq!(copies.wait(origin(2), read(), || 9), None);
    }

    #[test]
    fn a_yes_is_for_what_was_copied_then() {
        let mut copies = Copies::default();
        copies.allow(origin(1));
        assert!(copies.allows(origin(1)) && !copies.allows(origin(2)));
        copies.allow(origin(2));
        assert!(!copies.allows(origin(1)));
        copies.forget();
        assert!(!copies.allows(origin(2)));
    }
}
