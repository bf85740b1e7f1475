//! Times as the bus shows them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970.
pub(crate) fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Now, in seconds since 1970.
pub(crate) fn now() -> u64 {
    unix(SystemTime::now())
}
