//! Who looks at how loud a sandbox is. While somebody does, its proxy counts that and says it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use oz_core::wire::audio::Levels;
use tokio::task::AbortHandle;
use zbus::Connection;

use super::super::Sandbox;
use crate::failure::{Failure, Kind, Result};
use crate::owner::Owner;

/// Most who look at one sandbox.
const MOST: usize = 16;

/// By their unique names on the bus; each with what waits for its end.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<BTreeMap<String, AbortHandle>>);

impl Watchers {
    /// Whether anybody looks.
    pub(super) fn any(&self) -> bool {
        !self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, AbortHandle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody looks, until it says that it does not, or has left the bus.
pub(crate) fn watch(sandbox: &Arc<Sandbox>, bus: &Connection, name: &str) -> Result<()> {
    let first = {
        let mut watchers = sandbox.watchers.lock();
        if watchers.contains_key(name) {
            return Ok(());
        }
        if watchers.len() >= MOST {
            let what = format!("{MOST} programs look at the levels of {}", sandbox.id);
            return Err(Failure::new(Kind::Refused, what, "Close one of them"));
        }
        let (bus, of, who) = (bus.clone(), Arc::clone(sandbox), name.to_owned());
        let waiting = tokio::spawn(async move {
            tokio::select! {
                () = gone(&bus, &who) => unwatch(&of, &who),
                () = of.ended() => {}
            }
        });
        watchers.insert(name.to_owned(), waiting.abort_handle());
        watchers.len() == 1
    };
    if first {
        sandbox.control.tell(sandbox);
    }
    Ok(())
}

/// It does not any more.
pub(crate) fn unwatch(sandbox: &Sandbox, name: &str) {
    let last = {
        let mut watchers = sandbox.watchers.lock();
        let Some(waiting) = watchers.remove(name) else {
            return;
        };
        waiting.abort();
        watchers.is_empty()
    };
    if last {
        sandbox.control.tell(sandbox);
        sandbox.publish(|published| published.levels = Levels::default());
    }
}

/// Waits until nobody has this name, which nobody has a second time.
async fn gone(bus: &Connection, name: &str) {
    if let Some(mut owner) = Owner::of(bus, name, false).await {
        owner.lost().await;
    }
}
