//! Facts of the host that a plan is built from.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use oz_core::plan::{HostFacts, User};

/// Who runs this process.
pub fn user() -> io::Result<User> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Looks at the probed paths and all else that a plan depends on.
pub fn gather(_probes: &[PathBuf], _session: BTreeMap<String, String>) -> io::Result<HostFacts> {
    Err(io::ErrorKind::Unsupported.into())
}
