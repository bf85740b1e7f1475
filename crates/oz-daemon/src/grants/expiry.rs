//! Grants that end by themselves.

use std::sync::Arc;
use std::time::Duration;

use super::{Grant, Lifetime, change};
use crate::clock;
use crate::daemon::Daemon;
use crate::sandbox::Sandbox;

/// How long is waited at a time: a machine that sleeps does not count its sleep, but the clock on the wall does.
const LOOK: Duration = Duration::from_secs(30);
/// How long after a file could not be taken back that is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Takes back what has ended, as long as the sandbox runs. Waits for nothing if nothing ends by itself.
pub(crate) async fn supervise(daemon: Arc<Daemon>, sandbox: Arc<Sandbox>) {
    loop {
        let ends = sandbox.files().iter().filter_map(Grant::ends).min();
        let Some(end) = ends else {
            sandbox.lifetimes_changed.notified().await;
            continue;
        };
        let left = Duration::from_secs(end.saturating_sub(clock::now()));
        if !left.is_zero() {
            let _ =
                tokio::time::timeout(left.min(LOOK), sandbox.lifetimes_changed.notified()).await;
        } else if let Err(failure) = change::expire(&daemon, &sandbox).await {
            tracing::warn!(
                error = failure.line(),
                "a file cannot be taken back in time"
            );
            tokio::time::sleep(AGAIN).await;
        }
    }
}

impl Grant {
    /// Seconds since 1970 at which it ends by itself.
    pub(crate) fn ends(&self) -> Option<u64> {
        match self.lifetime {
            Lifetime::Until(end) => Some(end),
            Lifetime::Sandbox | Lifetime::Lasting => None,
        }
    }
}
