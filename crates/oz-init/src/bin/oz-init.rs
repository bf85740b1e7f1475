//! `oz-init --control 3`: makes a sandbox and becomes its first process.

use std::os::fd::OwnedFd;
use std::process::ExitCode;

fn main() -> ExitCode {
    match control() {
        Some(control) => oz_init::stage0::run(control),
        None => ExitCode::from(2),
    }
}

/// The socket that the command line names.
fn control() -> Option<OwnedFd> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next()? != "--control" {
        return None;
    }
    let number = arguments.next()?.parse().ok()?;
    oz_sys::descriptors::inherited(number).ok()
}
