//! New file systems, not attached anywhere yet.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsconfig_set_flag,
    fsconfig_set_string, fsmount, fsopen,
};

const NO_SETUID: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOSUID;
const NO_DEVICES: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NODEV;
const NO_EXECUTE: MountAttrFlags = MountAttrFlags::MOUNT_ATTR_NOEXEC;

/// A file system in memory of at most `size` bytes.
pub fn tmpfs(mode: u32, size: u64, no_execute: bool) -> io::Result<OwnedFd> {
    // Empty files cost the kernel memory too, but take none of the size.
    let inodes = (size / 4096).max(1024);
    let options = [
        ("mode", format!("{mode:o}")),
        ("size", size.to_string()),
        ("nr_inodes", inodes.to_string()),
    ];
    let mut flags = NO_SETUID | NO_DEVICES;
    if no_execute {
        flags |= NO_EXECUTE;
    }
    make("tmpfs", &options, flags)
}

/// The processes of the caller's pid namespace.
pub fn proc() -> io::Result<OwnedFd> {
    make("proc", &[], NO_SETUID | NO_DEVICES | NO_EXECUTE)
}

/// Terminals of its own, which everybody inside may make.
pub fn devpts() -> io::Result<OwnedFd> {
    let options = [("ptmxmode", "0666".to_owned()), ("mode", "0620".to_owned())];
    make("devpts", &options, NO_SETUID | NO_EXECUTE)
}

/// Message queues of the caller's ipc namespace.
pub fn mqueue() -> io::Result<OwnedFd> {
    make("mqueue", &[], NO_SETUID | NO_DEVICES | NO_EXECUTE)
}

/// Files that whoever reads `device` serves, as the user of this process. The device must have been
/// opened in the user namespace that owns the mount namespace.
pub fn fuse(device: impl AsFd) -> io::Result<OwnedFd> {
    let options = [
        // GIO takes a mount of this source for the system's own, not for a disk with a name.
        ("source", "none".to_owned()),
        ("fd", device.as_fd().as_raw_fd().to_string()),
        ("rootmode", "40000".to_owned()),
        ("user_id", rustix::process::getuid().as_raw().to_string()),
        ("group_id", rustix::process::getgid().as_raw().to_string()),
    ];
    make("fuse", &options, NO_SETUID | NO_DEVICES)
}

/// A directory of which changes go to another one: see Documentation/filesystems/overlayfs.rst. Its notes are attributes
/// that an ordinary user may write; it follows no redirection. A volatile one never waits for a disk, neither when it
/// copies a file nor when a program asks it to.
pub fn overlay(lower: &str, upper: &str, work: &str, volatile: bool) -> io::Result<OwnedFd> {
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_flag(&context, "userxattr")?;
    if volatile {
        fsconfig_set_flag(&context, "volatile")?;
    }
    for (key, value) in [("lowerdir", lower), ("upperdir", upper), ("workdir", work)] {
        fsconfig_set_string(&context, key, value)?;
    }
    fsconfig_create(&context)?;
    let flags = NO_SETUID | NO_DEVICES;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, flags)?)
}

fn make(name: &str, options: &[(&str, String)], flags: MountAttrFlags) -> io::Result<OwnedFd> {
    let context = fsopen(name, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (key, value) in options {
        fsconfig_set_string(&context, *key, value.as_str())?;
    }
    fsconfig_create(&context)?;
    Ok(fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, flags)?)
}
