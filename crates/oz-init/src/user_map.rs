//! The map of a new user namespace: the user is the same inside as outside, nobody else exists.

use std::os::fd::{AsFd, BorrowedFd};

use oz_core::plan::User;
use oz_core::wire::init::Stage;
use rustix::fs::{CWD, Mode, OFlags};

use crate::failure::{At, Failure};

/// Maps the user in the calling process's user namespace, which it must just have made.
///
/// `proc` is the root of a process file system; absent: the one at /proc.
pub fn write(user: &User, proc: Option<BorrowedFd>) -> Result<(), Failure> {
    // Groups cannot be mapped by an ordinary user while setgroups could drop some.
    put(proc, "self/setgroups", "deny")?;
    let (uid, gid) = (user.uid, user.gid);
    put(proc, "self/uid_map", &format!("{uid} {uid} 1"))?;
    put(proc, "self/gid_map", &format!("{gid} {gid} 1"))
}

fn put(proc: Option<BorrowedFd>, name: &str, text: &str) -> Result<(), Failure> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    let file = match proc {
        Some(proc) => rustix::fs::openat(proc, name, flags, Mode::empty()),
        None => rustix::fs::openat(CWD, format!("/proc/{name}"), flags, Mode::empty()),
    };
    file.and_then(|file| rustix::io::write(file.as_fd(), text.as_bytes()))
        .map(drop)
        .at(Stage::UserMap, format!("/proc/{name}"))
}
