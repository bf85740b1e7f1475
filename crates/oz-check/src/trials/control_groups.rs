//! Control groups, which limit the sandbox as a whole.

use oz_core::report::Wall;

use super::Trial;
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::Memory,
        claim: "no control group can be seen, so none can be left or changed",
        run: |_| none_can_be_seen(),
    },
    Trial {
        wall: Wall::Processor,
        claim: "no control group can be seen, so none can be left or changed",
        run: |_| none_can_be_seen(),
    },
];

/// By their file systems, wherever they are mounted.
fn none_can_be_seen() -> Verdict {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let seen = mounts.lines().filter_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let place = mount.split(' ').nth(4)?;
        file_system.starts_with("cgroup").then(|| place.to_owned())
    });
    Verdict::nothing(&seen.collect::<Vec<_>>())
}
