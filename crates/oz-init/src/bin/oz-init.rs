//! `oz-init --control 3`: makes a sandbox and becomes its first process.

use std::os::fd::OwnedFd;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let how = arguments.next();
    match (how.as_deref(), socket(arguments)) {
        (Some("--control"), Some(control)) => oz_init::stage0::run(control),
        _ => ExitCode::from(2),
    }
}

/// The socket that the command line names.
fn socket(mut arguments: impl Iterator<Item = String>) -> Option<OwnedFd> {
    let number = arguments.next()?.parse().ok()?;
    oz_sys::descriptors::inherited(number).ok()
}
