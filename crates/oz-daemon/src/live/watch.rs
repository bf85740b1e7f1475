//! Watching files that are replaced by rename, and that may be links: the directories of the
//! link and of what it leads to are watched, not the files.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::readiness;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::resolve;

/// A replacement is several events; they are waited for.
const SETTLE: Duration = Duration::from_millis(50);

/// Calls back after each change, for ever.
pub(super) async fn follow(files: &[&Path], changed: impl Fn()) -> io::Result<()> {
    loop {
        // New watches each time: a link may lead elsewhere now.
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let events = WatchFlags::CLOSE_WRITE
            | WatchFlags::MOVED_TO
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::ONLYDIR;
        let mut watched = false;
        for directory in directories(files) {
            watched |= inotify::add_watch(&watch, &directory, events).is_ok();
        }
        if !watched {
            return Err(io::ErrorKind::NotFound.into());
        }
        let watch = readiness::watch(watch, Interest::READABLE)?;
        relevant(&watch, files).await?;
        tokio::time::sleep(SETTLE).await;
        drop(watch);
        changed();
    }
}

/// The directories in which something happens when one of the files changes.
fn directories(files: &[&Path]) -> BTreeSet<PathBuf> {
    let targets = files.iter().filter_map(|file| resolve(file));
    let all = files.iter().map(|file| file.to_path_buf()).chain(targets);
    all.filter_map(|file| file.parent().map(Path::to_owned))
        .collect()
}

/// Waits for an event about one of the names.
async fn relevant(watch: &AsyncFd<OwnedFd>, files: &[&Path]) -> io::Result<()> {
    let targets = files.iter().filter_map(|file| resolve(file));
    let names: BTreeSet<_> = files
        .iter()
        .map(|file| file.to_path_buf())
        .chain(targets)
        .filter_map(|file| file.file_name().map(std::ffi::OsStr::to_owned))
        .collect();
    loop {
        let mut ready = watch.readable().await?;
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(watch.get_ref(), &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => {
                    use std::os::unix::ffi::OsStrExt;
                    let name = event.file_name().map(|name| name.to_bytes().to_vec());
                    let ours = |name: &Vec<u8>| names.contains(std::ffi::OsStr::from_bytes(name));
                    if name.as_ref().is_some_and(ours) {
                        return Ok(());
                    }
                }
                Err(rustix::io::Errno::AGAIN) => break,
                Err(errno) => return Err(errno.into()),
            }
        }
        ready.clear_ready();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(flavor = "current_thread")]
    async fn a_file_that_is_replaced_behind_a_link_is_seen() {
        let base = tempfile::tempdir().expect("a directory");
        let run = base.path().join("run");
        std::fs::create_dir(&run).expect("made");
        std::fs::write(run.join("stub.conf"), "1").expect("written");
        let link = base.path().join("resolv.conf");
        std::os::unix::fs::symlink("run/stub.conf", &link).expect("linked");
        let seen = AtomicUsize::new(0);
        let files = [link.as_path()];
        let follow = follow(&files, || {
            seen.fetch_add(1, Ordering::Relaxed);
        });
        let change = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            std::fs::write(run.join("unrelated"), "x").expect("written");
            tokio::time::sleep(Duration::from_millis(150)).await;
            assert_eq!(seen.load(Ordering::Relaxed), 0);
            std::fs::write(run.join("new"), "2").expect("written");
            std::fs::rename(run.join("new"), run.join("stub.conf")).expect("renamed");
            while seen.load(Ordering::Relaxed) == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            result = follow => panic!("{result:?}"),
            () = change => {}
            () = tokio::time::sleep(Duration::from_secs(5)) => panic!("not seen"),
        }
    }
}
