//! What programs still have open of what was taken back: detaching a mount closes nothing.
//!
//! What is read here is the kernel's word: the numbers of mounts and files, never a path or a text that an app
//! chose, but for the short names of processes, which are passed on as bytes. A program that hides itself
//! (`PR_SET_DUMPABLE`) or keeps a descriptor in a socket is not seen.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oz_core::OsBytes;
use oz_core::wire::mount::Identity;
use oz_host::processes::children;
use rustix::fs::{AtFlags, CWD, StatxFlags};
use serde::{Deserialize, Serialize};

use super::{Grant, Shown};
use crate::aside;
use crate::clock;
use crate::sandbox::Sandbox;

/// How long is looked at most.
const LOOK: Duration = Duration::from_secs(2);
/// How often those are looked for again who had something open.
const AGAIN: Duration = Duration::from_secs(3);
/// Most that are remembered.
const MOST: usize = 256;
/// Most processes that are named for each.
const NAMED: usize = 16;

/// What was taken back and is open still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Open {
    pub(crate) path: OsBytes,
    /// When it was taken back: seconds since 1970.
    pub(crate) since: u64,
    /// In the host's numbers, with their short names.
    pub(crate) processes: Vec<(u32, Vec<u8>)>,
    mount: u64,
    identity: Identity,
}

impl Open {
    /// One that may be.
    fn of(grant: &Grant) -> Option<Self> {
        let Shown::Mount(granted) = &grant.shown else {
            // A view refuses what is open of it.
            return None;
        };
        Some(Self {
            path: grant.path.clone(),
            since: clock::now(),
            processes: Vec::new(),
            mount: granted.mount,
            identity: grant.identity,
        })
    }
}

/// Looks who has these open, and remembers those that somebody has.
pub(super) async fn note(sandbox: &Sandbox, taken: &[Grant]) {
    let mut all = sandbox.still_open().to_vec();
    all.extend(taken.iter().filter_map(Open::of));
    // Numbers of mounts come again: what is held is not what was taken back.
    let held = sandbox.files();
    let shown = |mount| {
        held.iter()
            .any(|grant| matches!(&grant.shown, Shown::Mount(granted) if granted.mount == mount))
    };
    all.retain(|open| !shown(open.mount));
    let init = sandbox.published().pid;
    if all.is_empty() || init == 0 {
        return;
    }
    let look = move || look(init, all, Instant::now() + LOOK);
    let looked = aside::within(Some(&sandbox.id), LOOK * 2, look).await;
    match looked {
        Some(found) => sandbox.publish_still_open(found),
        None => tracing::debug!("what is still open cannot be said"),
    }
}

/// Forgets what is closed by now, as long as the sandbox runs. Waits for nothing if nothing is open.
pub(crate) async fn supervise(sandbox: Arc<Sandbox>) {
    loop {
        if sandbox.still_open().is_empty() {
            sandbox.open_changed.notified().await;
        }
        tokio::time::sleep(AGAIN).await;
        note(&sandbox, &[]).await;
    }
}

/// Those of `all` that a process below init has open. When the time is over the rest stays as it was.
fn look(init: u32, all: Vec<Open>, end: Instant) -> Vec<Open> {
    let mounts: HashSet<u64> = all.iter().map(|open| open.mount).collect();
    let files: HashSet<(u64, u64)> = all
        .iter()
        .filter(|open| !open.identity.directory)
        .map(|open| (open.identity.device, open.identity.inode))
        .collect();
    let mut users: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
    let mut mappers: BTreeMap<(u64, u64), BTreeSet<u32>> = BTreeMap::new();
    let mut left = children(init).unwrap_or_default();
    let mut seen = BTreeSet::new();
    while let Some(pid) = left.pop() {
        if Instant::now() > end {
            return all;
        }
        // Numbers come again while one looks.
        if !seen.insert(pid) {
            continue;
        }
        left.extend(children(pid).unwrap_or_default());
        let process = PathBuf::from(format!("/proc/{pid}"));
        for mount in mounts_of(&process) {
            if mounts.contains(&mount) {
                users.entry(mount).or_default().insert(pid);
            }
        }
        if !files.is_empty() {
            for file in mapped_in(&process) {
                if files.contains(&file) {
                    mappers.entry(file).or_default().insert(pid);
                }
            }
        }
    }
    let mut found = Vec::new();
    for mut open in all {
        let file = (open.identity.device, open.identity.inode);
        let mut pids = users.get(&open.mount).cloned().unwrap_or_default();
        pids.extend(mappers.get(&file).into_iter().flatten());
        let named = pids.into_iter().take(NAMED);
        open.processes = named.map(|pid| (pid, name(pid))).collect();
        if !open.processes.is_empty() {
            found.push(open);
        }
    }
    // The latest are what somebody asks for.
    let over = found.len().saturating_sub(MOST);
    found.drain(..over);
    found
}

/// Mounts in which a process has something open, or is.
fn mounts_of(process: &Path) -> BTreeSet<u64> {
    let mut mounts = BTreeSet::new();
    for place in ["cwd", "root"] {
        // Nothing is asked of the file system: it may not answer.
        let flags = AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
        if let Ok(found) = rustix::fs::statx(CWD, process.join(place), flags, StatxFlags::MNT_ID) {
            mounts.insert(found.stx_mnt_id);
        }
    }
    let descriptors = fs::read_dir(process.join("fdinfo")).into_iter().flatten();
    for descriptor in descriptors.flatten() {
        let text = fs::read_to_string(descriptor.path()).unwrap_or_default();
        let mount = text.lines().find_map(|line| line.strip_prefix("mnt_id:"));
        mounts.extend(mount.and_then(|number| number.trim().parse::<u64>().ok()));
    }
    mounts
}

/// Files that a process has mapped, by device and number.
fn mapped_in(process: &Path) -> BTreeSet<(u64, u64)> {
    // A line is `from-to flags offset major:minor inode path`; what is odd in a path is escaped.
    let text = fs::read(process.join("maps")).unwrap_or_default();
    let file = |line: &[u8]| {
        let mut words = line.split(|byte| *byte == b' ').skip(3);
        let (device, inode) = (words.next()?, words.next()?);
        let (major, minor) = std::str::from_utf8(device).ok()?.split_once(':')?;
        let number = |text: &str| u32::from_str_radix(text, 16).ok();
        let device = rustix::fs::makedev(number(major)?, number(minor)?);
        let inode = std::str::from_utf8(inode).ok()?.parse().ok()?;
        Some((device, inode))
    };
    text.split(|byte| *byte == b'\n').filter_map(file).collect()
}

fn name(pid: u32) -> Vec<u8> {
    let mut name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.pop();
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;
    use std::process::{Command, Stdio};

    fn open(path: &Path, mount: u64) -> Open {
        let metadata = fs::metadata(path).expect("there");
        Open {
            path: path.into(),
            since: 1,
            processes: Vec::new(),
            mount,
            identity: Identity {
                device: metadata.dev(),
                inode: metadata.ino(),
                directory: metadata.is_dir(),
            },
        }
    }

    #[test]
    fn who_has_something_open_is_found_by_the_mount_or_by_what_is_mapped() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        fs::write(&path, "x").expect("written");
        let mount = |path: &Path| {
            let known = rustix::fs::statx(CWD, path, AtFlags::STATX_DONT_SYNC, StatxFlags::MNT_ID);
            known.expect("known").stx_mnt_id
        };
        let program = "import mmap, sys, time; f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close(); \
                       print(1, flush=True); time.sleep(1000)";
        let mut child = Command::new("python3")
            .args(["-c", program])
            .arg(&path)
            .current_dir("/proc")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        child
            .stdout
            .take()
            .expect("a pipe")
            .read_exact(&mut [0])
            .expect("ready");
        let own = std::process::id();
        let end = || Instant::now() + Duration::from_secs(60);
        let named = |all: Vec<Open>| -> Vec<u32> {
            all.iter()
                .flat_map(|open| &open.processes)
                .map(|(pid, _)| *pid)
                .collect()
        };
        // By what is mapped: its mount is none that there is.
        let mapped = look(own, vec![open(&path, u64::MAX)], end());
        let proc = open(Path::new("/proc"), mount(Path::new("/proc")));
        let in_it = look(own, vec![proc], end());
        let other = directory.path().join("other");
        fs::write(&other, "y").expect("written");
        let nobody = look(own, vec![open(&other, u64::MAX)], end());
        child.kill().expect("killed");
        child.wait().expect("ended");
        assert!(named(mapped).contains(&child.id()));
        assert!(named(in_it).contains(&child.id()));
        assert!(nobody.is_empty());
    }
}
