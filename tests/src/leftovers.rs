//! What a sandbox leaves behind: processes, mounts, files and descriptors, compared with before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::processes::{self, Process};
use crate::session;
use crate::wait;

/// What there was at one moment.
#[derive(Debug)]
pub struct Snapshot {
    processes: BTreeSet<(i32, u64)>,
    mounts: BTreeSet<String>,
    runtime: BTreeSet<PathBuf>,
    temporary: BTreeSet<PathBuf>,
    namespaces_held: BTreeMap<&'static str, usize>,
}

impl Snapshot {
    /// Looks now. The daemon should run already, with no sandbox.
    pub fn take() -> Self {
        Self {
            processes: processes::of_session()
                .iter()
                .map(|p| (p.pid, p.start))
                .collect(),
            mounts: mounts(),
            runtime: tree(&session::runtime_dir()),
            temporary: tree(&session::temporary_dir()),
            namespaces_held: namespaces_held(),
        }
    }

    /// Everything that is there now and was not then, a line each.
    pub fn leftovers(&self) -> Vec<String> {
        let mut found = Vec::new();
        let (next, others): (Vec<_>, Vec<_>) = processes::of_session()
            .into_iter()
            .partition(Process::is_for_the_next_launch);
        if next.len() > 1 {
            found.push(format!("{} processes for the next launch", next.len()));
        }
        for process in others {
            if !self.processes.contains(&(process.pid, process.start)) && !is_host_service(&process)
            {
                found.push(format!("process {process}"));
            }
        }
        found.extend(
            mounts()
                .difference(&self.mounts)
                .map(|mount| format!("mount {mount}")),
        );
        for (before, now) in [
            (&self.runtime, tree(&session::runtime_dir())),
            (&self.temporary, tree(&session::temporary_dir())),
        ] {
            let new = now.difference(before).filter(|path| !may_stay(path));
            found.extend(new.map(|path| format!("file {}", path.display())));
        }
        let held = namespaces_held();
        for kind in KINDS {
            let most = self.namespaces_held[kind];
            if held[kind] > most {
                let held = held[kind];
                found.push(format!(
                    "the daemon holds {held} {kind} namespaces, not {most}"
                ));
            }
        }
        found
    }

    /// Waits until nothing is left; panics with what is.
    #[track_caller]
    pub fn wait_for_nothing_left(&self) {
        let end = std::time::Instant::now() + wait::PATIENCE;
        loop {
            let left = self.leftovers();
            if left.is_empty() {
                return;
            }
            assert!(
                std::time::Instant::now() < end,
                "left behind:\n  {}",
                left.join("\n  ")
            );
            wait::pause(std::time::Duration::from_millis(100));
        }
    }
}

/// A new daemon after the old one was killed, and services of the host's own bus (dconf, portals),
/// are no part of a sandbox. Inside, their like would be in another pid namespace.
fn is_host_service(process: &Process) -> bool {
    let services = [
        "oz-daemon",
        "dconf-service",
        "gvfsd",
        "at-spi-bus-launcher",
        "xdg-desktop-portal",
        "xdg-desktop-portal-gtk",
        "xdg-document-portal",
        "xdg-permission-store",
    ];
    let outside = process.namespace("pid") == fs::read_link("/proc/self/ns/pid").ok();
    // Of another user, so it cannot be asked where it is.
    let mounts_documents =
        process.runs("fusermount3") && process.command.contains("subtype=portal");
    mounts_documents || outside && services.iter().any(|name| process.runs(name))
}

/// What the daemon keeps for all sandboxes alike: its sockets and the live copies of host files.
fn may_stay(path: &Path) -> bool {
    let oz = session::runtime_dir().join("oz");
    let Ok(below) = path.strip_prefix(&oz) else {
        let runtime = session::runtime_dir();
        return ["dconf", "at-spi", "gvfs", "doc"]
            .iter()
            .any(|name| path.starts_with(runtime.join(name)));
    };
    let first = below
        .components()
        .next()
        .map(|c| c.as_os_str().to_string_lossy().into_owned());
    // The directory of sandboxes stays; nothing in it does.
    match first.as_deref() {
        Some("sandboxes") => below.components().count() == 1,
        _ => true,
    }
}

fn mounts() -> BTreeSet<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").expect("mountinfo can be read");
    // That of the host's document portal comes when somebody asks the portal for anything.
    let of_session = table
        .lines()
        .filter(|line| !line.contains(" - fuse.portal "));
    of_session.map(str::to_owned).collect()
}

/// All files beneath a directory, no symlink followed.
pub fn tree(dir: &Path) -> BTreeSet<PathBuf> {
    let mut all = BTreeSet::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path.clone());
            }
            all.insert(path);
        }
    }
    all
}

/// Kinds of namespaces. What is begun for the next launch holds its own.
const KINDS: [&str; 4] = ["mnt", "net", "pid", "user"];

/// How many namespaces of each kind the daemon has open: each would keep a sandbox's mounts alive.
fn namespaces_held() -> BTreeMap<&'static str, usize> {
    let daemon = processes::daemon();
    let entries = daemon.map(|daemon| fs::read_dir(format!("/proc/{}/fd", daemon.pid)));
    let targets: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .collect();
    let held = |kind: &str| {
        let start = format!("{kind}:[");
        let of_kind = |target: &&PathBuf| target.to_string_lossy().starts_with(&start);
        targets.iter().filter(of_kind).count()
    };
    KINDS.map(|kind| (kind, held(kind))).into()
}
