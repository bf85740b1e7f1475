//! Namespaces and what each process in the sandbox may do.

use std::fs;
use std::time::Duration;

use oz_core::report::Wall;

use super::{Look, Seen};
use crate::commands::check::view::{Status, View};

macro_rules! own {
    ($($wall:ident $kind:literal: $claim:literal;)+) => {
        &[$(Look {
            wall: Wall::$wall,
            claim: $claim,
            run: |view| is_own(view, $kind),
        },)+]
    };
}

pub(super) const NAMESPACES: &[Look] = own! {
    Privileges "user": "it has a user namespace of its own";
    Mounts "mnt": "it has a mount namespace of its own";
    Processes "pid": "it has a pid namespace of its own";
    Network "net": "it has a network namespace of its own";
    Services "ipc": "it has an ipc namespace of its own";
    Identifiers "uts": "it has a host name of its own";
    Kernel "cgroup": "it has a cgroup namespace of its own";
};

pub(super) const LOOKS: &[Look] = &[
    Look {
        wall: Wall::Privileges,
        claim: "no process in it has a capability over the sandbox, and none can gain one",
        run: |view| {
            each(view, |pid, status| {
                // What has namespaces of its own beneath the app's has capabilities over these alone.
                if view.plan.syscalls.user_namespaces && view.is_beneath_a_program(pid) {
                    return true;
                }
                let sets = ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"];
                let empty = |set: &&str| status.field(set).bytes().all(|digit| digit == b'0');
                sets.iter().all(empty) && status.field("NoNewPrivs") == "1"
            })
        },
    },
    Look {
        wall: Wall::Privileges,
        claim: "every process in it is the user's",
        run: |view| {
            each(view, |_, status| {
                let uid = rustix::process::geteuid().as_raw().to_string();
                status.words("Uid").iter().all(|word| *word == uid)
            })
        },
    },
    Look {
        wall: Wall::SystemCalls,
        claim: "the system calls of every process in it are filtered",
        run: |view| each(view, |_, status| status.field("Seccomp") == "2"),
    },
    Look {
        wall: Wall::SystemCalls,
        claim: "those of its init are filtered",
        run: |view| {
            let is_filtered = || Some(Status::of(view.init)?.field("Seccomp") == "2");
            // It has just said that it is ready, and puts its filter up next.
            if is_filtered() == Some(false) {
                std::thread::sleep(SETTLE);
            }
            match is_filtered() {
                Some(true) => Seen::good("by a list of its own"),
                Some(false) => Seen::bad("it can make any"),
                None => Seen::bad("it cannot be seen"),
            }
        },
    },
    Look {
        wall: Wall::Processes,
        claim: "no process in it is traced by another",
        run: |view| each(view, |_, status| status.field("TracerPid") == "0"),
    },
    Look {
        wall: Wall::ProcessLimit,
        claim: "the kernel counts its processes up to the plan's limit",
        run: |view| limit(view, "Max processes", view.plan.limits.processes),
    },
    Look {
        wall: Wall::OpenFiles,
        claim: "the kernel counts its open files up to the plan's limit",
        run: |view| limit(view, "Max open files", view.plan.limits.open_files),
    },
];

fn is_own(view: &View, kind: &str) -> Seen {
    let own = fs::read_link(format!("/proc/self/ns/{kind}"));
    match (own, fs::read_link(view.proc(&format!("ns/{kind}")))) {
        (Ok(own), Ok(inside)) if own == inside => Seen::bad("it is the host's"),
        (Ok(_), Ok(inside)) => Seen::good(inside.display().to_string()),
        (Err(error), _) | (_, Err(error)) => Seen::bad(error.to_string()),
    }
}

/// One that init has just forked is not confined yet, and has not executed anything either.
const SETTLE: Duration = Duration::from_millis(300);

/// Whether something is true of every process, the app's own among them.
fn each(view: &View, is_right: impl Fn(i32, &Status) -> bool) -> Seen {
    let wrong = |pid: &i32| Status::of(*pid).is_some_and(|status| !is_right(*pid, &status));
    let all = view.processes();
    let mut others: Vec<i32> = all.iter().copied().filter(wrong).collect();
    if !others.is_empty() {
        std::thread::sleep(SETTLE);
        others.retain(wrong);
    }
    if all.is_empty() {
        return Seen::bad("its processes cannot be seen");
    }
    let names = others.iter().map(|pid| {
        let name = Status::of(*pid).map(|status| status.field("Name").to_owned());
        format!("{pid} ({})", name.unwrap_or_default())
    });
    match names.collect::<Vec<_>>().as_slice() {
        [] => Seen::good(format!("{} processes", all.len())),
        some => Seen::bad(some.join(", ")),
    }
}

/// The hard limit in `/proc/PID/limits`.
fn limit(view: &View, name: &str, most: u32) -> Seen {
    let list = fs::read_to_string(view.proc("limits")).unwrap_or_default();
    let line = list.lines().find_map(|line| line.strip_prefix(name));
    let hard = line.and_then(|line| line.split_whitespace().nth(1));
    match hard.map(str::parse::<u64>) {
        Some(Ok(hard)) if hard <= u64::from(most) => Seen::good(hard.to_string()),
        _ => Seen::bad(format!("{} instead of {most}", hard.unwrap_or("unknown"))),
    }
}
