//! `cow-worker`: reads what nobody else of Oz reads, because apps or strangers made it: programs that are to be
//! measured, what was seen of those that are trained, what sandboxes wrote over copies. One process for each job,
//! which its first argument names.
//!
//! Before it reads a byte it gives up everything but what the job needs; whoever started it has a deadline for it,
//! and takes what it says for hostile.

mod analysis;
mod confine;
mod copies;
mod progress;
mod training;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "cow-worker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let job = arguments.next().context("no job")?;
    match job.to_str() {
        Some("analyse") => analysis::job(arguments.next().context("no path")?.as_ref()),
        Some("fold") => training::job(arguments.next().context("no home")?.as_ref()),
        Some("changes") => copies::changes(),
        Some("count") => copies::count(),
        Some("note") => copies::note(),
        Some("combine") => copies::combine(),
        Some("merge") => copies::merge(),
        Some("undo") => copies::undo(),
        Some("compare") => copies::compare(),
        Some("draw") => copies::draw(),
        Some("copy") => copies::copy(),
        Some("remove") => copies::remove(arguments.next().context("no path")?.as_ref()),
        _ => bail!("there is no such job"),
    }
}
