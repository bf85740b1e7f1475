//! Silence at the right pace: how many bytes a stream should have had by now.

use std::time::{Duration, Instant};

use crate::wire::sample::Spec;

/// Silence comes at least so often, however large a fragment the app wants...
const LONGEST: Duration = Duration::from_millis(50);
/// ...and not more often, however small: the app chose the size, and each piece costs a wake-up.
const SHORTEST: Duration = Duration::from_millis(5);

/// Largest piece of silence, in bytes; what is due beyond it follows at once.
const PIECE_MAX: u64 = 64 << 10;

/// The pace of one stream.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    spec: Spec,
    since: Instant,
    frames: u64,
    /// Samples of each channel in one piece, at least one.
    piece: u64,
}

/// Silence that is later than this is left out: nobody wants an hour of it at once.
const LATE: u64 = 2;

impl Clock {
    /// Starts now, in pieces of about `fragment` bytes.
    #[must_use]
    pub fn start(spec: Spec, fragment: u32, now: Instant) -> Self {
        let nanos = u64::from(fragment) * 1_000_000_000 / spec.bytes_per_second();
        let period = Duration::from_nanos(nanos).clamp(SHORTEST, LONGEST);
        Self {
            spec,
            since: now,
            frames: 0,
            piece: frames_of(spec, period).max(1),
        }
    }

    /// When the next piece is due.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.since + self.time_of(self.frames + self.piece)
    }

    /// Bytes of the next piece, 0 if it is not due yet. They count as given.
    pub fn take(&mut self, now: Instant) -> usize {
        if now < self.due() {
            return 0;
        }
        let total = frames_of(self.spec, now.saturating_duration_since(self.since));
        let missing = total.saturating_sub(self.frames);
        let size = self.spec.frame_size() as u64;
        let frames = missing.min(PIECE_MAX / size);
        let late = missing > LATE * u64::from(self.spec.rate);
        self.frames = if late { total } else { self.frames + frames };
        usize::try_from(frames * size).unwrap_or(0)
    }

    /// Rounded up, so that what is due is there.
    fn time_of(&self, frames: u64) -> Duration {
        let nanos = u128::from(frames) * 1_000_000_000;
        let nanos = nanos.div_ceil(u128::from(self.spec.rate));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// Samples of each channel in a time.
fn frames_of(spec: Spec, time: Duration) -> u64 {
    let frames = time.as_nanos() * u128::from(spec.rate) / 1_000_000_000;
    u64::try_from(frames).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_gives_a_second() {
        let start = Instant::now();
        let mut clock = Clock::start(Spec::DEFAULT, 1764, start);
        let mut bytes = 0;
        for millisecond in 1..=1000 {
            let piece = clock.take(start + Duration::from_millis(millisecond));
            assert_eq!(piece % Spec::DEFAULT.frame_size(), 0);
            bytes += piece;
        }
        let second = 176_400;
        assert!((second - 3528..=second).contains(&bytes), "{bytes}");
    }

    #[test]
    fn pieces_are_neither_tiny_nor_huge() {
        let start = Instant::now();
        for fragment in [0, 1, 4, u32::MAX] {
            let clock = Clock::start(Spec::DEFAULT, fragment, start);
            let period = clock.due() - start;
            let shortest = SHORTEST - Duration::from_millis(1);
            assert!((shortest..=LONGEST).contains(&period), "{period:?}");
        }
        let mut late = Clock::start(Spec::DEFAULT, 1764, start);
        let piece = late.take(start + Duration::from_secs(3600));
        assert!(piece <= 64 << 10);
        let next = late.due() - start;
        assert!(next > Duration::from_secs(3600) && next < Duration::from_secs(3601));
    }

    #[test]
    fn what_is_due_is_there_at_every_rate() {
        // Else the proxy would turn without end, at an app's word.
        for rate in [1, 2, 7, 199, 8000, 44_100, 768_000] {
            for fragment in [1, 3528, u32::MAX] {
                let spec = Spec {
                    rate,
                    ..Spec::DEFAULT
                };
                let start = Instant::now();
                let mut clock = Clock::start(spec, fragment, start);
                for _ in 0..100 {
                    let due = clock.due();
                    assert!(clock.take(due) > 0, "{rate} {fragment}");
                    assert!(clock.due() > due);
                }
            }
        }
    }
}
