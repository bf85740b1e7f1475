//! What clients are refused, for the daemon: each kind at most once a second, however often a client asks for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use oz_core::denied::Denied;

use crate::report::{Event, Report};

/// A kind is not said more often than this.
const PAUSE: Duration = Duration::from_secs(1);

/// When each kind was last said, and how often it was refused since.
#[derive(Debug, Default)]
pub(crate) struct Refusals(RefCell<BTreeMap<Denied, (Instant, u32)>>);

impl Refusals {
    /// Something was refused.
    pub(crate) fn say(&self, report: &Report, what: Denied) {
        if let Some(count) = self.count(what, Instant::now()) {
            report.send(&Event::Denied { what, count });
        }
    }

    /// How often it is to be said that it was, if it is time.
    fn count(&self, what: Denied, now: Instant) -> Option<u32> {
        let mut all = self.0.borrow_mut();
        let Some((said, count)) = all.get_mut(&what) else {
            all.insert(what, (now, 0));
            return Some(1);
        };
        *count = count.saturating_add(1);
        if now.duration_since(*said) < PAUSE {
            return None;
        }
        *said = now;
        Some(std::mem::take(count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_all_the_time_is_said_now_and_then_with_its_count() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.count(Denied::CopyOut, now), Some(1));
        for _ in 0..9 {
            assert_eq!(refusals.count(Denied::CopyOut, now), None);
        }
        assert_eq!(refusals.count(Denied::PasteIn, now), Some(1));
        assert_eq!(refusals.count(Denied::CopyOut, now + PAUSE), Some(10));
    }
}
