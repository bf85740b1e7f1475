//! `oz-explain`: answers the refused system calls of one program and of what it starts, and says what they were.
//!
//! It is outside of the sandbox. The kernel stops a process that makes a refused call and asks here; the answer is
//! always the error that the sandbox's filter gives by itself, found by interpreting that filter, and never that
//! the call may go on. If this process ends, the kernel answers that there are no such calls.
//!
//! While a program is trained, calls come as well that its filter allows. Those go on as they would have: the filter looks at
//! nothing but registers, which nobody changes meanwhile, so what is decided here is what it would have decided.
//!
//! Whoever started the program hears of each kind of call once, and how often there was one like it at the end.

mod access;
mod confine;
mod decode;
mod kinds;
mod process;
mod serve;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use oz_core::wire::explain::Config;
use oz_sys::descriptors::inherited;
use oz_sys::seccomp::Listener;

/// A file in memory with the [`Config`].
const CONFIG: i32 = 3;
/// Where the listener of the program's filter comes in.
const SOCKET: i32 = 4;
/// Whom to tell.
const REPORT: i32 = 5;
/// The sandbox's.
const USER_NAMESPACE: i32 = 6;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "oz-explain: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let fd = |number| inherited(number).with_context(|| format!("no descriptor {number}"));
    let config: Config = serde_json::from_reader(io::BufReader::new(File::from(fd(CONFIG)?)))
        .context("no configuration")?;
    let (socket, report, user_namespace) = (fd(SOCKET)?, fd(REPORT)?, fd(USER_NAMESPACE)?);
    confine::confine(&user_namespace)?;
    drop(user_namespace);
    let Some(listener) = listener(&socket)? else {
        // The program was not started after all.
        return Ok(());
    };
    drop(socket);
    let server = serve::Server::new(Listener::new(listener), config, report);
    server.run().context("cannot answer")
}

/// Waits for the one descriptor that comes; none if whoever would have sent it is gone.
fn listener(socket: &OwnedFd) -> Result<Option<OwnedFd>> {
    let (length, mut fds) = oz_sys::socket::recv(socket, &mut [0; 1]).context("no listener")?;
    if length == 0 {
        return Ok(None);
    }
    match (fds.pop(), fds.is_empty()) {
        (Some(listener), true) => Ok(Some(listener)),
        _ => bail!("something else than a listener is sent"),
    }
}
