//! Waiting for something that happens by itself, with an end.

use std::path::Path;
use std::time::{Duration, Instant};

use oz_testkit::patience::scaled;

/// How long a window, a file or a process may take to appear on a busy machine with two cores.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long an app that starts slowly (a browser) may take.
pub const LONG: Duration = Duration::from_secs(90);

/// Asks again and again until there is an answer; panics with `what` after [`PATIENCE`].
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, ask)
}

/// Asks again and again until there is an answer; panics with `what` when the time is over.
pub fn within<T>(time: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + scaled(time);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited {time:?} in vain: {what}");
        pause(Duration::from_millis(40));
    }
}

/// Waits until a condition holds.
pub fn for_condition(what: &str, mut holds: impl FnMut() -> bool) {
    until(what, || holds().then_some(()));
}

/// Waits until a file has just this in it.
pub fn for_content(path: &Path, content: &str) {
    let end = Instant::now() + scaled(PATIENCE);
    loop {
        let now = std::fs::read_to_string(path).unwrap_or_default();
        if now == content {
            return;
        }
        let over = Instant::now() >= end;
        assert!(!over, "{} has {now:?}, not {content:?}", path.display());
        pause(Duration::from_millis(40));
    }
}

/// Watches for a while that a condition goes on holding.
pub fn stays(time: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        assert!(holds(), "did not last: {what}");
        pause(Duration::from_millis(50));
    }
}

/// Sleeps. For settling only: what can be asked for is waited for with [`until`].
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}
