//! Tries from inside a sandbox whether its walls hold.
//!
//! `oz check` has it executed like an app, from a copy in memory, with a plan on its standard input; it
//! answers on its standard output and ends when its input is closed, so that it can be looked at from
//! outside meanwhile. What it tries is in [`trials`], a table each for a kind of wall. Run outside
//! it tries the same, and shows what the walls are for.

mod trials;
mod verdict;

use std::io::{self, Read, Write};
use std::process::ExitCode;

use oz_core::wire::check::{Ask, Evidence};
use oz_core::wire::{Reader, encode, frame};

fn main() -> ExitCode {
    if let Some(attempt) = std::env::args().nth(1) {
        return trials::alone(&attempt);
    }
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    let ask = ask()?;
    let evidence = Evidence {
        pid: rustix::process::getpid().as_raw_nonzero().get(),
        findings: trials::all(&ask),
        answers: trials::answers(),
    };
    let bytes = encode(&evidence, 0).map_err(io::Error::other)?;
    io::stdout().write_all(&bytes)?;
    io::stdout().flush()?;
    // Whoever asked looks at this process until it is closed.
    io::stdin().read_to_end(&mut Vec::new()).map(drop)
}

fn ask() -> io::Result<Ask> {
    let mut reader = Reader::<()>::new(frame::MAX_PLAN);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = io::stdin().read(&mut buffer)?;
        reader.push(&buffer[..count], []);
        if let Some(frame) = reader.next().map_err(io::Error::other)? {
            return frame.decode().map_err(io::Error::other);
        }
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
