//! Properties of mounts, which `rustix` does not offer.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use crate::check;

/// What to change of a mount. Nothing that is not named changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Bits of [`READ_ONLY`], [`NO_SETUID`], [`NO_DEVICES`], [`NO_EXECUTE`] to set.
    pub set: u64,
    /// The same, to clear.
    pub clear: u64,
    /// How mounts and unmounts beneath it reach its copies.
    pub propagation: Option<Propagation>,
}

/// How changes beneath a mount reach its copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Not at all.
    Private,
    /// In both directions.
    Shared,
}

/// Nothing can be changed through the mount.
pub const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
/// Set-user-id bits and file capabilities have no effect.
pub const NO_SETUID: u64 = libc::MOUNT_ATTR_NOSUID;
/// Device nodes cannot be opened.
pub const NO_DEVICES: u64 = libc::MOUNT_ATTR_NODEV;
/// Programs cannot be executed.
pub const NO_EXECUTE: u64 = libc::MOUNT_ATTR_NOEXEC;

/// `mount_setattr` on the mount whose root `mount` is, and on all beneath it if `recursive`.
pub fn set_attributes(mount: impl AsFd, recursive: bool, attributes: Attributes) -> io::Result<()> {
    let raw = libc::mount_attr {
        attr_set: attributes.set,
        attr_clr: attributes.clear,
        propagation: match attributes.propagation {
            None => 0,
            Some(Propagation::Private) => libc::MS_PRIVATE,
            Some(Propagation::Shared) => libc::MS_SHARED,
        },
        userns_fd: 0,
    };
    let depth = if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is an empty C string, the structure lives until the call returns and its
    // size is given.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_fd().as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | depth,
            &raw const raw,
            size_of::<libc::mount_attr>(),
        )
    })?;
    Ok(())
}
