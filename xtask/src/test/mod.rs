//! `test`: everything that is tested, each kind where it belongs.
//!
//! Unit, property and snapshot tests run as they are. End-to-end tests run as an ordinary user,
//! one session per test executable, one test at a time. A failure stops nothing; the last line
//! is the sum.
//!
//! An end-to-end test drives real programs that nobody here wrote, on machines whose load nobody
//! here knows. A few that failed are tried once more, in a fresh session; one that then passes is
//! listed as shaky, which is a reason to look at it, not to stop.

mod e2e;
mod machine;
mod matrix;
mod select;
mod tally;

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use self::tally::{Part, Tally};
use crate::workspace::Profile;
use crate::{package, setup, sh, stage};

/// How long a test may take that takes a picture.
const PICTURE: Duration = Duration::from_secs(300);

/// An emulated machine takes so much longer, and its executables run one after the other.
const MACHINE_TIME: u32 = 6;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also the long tests (executables whose name starts with `all_`, attacks against an older kernel), and write
    /// docs/matrix.md if no names are given
    #[arg(long)]
    all: bool,
    /// How long one end-to-end executable may take
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    timeout: u64,
    /// Only these: packages, end-to-end executables, or parts of test names
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    setup::ensure(false)?;
    step("building Oz");
    let prefix = stage::stage(Profile::Dev, true)?;
    step("building the end-to-end tests");
    let built = e2e::build()?;
    let mut targets = built.targets();
    targets.push(e2e::PACKAGED.to_owned());
    let choice = select::select(&args.names, &targets, &packages()?, args.all);

    let mut parts = Vec::new();
    if let Some(packages) = &choice.packages {
        parts.push(workspace_tests(packages, &choice.filters)?);
    }
    let mut ran = 0;
    let (in_machine, in_sessions): (Vec<_>, Vec<_>) = built
        .chosen(&choice.targets)
        .into_iter()
        .partition(|executable| executable.name == e2e::MACHINE);
    for executable in in_sessions {
        step(&format!("end-to-end: {}", executable.name));
        let timeout = Duration::from_secs(args.timeout);
        let (mut part, mut interrupted) =
            e2e::run(&built, executable, &prefix, &choice.filters, timeout, &[])?;
        if let Some(failed) = part.to_retry().filter(|_| !interrupted) {
            step(&format!("once more: {}", failed.join(", ")));
            let exactly: Vec<String> = [String::from("--exact")]
                .into_iter()
                .chain(failed)
                .collect();
            let again = e2e::run(&built, executable, &prefix, &exactly, timeout, &[])?;
            part.retried(again.0);
            interrupted = again.1;
        }
        ran += part.tally.passed + part.tally.failed;
        parts.push(part);
        if interrupted {
            return Ok(summary(&parts));
        }
    }
    let mut jobs: Vec<_> = in_machine
        .iter()
        .map(|executable| machine::job(executable, &choice.filters))
        .collect();
    for (name, filters) in machine::ALSO.iter().filter(|_| args.all) {
        let also = [(*name).to_owned()];
        if choice.targets.contains(&also[0]) {
            let filters: Vec<String> = filters.iter().map(|&word| word.to_owned()).collect();
            let also = built.chosen(&also).into_iter();
            jobs.extend(also.map(|executable| machine::job(executable, &filters)));
        }
    }
    if !jobs.is_empty() {
        let timeout = Duration::from_secs(args.timeout) * MACHINE_TIME;
        let more = machine::run(&jobs, &prefix, timeout)?;
        ran += more
            .iter()
            .map(|part| part.tally.passed + part.tally.failed)
            .sum::<u32>();
        parts.extend(more);
    }
    if choice.targets.iter().any(|name| name == e2e::PACKAGED) && choice.filters.is_empty() {
        parts.push(package());
    }
    if ran == 0 && args.names.is_empty() {
        parts.push(Part::failure("end-to-end tests", "none ran"));
    }
    if args.all && args.names.is_empty() {
        matrix::write(&parts)?;
    }
    Ok(summary(&parts))
}

/// A picture that a test takes.
pub(crate) struct Shot {
    /// The end-to-end executable.
    pub(crate) executable: &'static str,
    /// The test, or a part of its name.
    pub(crate) test: &'static str,
    /// What the test calls it.
    pub(crate) shot: &'static str,
    /// Where it is wanted.
    pub(crate) to: PathBuf,
}

/// Has tests take pictures; the names of those that were not taken, or by a test that failed.
pub(crate) fn shoot(shots: &[Shot]) -> Result<Vec<&'static str>> {
    step("building Oz");
    let prefix = stage::stage(Profile::Dev, true)?;
    step("building the end-to-end tests");
    let built = e2e::build()?;
    let mut missing = Vec::new();
    for shot in shots {
        let executables = built.chosen(&[shot.executable.to_owned()]);
        let Some(executable) = executables.first() else {
            missing.push(shot.shot);
            continue;
        };
        let filters = [shot.test.to_owned()];
        let pictures = [(shot.shot, shot.to.clone())];
        let before = modified(&shot.to);
        let (part, _) = e2e::run(&built, executable, &prefix, &filters, PICTURE, &pictures)?;
        if part.tally.passed != 1 || part.tally.failed > 0 || modified(&shot.to) == before {
            missing.push(shot.shot);
        }
    }
    Ok(missing)
}

fn modified(file: &Path) -> Option<std::time::SystemTime> {
    file.metadata().and_then(|file| file.modified()).ok()
}

/// Runs executables in the machine that else run in a session too.
pub(crate) fn in_machine(names: &[String], timeout: Duration) -> Result<ExitCode> {
    setup::ensure(false)?;
    step("building Oz");
    let prefix = stage::stage(Profile::Dev, true)?;
    step("building the end-to-end tests");
    let built = e2e::build()?;
    let targets = built.targets();
    let (mut wanted, filters): (Vec<String>, Vec<String>) = names
        .iter()
        .cloned()
        .partition(|name| targets.contains(name));
    if wanted.is_empty() {
        wanted.push(e2e::MACHINE.to_owned());
    }
    let chosen = built.chosen(&wanted).into_iter();
    let jobs: Vec<_> = chosen
        .map(|executable| machine::job(executable, &filters))
        .collect();
    Ok(summary(&machine::run(&jobs, &prefix, timeout)?))
}

/// The package, installed and removed.
fn package() -> Part {
    step("the package, on a system of its own");
    let start = Instant::now();
    let mut tally = Tally::default();
    let tried = package::trial::run(&mut |line| {
        println!("{line}");
        tally.line(line);
    });
    let note = tried.err().map(|error| format!("{error:#}"));
    Part::new("package", tally, note, start.elapsed())
}

fn step(what: &str) {
    eprintln!("== {what}");
}

/// The names of the workspace's packages, but for the end-to-end tests.
fn packages() -> Result<Vec<String>> {
    let text = sh::read(sh::cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"]
        .as_array()
        .context("no packages")?
        .iter();
    let names = packages.filter_map(|package| package["name"].as_str());
    Ok(names
        .filter(|name| *name != e2e::PACKAGE)
        .map(str::to_owned)
        .collect())
}

/// Unit, property, snapshot and documentation tests; no packages means all of the workspace.
fn workspace_tests(packages: &[String], filters: &[String]) -> Result<Part> {
    // Widgets are tested on a display that nobody sees.
    let screen = "--server-args=-screen 0 1280x800x24";
    let mut cargo = sh::cargo_by(&["xvfb-run", "--auto-servernum", screen]);
    cargo.envs([
        ("GDK_BACKEND", "x11"),
        ("GSK_RENDERER", "cairo"),
        ("GTK_A11Y", "none"),
    ]);
    cargo.args(["test", "--no-fail-fast"]);
    if packages.is_empty() {
        cargo.args(["--workspace", "--exclude", e2e::PACKAGE]);
    }
    for package in packages {
        cargo.args(["--package", package]);
    }
    cargo.arg("--").args(filters);
    step(&sh::shown(&cargo));
    let start = Instant::now();
    let mut child = cargo
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo")?;
    let tally = Tally::read(
        BufReader::new(child.stdout.take().context("no stdout")?),
        std::io::stdout(),
    );
    let status = child.wait()?;
    let note =
        (!status.success() && tally.failed == 0).then(|| format!("cargo test failed ({status})"));
    Ok(Part::new("workspace", tally, note, start.elapsed()))
}

fn summary(parts: &[Part]) -> ExitCode {
    println!();
    for part in parts {
        println!("{}", part.line());
        for name in &part.tally.failures {
            println!("    FAILED {name}");
        }
        for name in &part.shaky {
            println!("    SHAKY {name}: failed, then passed by itself");
        }
    }
    let passed: u32 = parts.iter().map(|part| part.tally.passed).sum();
    let failed: u32 = parts.iter().map(|part| part.tally.failed).sum();
    println!("{passed} passed, {failed} failed");
    // Nothing that ran is no success either: the name was a slip.
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
