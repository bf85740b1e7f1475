//! Signals of the calling process.

use std::io;
use std::mem;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr;

use crate::check;

/// Blocks every signal; a descriptor that becomes readable when a child ends.
pub fn block_all_and_watch_children() -> io::Result<OwnedFd> {
    // SAFETY: the sets are initialised by sigfillset and sigemptyset before use and outlive the
    // calls; the descriptor is new.
    unsafe {
        let mut set: libc::sigset_t = mem::zeroed();
        libc::sigfillset(&raw mut set);
        check(libc::sigprocmask(libc::SIG_SETMASK, &raw const set, ptr::null_mut()).into())?;
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        let fd = check(libc::signalfd(-1, &raw const set, flags).into())?;
        let fd = i32::try_from(fd).map_err(io::Error::other)?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Every signal does what it does by default and none is blocked, as a program expects it.
pub fn reset() {
    // SAFETY: a zeroed action with SIG_DFL is valid and runs no code; the set is initialised.
    unsafe {
        let mut default: libc::sigaction = mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        for signal in 1..=64 {
            // KILL, STOP and the C library's own two cannot be set and need not be.
            libc::sigaction(signal, &raw const default, ptr::null_mut());
        }
        let mut none: libc::sigset_t = mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
    }
}

/// Who gets a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A process.
    Process(rustix::process::Pid),
    /// All processes of a group.
    Group(rustix::process::Pid),
    /// All processes that may be sent one, without the caller: for the first process of a
    /// pid namespace, all others of it.
    Everybody,
}

/// Sends a signal by its number.
pub fn send(to: To, signal: u8) -> io::Result<()> {
    let target = match to {
        To::Process(pid) => pid.as_raw_nonzero().get(),
        // -1 would mean everybody.
        To::Group(pid) if pid.is_init() => return Err(io::ErrorKind::InvalidInput.into()),
        To::Group(pid) => -pid.as_raw_nonzero().get(),
        To::Everybody => -1,
    };
    // SAFETY: takes integers only.
    check(unsafe { libc::kill(target, signal.into()) }.into())?;
    Ok(())
}
