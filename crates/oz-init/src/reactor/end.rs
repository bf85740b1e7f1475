//! Ending in order because the daemon says so.

use std::time::{Duration, Instant};

use oz_sys::signals::{self, To};
use rustix::process::Signal;

use super::Reactor;
use crate::processes;

/// How long killed processes may take to be gone; then init ends, and the kernel waits for them.
const KILLED: Duration = Duration::from_secs(1);

/// A stop under way.
pub struct Stopping {
    /// When the present step has lasted long enough.
    pub deadline: Instant,
    killed: bool,
}

impl Reactor {
    /// Asks every program to end. A second request can only shorten the time.
    pub(super) fn stop(&mut self, grace_ms: u32, now: Instant) {
        let deadline = now + Duration::from_millis(grace_ms.into());
        match &mut self.stopping {
            Some(stopping) => stopping.deadline = stopping.deadline.min(deadline),
            None => {
                self.stopping = Some(Stopping {
                    deadline,
                    killed: false,
                });
                for pid in self.everybody() {
                    // Who has just ended needs nothing.
                    let _ = rustix::process::kill_process(pid, Signal::TERM);
                    // Shells in a terminal ignore TERM. To others HUP could be the end of their end.
                    if processes::has_terminal(&self.inside.proc, pid) {
                        let _ = rustix::process::kill_process(pid, Signal::HUP);
                    }
                    // Whoever is stopped must go on to notice.
                    let _ = rustix::process::kill_process(pid, Signal::CONT);
                }
            }
        }
        self.check_life();
    }

    /// When the time is up: kill, and in the end leave it to the kernel.
    pub(super) fn check_stop(&mut self, now: Instant) {
        let Some(stopping) = &mut self.stopping else {
            return;
        };
        if stopping.deadline > now {
        } else if stopping.killed {
            self.over = true;
        } else {
            stopping.killed = true;
            stopping.deadline = now + KILLED;
            let kill = u8::try_from(Signal::KILL.as_raw()).unwrap_or(9);
            let _ = signals::send(To::Everybody, kill);
        }
    }
}
