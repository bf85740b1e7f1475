//! Capabilities, users and namespaces.

use std::process::{Command, ExitCode};

use oz_core::report::Wall;
use oz_sys::namespaces::unshare;
use rustix::thread::UnshareFlags;

use super::Trial;
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::Privileges,
        claim: "it has no capability in any set",
        run: |_| {
            let sets = status("Cap");
            let some: Vec<String> = sets
                .into_iter()
                .filter(|line| !line.ends_with("0000000000000000"))
                .collect();
            Verdict::nothing(&some)
        },
    },
    Trial {
        wall: Wall::Privileges,
        claim: "no program that it executes gains any (no_new_privs)",
        run: |_| is(&status("NoNewPrivs:"), "1"),
    },
    Trial {
        wall: Wall::Privileges,
        claim: "set-user-id means nothing on any mount",
        run: |_| {
            let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
            let honoured = mounts.lines().filter_map(|line| {
                let mut fields = line.split(' ').skip(4);
                let (place, options) = (fields.next()?, fields.next()?);
                let nosuid = options.split(',').any(|option| option == "nosuid");
                (!nosuid).then(|| place.to_owned())
            });
            match honoured.collect::<Vec<_>>() {
                _ if mounts.is_empty() => Verdict::broken("the mounts cannot be read"),
                honoured => Verdict::nothing(&honoured),
            }
        },
    },
    Trial {
        wall: Wall::Privileges,
        claim: "it makes no user namespace unless the plan lets it",
        run: |ask| match ask.plan.syscalls.user_namespaces {
            false => in_a_child(USER_NAMESPACE),
            true => Verdict::holds("the plan lets it"),
        },
    },
    Trial {
        wall: Wall::Mounts,
        claim: "it makes no mount namespace, in a user namespace of its own neither",
        run: |_| in_a_child(MOUNT_NAMESPACE),
    },
    Trial {
        wall: Wall::OpenFiles,
        claim: "the limit of open files is the plan's and cannot be raised",
        run: |ask| {
            let most = u64::from(ask.plan.limits.open_files);
            let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
            match limit.maximum {
                Some(maximum) if maximum <= most => Verdict::holds(maximum.to_string()),
                other => Verdict::broken(format!("{other:?} instead of {most}")),
            }
        },
    },
    Trial {
        wall: Wall::ProcessLimit,
        claim: "the limit of processes is the plan's and cannot be raised",
        run: |ask| {
            let most = u64::from(ask.plan.limits.processes);
            let limit = rustix::process::getrlimit(rustix::process::Resource::Nproc);
            match limit.maximum {
                Some(maximum) if maximum <= most => Verdict::holds(maximum.to_string()),
                other => Verdict::broken(format!("{other:?} instead of {most}")),
            }
        },
    },
];

/// Arguments of a process that makes namespaces, and has no other use afterwards.
pub const USER_NAMESPACE: &str = "user-namespace";
/// Likewise.
pub const MOUNT_NAMESPACE: &str = "mount-namespace";

/// What it does.
pub fn make_namespaces(which: &str) -> ExitCode {
    let made = match which {
        USER_NAMESPACE => unshare(UnshareFlags::NEWUSER),
        _ => unshare(UnshareFlags::NEWNS)
            .or_else(|_| unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS)),
    };
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Holds if the child could not do it.
fn in_a_child(attempt: &str) -> Verdict {
    let child = Command::new("/proc/self/exe").arg(attempt).status();
    match child.map(|status| status.code()) {
        Ok(Some(0)) => Verdict::broken("it was done"),
        Ok(_) => Verdict::holds("refused"),
        Err(error) => Verdict::broken(format!("it cannot be tried: {error}")),
    }
}

/// Lines of /proc/self/status that begin so.
pub fn status(prefix: &str) -> Vec<String> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter(|line| line.starts_with(prefix));
    lines.map(str::to_owned).collect()
}

/// Holds if there is one line with this value.
pub fn is(lines: &[String], value: &str) -> Verdict {
    match lines {
        [line] if line.split_whitespace().nth(1) == Some(value) => Verdict::holds(value),
        other => Verdict::broken(other.join(", ")),
    }
}
