//! One dialog of a sandbox at a time, and not for ever one after the other.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;
use tokio::time::Instant;

/// How many dialogs a sandbox brings up in a minute.
const PER_MINUTE: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);
/// Whoever has waved away so many in [`CALM`] is left alone for as long.
const CANCELLED: usize = 3;
const CALM: Duration = Duration::from_secs(20);

/// Whose turn it is.
#[derive(Default)]
pub(crate) struct Turns {
    turn: tokio::sync::Mutex<()>,
    past: Mutex<Past>,
}

/// When dialogs came up, and when they were cancelled.
#[derive(Default)]
struct Past {
    shown: VecDeque<Instant>,
    cancelled: VecDeque<Instant>,
}

impl Past {
    fn may_show(&mut self, now: Instant) -> bool {
        let forget = |times: &mut VecDeque<Instant>, after| {
            times.retain(|then: &Instant| now.duration_since(*then) < after);
        };
        forget(&mut self.shown, MINUTE);
        forget(&mut self.cancelled, CALM);
        if self.shown.len() >= PER_MINUTE || self.cancelled.len() >= CANCELLED {
            return false;
        }
        self.shown.push_back(now);
        true
    }
}

impl Turns {
    /// Waits for the turn; none if there were too many.
    pub(super) async fn take(&self) -> Option<Turn<'_>> {
        let held = self.turn.lock().await;
        self.past().may_show(Instant::now()).then_some(Turn {
            turns: self,
            _held: held,
        })
    }

    fn past(&self) -> std::sync::MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends when it is dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    _held: MutexGuard<'a, ()>,
}

impl Turn<'_> {
    /// The person has picked something: what was cancelled before is forgotten.
    pub(super) fn used(&self) {
        self.turns.past().cancelled.clear();
    }

    /// The person did not want it.
    pub(super) fn cancelled(&self) {
        self.turns.past().cancelled.push_back(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_only_so_many_in_a_minute() {
        let (mut past, now) = (Past::default(), Instant::now());
        assert!((0..PER_MINUTE).all(|_| past.may_show(now)));
        assert!(!past.may_show(now));
        assert!(past.may_show(now + MINUTE));
    }

    #[test]
    fn who_waves_them_away_is_left_alone() {
        let (mut past, now) = (Past::default(), Instant::now());
        past.cancelled = [now; CANCELLED].into();
        assert!(!past.may_show(now));
        assert!(past.may_show(now + CALM));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn one_is_shown_at_a_time_and_a_pick_makes_up_for_what_was_cancelled() {
        let turns = Turns::default();
        for _ in 0..CANCELLED - 1 {
            turns.take().await.expect("its turn").cancelled();
        }
        let turn = turns.take().await.expect("its turn");
        let moment = Duration::from_millis(50);
        assert!(tokio::time::timeout(moment, turns.take()).await.is_err());
        turn.used();
        turn.cancelled();
        drop(turn);
        assert!(turns.take().await.is_some());
    }
}
