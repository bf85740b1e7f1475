//! Processes that the daemon started or took over, held by their pidfd.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::LazyLock;
use std::time::Duration;

use crate::readiness;
use oz_host::inits;
use rustix::process::{PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

/// A process.
#[derive(Debug)]
pub(crate) struct Child {
    pidfd: AsyncFd<OwnedFd>,
}

impl Child {
    /// Takes a pidfd into the event loop.
    pub(crate) fn new(pidfd: OwnedFd) -> io::Result<Self> {
        Ok(Self {
            pidfd: readiness::watch(pidfd, Interest::READABLE)?,
        })
    }

    /// A process by its number; the caller has to make sure that it is the one that it means.
    pub(crate) fn open(pid: i32) -> io::Result<Self> {
        let pid = rustix::process::Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
        Self::new(rustix::process::pidfd_open(pid, PidfdFlags::empty())?)
    }

    /// Waits for its end and, if it is a child of ours, reaps it. The exit code is known for
    /// children that ended by themselves.
    pub(crate) async fn wait(&self) -> Option<i32> {
        let _ = self.pidfd.readable().await;
        let reaped = rustix::process::waitid(
            WaitId::PidFd(std::os::fd::AsFd::as_fd(self.pidfd.get_ref())),
            WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
        );
        reaped
            .ok()
            .flatten()
            .and_then(|status: WaitIdStatus| status.exit_status())
    }

    /// Whether it has not ended yet.
    pub(crate) fn lives(&self) -> bool {
        let looked = rustix::process::waitid(
            WaitId::PidFd(std::os::fd::AsFd::as_fd(self.pidfd.get_ref())),
            WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT,
        );
        matches!(looked, Ok(None))
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Sends it a signal, if it is still there.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = rustix::process::pidfd_send_signal(self.pidfd.get_ref(), signal);
    }

    /// Its number in our pid namespace, unless it is gone; for people only.
    pub(crate) fn pid(&self) -> Option<i32> {
        use std::os::fd::AsRawFd;
        let info = format!("/proc/self/fdinfo/{}", self.pidfd.get_ref().as_raw_fd());
        let info = std::fs::read_to_string(info).ok()?;
        let line = info.lines().find_map(|line| line.strip_prefix("Pid:"))?;
        line.trim().parse().ok().filter(|pid| *pid > 0)
    }
}

impl Child {
    /// What names it for good: its number and start time.
    pub(crate) fn name(&self) -> Option<(i32, u64)> {
        let pid = self.pid()?;
        Some((pid, inits::start_time(pid)?))
    }
}

/// How long a helper that is asked to end may take.
const ENDING: Duration = Duration::from_secs(1);

/// How many were asked and are not gone yet.
static LEAVING: LazyLock<watch::Sender<usize>> = LazyLock::new(|| watch::Sender::new(0));

/// Asks a helper to end, on the side; one that does not is killed.
pub(crate) fn end(child: Child) {
    child.signal(Signal::TERM);
    LEAVING.send_modify(|count| *count += 1);
    tokio::spawn(async move {
        if tokio::time::timeout(ENDING, child.wait()).await.is_err() {
            child.kill();
            child.wait().await;
        }
        LEAVING.send_modify(|count| *count -= 1);
    });
}

/// Waits until all that were asked to end have ended, or were killed: nobody else would do that once the daemon has ended.
pub(crate) async fn all_have_ended() {
    let mut leaving = LEAVING.subscribe();
    // A killed one is gone at once, unless it waits for a disk.
    let _ = tokio::time::timeout(ENDING * 2, leaving.wait_for(|count| *count == 0)).await;
}

/// Waits for a helper's end on the side, so that no zombie stays.
pub(crate) fn reap(child: Child) {
    tokio::spawn(async move { child.wait().await });
}
