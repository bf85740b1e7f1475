//! Work that a file system which does not answer can hold up for ever, on a thread of its own.
//!
//! Nobody can take back what a thread waits for in the kernel; so there are only so many, and nothing else
//! runs on them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::oneshot;

/// Most at a time.
const MOST: usize = 64;
/// What a look at files needs.
const STACK: usize = 256 << 10;

static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Counts one as long as it runs.
struct Turn;

impl Turn {
    fn take() -> Option<Self> {
        let one_more = |running| (running < MOST).then_some(running + 1);
        let taken = RUNNING.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
        taken.is_ok().then_some(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What the work comes to, unless that takes longer, or too much else hangs already.
pub(crate) async fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let turn = Turn::take()?;
    let (tell, told) = oneshot::channel();
    let run = move || {
        let _turn = turn;
        // Who asked may be gone.
        let _ = tell.send(work());
    };
    Builder::new().stack_size(STACK).spawn(run).ok()?;
    tokio::time::timeout(limit, told).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn what_hangs_holds_nobody_up() {
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let moment = Duration::from_millis(50);
        let hangs = move || ended.recv().is_ok();
        assert_eq!(within(moment, hangs).await, None);
        assert_eq!(within(Duration::from_secs(20), || 7).await, Some(7));
        drop(end);
    }
}
