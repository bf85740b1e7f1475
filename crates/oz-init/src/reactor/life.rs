//! When the sandbox ends by itself.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags};

use super::Reactor;
use crate::processes;

/// A launcher's child may not yet have the watched name when the launcher ends: if none has it but
/// others live, look once more after this time.
const SETTLE: Duration = Duration::from_secs(1);

/// Most processes of watched names that are waited for; one that ends makes init look again.
const WATCHED: usize = 64;

/// What the end waits for.
#[derive(Default)]
pub struct Watch {
    /// A program was asked for: before the first, an empty sandbox waits.
    begun: bool,
    /// Processes of watched names.
    watched: Vec<OwnedFd>,
    settled: Option<Instant>,
}

impl Watch {
    pub fn begin(&mut self) {
        self.begun = true;
        self.settled = None;
    }

    pub fn pidfds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.watched.iter().map(AsFd::as_fd)
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.settled
    }
}

impl Reactor {
    /// Looks whether the sandbox has come to its end.
    pub(super) fn check_life(&mut self) {
        if !self.programs.is_empty() {
            return;
        }
        if self.stopping.is_some() {
            self.over |= self.others().is_empty();
            return;
        }
        let life = &self.inside.plan.life;
        if life.keep || !self.watch.begun {
            return;
        }
        let others = self.others();
        if others.is_empty() {
            self.over = true;
        } else if !life.watchdog.is_empty() {
            self.watch.watched = self.named(WATCHED);
            self.watch.settled = match self.watch.settled {
                _ if !self.watch.watched.is_empty() => None,
                None => Some(Instant::now() + SETTLE),
                since => since,
            };
        }
    }

    /// The second look.
    pub(super) fn check_settled(&mut self, now: Instant) {
        if self.watch.settled.is_some_and(|deadline| deadline <= now) {
            self.watch.settled = None;
            self.watch.watched = self.named(WATCHED);
            let idle = self.programs.is_empty() && self.stopping.is_none();
            self.over |= idle && self.watch.watched.is_empty();
        }
    }

    /// Children of init that are neither helpers nor descend from one. As every process descends from one
    /// of init's children, nobody is left when there are none.
    fn others(&self) -> Vec<Pid> {
        let children = processes::children(&self.inside.proc).unwrap_or_default();
        self.without_helpers(children)
    }

    /// All processes that are neither helpers nor descend from one.
    pub(super) fn everybody(&self) -> Vec<Pid> {
        self.without_helpers(processes::all(&self.inside.proc).unwrap_or_default())
    }

    fn without_helpers(&self, mut pids: Vec<Pid>) -> Vec<Pid> {
        if self.helpers.is_empty() {
            return pids;
        }
        pids.retain(|pid| {
            let namespace = processes::user_namespace(&self.inside.proc, *pid);
            !self.helpers.iter().any(|helper| {
                helper.pid() == Some(*pid) || namespace.is_some_and(|one| helper.owns(&one))
            })
        });
        pids
    }

    fn named(&self, most: usize) -> Vec<OwnedFd> {
        let names = &self.inside.plan.life.watchdog;
        self.everybody()
            .into_iter()
            .filter(|pid| processes::is_named(&self.inside.proc, *pid, names))
            .filter_map(|pid| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok())
            .take(most)
            .collect()
    }
}
