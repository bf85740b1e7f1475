//! The processes of this session, read from /proc. Other sessions of the same user are not ours.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::{Run, wait};

/// A process, told from a later one with the same number by when it started.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// When it started, in the kernel's ticks.
    pub start: u64,
    /// The short name.
    pub name: String,
    /// The first words of its command line.
    pub command: String,
}

impl Process {
    fn read(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may contain anything, so count from its closing bracket.
        let (head, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let state = *fields.first()?;
        if state == "Z" || state == "X" {
            return None;
        }
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            start: fields.get(19)?.parse().ok()?,
            name: head.split_once('(')?.1.to_owned(),
            command: command_line(pid),
        })
    }

    /// Whether it still runs.
    pub fn lives(&self) -> bool {
        Self::read(self.pid).is_some_and(|now| now.start == self.start)
    }

    /// Kills it with SIGKILL.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Sends it a signal, if it still runs.
    pub fn signal(&self, signal: Signal) {
        if let (true, Some(pid)) = (self.lives(), Pid::from_raw(self.pid)) {
            let _ = kill_process(pid, signal);
        }
    }

    /// The namespace that it is in, as /proc shows it; none if that is hidden from us.
    pub fn namespace(&self, kind: &str) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/ns/{kind}", self.pid)).ok()
    }

    /// Whether it is what the daemon has begun for the next launch, or is about to.
    pub fn is_for_the_next_launch(&self) -> bool {
        self.runs("oz-init") && self.name == "oz-next"
    }

    /// Whether it serves files that an app may change; it has a child that repeats what happens outside.
    pub fn serves_files(&self) -> bool {
        let is = |process: &Self| process.runs("files-proxy");
        is(self) && !Self::read(self.parent).as_ref().is_some_and(is)
    }

    /// Whether the program's file or its first word has this name.
    pub fn runs(&self, program: &str) -> bool {
        let first = self.command.split(' ').next().unwrap_or_default();
        self.name == program || first.rsplit('/').next() == Some(program)
    }
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} ({}, parent {}): {}",
            self.pid, self.name, self.parent, self.command
        )
    }
}

fn command_line(pid: i32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let text: Vec<String> = bytes
        .split(|b| *b == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    text.join(" ").trim_end().chars().take(200).collect()
}

/// All processes of the machine.
pub fn all() -> BTreeMap<i32, Process> {
    let entries = fs::read_dir("/proc").expect("/proc can be listed");
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, Process::read(pid)?)))
        .collect()
}

/// The processes of this session that build or keep a sandbox.
pub fn inits() -> Vec<Process> {
    let mut all = of_session();
    all.retain(|process| process.runs("oz-init") && !process.is_for_the_next_launch());
    all
}

/// Every process of this session, whoever its parent is, but this test and what it started.
pub fn of_session() -> Vec<Process> {
    let all = all();
    let supervisor = supervisor(&all);
    let ours = getpid().as_raw_nonzero().get();
    all.values()
        .filter(|process| {
            descends(&all, process.pid, supervisor) && !descends(&all, process.pid, ours)
        })
        .filter(|process| process.pid != supervisor)
        .cloned()
        .collect()
}

/// The processes that a process started, and theirs.
pub fn descendants(of: i32) -> Vec<Process> {
    let all = all();
    all.values()
        .filter(|p| p.pid != of && descends(&all, p.pid, of))
        .cloned()
        .collect()
}

fn descends(all: &BTreeMap<i32, Process>, mut pid: i32, from: i32) -> bool {
    let mut seen = BTreeSet::new();
    while pid != from {
        match all.get(&pid) {
            Some(process) if seen.insert(pid) => pid = process.parent,
            _ => return false,
        }
    }
    true
}

/// Who starts everything in the session: the parent of its compositor, or of its X server.
fn supervisor(all: &BTreeMap<i32, Process>) -> i32 {
    let session = format!("OZ_SESSION={}", crate::session::id());
    let compositor = all
        .values()
        .filter(|p| ["sway", "gnome-shell", "Xvfb"].contains(&p.name.as_str()))
        .find(|p| environment(p.pid).any(|var| var == session.as_str()))
        .expect("the session has a display that is ours to look at");
    compositor.parent
}

fn environment(pid: i32) -> impl Iterator<Item = OsString> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    bytes
        .split(|b| *b == 0)
        .map(|v| OsString::from_vec(v.to_vec()))
        .collect::<Vec<_>>()
        .into_iter()
}

/// The daemon, if it runs.
pub fn daemon() -> Option<Process> {
    of_session()
        .into_iter()
        .find(|process| process.runs("oz-daemon"))
}

/// Kills the daemon with SIGKILL and waits until it is gone, also for the bus.
pub fn kill_daemon() {
    let daemon = wait::until("the daemon", daemon);
    daemon.kill();
    wait::for_condition("the daemon to be gone", || !daemon.lives());
    // A launch that waited may have activated the next one already.
    wait::for_condition("the bus to notice", || {
        owner().is_none_or(|pid| pid != daemon.pid)
    });
}

/// The process that has Oz's name on the session bus.
fn owner() -> Option<i32> {
    let call = ["call", "--session", "-d", "org.freedesktop.DBus", "-o", "/"];
    let method = "org.freedesktop.DBus.GetConnectionUnixProcessID";
    let ran = Run::new("gdbus", call)
        .args(["-m", method, "org.oz.Oz1"])
        .run();
    // Without an owner the answer is an error; with one it is `(uint32 123,)`.
    let text = ran.text();
    text.strip_prefix("(uint32 ")?
        .strip_suffix(",)")?
        .parse()
        .ok()
}
