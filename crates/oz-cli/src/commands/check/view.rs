//! A sandbox from outside, by what the kernel says of its processes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::plan::Plan;
use oz_core::wire::check::{Evidence, Question};
use oz_host::processes;
use oz_sys::namespaces;

use crate::bus::{File, Sandbox};
use crate::error::{Error, Result};

/// What is looked at.
pub(super) struct View {
    pub(super) plan: Plan,
    /// What it was given since.
    pub(super) files: Vec<File>,
    /// Init, on the host.
    pub(super) init: i32,
    /// The prober, on the host.
    pub(super) prober: i32,
    /// What the prober was told inside.
    answers: Vec<(Question, OsBytes)>,
}

/// Fields of `/proc/PID/status`.
pub(super) struct Status(BTreeMap<String, String>);

impl View {
    pub(super) fn of(sandbox: &Sandbox, plan: Plan, evidence: &Evidence) -> Result<Self> {
        let init = i32::try_from(sandbox.pid).unwrap_or_default();
        let prober = children(init).into_iter().find(|pid| {
            // Its number in the innermost pid namespace is the last of these.
            let inside = Status::of(*pid).and_then(|status| status.words("NSpid").pop());
            inside.and_then(|pid| pid.parse().ok()) == Some(evidence.pid)
        });
        let prober = prober.ok_or_else(|| {
            Error::failed(
                "the program that tries the walls cannot be seen on this machine.",
                "Run `oz check` on the host of the sandbox, with /proc mounted.",
            )
        })?;
        Ok(Self {
            plan,
            files: sandbox.files.clone(),
            init,
            prober,
            answers: evidence.answers.clone(),
        })
    }

    /// A file of the prober's own in /proc.
    pub(super) fn proc(&self, name: &str) -> PathBuf {
        format!("/proc/{}/{name}", self.prober).into()
    }

    /// What a path is inside, its last component not followed. What is above it is the root's, which
    /// no app can change, or a mount in it.
    pub(super) fn inside(&self, path: &Path) -> io::Result<fs::Metadata> {
        let root = self.proc("root");
        fs::symlink_metadata(root.join(path.strip_prefix("/").unwrap_or(path)))
    }

    /// Whether a process is in a user namespace that a program inside has made: one whose parent is
    /// neither the sandbox's nor the host's.
    pub(super) fn is_beneath_a_program(&self, pid: i32) -> bool {
        let above = |pid: i32| {
            let own = fs::File::open(format!("/proc/{pid}/ns/user"))?;
            namespaces::owner(own)
        };
        let compare = || -> io::Result<bool> {
            let above_it = above(pid)?;
            let host = fs::File::open("/proc/self/ns/user")?;
            let of_sandbox = namespaces::same(&above_it, above(self.prober)?)?;
            Ok(!of_sandbox && !namespaces::same(&above_it, host)?)
        };
        compare().unwrap_or(false)
    }

    /// What the prober was told.
    pub(super) fn answer(&self, question: Question) -> String {
        let found = self.answers.iter().find(|(asked, _)| *asked == question);
        found.map_or(String::new(), |(_, answer)| answer.to_string())
    }

    /// Every process in it but init: all that descend from init, and all in its pid namespace, for somebody
    /// may have put one there.
    pub(super) fn processes(&self) -> BTreeSet<i32> {
        let mut all = BTreeSet::new();
        let mut left = children(self.init);
        while let Some(pid) = left.pop() {
            left.extend(children(pid));
            all.insert(pid);
        }
        let namespace = fs::read_link(self.proc("ns/pid")).ok();
        let is_in_it = |pid: &i32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok() == namespace;
        if namespace.is_some() {
            all.extend(everybody().filter(|pid| *pid != self.init && is_in_it(pid)));
        }
        all
    }
}

impl Status {
    pub(super) fn of(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let fields = text.lines().filter_map(|line| line.split_once(':'));
        Some(Self(
            fields
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect(),
        ))
    }

    pub(super) fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let words = self.field(name).split_whitespace();
        words.map(str::to_owned).collect()
    }
}

/// Processes whose parent is this one, on any kernel.
fn children(pid: i32) -> Vec<i32> {
    processes::children(pid).unwrap_or_else(|| by_parent(pid))
}

/// The same on a kernel without lists of children.
fn by_parent(parent: i32) -> Vec<i32> {
    let is_child = |pid: &i32| {
        Status::of(*pid).is_some_and(|status| status.field("PPid") == parent.to_string())
    };
    everybody().filter(is_child).collect()
}

/// Every process of the machine.
fn everybody() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}
