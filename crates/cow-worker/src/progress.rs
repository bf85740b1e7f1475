//! How far a job is, for whoever waits for it: a count of what was looked at, copied or removed, a line each.

use std::cell::Cell;
use std::io::Write;
use std::time::{Duration, Instant};

/// How often it is said.
const PAUSE: Duration = Duration::from_millis(250);
/// How many steps are made between two looks at the clock.
const STRIDE: u64 = 64;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static SAID: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// One step more.
pub(crate) fn step() {
    let count = COUNT.get() + 1;
    COUNT.set(count);
    if !count.is_multiple_of(STRIDE) {
        return;
    }
    let now = Instant::now();
    match SAID.get() {
        Some(said) if now.duration_since(said) < PAUSE => {}
        // Nothing was said before, and many jobs are over in a moment.
        None => SAID.set(Some(now)),
        Some(_) => {
            SAID.set(Some(now));
            // Nobody may listen.
            let _ = writeln!(std::io::stderr(), "{count}");
        }
    }
}
