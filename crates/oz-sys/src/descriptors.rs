//! The descriptor table of a process as a whole.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::check;

/// Takes a descriptor that this process was started with, which becomes close-on-exec.
///
/// An error if there is none of that number. To be called once for each number, before anything
/// else could have opened it: two owners of one number would close each other's files.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_SETFD touches nothing but the flag of the descriptor, if it exists.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) }.into())?;
    // SAFETY: it exists, and by the contract above nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Makes `source` the descriptor `number`, which a program executed next inherits.
///
/// Meant for the first few in a process that is about to execute a program; whatever was
/// there is closed without its owner being told.
pub fn install(source: &impl AsRawFd, number: RawFd) -> io::Result<()> {
    let source = source.as_raw_fd();
    if source == number {
        // SAFETY: clears the close-on-exec flag of a descriptor that the caller holds.
        check(unsafe { libc::fcntl(number, libc::F_SETFD, 0) }.into())?;
    } else {
        // SAFETY: the caller gives `number` up, see above.
        check(unsafe { libc::dup2(source, number) }.into())?;
    }
    Ok(())
}

/// Nothing from `first` on is inherited by a program that is executed.
pub fn close_from_on_exec(first: u32) -> io::Result<()> {
    // SAFETY: changes flags, closes nothing now.
    check(unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    })?;
    Ok(())
}
