//! Taking grants back.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use oz_core::mountinfo;
use oz_core::wire::mount::{Granted, Refusal};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::UnmountFlags;

use super::add::mount_id;
use super::places::Places;
use super::{Sandbox, os};

/// The app can move a mount by renaming a directory above it, between looking and unmounting.
const ATTEMPTS: usize = 64;

/// Removes each mount, or says why not.
pub fn remove(sandbox: &Sandbox, granted: &[Granted]) -> Vec<Result<Granted, Refusal>> {
    let entered = open_proc().and_then(|proc| {
        sandbox.enter_user_namespace()?;
        Ok((proc, Places::new(sandbox.enter_mount_namespace()?)))
    });
    granted
        .iter()
        .map(|granted| {
            let (proc, places) = entered.as_ref().map_err(Clone::clone)?;
            unmount(proc, granted.mount)?;
            places.unmake(&granted.made);
            Ok(granted.clone())
        })
        .collect()
}

/// This process as the host shows it: the sandbox's /proc knows nothing of it.
fn open_proc() -> Result<OwnedFd, Refusal> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, "/proc/self", flags, Mode::empty()).map_err(|e| os("openat", e))
}

/// Detaches the mount of this number, wherever it is by now, and never another one.
fn unmount(proc: &OwnedFd, id: u64) -> Result<(), Refusal> {
    let mut last = Errno::NOENT;
    for _ in 0..ATTEMPTS {
        let list = read_mountinfo(proc)?;
        let mount = mountinfo::mounts(&list).find(|mount| mount.id == id);
        let point = mount.ok_or(Refusal::NotMounted)?.point;
        match open_mount(&point, id) {
            Ok(mount) => return detach(proc, &mount),
            Err(error) => last = error,
        }
    }
    Err(os("openat2", last))
}

fn read_mountinfo(proc: &OwnedFd) -> Result<Vec<u8>, Refusal> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(proc, "mountinfo", flags, Mode::empty());
    let mut list = Vec::new();
    let read = file
        .map_err(Into::into)
        .and_then(|file| File::from(file).read_to_end(&mut list));
    read.map_err(|error| os("mountinfo", error))?;
    Ok(list)
}

/// Opens the mount's root and makes sure that it is that.
fn open_mount(point: &Path, id: u64) -> Result<OwnedFd, Errno> {
    let how = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let mount = rustix::fs::openat2(CWD, point, flags, Mode::empty(), how)?;
    if mount_id(&mount)? == id {
        Ok(mount)
    } else {
        Err(Errno::BUSY)
    }
}

/// By the descriptor, not by the path, which may lead elsewhere a moment later.
fn detach(proc: &OwnedFd, mount: &OwnedFd) -> Result<(), Refusal> {
    rustix::process::fchdir(proc).map_err(|error| os("fchdir", error))?;
    let link = format!("fd/{}", mount.as_raw_fd());
    // A view belongs to the sandbox, and is ended by force: who waits for one that nobody serves any more would
    // wait for ever, and could not even be killed. What is of the host is detached; that it is nobody's here to
    // end is what the kernel says first.
    let by_force = UnmountFlags::DETACH | UnmountFlags::FORCE;
    let result = match rustix::mount::unmount(&link, by_force) {
        Err(Errno::PERM) => rustix::mount::unmount(&link, UnmountFlags::DETACH),
        result => result,
    };
    // Nothing relative is looked up afterwards, but the host's /proc is no place to be.
    let back = rustix::process::chdir("/");
    result.map_err(|error| os("umount2", error))?;
    back.map_err(|error| os("chdir", error))
}
