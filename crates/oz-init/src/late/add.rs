//! Showing files and directories of the host.

use std::os::fd::{AsFd, OwnedFd};

use oz_core::plan::Access;
use oz_core::wire::mount::{Grant, Granted, Refusal};
use oz_sys::mounts::{Attributes, NO_DEVICES, NO_SETUID, Propagation, READ_ONLY, set_attributes};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, StatxFlags};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags};
use rustix::thread::UnshareFlags;

use super::masks::{Covers, Masks};
use super::places::Places;
use super::{Sandbox, os, path};

/// File systems made of processes and kernel state, never of a user's files.
const NOT_FILES: [u64; 3] = [0x9fa0, 0x6265_6572, 0x6367_7270]; // proc, sysfs, cgroup2

/// Adds each grant, or says why not.
pub fn add(sandbox: &Sandbox, grants: &[Grant]) -> Vec<Result<Granted, Refusal>> {
    if let Err(refusal) = sandbox
        .enter_user_namespace()
        .and_then(|()| copy_of_the_host())
    {
        return grants.iter().map(|_| Err(refusal.clone())).collect();
    }
    // All while the host is in sight; then the sandbox is.
    // Most grants hide nothing, and what hides is a file system of its own.
    let any_hides = grants.iter().any(|grant| !grant.hide.is_empty());
    let masks = any_hides.then(Masks::prepare).transpose();
    let copies: Vec<_> = grants
        .iter()
        .map(|grant| copy(grant, masks.as_ref().map_err(Clone::clone)?.as_ref()))
        .collect();
    let places = sandbox.enter_mount_namespace().map(Places::new);
    grants
        .iter()
        .zip(copies)
        .map(|(grant, copy)| put(grant, copy?, places.as_ref().map_err(Clone::clone)?))
        .collect()
}

/// A mount namespace with the host's present mounts, in which they can be copied.
fn copy_of_the_host() -> Result<(), Refusal> {
    oz_sys::namespaces::unshare(UnshareFlags::NEWNS).map_err(|error| os("unshare", error))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let top = rustix::fs::openat(CWD, "/", flags, Mode::empty()).map_err(|e| os("openat", e))?;
    // What the host mounts later beneath a granted directory must not appear in it: it would not be
    // read-only.
    let private = Attributes {
        propagation: Some(Propagation::Private),
        ..Attributes::default()
    };
    set_attributes(top, true, private).map_err(|error| os("mount_setattr", error))
}

/// A detached copy of what was granted, if it is still that.
fn copy(grant: &Grant, masks: Option<&Masks>) -> Result<OwnedFd, Refusal> {
    path::names(&grant.path)?;
    let source = open(grant)?;
    // Opening by path alone neither waits for a FIFO's other end nor wakes a device.
    let stat = rustix::fs::fstat(&source).map_err(|error| os("fstat", error))?;
    let is_directory = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => true,
        FileType::RegularFile => false,
        _ => return Err(Refusal::Kind),
    };
    let identity = grant.identity;
    if (stat.st_dev, stat.st_ino, is_directory)
        != (identity.device, identity.inode, identity.directory)
    {
        return Err(Refusal::Replaced);
    }
    let system = rustix::fs::fstatfs(&source).map_err(|error| os("fstatfs", error))?;
    if u64::try_from(system.f_type).is_ok_and(|kind| NOT_FILES.contains(&kind)) {
        return Err(Refusal::Kind);
    }
    // Covered here, in a copy of the host's mounts that nobody else has, so that what is moved into the
    // sandbox has never shown it.
    let covers = match masks {
        Some(masks) => masks.cover(&source, grant)?,
        None => Covers::default(),
    };
    let whole = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE;
    let tree = rustix::mount::open_tree(&source, "", whole);
    // Another grant may be about what this one hides.
    covers.take_off()?;
    let tree = tree.map_err(|error| os("open_tree", error))?;
    let mut attributes = Attributes {
        set: NO_SETUID | NO_DEVICES,
        ..Attributes::default()
    };
    if grant.access == Access::Read {
        attributes.set |= READ_ONLY;
    }
    set_attributes(&tree, true, attributes).map_err(|error| os("mount_setattr", error))?;
    Ok(tree)
}

/// Opens the path without following any symlink: the daemon has resolved it already.
fn open(grant: &Grant) -> Result<OwnedFd, Refusal> {
    let how = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    match rustix::fs::openat2(CWD, grant.path.as_path(), flags, Mode::empty(), how) {
        Ok(source) => Ok(source),
        Err(Errno::NOENT | Errno::NOTDIR) => Err(Refusal::Vanished),
        Err(Errno::LOOP) => Err(Refusal::Replaced),
        Err(error) => Err(os("openat2", error)),
    }
}

fn put(grant: &Grant, tree: OwnedFd, places: &Places) -> Result<Granted, Refusal> {
    let names = path::names(&grant.path)?;
    let (place, made) = places.make(&names, grant.identity.directory)?;
    let by_descriptors =
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    let moved = rustix::mount::move_mount(&tree, "", place, "", by_descriptors);
    match moved.and_then(|()| mount_id(&tree)) {
        Ok(mount) => Ok(Granted {
            path: grant.path.clone(),
            mount,
            made,
        }),
        Err(error) => {
            places.unmake(&made);
            Err(os("move_mount", error))
        }
    }
}

/// The number of the mount that is open, as mountinfo has it.
pub fn mount_id(mount: impl AsFd) -> rustix::io::Result<u64> {
    let statx = rustix::fs::statx(mount, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
    if statx.stx_mask & StatxFlags::MNT_ID.bits() == 0 {
        return Err(Errno::NOSYS);
    }
    Ok(statx.stx_mnt_id)
}
