//! The system calls of Oz that need unsafe code, one per function: descriptors go in
//! borrowed and come out owned, failures are [`std::io::Error`]s.
//!
//! What `rustix` offers safely is used where it is needed and not wrapped here again.

// The only crate of the workspace that may: what a raw system call promises cannot be
// written in types. Every block says why it holds.
#![allow(unsafe_code)]

pub mod memory;
pub mod reaper;
pub mod socket;
pub mod spawn;
