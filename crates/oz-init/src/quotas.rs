//! What the kernel counts for a user as a whole, wherever the user's processes are: a sandbox gets a part,
//! so that the host's programs always have theirs.
//!
//! Two levers reach across: settings of a user namespace count what is made in it and beneath, and
//! limits that a process has when it makes a user namespace hold for all who are in that. Watches of
//! epoll have neither; of descriptors in flight the limit of open files keeps enough free.

use std::io;
use std::os::fd::OwnedFd;

use oz_core::plan::Plan;
use oz_core::report::{Held, State, Wall};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Resource, Rlimit};

/// A sandbox gets one part of so many.
const PARTS: u64 = 4;

/// Settings of the user namespace, and what the host's own are read from.
const SETTINGS: [(&str, &str); 2] = [
    (
        "user/max_inotify_instances",
        "fs/inotify/max_user_instances",
    ),
    ("user/max_inotify_watches", "fs/inotify/max_user_watches"),
];

/// Limits that are counted together: memory that stays in memory, bytes of message queues, signals and
/// timers that wait.
const COUNTED: [Resource; 3] = [Resource::Memlock, Resource::Msgqueue, Resource::Sigpending];

/// Namespaces that a sandbox may make in all if its programs may make some, each kind: renderers have
/// one or two each, and every network namespace costs the kernel memory that is not the app's.
const NAMESPACES: [(&str, &str); 4] = [
    ("user/max_user_namespaces", "1024"),
    ("user/max_pid_namespaces", "512"),
    ("user/max_net_namespaces", "256"),
    ("user/max_ipc_namespaces", "256"),
];

/// The part of a sandbox, whatever it is made for.
#[derive(Debug, Default)]
pub struct Quotas {
    /// Settings that this kernel does not have.
    failed: Vec<&'static str>,
}

impl Quotas {
    /// Sets what is the same for all.
    ///
    /// Limits of the calling process are lowered, for good.
    pub fn set(proc: &OwnedFd) -> Self {
        let mut failed = Vec::new();
        for (setting, host) in SETTINGS {
            let part = read(proc, host).map(|most| (most / PARTS).max(1));
            if part
                .and_then(|part| write(proc, setting, &part.to_string()))
                .is_err()
            {
                failed.push(setting);
            }
        }
        for resource in COUNTED {
            let now = rustix::process::getrlimit(resource);
            let part = now.current.or(now.maximum).map(|most| most / PARTS);
            let limit = Rlimit {
                current: part,
                maximum: part,
            };
            // Lowering one's own limit cannot fail.
            let _ = rustix::process::setrlimit(resource, limit);
        }
        Self { failed }
    }

    /// Sets what the plan decides. How far all of it holds.
    pub fn finish(mut self, plan: &Plan, proc: &OwnedFd) -> Held {
        if plan.syscalls.user_namespaces {
            for (setting, most) in NAMESPACES {
                if write(proc, setting, most).is_err() {
                    self.failed.push(setting);
                }
            }
        }
        match self.failed[..] {
            [] => Held::new(
                Wall::Quotas,
                State::Enforced,
                "a quarter of inotify, locked memory, queues and signals",
            ),
            [..] => Held::new(
                Wall::Quotas,
                State::Partly,
                format!("this kernel has no {}", self.failed.join(", ")),
            ),
        }
    }
}

fn read(proc: &OwnedFd, name: &str) -> io::Result<u64> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(proc, format!("sys/{name}"), flags, Mode::empty())?;
    let mut buffer = [0; 32];
    let length = rustix::io::read(file, &mut buffer)?;
    let text = std::str::from_utf8(&buffer[..length]).map_err(io::Error::other)?;
    text.trim().parse().map_err(io::Error::other)
}

fn write(proc: &OwnedFd, name: &str, value: &str) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(proc, format!("sys/{name}"), flags, Mode::empty())?;
    rustix::io::write(file, value.as_bytes())?;
    Ok(())
}
