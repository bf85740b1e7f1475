//! What the kernel counts for the user as a whole.

use oz_core::report::Wall;
use rustix::fs::inotify;

use super::Trial;
use crate::verdict::Verdict;

/// The user's own limit, of which a sandbox gets a quarter.
const ALL: &str = "/proc/sys/fs/inotify/max_user_instances";

pub const TRIALS: &[Trial] = &[Trial {
    wall: Wall::Quotas,
    claim: "it gets a quarter of what watches the user can have",
    run: |_| {
        let all = std::fs::read_to_string(ALL).unwrap_or_default();
        let Ok(all) = all.trim().parse::<usize>() else {
            return Verdict::broken(format!("{ALL} cannot be read"));
        };
        let part = (all / 4).max(1);
        let make = || inotify::init(inotify::CreateFlags::CLOEXEC).ok();
        // One more than it should get, and gone at once.
        let watches: Vec<_> = std::iter::from_fn(make).take(part + 1).collect();
        match watches.len() {
            count if count <= part => Verdict::holds(format!("{part} of {all}")),
            count => Verdict::broken(format!("{count} of {all}")),
        }
    },
}];
