//! `fuzz`: hostile bytes for every parser, as many as a time allows.
//!
//! The corpus in the tree stays small: seeds, and what once crashed, which tests replay. What a run
//! finds beside that lies in `target/fuzz-corpus`, made minimal after each run. A crash of an
//! earlier run is tried first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{sh, workspace};

/// Not a program of cargo-fuzz: it takes somebody to talk to, and the requests come from tables.
const DISPLAY: &str = "display";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to fuzz; every target if nothing is named
    targets: Vec<String>,
    /// How long for each
    #[arg(long, value_name = "N", default_value = "60")]
    seconds: u32,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let manifest = workspace::root().join("fuzz/Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let mut all = targets(&text);
    all.push(DISPLAY.to_owned());
    if let Some(unknown) = args.targets.iter().find(|name| !all.contains(name)) {
        bail!("there is no fuzz target {unknown}: {}", all.join(", "));
    }
    let chosen = if args.targets.is_empty() {
        &all
    } else {
        &args.targets
    };
    if chosen.iter().any(|name| name != DISPLAY) {
        ensure()?;
    }
    let mut crashed = Vec::new();
    for name in chosen {
        println!("== {name}");
        let fine = match name.as_str() {
            DISPLAY => display(args.seconds)?,
            _ => fuzz(name, args.seconds)?,
        };
        if !fine {
            crashed.push(name.as_str());
        }
    }
    if crashed.is_empty() {
        println!("{} targets, no crash", chosen.len());
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "crashed: {}; the inputs are in fuzz/corpus now",
        crashed.join(", ")
    );
    Ok(ExitCode::FAILURE)
}

/// Requests to a whole display proxy, and floods of them, with windows of others beside it; false if somebody was harmed or had to
/// wait.
fn display(seconds: u32) -> Result<bool> {
    let mut command = Command::new("cargo");
    command
        .current_dir(workspace::root())
        // Who waits for others, and how long, is a question to what is shipped.
        .args(["test", "--release", "--package", "display-proxy"])
        .args(["--test", "fuzz", "--", "--nocapture"])
        .env("OZ_FUZZ_SECONDS", seconds.to_string());
    Ok(command.status().context("cannot start cargo")?.success())
}

/// The names of the programs in a manifest.
fn targets(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut lines = manifest.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "[[bin]]" {
            let name = lines.next().and_then(|line| line.strip_prefix("name = \""));
            names.extend(name.map(|name| name.trim_end_matches('"').to_owned()));
        }
    }
    names
}

/// cargo of the nightly toolchain, whichever one runs us.
fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", "cargo"])
        .current_dir(workspace::root().join("fuzz"));
    for name in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "RUSTFLAGS"] {
        command.env_remove(name);
    }
    command
}

/// Looks that the toolchain is there, and installs the runner if it is not.
fn ensure() -> Result<()> {
    if !sh::succeeds(nightly().arg("--version")) {
        bail!("fuzzing needs a nightly toolchain: `rustup toolchain install nightly`");
    }
    if sh::succeeds(nightly().args(["fuzz", "--version"])) {
        return Ok(());
    }
    println!("== installing cargo-fuzz");
    // Not into a target directory of ours: it is a program of its own.
    let target = std::env::temp_dir().join("oz-cargo-fuzz");
    let result = sh::run(
        nightly()
            .args(["install", "--quiet", "--locked", "cargo-fuzz"])
            .env("CARGO_TARGET_DIR", &target),
    );
    let _ = fs::remove_dir_all(&target);
    result
}

/// Fuzzes one target; false if it crashed.
fn fuzz(name: &str, seconds: u32) -> Result<bool> {
    let seeds = workspace::root().join("fuzz/corpus").join(name);
    let found = workspace::target().join("fuzz-corpus").join(name);
    let artifacts = workspace::root().join("fuzz/artifacts").join(name);
    for dir in [&seeds, &found, &artifacts] {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    let old = files(&artifacts)?;
    if !old.is_empty() && sh::run(nightly().args(["fuzz", "run", name]).args(&old)).is_err() {
        return Ok(false);
    }
    for artifact in old {
        fs::remove_file(&artifact)?;
    }
    let mut command = nightly();
    command
        .args(["fuzz", "run", name])
        .arg(&found)
        .arg(&seeds)
        .arg("--");
    command.arg(format!("-max_total_time={seconds}"));
    command.args([
        "-timeout=10",
        "-rss_limit_mb=1024",
        "-max_len=65536",
        "-print_final_stats=1",
    ]);
    let fine = command
        .status()
        .context("cannot start cargo-fuzz")?
        .success();
    for artifact in files(&artifacts)? {
        let place = seeds.join(artifact.file_name().unwrap_or_default());
        fs::copy(&artifact, &place).with_context(|| format!("cannot write {}", place.display()))?;
    }
    if fine {
        minimise(name, &found, &seeds)?;
    }
    Ok(fine)
}

/// Keeps of what was found only what reaches something that the seeds do not.
fn minimise(name: &str, found: &Path, seeds: &Path) -> Result<()> {
    let small = found.with_extension("small");
    let _ = fs::remove_dir_all(&small);
    fs::create_dir_all(&small)?;
    let mut command = nightly();
    command
        .args(["fuzz", "run", name])
        .arg(&small)
        .arg(seeds)
        .arg(found)
        .args(["--", "-merge=1"]);
    sh::run_quietly(&mut command)?;
    fs::remove_dir_all(found)?;
    fs::rename(&small, found).with_context(|| format!("cannot replace {}", found.display()))
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_of_the_manifest_and_each_has_a_corpus() {
        let root = workspace::root().join("fuzz");
        let all = targets(&fs::read_to_string(root.join("Cargo.toml")).unwrap());
        assert!(all.contains(&"frame".to_owned()) && all.contains(&"plan".to_owned()));
        for name in all {
            assert!(
                root.join("fuzz_targets")
                    .join(format!("{name}.rs"))
                    .exists()
            );
            assert!(
                !files(&root.join("corpus").join(&name)).unwrap().is_empty(),
                "{name}"
            );
        }
    }
}
