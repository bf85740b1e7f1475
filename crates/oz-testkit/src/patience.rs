//! How long a test waits, on machines of every speed.

use std::sync::OnceLock;
use std::time::Duration;

/// A time as it is on this machine: `$OZ_PATIENCE` times as long, where that is set because the machine is
/// emulated.
#[must_use]
pub fn scaled(time: Duration) -> Duration {
    static FACTOR: OnceLock<u32> = OnceLock::new();
    let factor = FACTOR.get_or_init(|| {
        let set = std::env::var("OZ_PATIENCE").ok();
        set.and_then(|factor| factor.parse().ok()).unwrap_or(1)
    });
    time * *factor
}
