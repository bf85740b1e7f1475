//! System calls.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode, Stdio};

use oz_core::report::Wall;
use oz_core::wire::check::{Ask, Finding};
use oz_sys::attempt;

use super::privileges::{is, status};
use super::{Trial, finding};
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::SystemCalls,
        claim: "its system calls are filtered",
        run: |_| is(&status("Seccomp:"), "2"),
    },
    Trial {
        wall: Wall::SystemCalls,
        claim: "calls that are not known do not exist",
        run: |_| Verdict::of_call(attempt::unknown_call()),
    },
    Trial {
        wall: Wall::SystemCalls,
        claim: "who makes calls of 32 bits is killed",
        run: |_| {
            let child = Command::new("/proc/self/exe")
                .arg(OF_32_BITS)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .status();
            match child.map(|status| (status.signal(), status.code())) {
                Ok((Some(signal), _)) => Verdict::holds(format!("signal {signal}")),
                Ok((_, Some(REFUSED))) => Verdict::holds("this kernel has none"),
                Ok(_) => Verdict::broken("it was done"),
                Err(error) => Verdict::broken(error.to_string()),
            }
        },
    },
];

/// The argument of a process that makes one.
pub const OF_32_BITS: &str = "call-of-32-bits";

/// Its status when it was told that there is none.
const REFUSED: i32 = 3;

/// In a process of its own.
pub fn of_32_bits() -> ExitCode {
    #[cfg(target_arch = "x86_64")]
    if attempt::call_of_32_bits().is_ok() {
        return ExitCode::SUCCESS;
    }
    ExitCode::from(3)
}

/// Every call that the plan does not allow and that can be tried.
pub fn each(ask: &Ask) -> Vec<Finding> {
    let policy = &ask.plan.syscalls;
    let allowed = |name: &str| {
        policy.allow.iter().any(|allowed| allowed == name) || policy.conditional.contains_key(name)
    };
    let denied = attempt::CALLS.iter().filter(|call| !allowed(call.name));
    denied
        .map(|call| {
            let mounts = [
                "mount",
                "mount_setattr",
                "move_mount",
                "open_tree",
                "pivot_root",
                "umount2",
            ];
            let wall = if mounts.contains(&call.name) {
                Wall::Mounts
            } else {
                Wall::SystemCalls
            };
            let claim = format!("{} is refused", call.name);
            finding(wall, claim, Verdict::of_call(attempt::call(call)))
        })
        .collect()
}
