//! Copies that are made by writing: an overlay of a directory of the user.
//!
//! Between what is written and the directory lies a layer of init's own, the *cover*, in which what is hidden is marked as
//! deleted. Neither what the app makes and removes again nor what comes to be on the host later uncovers it.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use oz_core::plan::{Overlay, Source};
use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{filesystems, source};

/// An overlay that is not mounted yet.
pub struct Made {
    /// Its mount.
    pub mount: OwnedFd,
    /// Whoever has this open holds the layers.
    pub lock: OwnedFd,
}

/// Makes one; `workshop` is a mounted directory in memory, in which its cover is made by this name.
///
/// The kernel opens layers by path. Descriptors are named, so that what was looked at is what is used, and no path of the
/// host can be read inside.
pub fn make(overlay: &Overlay, workshop: impl AsFd, cover: &str) -> io::Result<Made> {
    let lower = source::open(&Source::User(overlay.source.clone()))?;
    let layers = source::open(&Source::User(overlay.layers.clone()))?;
    let lock = lock(&layers)?;
    let upper = directory(&layers, Overlay::UPPER)?;
    let work = directory(&layers, Overlay::WORK)?;
    rustix::fs::mkdirat(&workshop, cover, mode_of(&lower)?)?;
    let cover = directory(workshop, cover)?;
    for hidden in &overlay.hidden {
        hide(&lower, &cover, hidden)?;
    }
    let path = |layer: &OwnedFd| format!("/proc/self/fd/{}", layer.as_raw_fd());
    let lower = format!("{}:{}", path(&cover), path(&lower));
    let mount = |volatile| filesystems::overlay(&lower, &path(&upper), &path(&work), volatile);
    // A kernel that knows no such overlay has one that waits for the disk.
    let mount = match mount(overlay.volatile) {
        Err(_) if overlay.volatile => mount(false),
        made => made,
    }?;
    Ok(Made { mount, lock })
}

/// Two mounts of the same layers destroy them, and the kernel only writes it to its log.
fn lock(layers: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let lock = rustix::fs::openat(layers, Overlay::LOCK, flags, Mode::empty())?;
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    Ok(lock)
}

fn directory(parent: impl AsFd, name: &str) -> io::Result<OwnedFd> {
    let directory = open(parent, name.as_ref())?;
    match FileType::from_raw_mode(rustix::fs::fstat(&directory)?.st_mode) {
        FileType::Directory => Ok(directory),
        _ => Err(Errno::NOTDIR.into()),
    }
}

fn open(parent: impl AsFd, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

fn mode_of(file: &OwnedFd) -> io::Result<Mode> {
    Ok(Mode::from_raw_mode(
        rustix::fs::fstat(file)?.st_mode & 0o1777,
    ))
}

/// Marks a path as deleted: at its end, or where it is not there any more. Where it goes on behind a link, what
/// the link leads to is hidden by its own path.
fn hide(lower: &OwnedFd, cover: &OwnedFd, path: &Path) -> io::Result<()> {
    let mut here = (lower.try_clone()?, cover.try_clone()?);
    let mut names = path.components().peekable();
    while let Some(Component::Normal(name)) = names.next() {
        if names.peek().is_none() {
            return whiteout(&here.1, name);
        }
        let below = match open(&here.0, name) {
            Err(Errno::NOENT) => return whiteout(&here.1, name),
            below => below?,
        };
        if FileType::from_raw_mode(rustix::fs::fstat(&below)?.st_mode) != FileType::Directory {
            return Ok(());
        }
        match rustix::fs::mkdirat(&here.1, name, mode_of(&below)?) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let cover = open(&here.1, name)?;
        if FileType::from_raw_mode(rustix::fs::fstat(&cover)?.st_mode) != FileType::Directory {
            // It is hidden with all that is in it.
            return Ok(());
        }
        here = (below, cover);
    }
    Ok(())
}

/// What overlays take for a deleted file, which anybody may make.
fn whiteout(directory: &OwnedFd, name: &OsStr) -> io::Result<()> {
    let device = FileType::CharacterDevice;
    match rustix::fs::mknodat(directory, name, device, Mode::empty(), 0) {
        Err(Errno::EXIST) => {
            // Something below it is hidden already: so is all of it now.
            let made = open(directory, name)?;
            let kind = FileType::from_raw_mode(rustix::fs::fstat(&made)?.st_mode);
            if kind == FileType::Directory {
                remove(directory, name)?;
                rustix::fs::mknodat(directory, name, device, Mode::empty(), 0)?;
            }
            Ok(())
        }
        made => Ok(made?),
    }
}

/// Removes a directory of the cover.
fn remove(parent: &OwnedFd, name: &OsStr) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(parent, name, flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(&directory)? {
        let entry = entry?;
        if ![c".", c".."].contains(&entry.file_name()) {
            names.push((PathBuf::from(bytes(entry.file_name())), entry.file_type()));
        }
    }
    for (name, kind) in names {
        match kind {
            FileType::Directory => remove(&directory, name.as_os_str())?,
            _ => rustix::fs::unlinkat(&directory, &name, AtFlags::empty())?,
        }
    }
    Ok(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)?)
}

fn bytes(name: &std::ffi::CStr) -> &OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(name.to_bytes())
}
