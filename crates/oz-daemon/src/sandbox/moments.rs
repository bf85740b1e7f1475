//! Where a launch spends its time.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What happens at a launch, in the order in which it does, but that a sandbox is often built after its first
/// program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The process before init is started.
    Spawned,
    /// The plan is made and checked.
    Planned,
    /// Init has been sent it, as far as the socket takes it.
    Sent,
    /// The namespaces are made and init is in them.
    Born,
    /// The first program runs.
    Started,
    /// Init has said that all is built, and the daemon has written it down.
    Built,
}

impl Moment {
    /// The word that the bus shows.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Spawned => "spawned",
            Self::Planned => "planned",
            Self::Sent => "sent",
            Self::Born => "born",
            Self::Started => "started",
            Self::Built => "built",
        }
    }
}

/// When each of them was, the first time.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    /// Nothing is noted of a launch that was an earlier daemon's.
    asked: Option<Instant>,
    reached: Mutex<Vec<(Moment, Instant)>>,
}

impl Moments {
    /// Of a launch that is asked for now.
    pub(crate) fn begin() -> Self {
        Self {
            asked: Some(Instant::now()),
            reached: Mutex::default(),
        }
    }

    /// That is now, unless it was before.
    pub(crate) fn reach(&self, moment: Moment) {
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if self.asked.is_some() && reached.iter().all(|(earlier, _)| *earlier != moment) {
            reached.push((moment, Instant::now()));
        }
    }

    /// Microseconds since the launch was asked for, in order.
    pub(crate) fn list(&self) -> Vec<(Moment, u64)> {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        let since = |at: Instant| at.saturating_duration_since(self.asked.unwrap_or(at));
        let micros = |at| u64::try_from(since(at).as_micros()).unwrap_or(u64::MAX);
        reached
            .iter()
            .map(|(moment, at)| (*moment, micros(*at)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_counts_once_and_in_order() {
        let moments = Moments::begin();
        for moment in [Moment::Spawned, Moment::Planned, Moment::Spawned] {
            moments.reach(moment);
        }
        let list = moments.list();
        let words: Vec<_> = list.iter().map(|(moment, _)| moment.word()).collect();
        assert_eq!(words, ["spawned", "planned"]);
        assert!(list[0].1 <= list[1].1);
    }

    #[test]
    fn nothing_is_known_of_an_earlier_launch() {
        let moments = Moments::default();
        moments.reach(Moment::Built);
        assert_eq!(moments.list(), []);
    }
}
