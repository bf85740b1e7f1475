//! `machine`: end-to-end tests on a machine of their own, with what a container has not: systemd, a user's
//! service manager with control groups, the kernel of Debian 12.
//!
//! It is emulated where the processor cannot virtualise, so it is slow, and no test in it may mind. Its
//! disk is made once from Debian's packages and never written to; Oz and the tests come on a second
//! one. What the tests print comes back by a port of the machine's.

mod image;
mod payload;
mod qemu;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

pub(crate) use qemu::Event;

use crate::test;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long the machine may run
    #[arg(long, value_name = "SECONDS", default_value = "3600")]
    timeout: u64,
    /// End-to-end executables, and parts of test names; else `all_machine`
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    test::in_machine(&args.names, Duration::from_secs(args.timeout))
}

/// A test executable to run there.
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// What libtest is told.
    pub(crate) filters: Vec<String>,
}

/// Boots the machine, runs the jobs one after the other, and tells of each event.
pub(crate) fn boot(
    prefix: &Path,
    jobs: &[Job],
    timeout: Duration,
    tell: &mut dyn FnMut(Event),
) -> Result<()> {
    let image = image::ready()?;
    let payload = payload::write(prefix, jobs)?;
    qemu::run(&image, &payload, timeout, tell)
}
