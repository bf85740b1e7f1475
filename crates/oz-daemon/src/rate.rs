//! How many messages of somebody hostile are taken in a second.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// When messages came, as far as that is not over yet.
#[derive(Debug, Default)]
pub(crate) struct Rate(VecDeque<Instant>);

impl Rate {
    /// Counts one that comes now; false if there are more than `most` in a second.
    pub(crate) fn count(&mut self, now: Instant, most: u32) -> bool {
        while self.0.front().is_some_and(|then| now - *then > SECOND) {
            self.0.pop_front();
        }
        self.0.push_back(now);
        self.0.len() <= most as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_more_than_a_second_ago_does_not_count() {
        let (mut rate, now) = (Rate::default(), Instant::now());
        assert!((0..3).all(|_| rate.count(now, 3)));
        assert!(!rate.count(now, 3));
        assert!(rate.count(now + SECOND * 2, 3));
    }
}
