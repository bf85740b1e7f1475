//! `cargo xtask`: everything that one does with the source tree.
//!
//! One file per subcommand; this file only wires them to the command line.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner speaks to the person who runs it"
)]

mod bench;
mod check;
mod demo;
mod extension;
mod fuzz;
mod install;
mod machine;
mod package;
mod packages;
mod pictures;
mod session;
mod setup;
mod sh;
mod stage;
mod test;
mod user;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything that one does with the source tree of Oz.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing on this machine to build, run and test Oz
    Setup(setup::Args),
    /// Build the programs and lay them out as an install prefix in target/stage
    Build(stage::Args),
    /// Run a command in a headless desktop of its own, as an ordinary user
    Session(session::Args),
    /// See Oz at work: on your desktop, or on a headless one
    Demo(demo::Args),
    /// Run the tests; the last line is the sum
    Test(test::Args),
    /// Run end-to-end tests on a machine of their own: systemd, control groups, Debian's kernel
    Machine(machine::Args),
    /// Make the pictures of the user guide anew, by the tests that show the same
    Pictures(pictures::Args),
    /// Check format, lints, licences and documentation
    Check(check::Args),
    /// Build and install Oz
    Install(install::Args),
    /// Remove exactly what `install` put there
    Uninstall(install::Args),
    /// Build a package for Debian, in target/package
    Package(package::Args),
    /// Measure Oz beside its peers and write docs/benchmarks.md
    Bench(bench::Args),
    /// Feed hostile bytes to every parser, with cargo-fuzz
    Fuzz(fuzz::Args),
    /// The process that owns a session (started by `session`, not by hand)
    #[command(name = "__supervise", hide = true)]
    Supervise(session::SuperviseArgs),
    /// The steps of the demo, where its windows open (started by `demo`)
    #[command(name = "__demo", hide = true)]
    DemoSteps(demo::steps::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Setup(args) => setup::run(&args),
        Task::Build(args) => stage::run(&args),
        Task::Session(args) => session::run_command(&args),
        Task::Test(args) => test::run(&args),
        Task::Machine(args) => machine::run(&args),
        Task::Demo(args) => demo::run(&args),
        Task::Pictures(args) => pictures::run(&args),
        Task::Check(args) => check::run(&args),
        Task::Install(args) => install::install(&args),
        Task::Uninstall(args) => install::uninstall(&args),
        Task::Package(args) => package::run(&args),
        Task::DemoSteps(args) => demo::steps::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Supervise(args) => session::supervise(&args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
