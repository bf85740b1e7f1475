//! Making processes and becoming programs, for processes with a single thread.

use std::ffi::{CStr, CString};
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

use rustix::process::Pid;

use crate::check;

/// Namespaces of a new process.
pub mod new {
    /// User namespace.
    pub const USER: u64 = libc::CLONE_NEWUSER as u64;
    /// Mount namespace.
    pub const MOUNT: u64 = libc::CLONE_NEWNS as u64;
    /// Process ids.
    pub const PID: u64 = libc::CLONE_NEWPID as u64;
    /// Network.
    pub const NET: u64 = libc::CLONE_NEWNET as u64;
    /// System V and POSIX message queues.
    pub const IPC: u64 = libc::CLONE_NEWIPC as u64;
    /// Host name.
    pub const UTS: u64 = libc::CLONE_NEWUTS as u64;
    /// Control groups.
    pub const CGROUP: u64 = libc::CLONE_NEWCGROUP as u64;
}

/// Shows that the process had a single thread when it was made.
///
/// A forked child of a process with several could find locks taken for ever by
/// threads that it does not have. Whoever holds this must start no thread.
#[derive(Clone, Copy, Debug)]
pub struct SingleThread(PhantomData<*const ()>);

impl SingleThread {
    /// An error if there are other threads, or if /proc does not say.
    pub fn check() -> io::Result<Self> {
        match std::fs::read_dir("/proc/self/task")?.count() {
            1 => Ok(Self(PhantomData)),
            _ => Err(io::Error::other("the process has several threads")),
        }
    }
}

/// Which of the two processes goes on.
#[derive(Debug)]
pub enum Fork {
    /// The one that forked.
    Parent {
        /// The new process, a child of this one.
        child: Pid,
        /// The same as a descriptor.
        pidfd: OwnedFd,
    },
    /// The new one.
    Child,
}

/// Copies the process, the copy being in new namespaces of the kinds in `namespaces` (see [`new`]).
///
/// The copy shares nothing with the original but what lies behind descriptors.
pub fn fork(_: SingleThread, namespaces: u64) -> io::Result<Fork> {
    let mut pidfd: libc::c_int = -1;
    // SAFETY: all fields are integers, for which zero is valid.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = libc::CLONE_PIDFD as u64 | namespaces;
    arguments.pidfd = (&raw mut pidfd).addr() as u64;
    arguments.exit_signal = libc::SIGCHLD as u64;
    // SAFETY: without CLONE_VM the child gets a copy of this memory and goes on where the parent
    // does; there is one thread, so no lock is held by another. The kernel writes the
    // descriptor into `pidfd`, which lives on.
    let pid = check(unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw mut arguments,
            size_of::<libc::clone_args>(),
        )
    })?;
    let pid = i32::try_from(pid).map_err(io::Error::other)?;
    match Pid::from_raw(pid) {
        None => Ok(Fork::Child),
        Some(child) => Ok(Fork::Parent {
            child,
            // SAFETY: CLONE_PIDFD has stored a new descriptor that nobody else knows.
            pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) },
        }),
    }
}

/// The strings as `execve` wants them, as long as they live.
fn list(strings: &[CString]) -> Vec<*const libc::c_char> {
    let end = std::iter::once(ptr::null());
    strings.iter().map(|s| s.as_ptr()).chain(end).collect()
}

/// Becomes the program in an open file; returns only if that fails.
pub fn execute_file(file: impl AsFd, arguments: &[CString], environment: &[CString]) -> io::Error {
    let (arguments, environment) = (list(arguments), list(environment));
    // SAFETY: both lists end with a null pointer and the strings in them outlive the call.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            file.as_fd().as_raw_fd(),
            c"".as_ptr(),
            arguments.as_ptr(),
            environment.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    io::Error::last_os_error()
}

/// Becomes the program at `path`; returns only if that fails.
pub fn execute(path: &CStr, arguments: &[CString], environment: &[CString]) -> io::Error {
    let (arguments, environment) = (list(arguments), list(environment));
    // SAFETY: both lists end with a null pointer and the strings in them outlive the call.
    unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), environment.as_ptr()) };
    io::Error::last_os_error()
}

/// Ends the process at once: nothing that is registered to run at its end does.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: takes an integer and does not return.
    unsafe { libc::_exit(code) }
}
