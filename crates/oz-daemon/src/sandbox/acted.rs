//! When the user last did something in a window of a sandbox, as its display proxy notes it.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use oz_core::plan::SandboxId;
use rustix::fs::{Mode, OFlags};
use rustix::time::ClockId;

use crate::directories::Directories;

/// Name of the file.
const NAME: &str = "acted";

/// The file for a proxy to write to, empty; none if it cannot be made.
pub(crate) fn file(directories: &Directories, id: &SandboxId) -> Option<PathBuf> {
    let path = path(directories, id);
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(_) => Some(path),
        Err(error) => {
            tracing::warn!(%error, "what the user does in its windows will not be known");
            None
        }
    }
}

/// Whether that was not longer ago than this.
pub(crate) fn within(directories: &Directories, id: &SandboxId, time: Duration) -> bool {
    let mut bytes = [0; 8];
    let read = File::open(path(directories, id)).and_then(|mut file| file.read_exact(&mut bytes));
    let now = rustix::time::clock_gettime(ClockId::Monotonic);
    let now = Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    );
    let then = Duration::from_nanos(u64::from_ne_bytes(bytes));
    // A time to come is none.
    read.is_ok() && now.checked_sub(then).is_some_and(|since| since <= time)
}

fn path(directories: &Directories, id: &SandboxId) -> PathBuf {
    directories.sandboxes().join(id.as_str()).join(NAME)
}
