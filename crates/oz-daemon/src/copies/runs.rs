//! Which run of a sandbox what was seen of its copies is from.
//!
//! A file's identity, size and time do not tell all changes: a program that has a file mapped changes it without another time,
//! and the clock of files has ticks. So what was looked at while a sandbox ran says nothing of what it left, and neither does what
//! was looked at before it ran again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use oz_core::plan::SandboxId;
use oz_core::wire::init::Nonce;
use serde::{Deserialize, Serialize};

use crate::daemon::Daemon;
use crate::failure::Result;
use crate::launch;

/// A time in which nothing has written over copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rest {
    /// Other daemons have seen other runs.
    daemon: Nonce,
    number: u64,
}

/// What this daemon knows of all of them.
pub(crate) struct Runs {
    daemon: Nonce,
    /// How often a sandbox has begun and ended, of those that wrote over copies.
    turns: Mutex<BTreeMap<SandboxId, u64>>,
}

impl Runs {
    /// # Errors
    /// The kernel gives no random bytes.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            daemon: launch::nonce()?,
            turns: Mutex::default(),
        })
    }

    /// A sandbox begins, and is not seen as running yet.
    pub(super) fn begins(&self, id: &SandboxId) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        *turns.entry(id.clone()).or_default() += 1;
    }

    /// It has ended, and is seen as running still.
    pub(crate) fn ended(&self, id: &SandboxId) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = turns.get_mut(id) {
            *turns += 1;
        }
    }

    fn rest(&self, id: &SandboxId) -> Rest {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Rest {
            daemon: self.daemon,
            number: turns.get(id).copied().unwrap_or_default(),
        }
    }
}

/// Since when a sandbox rests; none while it runs. What is looked at between two of the same answers is as it will be found.
pub(crate) fn rest(daemon: &Daemon, id: &SandboxId) -> Option<Rest> {
    let rest = daemon.runs.rest(id);
    let runs = daemon.sandboxes.get(id.as_str()).is_ok() || daemon.strangers.get(id).is_some();
    (!runs).then_some(rest)
}
