//! `oz-init --control 3`: makes a sandbox and becomes its first process.
//! `oz-init --next 3`: the same, started before anybody wants one.
//! `oz-init --spare 3`: makes what all sandboxes have in common, and ends.

use std::os::fd::OwnedFd;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next();
    match (task.as_deref(), socket(arguments)) {
        (Some("--control" | "--next"), Some(control)) => oz_init::stage0::run(control),
        (Some("--spare"), Some(socket)) => match oz_init::spare::serve(&socket) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        _ => ExitCode::from(2),
    }
}

/// The socket that the command line names.
fn socket(mut arguments: impl Iterator<Item = String>) -> Option<OwnedFd> {
    let number = arguments.next()?.parse().ok()?;
    oz_sys::descriptors::inherited(number).ok()
}
