//! Rules of Landlock about what does not answer yet.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use crate::check;

/// Opening a file for writing; as in the kernel's `landlock.h`, like what follows.
pub const WRITE_FILE: u64 = 1 << 1;
/// Changing a file's size.
pub const TRUNCATE: u64 = 1 << 14;

const RULE_PATH_BENEATH: libc::c_int = 1;

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: RawFd,
}

/// Allows something beneath a directory, of which nothing else is asked: a file system that is not served yet
/// has no answer.
pub fn allow_beneath(rules: impl AsFd, directory: impl AsFd, access: u64) -> io::Result<()> {
    let rule = PathBeneath {
        allowed_access: access,
        parent_fd: directory.as_fd().as_raw_fd(),
    };
    // SAFETY: the kernel reads the structure, which lives until it returns, and keeps nothing of it.
    check(unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            rules.as_fd().as_raw_fd(),
            RULE_PATH_BENEATH,
            &raw const rule,
            0,
        )
    })
    .map(drop)
}
