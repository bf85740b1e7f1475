//! `bench`: measures Oz beside its peers and writes docs/benchmarks.md.
//!
//! Each suite runs in a session of its own with release builds. The measuring is done by the
//! program `oz-bench` inside; here it is started and its reports are kept. Nothing
//! of it is a test: a missed budget is written down, it does not fail anything. What attacks get, of Oz and
//! of others, is written to docs/walls.md.

mod document;
mod peers;

use std::fs;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::user::User;
use crate::workspace::{self, Profile};
use crate::{session, setup, sh, stage};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to measure; everything if nothing is named
    suites: Vec<Suite>,
    /// Fewer rounds: for seeing that it works, not for its numbers
    #[arg(long)]
    quick: bool,
    /// Measure only the peers of Oz
    #[arg(long)]
    no_oz: bool,
    /// Print the report and leave docs/benchmarks.md as it is
    #[arg(long)]
    print: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
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
    /// What holds against attacks, into docs/walls.md; by name only, since it installs peers
    Walls,
}

impl Suite {
    const ALL: [Self; 7] = [
        Self::Launch,
        Self::Scale,
        Self::Display,
        Self::Audio,
        Self::Files,
        Self::Cow,
        Self::Ui,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::Scale => "scale",
            Self::Display => "display",
            Self::Audio => "audio",
            Self::Files => "files",
            Self::Cow => "cow",
            Self::Ui => "ui",
            Self::Walls => "walls",
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    setup::ensure(false)?;
    let suites = if args.suites.is_empty() {
        &Suite::ALL[..]
    } else {
        &args.suites
    };
    for suite in suites {
        // What holds does not depend on how well it was compiled.
        let profile = Profile::from_flag(*suite != Suite::Walls);
        let prefix = stage::stage(profile, !args.no_oz)?;
        if *suite == Suite::Walls {
            peers::install()?;
        }
        let out = Outbox::new(suite.name())?;
        let outcome = session::run(session::Request {
            prefix: prefix.clone(),
            // Sound is also one of the things that are attacked.
            audio: matches!(suite, Suite::Audio | Suite::Walls)
                .then_some(session::Sound::Pulseaudio),
            command: command(*suite, args, &out.report()),
            ..session::Request::default()
        })?;
        if outcome.code != 0 {
            return Ok(ExitCode::from(outcome.code));
        }
        let report = fs::read_to_string(out.report()).context("the session wrote no report")?;
        println!("{report}");
        if !args.print {
            let report = format!("Commit {}. {report}", commit()?);
            match suite {
                Suite::Walls => document::walls(&report)?,
                _ => document::keep(suite.name(), &report)?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn command(suite: Suite, args: &Args, report: &Path) -> Vec<std::ffi::OsString> {
    let mut words = vec![
        "oz-bench".into(),
        suite.name().into(),
        "--out".into(),
        report.into(),
    ];
    for (wanted, word) in [(args.quick, "--quick"), (args.no_oz, "--no-oz")] {
        if wanted {
            words.push(word.into());
        }
    }
    words
}

/// What was measured: the commit, and whether the tree was the commit's.
fn commit() -> Result<String> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    sh::read(git.args([
        "describe",
        "--always",
        "--dirty= (with changes)",
        "--abbrev=10",
    ]))
}

/// A directory in which the user of the session leaves a report; it goes with the value.
struct Outbox(PathBuf);

impl Outbox {
    fn new(name: &str) -> Result<Self> {
        let user = User::ordinary()?;
        let dir = std::env::temp_dir().join(format!("oz-bench-{name}-{}", std::process::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&dir)
            .with_context(|| format!("cannot make {}", dir.display()))?;
        let outbox = Self(dir);
        if user.drop {
            chown(&outbox.0, Some(user.uid), Some(user.gid))?;
        }
        Ok(outbox)
    }

    fn report(&self) -> PathBuf {
        self.0.join("report.md")
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
