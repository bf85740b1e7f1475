//! Typing into terminals.

use std::io;
use std::os::fd::OwnedFd;

use oz_core::report::Wall;
use oz_sys::attempt;
use rustix::fs::{Mode, OFlags};

use super::Trial;
use crate::verdict::Verdict;

pub const TRIALS: &[Trial] = &[
    Trial {
        wall: Wall::Terminals,
        claim: "nothing is typed into a terminal (TIOCSTI)",
        run: |_| with_terminal(|terminal| attempt::type_into(terminal, 0)),
    },
    Trial {
        wall: Wall::Terminals,
        claim: "also not by a request with high bits",
        run: |_| with_terminal(|terminal| attempt::type_into(terminal, 1)),
    },
    Trial {
        wall: Wall::Terminals,
        claim: "nothing is pasted from the console (TIOCLINUX)",
        run: |_| with_terminal(|terminal| attempt::ask_console(terminal)),
    },
];

/// With a terminal of its own.
fn with_terminal(attempt: impl Fn(&OwnedFd) -> io::Result<()>) -> Verdict {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    match rustix::fs::open("/dev/ptmx", flags, Mode::empty()) {
        Ok(terminal) => match attempt(&terminal) {
            // A terminal that is no console does not know the request; the kernel was asked, though.
            Err(error) if error.raw_os_error() != Some(1) => {
                Verdict::broken(format!("the kernel was asked: {error}"))
            }
            result => Verdict::of_call(result),
        },
        Err(errno) => Verdict::holds(format!("it cannot have one: {errno}")),
    }
}
