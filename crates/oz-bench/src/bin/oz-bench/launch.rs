//! `launch`: what it costs to start a program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use oz_bench::report::{Budget, Limit, Table, budgets, number};
use oz_bench::stats::{median, paired_ratio, present};

use crate::idle;
use crate::machine;
use crate::request;

/// The programs that are started: one that does nothing, and one that reads many files first.
const PROGRAMS: [&[&str]; 2] = [&["/bin/true"], &["/usr/bin/python3", "-c", "pass"]];

/// Between two starts: nobody starts programs faster than that, and what one has left to be done, by the
/// kernel or by Oz, does not count for the next.
const PAUSE: Duration = Duration::from_millis(150);

/// How many directories the peer binds, as a sandbox for a desktop app would.
const BINDS: usize = 20;

/// A way to start a program.
struct Way {
    name: &'static str,
    how: How,
    /// Milliseconds, by program and round.
    took: [Vec<Option<f64>>; PROGRAMS.len()],
}

enum How {
    /// By a command; this is what comes before the program.
    Command(Vec<String>),
    /// By asking the daemon.
    Request,
}

impl Way {
    fn new<T: Into<String>>(name: &'static str, words: impl IntoIterator<Item = T>) -> Self {
        Self {
            name,
            how: How::Command(words.into_iter().map(Into::into).collect()),
            took: Default::default(),
        }
    }

    fn run(&self, program: &[&str]) -> Result<f64> {
        let words = match &self.how {
            How::Command(words) => words,
            How::Request => return request::launch(program),
        };
        let mut words = words
            .iter()
            .map(String::as_str)
            .chain(program.iter().copied());
        let mut command = Command::new(words.next().context("no program")?);
        command
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let start = Instant::now();
        let status = command.status()?;
        let took = start.elapsed();
        ensure!(status.success(), "{} gave {status}", self.name);
        Ok(took.as_secs_f64() * 1000.0)
    }
}

pub(crate) fn measure(quick: bool, with_oz: bool) -> Result<String> {
    let rounds = if quick { 5 } else { 51 };
    let mut ways = ways(with_oz);
    let mut troubles = Vec::new();
    // The first of each warms the caches, and starts the daemon.
    for way in &ways {
        for program in PROGRAMS {
            if let Err(error) = way.run(program) {
                eprintln!("bench: {error:#}");
                troubles.push(format!("{error:#}"));
            }
        }
    }
    for round in 0..rounds {
        eprintln!("bench: launch, round {} of {rounds}", round + 1);
        for (index, program) in PROGRAMS.iter().enumerate() {
            for way in &mut ways {
                std::thread::sleep(PAUSE);
                let took = way.run(program).ok();
                way.took[index].push(took);
            }
        }
    }
    let idle = with_oz.then(|| idle::kilobytes_each(if quick { 2 } else { 8 }));
    let idle = idle.and_then(|measured| match measured {
        Ok(kilobytes) => Some(kilobytes),
        Err(error) => {
            troubles.push(format!("{error:#}"));
            None
        }
    });
    Ok(report(&ways, rounds, idle, &troubles))
}

fn ways(with_oz: bool) -> Vec<Way> {
    let mut ways = vec![
        Way::new("direct", [""; 0]),
        Way::new(
            "unshare, all namespaces",
            [
                "unshare", "-c", "--mount", "--pid", "--fork", "--net", "--ipc", "--uts",
                "--cgroup",
            ],
        ),
        Way::new("bwrap, 20 binds", bwrap()),
    ];
    if with_oz {
        ways.push(Way::new("`oz run`", ["oz", "run", "--"]));
        ways.push(Way {
            how: How::Request,
            ..Way::new("the daemon alone", [""; 0])
        });
    }
    ways
}

/// bwrap with all namespaces and [`BINDS`] binds of places that this machine has.
fn bwrap() -> Vec<String> {
    let mut words: Vec<String> = [
        "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--new-session",
    ]
    .into_iter()
    .chain(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"])
    .map(str::to_owned)
    .collect();
    for link in ["bin", "sbin", "lib", "lib64"] {
        let target = format!("usr/{link}");
        words.extend(["--symlink".to_owned(), target, format!("/{link}")]);
    }
    for place in bind_places() {
        words.extend(["--ro-bind".to_owned(), place.clone(), place]);
    }
    words.push("--".to_owned());
    words
}

/// /usr, and then what there is in /etc until there are enough.
fn bind_places() -> Vec<String> {
    let etc = std::fs::read_dir("/etc").into_iter().flatten().flatten();
    let mut names: Vec<String> = etc
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| std::fs::read_dir(entry.path()).is_ok())
        .filter_map(|entry| entry.path().to_str().map(str::to_owned))
        .collect();
    names.sort();
    let known = [
        "/usr",
        "/etc/passwd",
        "/etc/group",
        "/etc/ld.so.cache",
        "/etc/nsswitch.conf",
    ];
    known
        .into_iter()
        .filter(|path| Path::new(path).exists())
        .map(str::to_owned)
        .chain(names)
        .take(BINDS)
        .collect()
}

fn report(ways: &[Way], rounds: usize, idle: Option<f64>, troubles: &[String]) -> String {
    let mut text = format!(
        "{rounds} rounds in which all take turns, after a pause each; wall time from starting the command until it has \
         ended, medians, and ratios to starting the program directly. The daemon runs already; \
         `the daemon alone` is from the request, made as `oz` makes it, to the exit status that \
         whoever asked is told. {}.\n\n",
        machine::said("bwrap", &["--version"]),
    );
    let mut table = Table::new([
        "",
        "`/bin/true` ms",
        "× direct",
        "`python3 -c pass` ms",
        "× direct",
    ]);
    for way in ways {
        let mut cells = vec![way.name.to_owned()];
        for (took, direct) in way.took.iter().zip(&ways[0].took) {
            cells.push(number(median(&present(took)), 2));
            cells.push(number(paired_ratio(took, direct), 2));
        }
        table.row(cells);
    }
    text += &table.markdown();
    text.push('\n');
    text += &budgets(&budget_list(ways, idle));
    for trouble in troubles {
        text += &format!("\nOne of them failed: {trouble}.\n");
    }
    text
}

fn budget_list(ways: &[Way], idle: Option<f64>) -> Vec<Budget> {
    let took = |part: &str| {
        ways.iter()
            .find(|way| way.name.contains(part))
            .map(|way| &way.took[0][..])
    };
    let bwrap = took("bwrap").unwrap_or_default();
    vec![
        Budget {
            what: "`oz run -- /bin/true`, whole command".to_owned(),
            unit: "× bwrap".to_owned(),
            limit: Limit::AtMost(0.8),
            measured: paired_ratio(took("oz run").unwrap_or_default(), bwrap),
        },
        Budget {
            what: "`/bin/true`, from the daemon's request to its exit status".to_owned(),
            unit: "× bwrap".to_owned(),
            limit: Limit::AtMost(0.5),
            measured: paired_ratio(took("the daemon").unwrap_or_default(), bwrap),
        },
        Budget {
            what: "idle sandbox without windows, beside its app".to_owned(),
            unit: "KB".to_owned(),
            limit: Limit::AtMost(400.0),
            measured: idle,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(name: &'static str, took: [f64; 2]) -> Way {
        let series = took.map(Some).to_vec();
        Way {
            took: [series.clone(), series],
            ..Way::new(name, [""; 0])
        }
    }

    #[test]
    fn the_peer_binds_as_many_as_it_says() {
        assert_eq!(bind_places().len(), BINDS);
        assert_eq!(
            bwrap().iter().filter(|word| *word == "--ro-bind").count(),
            BINDS
        );
    }

    #[test]
    fn oz_is_judged_against_the_peer() {
        let ways = [
            way("direct", [1.0, 2.0]),
            way("bwrap, 20 binds", [7.0, 14.0]),
            way("`oz run`", [3.5, 7.0]),
        ];
        let text = report(&ways, 2, Some(200.0), &[]);
        assert!(
            text.contains("| bwrap, 20 binds | 10.50 | 7.00 | 10.50 | 7.00 |"),
            "{text}"
        );
        assert!(
            text.contains(
                "| `oz run -- /bin/true`, whole command | ≤ 0.8 × bwrap | 0.50 | holds |"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_command_that_fails_has_no_time() {
        assert!(Way::new("direct", [""; 0]).run(&["/bin/false"]).is_err());
        assert!(Way::new("direct", [""; 0]).run(&["/bin/true"]).unwrap() > 0.0);
    }
}
