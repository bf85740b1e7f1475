//! `cow`: a home that is copied on writing: how soon a program starts over it, what the first write to a file costs, and how long it
//! takes to list, take over and clone what was written, beside programs that copy and compare files.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use oz_bench::report::{Table, number};
use oz_bench::stats::{median, paired_ratio};

use crate::machine;

/// How much is measured.
struct Effort {
    rounds: usize,
    files: usize,
    starts: usize,
}

const FULL: Effort = Effort {
    rounds: 5,
    files: 10_000,
    starts: 21,
};

const QUICK: Effort = Effort {
    rounds: 1,
    files: 500,
    starts: 3,
};

/// Bytes of each file.
const SIZE: usize = 4096;
/// How many are in one directory.
const TOGETHER: usize = 250;
/// Appends a byte to each of them.
const WRITE: &str = "for file in \"$0\"/*/*; do echo x >> \"$file\"; done";

/// What takes turns in a round, in seconds; in the order of [`WHAT`].
type Round = [Option<f64>; WHAT.len()];

/// What is measured: in what it is told, beside which other it is set, and what it is.
const WHAT: [(Part, Option<usize>, &str); 11] = [
    (Part::Start, None, "`oz run --ephemeral -- true`"),
    (Part::Start, Some(0), "`oz run --cow --ephemeral -- true`"),
    (Part::Write, None, "the files themselves"),
    (
        Part::Write,
        Some(2),
        "over a copy: the kernel copies each first, onto the disk",
    ),
    (Part::List, None, "`rsync -rcn`, by size and content"),
    (Part::List, Some(4), "`oz changes`, likewise"),
    (Part::Merge, None, "`cp -a` over the originals"),
    (
        Part::Merge,
        Some(6),
        "`rsync -a --fsync` over the originals",
    ),
    (
        Part::Merge,
        Some(6),
        "`oz merge`, each onto the disk, with a journal",
    ),
    (Part::Clone, None, "`cp -a` of the layer"),
    (Part::Clone, Some(9), "`oz clone`"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Start,
    Write,
    List,
    Merge,
    Clone,
}

impl Part {
    fn title(self, files: usize) -> String {
        match self {
            Self::Start => "start, whole command".to_owned(),
            Self::Write => format!("a byte more in each of {files} files"),
            Self::List => format!("listing {files} changed files"),
            Self::Merge => format!("taking them over ({files})"),
            Self::Clone => format!("cloning ({files})"),
        }
    }
}

pub(crate) fn measure(quick: bool, with_oz: bool) -> Result<String> {
    let effort = if quick { &QUICK } else { &FULL };
    let home = std::env::var_os("HOME").context("no HOME")?;
    let home = PathBuf::from(home);
    let mut rounds = Vec::new();
    for number in 0..effort.rounds {
        eprintln!("bench: cow, round {}", number + 1);
        rounds.push(round(&home, effort, with_oz)?);
    }
    Ok(report(effort, &rounds))
}

fn round(home: &Path, effort: &Effort, with_oz: bool) -> Result<Round> {
    let base = home.join("bench-cow");
    let mut round: Round = Default::default();
    if with_oz {
        let start = |more: &[&str]| {
            let run = || {
                timed(
                    Command::new("oz")
                        .args(["run", "--ephemeral"])
                        .args(more)
                        .args(["--", "true"]),
                )
            };
            let all = (0..effort.starts)
                .map(|_| run())
                .collect::<Result<Vec<_>>>();
            all.map(|all| median(&all))
        };
        round[0] = start(&[])?;
        round[1] = start(&["--cow"])?;
    }
    // What others work on: a changed tree, the originals, a third that is thrown away.
    let (changed, originals) = (base.join("changed"), base.join("originals"));
    fresh(&changed, effort)?;
    fresh(&originals, effort)?;
    round[2] = Some(timed(Command::new("sh").args(["-c", WRITE]).arg(&changed))?);
    let slash = |path: &Path| format!("{}/", path.display());
    let rsync = || Command::new("rsync");
    round[4] = Some(timed(
        rsync()
            .args(["-rcn", "--delete", "--itemize-changes"])
            .args([slash(&changed), slash(&originals)])
            .stdout(Stdio::null()),
    )?);
    if with_oz {
        sandboxed(home, &base, effort, &mut round)?;
    }
    let target = base.join("target");
    fresh(&target, effort)?;
    let from = format!("{}/.", changed.display());
    round[6] = Some(timed(Command::new("cp").arg("-a").arg(&from).arg(&target))?);
    std::fs::remove_dir_all(&target)?;
    fresh(&target, effort)?;
    round[7] = Some(timed(
        rsync()
            .args(["-a", "--fsync"])
            .args([slash(&changed), slash(&target)]),
    )?);
    std::fs::remove_dir_all(&target)?;
    round[9] = Some(timed(
        Command::new("cp").arg("-a").arg(&changed).arg(&target),
    )?);
    std::fs::remove_dir_all(&base)?;
    Ok(round)
}

/// The same over a copy of the home.
fn sandboxed(home: &Path, base: &Path, effort: &Effort, round: &mut Round) -> Result<()> {
    let oz = |words: &[&str]| {
        let mut oz = Command::new("oz");
        oz.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        oz
    };
    let place = base.join("sandboxed");
    fresh(&place, effort)?;
    let run = |script: &str| {
        let mut run = oz(&["run", "--cow", "--", "sh", "-c", script]);
        run.arg(&place);
        run
    };
    // The time that the sandbox takes is not that of the files.
    let empty = timed(&mut run("true"))?;
    round[3] = Some((timed(&mut run(WRITE))? - empty).max(0.0));
    round[5] = Some(timed(&mut oz(&["changes", "sh"]))?);
    round[10] = Some(timed(&mut oz(&["clone", "sh", "sh-clone"]))?);
    round[8] = Some(timed(&mut oz(&["merge", "sh", "--yes"]))?);
    let merged = std::fs::metadata(place.join("0/0"))?.len();
    ensure!(merged > SIZE as u64, "nothing was merged");
    for name in ["sh", "sh-clone"] {
        timed(&mut oz(&["discard", name, "--yes"]))?;
    }
    let left = home.join(".local/state/oz/copies/sh");
    ensure!(!left.exists(), "{} is there still", left.display());
    Ok(())
}

/// A directory with that many files.
fn fresh(at: &Path, effort: &Effort) -> Result<()> {
    for number in 0..effort.files {
        let directory = at.join((number / TOGETHER).to_string());
        if number.is_multiple_of(TOGETHER) {
            std::fs::create_dir_all(&directory)?;
        }
        let content = number.to_string().repeat(SIZE);
        std::fs::write(
            directory.join((number % TOGETHER).to_string()),
            &content.as_bytes()[..SIZE],
        )?;
    }
    rustix::fs::sync();
    Ok(())
}

/// Runs it; in seconds.
fn timed(command: &mut Command) -> Result<f64> {
    let start = Instant::now();
    let status = command.stdin(Stdio::null()).status();
    let took = start.elapsed().as_secs_f64();
    let status = status.with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(took)
}

fn report(effort: &Effort, rounds: &[Round]) -> String {
    let mut text = format!(
        "{} rounds in which all take turns, with {} files of {} KiB in directories of {}; of starts the median of {} in each round. \
         Medians in milliseconds; × is a part of the time of what stands above it, by the ratios within a round. {}.\n\n",
        effort.rounds,
        effort.files,
        SIZE / 1024,
        TOGETHER,
        effort.starts,
        machine::said("rsync", &["--version"]),
    );
    let mut table = Table::new(["", "", "ms", "×"]);
    let column = |at: usize| -> Vec<Option<f64>> { rounds.iter().map(|round| round[at]).collect() };
    let mut last = None;
    for (at, (part, beside, name)) in WHAT.iter().enumerate() {
        let own = column(at);
        let values: Vec<f64> = own.iter().flatten().map(|seconds| seconds * 1e3).collect();
        let ratio = match beside {
            Some(other) => paired_ratio(&own, &column(*other)),
            None => median(&values).map(|_| 1.0),
        };
        let title = match last == Some(*part) {
            true => String::new(),
            false => part.title(effort.files),
        };
        last = Some(*part);
        table.row([
            title,
            (*name).to_owned(),
            number(median(&values), 1),
            number(ratio, 2),
        ]);
    }
    text += &table.markdown();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_part_of_what_stands_above_it() {
        let mut round: Round = [Some(1.0); WHAT.len()];
        round[3] = Some(2.5);
        round[10] = None;
        let text = report(&QUICK, &[round, round]);
        assert!(
            text.contains(
                "| over a copy: the kernel copies each first, onto the disk | 2500.0 | 2.50 |"
            ),
            "{text}"
        );
        assert!(text.contains("| `oz clone` | – | – |"), "{text}");
        for (_, beside, _) in WHAT {
            assert!(beside.is_none_or(|other| WHAT[other].1.is_none()));
        }
    }
}
