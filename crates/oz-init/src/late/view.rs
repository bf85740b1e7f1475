//! Mounting a view: a directory in which some files of the host can be changed, served by a files
//! proxy outside.

use std::os::fd::{AsFd, OwnedFd};

use oz_core::wire::mount::{Granted, Refusal, View};
use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags};

use super::add::mount_id;
use super::places::{Places, step};
use super::{Sandbox, os, path};
use crate::root::filesystems;

/// Directories that are put on top of a view again; the others are reached through it.
const UNCOVERED: usize = 256;

const BY_DESCRIPTORS: MoveMountFlags =
    MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH.union(MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH);

/// Mounts it; with the device to serve it by, the mount, and what lies below.
pub fn mount(sandbox: &Sandbox, view: &View) -> Result<(Granted, [OwnedFd; 3]), Refusal> {
    let names = path::names(&view.path)?;
    sandbox.enter_user_namespace()?;
    // Only now: the kernel compares whose device it is with whose mount it is.
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let device = rustix::fs::open("/dev/fuse", flags, Mode::empty())
        .map_err(|error| os("open /dev/fuse", error))?;
    let root = sandbox.enter_mount_namespace()?;
    let root_mount = mount_id(&root).map_err(|error| os("statx", error))?;
    let places = Places::new(root);
    let (place, made) = places.make(&names, true)?;
    let mounted = || {
        let below = below(&place, root_mount, view.size)?;
        let mount = filesystems::fuse(&device).map_err(|error| os("fsmount", error))?;
        rustix::mount::move_mount(&mount, "", &place, "", BY_DESCRIPTORS)
            .map_err(|error| os("move_mount", error))?;
        let id = mount_id(&mount).map_err(|error| os("statx", error))?;
        Ok((id, mount, below))
    };
    match mounted() {
        Ok((id, mount, below)) => {
            let path = view.path.clone();
            let granted = Granted {
                path,
                mount: id,
                made,
            };
            Ok((granted, [device, mount, below]))
        }
        Err(refusal) => {
            places.unmake(&made);
            Err(refusal)
        }
    }
}

/// Where names are that were not granted: the directory of the sandbox that is there, or memory if
/// that is only a place in the root, which nobody inside can write to.
fn below(place: &OwnedFd, root_mount: u64, size: u64) -> Result<OwnedFd, Refusal> {
    if mount_id(place).map_err(|error| os("statx", error))? == root_mount {
        return filesystems::tmpfs(0o755, size, false).map_err(|error| os("fsmount", error));
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(place, ".", flags, Mode::empty()).map_err(|error| os("openat", error))
}

/// Puts the directories below a view on top of it: what is in them need not go through the proxy.
pub fn uncover(sandbox: &Sandbox, granted: &Granted, below: &OwnedFd) -> Result<(), Refusal> {
    let names = path::names(&granted.path)?;
    sandbox.enter_user_namespace()?;
    let mut view = sandbox.enter_mount_namespace()?;
    for name in names {
        view = step(&view, name).map_err(|error| os("openat", error))?;
    }
    if mount_id(&view).map_err(|error| os("statx", error))? != granted.mount {
        return Err(Refusal::Blocked);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let list = rustix::fs::openat(below, ".", flags, Mode::empty())
        .and_then(Dir::new)
        .map_err(|error| os("openat", error))?;
    let directories = list
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type() == FileType::Directory)
        .filter(|entry| !matches!(entry.file_name().to_bytes(), b"." | b".."))
        .take(UNCOVERED);
    for entry in directories {
        // The program may change the directory meanwhile; what cannot be put there is reached
        // through the view.
        let _ = uncover_one(below, &view, entry.file_name());
    }
    Ok(())
}

fn uncover_one(below: &OwnedFd, view: &OwnedFd, name: &std::ffi::CStr) -> Result<(), Errno> {
    let whole = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_RECURSIVE
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    let tree = rustix::mount::open_tree(below, name, whole)?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let place = rustix::fs::openat(view.as_fd(), name, flags, Mode::empty())?;
    rustix::mount::move_mount(&tree, "", place, "", BY_DESCRIPTORS)
}
