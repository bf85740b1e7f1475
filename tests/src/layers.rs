//! Copies that are made by writing: a sandbox that makes some, where they are kept, and merges that are cut off.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::process::Signal;

use crate::session::{home, runtime_dir};
use crate::{Run, Session, cli, oz, wait};

/// Magic number of overlayfs (statfs(2)).
const OVERLAYFS: rustix::fs::FsWord = 0x794c_7630;

/// A command over a copy of the home; what it writes is kept.
pub fn cow(script: &str) -> Run {
    oz(["run", "--cow", "--", "sh", "-c", script])
}

/// A directory of the home with a few files, and nothing kept of earlier tests.
pub fn fresh(session: &Session) -> PathBuf {
    for kept in fs::read_dir(copies()).into_iter().flatten().flatten() {
        remove(&kept.path());
    }
    let dir = session.fresh_dir("cow");
    fs::write(dir.join("kept"), "kept").expect("written");
    fs::write(dir.join("changed"), "before").expect("written");
    fs::write(dir.join("deleted"), "deleted").expect("written");
    dir
}

/// Where they are kept: beside a home that is an overlay itself, which the kernel keeps none on.
pub fn copies() -> PathBuf {
    let kind = rustix::fs::statfs(home()).expect("a file system").f_type;
    let oz = match kind {
        OVERLAYFS => runtime_dir().join("oz"),
        _ => home().join(".local/state/oz"),
    };
    oz.join("copies")
}

/// Waits for a moment of something that is over in a few: it is looked at without a pause.
pub fn catch(what: &str, mut is_there: impl FnMut() -> bool) {
    let end = Instant::now() + wait::PATIENCE;
    while !is_there() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// The kernel's directory has no mode.
fn remove(copies: &Path) {
    let path = copies.to_string_lossy();
    Run::sh(&format!("chmod -R u+rwx '{path}' && rm -rf '{path}'"))
        .run()
        .ok();
}

/// How many files a merge that is killed changes and adds,
const WRITTEN: usize = 60;
/// and how many it deletes.
const DELETED: std::ops::Range<usize> = 60..90;
/// All that it does; a directory is added as well.
pub const STEPS: usize = 151;

/// A merge that is cut off.
pub struct Merge {
    dir: PathBuf,
}

impl Merge {
    /// Prepares one.
    #[track_caller]
    pub fn new(session: &Session) -> Self {
        let dir = fresh(session);
        for number in 0..120 {
            fs::write(dir.join(format!("f{number}")), "before").expect("written");
        }
        cow("cd ~/cow && for n in $(seq 0 59); do echo after$n > f$n; done; for n in $(seq 60 89); do rm f$n; done; mkdir d; for n in $(seq 0 59); do echo new$n > d/n$n; done")
            .run()
            .ok();
        Self { dir }
    }

    /// Starts it and kills it when `moment` returns; at any time all files are whole, and the next merge finishes it.
    #[track_caller]
    pub fn is_finished_when_killed(&self, moment: impl FnOnce(&Self)) {
        let merge = oz(["merge", "sh", "--yes"]).start();
        moment(self);
        // The worker with it: they are one process group.
        let _ = rustix::process::kill_process_group(merge.pid(), Signal::KILL);
        drop(merge);
        for number in 0..WRITTEN {
            let text = self.read("f", number).expect("there");
            assert!(text == "before" || text == after(number), "{text}");
        }
        oz(["merge", "sh", "--yes"]).run();
        assert_eq!(self.done(), STEPS - 1, "not all is done");
        let names = Run::sh("ls -A ~/cow ~/cow/d | grep -c ^.oz-").run().text();
        assert_eq!(names, "0");
        let left = cli::json(["changes", "sh"]);
        assert_eq!(left.as_array().map(Vec::len), Some(0));
    }

    /// How much of it can be seen.
    pub fn done(&self) -> usize {
        let changed = (0..WRITTEN).filter(|n| self.read("f", *n) == Some(after(*n)));
        let gone = DELETED.filter(|n| self.read("f", *n).is_none());
        let new = (0..WRITTEN).filter(|n| self.read("d/n", *n) == Some(format!("new{n}\n")));
        changed.count() + gone.count() + new.count()
    }

    /// Whether it says that it is over.
    pub fn is_over(&self) -> bool {
        copies().join("sh/merge-00000-000/done").exists()
    }

    fn read(&self, kind: &str, number: usize) -> Option<String> {
        fs::read_to_string(self.dir.join(format!("{kind}{number}"))).ok()
    }
}

fn after(number: usize) -> String {
    format!("after{number}\n")
}
