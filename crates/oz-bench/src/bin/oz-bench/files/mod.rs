//! `files`: how soon a file that is added is there, and what a single file costs that an app may replace,
//! beside the file itself and the document portal's.

mod added;
mod portal;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use oz_bench::files::Work;
use oz_bench::report::{Budget, Limit, Table, budgets, number};
use oz_bench::stats::{median, paired_ratio};

use crate::machine;
use added::Added;
use portal::Portal;

/// How much is measured.
struct Effort {
    rounds: usize,
    megabytes: u32,
    times: u32,
    adds: usize,
}

const FULL: Effort = Effort {
    rounds: 9,
    megabytes: 128,
    times: 2000,
    adds: 41,
};

const QUICK: Effort = Effort {
    rounds: 2,
    megabytes: 16,
    times: 200,
    adds: 5,
};

pub(crate) fn measure(quick: bool, with_oz: bool) -> Result<String> {
    let effort = if quick { &QUICK } else { &FULL };
    let home = std::env::var_os("HOME").context("no HOME")?;
    let base = Path::new(&home).join("bench-files");
    std::fs::create_dir_all(&base)?;
    let portal = Portal::start()?;
    let (mut direct, mut oz, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..effort.rounds {
        eprintln!("bench: files, round {}", round + 1);
        direct.push(outside(&fresh(&base, "direct")?, effort)?);
        if with_oz {
            oz.push(inside(&fresh(&base, "oz")?, effort)?);
        }
        let file = fresh(&base, "portal")?;
        documents.push(outside(&portal.document(&file)?, effort)?);
    }
    drop(portal);
    let added = if with_oz {
        Some(added::measure(&base, effort.adds)?)
    } else {
        None
    };
    std::fs::remove_dir_all(&base)?;
    Ok(report(
        effort,
        &[
            ("direct", direct),
            ("Oz, a writable single file", oz),
            ("document portal", documents),
        ],
        added.as_ref(),
    ))
}

/// A new file in a directory of its own.
fn fresh(base: &Path, name: &str) -> Result<PathBuf> {
    let directory = base.join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory)?;
    }
    std::fs::create_dir_all(&directory)?;
    let file = directory.join("file.txt");
    std::fs::write(&file, "x")?;
    Ok(file)
}

/// The program that works on a file.
fn worker() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.with_file_name("oz-bench-files"))
}

fn outside(file: &Path, effort: &Effort) -> Result<Work> {
    work(Command::new(worker()?), file, effort)
}

fn inside(file: &Path, effort: &Effort) -> Result<Work> {
    let worker = worker()?;
    let mut run = Command::new("oz");
    run.args(["run", "--write"])
        .arg(file)
        .arg("--read")
        .arg(&worker)
        .arg("--")
        .arg(&worker);
    work(run, file, effort)
}

fn work(mut command: Command, file: &Path, effort: &Effort) -> Result<Work> {
    command.arg("work").arg(file);
    command.args([effort.megabytes, effort.times].map(|number| number.to_string()));
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("cannot start the work")?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

type Series<'a> = (&'a str, Vec<Work>);

/// What of the work has a column, with its decimals; and whether more is better.
type Column = (&'static str, fn(&Work) -> f64, usize, bool);

const COLUMNS: [Column; 5] = [
    ("write MB/s", |work| work.write_mb_s, 0, true),
    ("read MB/s", |work| work.read_mb_s, 0, true),
    ("stat µs", |work| work.stat_us, 1, false),
    ("open, close µs", |work| work.open_us, 1, false),
    ("replaced ms", |work| work.save_ms, 2, false),
];

fn report(effort: &Effort, all: &[Series<'_>], added: Option<&Added>) -> String {
    let mut text = format!(
        "{} rounds in which all take turns: {} MB written and read again in one file, {} looks and opens, {} new \
         files of 4 KiB, synced and renamed over it. Medians; × is speed as a part of what the file itself has, by the \
         ratios within a round. {}.\n\n",
        effort.rounds,
        effort.megabytes,
        effort.times,
        effort.times.div_ceil(10),
        machine::said("/usr/libexec/xdg-document-portal", &["--version"]),
    );
    let head = COLUMNS.iter().flat_map(|(name, ..)| [*name, "×"]);
    let mut table = Table::new([""].into_iter().chain(head));
    let direct = &all[0].1;
    for (name, series) in all {
        let mut cells = vec![(*name).to_owned()];
        for (_, value, decimals, more) in COLUMNS {
            let of = |series: &[Work]| -> Vec<f64> { series.iter().map(value).collect() };
            let speed = |series: &[Work]| -> Vec<Option<f64>> {
                let speed = |value: f64| if more { value } else { 1.0 / value };
                of(series).into_iter().map(speed).map(Some).collect()
            };
            cells.push(number(median(&of(series)), decimals));
            cells.push(number(paired_ratio(&speed(series), &speed(direct)), 2));
        }
        table.row(cells);
    }
    text += &table.markdown();
    if let Some(added) = added {
        text += &added.report(effort.adds);
        text.push('\n');
        text += &budgets(&[Budget {
            what: "live add of a directory, from the request until it is seen inside".to_owned(),
            unit: "ms".to_owned(),
            limit: Limit::AtMost(3.0),
            measured: added.directory(),
        }]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_parts_of_what_the_file_itself_has() {
        let work = |factor: f64| Work {
            write_mb_s: 1000.0 * factor,
            read_mb_s: 2000.0 * factor,
            stat_us: 1.0 / factor,
            open_us: 2.0 / factor,
            save_ms: 0.5 / factor,
        };
        let all = [
            ("direct", vec![work(1.0)]),
            ("slower", vec![work(0.25)]),
            ("nothing", Vec::new()),
        ];
        let text = report(&QUICK, &all, None);
        let slower = "| slower | 250 | 0.25 | 500 | 0.25 | 4.0 | 0.25 | 8.0 | 0.25 | 2.00 | 0.25 |";
        assert!(text.contains(slower), "{text}");
        assert!(text.contains("| nothing | – | – |"), "{text}");
    }
}
