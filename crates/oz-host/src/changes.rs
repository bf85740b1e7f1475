//! Whether anything has happened to paths of the host since they were looked at: what was learned of
//! them, and what was made from it, holds until then.
//!
//! Both sources answer at once and for everything that is over: the kernel queues an event within the
//! call that causes it. So who asks right before a use misses nothing that came before.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

/// What is told of a directory: entries come, go, or become something else.
const EVENTS: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// Paths that are watched, and all mounts.
#[derive(Debug)]
pub struct Changes {
    entries: OwnedFd,
    mounts: OwnedFd,
    /// Both tell once.
    happened: AtomicBool,
}

impl Changes {
    /// Watches paths, none of which need exist: what their names stand for, not what is in the files.
    ///
    /// An error if the machine has no watches left.
    pub fn watch(paths: &[PathBuf]) -> io::Result<Self> {
        let entries = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        for directory in directories(paths) {
            inotify::add_watch(&entries, directory, EVENTS)?;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let mounts = rustix::fs::openat(CWD, "/proc/self/mountinfo", flags, Mode::empty())?;
        Ok(Self {
            entries,
            mounts,
            happened: AtomicBool::new(false),
        })
    }

    /// Whether something has happened. If that cannot be found out, something has.
    pub fn happened(&self) -> bool {
        if !self.happened.load(Ordering::Relaxed)
            && (self.entries_changed() || self.mounts_changed())
        {
            self.happened.store(true, Ordering::Relaxed);
        }
        self.happened.load(Ordering::Relaxed)
    }

    fn entries_changed(&self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 512];
        let mut events = inotify::Reader::new(&self.entries, &mut buffer);
        !matches!(events.next(), Err(Errno::AGAIN))
    }

    /// The kernel has something urgent to say of a table of mounts that has changed since it was
    /// opened (proc_pid_mountinfo(5)).
    fn mounts_changed(&self) -> bool {
        let mut polled = [PollFd::new(&self.mounts, PollFlags::PRI)];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        !matches!(rustix::event::poll(&mut polled, Some(&at_once)), Ok(0))
    }
}

/// The directories in which something happens when one of the paths becomes something else: the
/// nearest that exists, and all above it.
fn directories(paths: &[PathBuf]) -> BTreeSet<&Path> {
    let mut all = BTreeSet::new();
    for path in paths {
        for directory in path.ancestors().skip(1) {
            if all.contains(directory) {
                break;
            }
            if directory.is_dir() {
                all.insert(directory);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_becomes_something_else_is_seen_and_what_is_written_is_not() {
        let base = tempfile::tempdir().expect("a directory");
        let at = |name: &str| base.path().join(name);
        fs::create_dir(at("etc")).expect("made");
        fs::write(at("etc/file"), "one").expect("written");
        let paths = [at("etc/file"), at("etc/missing/deep"), at("usr")];
        let watch = || Changes::watch(&paths).expect("watched");

        // Other tests make things in the directory for temporary files, which is above.
        let is_quiet = || {
            let quiet = watch();
            fs::write(at("etc/file"), "two").expect("written");
            !quiet.happened()
        };
        assert!((0..1000).any(|_| is_quiet()), "the same file is there");

        let seen = |what: &str, change: &dyn Fn() -> io::Result<()>| {
            let mut some = (0..1000).map(|_| watch());
            let changes = some.find(|changes| !changes.happened());
            let changes = changes.unwrap_or_else(|| panic!("not yet: {what}"));
            change().expect(what);
            assert!(changes.happened(), "{what}");
            assert!(changes.happened(), "it stays so: {what}");
        };
        seen("replaced", &|| {
            fs::write(at("etc/new"), "three")?;
            fs::rename(at("etc/new"), at("etc/file"))
        });
        seen("removed", &|| fs::remove_file(at("etc/file")));
        seen("a directory that was missing", &|| {
            fs::create_dir(at("etc/missing"))
        });
        seen("below it", &|| fs::write(at("etc/missing/deep"), ""));
        seen("a directory above is replaced", &|| {
            fs::rename(at("etc"), at("old"))?;
            fs::create_dir(at("etc"))
        });
        seen("a top", &|| std::os::unix::fs::symlink("old", at("usr")));
    }
}
