//! What `oz-bench-client` can be told to do, and what it answers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing to measure; as words, `full 300`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Repaint the whole window so many times, each when the compositor asks for a frame.
    Full(u32),
    /// Change 64×64 pixels so many times, each when the compositor asks for a frame.
    Damage(u32),
    /// Repaint the whole window as quickly as buffers come back, for so many milliseconds.
    Uncapped(u32),
    /// Ask the compositor so many times whether it is there.
    Sync(u32),
    /// Wait until a key was pressed so many times.
    Keys(u32),
}

/// A word or a number that makes no job.
#[derive(Debug, PartialEq, Eq)]
pub struct BadJob(String);

impl fmt::Display for BadJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no job: say `full FRAMES`, `damage FRAMES`, `uncapped MILLISECONDS`, \
             `sync TIMES` or `keys PRESSES`",
            self.0
        )
    }
}

impl std::error::Error for BadJob {}

impl FromStr for Job {
    type Err = BadJob;

    fn from_str(words: &str) -> Result<Self, BadJob> {
        let bad = || BadJob(words.trim().to_owned());
        let (mode, count) = words.trim().split_once(' ').ok_or_else(bad)?;
        let count = count
            .trim()
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(bad)?;
        match mode {
            "full" => Ok(Self::Full(count)),
            "damage" => Ok(Self::Damage(count)),
            "uncapped" => Ok(Self::Uncapped(count)),
            "sync" => Ok(Self::Sync(count)),
            "keys" => Ok(Self::Keys(count)),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mode, count) = match self {
            Self::Full(count) => ("full", count),
            Self::Damage(count) => ("damage", count),
            Self::Uncapped(count) => ("uncapped", count),
            Self::Sync(count) => ("sync", count),
            Self::Keys(count) => ("keys", count),
        };
        write!(f, "{mode} {count}")
    }
}

/// What the client says when its window is up, as one line of JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// From the start of the program to the compositor's word that the first frame was shown.
    pub first_frame_ms: f64,
}

/// What the client says of one job, as one line of JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The job, in words.
    pub job: String,
    /// Frames that were handed to the compositor, round trips made, or keys pressed.
    pub frames: u32,
    /// How long it took.
    pub seconds: f64,
    /// Frames in a second.
    pub fps: f64,
    /// The processor time of the client itself.
    pub cpu_seconds: f64,
    /// Median of a round trip in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_us: Option<f64>,
    /// The slowest of a hundred round trips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_us_p99: Option<f64>,
    /// When each press came, in nanoseconds of the monotonic clock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub presses_ns: Vec<u64>,
}

/// Now, on the clock that all processes share.
#[must_use]
pub fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // It counts from the start of the machine: never negative.
    now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_reads_back_from_its_own_words() {
        for job in [
            Job::Full(300),
            Job::Damage(1),
            Job::Uncapped(2000),
            Job::Sync(5),
            Job::Keys(9),
        ] {
            assert_eq!(job.to_string().parse(), Ok(job));
        }
        assert_eq!(" full 3\n".parse(), Ok(Job::Full(3)));
    }

    #[test]
    fn what_is_no_job_is_refused() {
        for words in [
            "",
            "full",
            "full 0",
            "full -1",
            "full x",
            "empty 3",
            "full 99999999999",
        ] {
            assert!(words.parse::<Job>().is_err(), "{words}");
        }
    }
}
