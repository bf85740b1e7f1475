//! Measures Oz beside its peers, in one desktop session, and prints what it found as Markdown.
//!
//! It is started by `cargo xtask bench`, inside `cargo xtask session`.

#![allow(
    clippy::print_stderr,
    reason = "whoever waits for minutes wants to see that something happens"
)]

mod audio;
mod client;
mod cow;
mod display;
mod files;
mod idle;
mod launch;
mod machine;
mod peers;
mod processes;
mod request;
mod scale;
mod ui;
mod walls;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};

#[derive(Parser)]
#[command(about = "Measure Oz beside its peers, in a desktop session")]
struct Args {
    /// What to measure
    suite: Suite,
    /// Fewer rounds: for seeing that it works, not for its numbers
    #[arg(long)]
    quick: bool,
    /// Measure only the peers; Oz need not be there
    #[arg(long)]
    no_oz: bool,
    /// Where to write the report
    #[arg(long)]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Suite {
    /// Starting a program
    Launch,
    /// Many sandboxes at once
    Scale,
    /// Showing a window
    Display,
    /// Playing and recording
    Audio,
    /// Files that are added, and files that may be replaced
    Files,
    /// A home that is copied on writing
    Cow,
    /// The panel, while much happens
    Ui,
    /// What holds against attacks
    Walls,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let mut text = machine::describe(args.quick);
    text += &match args.suite {
        Suite::Launch => launch::measure(args.quick, !args.no_oz)?,
        Suite::Scale => scale::measure(args.quick)?,
        Suite::Display => display::measure(args.quick, !args.no_oz)?,
        Suite::Audio => audio::measure(args.quick, !args.no_oz)?,
        Suite::Files => files::measure(args.quick, !args.no_oz)?,
        Suite::Cow => cow::measure(args.quick, !args.no_oz)?,
        Suite::Ui => ui::measure(args.quick)?,
        Suite::Walls => walls::measure(!args.no_oz)?,
    };
    fs::write(&args.out, text).with_context(|| format!("cannot write {}", args.out.display()))
}
