//! What `oz-bench-files` says.

use serde::{Deserialize, Serialize};

/// What work on one file came to, as one line of JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Written in place, a megabyte at a time.
    pub write_mb_s: f64,
    /// Read from the beginning after it was opened anew.
    pub read_mb_s: f64,
    /// Looked at by its name.
    pub stat_us: f64,
    /// Opened for reading and closed.
    pub open_us: f64,
    /// Replaced by a new, synced file of 4 KiB.
    pub save_ms: f64,
}
