//! `ui`: whether the panel stays smooth when much happens: frames with fifty sandboxes of which each changes ten times a
//! second, beside a list of the toolkit's own with as many words that change as often.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use oz_bench::report::{Budget, Limit, Table, budgets, number};
use oz_bench::stats::median;
use serde::Deserialize;

/// As many as the panel has to bear.
const SANDBOXES: usize = 50;

/// As `oz-bench-panel` says it.
#[derive(Clone, Copy, Deserialize)]
struct Frames {
    shown: u32,
    dropped: u32,
    median_us: f64,
    p99_us: f64,
}

#[derive(Clone, Copy, Deserialize)]
struct Measured {
    bare: Frames,
    panel: Frames,
}

pub(crate) fn measure(quick: bool) -> Result<String> {
    let (rounds, frames) = if quick { (1, 120) } else { (5, 600) };
    let mut all = Vec::new();
    for round in 0..rounds {
        eprintln!("bench: the panel, round {}", round + 1);
        all.push(draw(frames)?);
    }
    Ok(report(&all))
}

fn draw(frames: usize) -> Result<Measured> {
    let program = std::env::current_exe()?.with_file_name("oz-bench-panel");
    let output = Command::new(&program)
        .args([SANDBOXES, frames].map(|number| number.to_string()))
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{}: {complaint}",
        program.display()
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The part of the frames that were not shown, in per cent.
fn dropped(all: &[Measured], of: fn(&Measured) -> Frames) -> f64 {
    let sum = |what: fn(Frames) -> u32| all.iter().map(|one| f64::from(what(of(one)))).sum::<f64>();
    let (dropped, shown) = (sum(|frames| frames.dropped), sum(|frames| frames.shown));
    100.0 * dropped / (dropped + shown)
}

fn report(all: &[Measured]) -> String {
    let middle = |of: &dyn Fn(&Measured) -> f64| median(&all.iter().map(of).collect::<Vec<_>>());
    let head = [
        "50 rows, each different ten times a second",
        "frame, median µs",
        "frame, p99 µs",
        "frames dropped",
    ];
    let mut table = Table::new(head);
    let mut row = |name: &str, of: fn(&Measured) -> Frames| {
        table.row([
            name.to_owned(),
            number(middle(&|one| of(one).median_us), 0),
            number(middle(&|one| of(one).p99_us), 0),
            format!("{} %", number(Some(dropped(all, of)), 2)),
        ]);
    };
    row("a bare list of the toolkit", |one| one.bare);
    row("the panel", |one| one.panel);
    let list = [
        Budget {
            what: "making a frame of the panel, p99".to_owned(),
            unit: "ms".to_owned(),
            limit: Limit::AtMost(16.7),
            measured: middle(&|one| one.panel.p99_us / 1000.0),
        },
        Budget {
            what: "making a frame of the panel, median".to_owned(),
            unit: "× the bare list".to_owned(),
            limit: Limit::AtMost(3.0),
            measured: middle(&|one| one.panel.median_us / one.bare.median_us),
        },
        Budget {
            what: "frames that the panel drops".to_owned(),
            unit: "% more than the bare list".to_owned(),
            limit: Limit::AtMost(1.0),
            measured: Some(dropped(all, |one| one.panel) - dropped(all, |one| one.bare)),
        },
    ];
    format!("{}\n{}", table.markdown(), budgets(&list))
}
