//! What is tried, by kind of wall. Adding one is adding an entry to a table.

mod calls;
mod control_groups;
mod devices;
mod files;
mod kernel;
mod landlock;
mod network;
mod privileges;
mod processes;
mod quotas;
mod terminals;

use std::process::ExitCode;

use oz_core::OsBytes;
use oz_core::report::Wall;
use oz_core::wire::check::{Ask, Finding, Question};

use crate::verdict::Verdict;

/// Something to try.
pub struct Trial {
    /// Which wall should stop it.
    pub wall: Wall,
    /// What holds if it does.
    pub claim: &'static str,
    /// Tries.
    pub run: fn(&Ask) -> Verdict,
}

const TRIALS: &[&[Trial]] = &[
    files::TRIALS,
    privileges::TRIALS,
    processes::TRIALS,
    kernel::TRIALS,
    calls::TRIALS,
    landlock::TRIALS,
    quotas::TRIALS,
    control_groups::TRIALS,
    terminals::TRIALS,
    devices::TRIALS,
    network::TRIALS,
];

/// Tries everything.
pub fn all(ask: &Ask) -> Vec<Finding> {
    let trials = TRIALS.iter().copied().flatten();
    let found = trials.map(|trial| finding(trial.wall, trial.claim, (trial.run)(ask)));
    found.chain(calls::each(ask)).collect()
}

fn finding(wall: Wall, claim: impl Into<String>, verdict: Verdict) -> Finding {
    Finding {
        wall,
        claim: claim.into(),
        state: verdict.state,
        detail: verdict.detail,
    }
}

/// What is tried in a process of its own, because it may be killed for it.
pub fn alone(attempt: &str) -> ExitCode {
    match attempt {
        landlock::DOMAINS => landlock::count(),
        calls::OF_32_BITS => calls::of_32_bits(),
        privileges::USER_NAMESPACE | privileges::MOUNT_NAMESPACE => {
            privileges::make_namespaces(attempt)
        }
        _ => ExitCode::from(2),
    }
}

/// What is asked, to be compared outside.
pub fn answers() -> Vec<(Question, OsBytes)> {
    let file = |path: &str| {
        let text = std::fs::read(path).unwrap_or_default();
        OsBytes::from(text.trim_ascii().to_vec())
    };
    let name = rustix::system::uname().nodename().to_bytes().to_vec();
    vec![
        (Question::HostName, name.into()),
        (Question::MachineId, file("/etc/machine-id")),
        (Question::BusMachineId, file("/var/lib/dbus/machine-id")),
        (Question::BootId, file("/proc/sys/kernel/random/boot_id")),
    ]
}
