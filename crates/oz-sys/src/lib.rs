//! The system calls of Oz that need unsafe code, one per function: descriptors go in
//! borrowed and come out owned, failures are [`std::io::Error`]s.
//!
//! What `rustix` offers safely is used where it is needed and not wrapped here again.

// The only crate of the workspace that may: what a raw system call promises cannot be
// written in types. Every block says why it holds.
#![allow(unsafe_code)]

pub mod attempt;
pub mod deadline;
pub mod descriptors;
pub mod landlock;
pub mod lease;
pub mod memory;
pub mod mounts;
pub mod namespaces;
pub mod network;
pub mod privileges;
pub mod process;
pub mod reaper;
pub mod seccomp;
pub mod signals;
pub mod socket;
pub mod spawn;

use std::io;

/// The result of a raw system call: -1 means that the error is in `errno`.
fn check(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
