//! Sandboxes that a daemon of another version has started.
//!
//! They go on as they are: init, the app and the proxies need no daemon. What they say would not be
//! understood, so they are asked nothing; they are shown and can be ended, by the kernel's means alone.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oz_core::plan::SandboxId;
use oz_host::inits;
use oz_host::processes::children;
use rustix::process::Signal;

use crate::child::Child;
use crate::control;
use crate::daemon::Daemon;
use crate::directories;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::record::Record;
use crate::sandbox::task::GONE;

/// How long programs may take to end when nobody knows what their profile says.
pub(crate) const GRACE: Duration = Duration::from_secs(3);
/// How often to look whether they have.
const PAUSE: Duration = Duration::from_millis(20);
/// Most processes of one that are asked to end; the others are killed with init.
const MOST: usize = 4096;

/// One.
#[derive(Debug)]
pub(crate) struct Stranger {
    pub(crate) id: SandboxId,
    /// Empty if it is not known.
    pub(crate) profile: String,
    /// Init, on the host.
    pub(crate) pid: i32,
    /// Seconds since 1970.
    pub(crate) started: u64,
    init: Child,
    helpers: Vec<Child>,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Strangers(Mutex<BTreeMap<SandboxId, Arc<Stranger>>>);

impl Strangers {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<SandboxId, Arc<Stranger>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Stranger>> {
        self.lock().values().cloned().collect()
    }

    pub(crate) fn get(&self, id: &SandboxId) -> Option<Arc<Stranger>> {
        self.lock().get(id).cloned()
    }

    /// One that follows this profile.
    pub(crate) fn of_profile(&self, profile: &str) -> Option<Arc<Stranger>> {
        let all = self.lock();
        all.values()
            .find(|stranger| stranger.profile == profile)
            .cloned()
    }
}

/// Knows a sandbox of another version if there is one of this name, and watches over it until it ends.
pub(crate) fn meet(daemon: &Arc<Daemon>, id: &SandboxId) -> bool {
    let directory = daemon.directories.sandboxes().join(id.as_str());
    let init = inits::list()
        .into_iter()
        .find(|(other, _)| other == id)
        .and_then(|(_, init)| same_process((init.0, init.1)).map(|child| (child, init.0)));
    let Some((init, pid)) = init else {
        return false;
    };
    let record = Record::read(&directory);
    let started = fs::metadata(directory.join(crate::launch::CONTROL))
        .and_then(|metadata| metadata.modified())
        .map_or(0, crate::clock::unix);
    let helpers = record.processes.iter().copied();
    let stranger = Arc::new(Stranger {
        id: id.clone(),
        profile: record.profile,
        pid,
        started,
        init,
        helpers: helpers.filter_map(same_process).collect(),
    });
    let mut all = daemon.strangers.lock();
    all.insert(id.clone(), Arc::clone(&stranger));
    drop(all);
    tokio::spawn(watch(Arc::clone(daemon), stranger));
    true
}

/// The number may be another process's by now; its start time tells.
pub(crate) fn same_process((pid, started): (i32, u64)) -> Option<Child> {
    let process = Child::open(pid).ok()?;
    (inits::start_time(pid) == Some(started)).then_some(process)
}

async fn watch(daemon: Arc<Daemon>, stranger: Arc<Stranger>) {
    control::show_stranger(&daemon, &stranger).await;
    stranger.init.wait().await;
    for helper in &stranger.helpers {
        // They do not know that there is nobody left to serve.
        helper.kill();
    }
    let parent = daemon.directories.sandboxes();
    if let Err(error) = directories::remove_flat(&parent, stranger.id.as_str()) {
        tracing::debug!(%error, "nothing to tidy up");
    }
    control::hide_stranger(&daemon, &stranger).await;
    daemon.strangers.lock().remove(&stranger.id);
    tracing::info!(id = %stranger.id, "a sandbox of another version ended");
}

impl Stranger {
    /// Asks its programs to end, and kills what is left.
    pub(crate) async fn stop(&self, grace: Duration) -> Result<()> {
        let end = tokio::time::Instant::now() + grace;
        for process in below(self.pid) {
            process.terminate();
        }
        // A program that is the last to end takes init along.
        let in_order = async {
            while !below(self.pid).is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let ended = tokio::select! {
            _ = self.init.wait() => true,
            _ = tokio::time::timeout_at(end, in_order) => false,
        };
        if ended {
            return Ok(());
        }
        self.init.kill();
        match tokio::time::timeout(GONE, self.init.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::hangs(&self.id)),
        }
    }
}

/// A process of a sandbox, held so that its number means no other.
struct Below(Child);

impl Below {
    fn terminate(&self) {
        self.0.signal(Signal::TERM);
    }
}

/// All processes that come from one, without it. In a sandbox init becomes the parent of what has lost its
/// own, so these are all.
fn below(pid: i32) -> Vec<Below> {
    let mut found = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for child in children(parent).unwrap_or_default() {
            if found.len() == MOST {
                return found;
            }
            // Held first, then looked at again: by then the number cannot come to mean another one.
            let Ok(held) = Child::open(child) else {
                continue;
            };
            if children(parent).is_some_and(|now| now.contains(&child)) {
                parents.push(child);
                found.push(Below(held));
            }
        }
    }
    found
}

/// Why nothing else can be asked of one.
pub(crate) fn refusal(stranger: &Stranger) -> Failure {
    Failure::new(
        Kind::Refused,
        format!(
            "the sandbox {} was started by another version of Oz, which this one cannot speak to",
            stranger.id
        ),
        format!(
            "Its programs go on; end it when they may: `oz stop {}`",
            stranger.id
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn what_comes_from_a_process_is_found_and_asked_to_end() {
        let mut shell = std::process::Command::new("sh")
            .args(["-c", "sleep 600 & sleep 600 & wait"])
            .spawn()
            .expect("started");
        let pid = i32::try_from(shell.id()).expect("a number");
        while below(pid).len() < 2 {
            tokio::time::sleep(PAUSE).await;
        }
        for process in below(pid) {
            process.terminate();
        }
        // The shell waited for both.
        shell.wait().expect("ended");
        assert!(below(pid).is_empty());
    }
}
