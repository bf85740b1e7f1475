//! "The app cannot …": a script that works outside and fails inside.

use std::path::Path;

use crate::cli;
use crate::run::{Ran, Run};

/// Runs a script outside, where it must succeed, and inside, where it must fail.
#[track_caller]
pub fn cannot(script: &str) -> Ran {
    works_outside(script);
    cli::sandboxed_sh(script).run().refused_inside()
}

/// The same with a file or directory granted for reading.
#[track_caller]
pub fn cannot_with_read(granted: &Path, script: &str) -> Ran {
    works_outside(script);
    with_read(granted, script).run().refused_inside()
}

/// Shows that a script does what it says where nothing hinders it.
#[track_caller]
pub fn works_outside(script: &str) -> Ran {
    Run::sh(script).run().ok()
}

/// A script in a sandbox that has one file or directory for reading.
pub fn with_read(granted: &Path, script: &str) -> Run {
    cli::oz(["run", "--ephemeral", "--read"])
        .arg(granted)
        .arg("--")
        .arg("sh")
        .arg("-c")
        .arg(script)
}

/// A script in a sandbox that has one file or directory for writing.
pub fn with_write(granted: &Path, script: &str) -> Run {
    cli::oz(["run", "--ephemeral", "--write"])
        .arg(granted)
        .arg("--")
        .arg("sh")
        .arg("-c")
        .arg(script)
}
