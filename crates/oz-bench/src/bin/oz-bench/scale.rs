//! `scale`: what a hundred sandboxes at once cost, and where the time of each launch goes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use oz_bench::report::{Budget, Limit, Table, budgets, number};
use oz_bench::stats::median;

use crate::idle::{self, said};
use crate::processes::cpu_seconds;
use crate::request::Asker;

/// How many of the first and of the last launches are compared.
const ENDS: usize = 10;

/// How long nothing is done, to see whether anything does something.
const STILL: Duration = Duration::from_secs(5);

/// What the whole of Oz outside the sandboxes costs at a moment.
struct Daemon {
    pid: i32,
    /// Kilobytes.
    resident: f64,
}

/// One launch.
struct Launch {
    /// Milliseconds of the whole command.
    took: f64,
    /// What had happened so many milliseconds after the daemon was asked.
    moments: Vec<(String, f64)>,
}

pub(crate) fn measure(quick: bool) -> Result<String> {
    let count = if quick { 2 * ENDS } else { 100 };
    let asker = Asker::connect()?;
    // The first starts the daemon.
    said(&["ps"])?;
    let few = Daemon::look(&asker)?;
    let mut ids = Vec::new();
    let measured = with(count, &asker, &mut ids);
    let stopping = Instant::now();
    for id in &ids {
        let _ = said(&["stop", id]);
    }
    let stopped = stopping.elapsed();
    Ok(report(count, &few, &measured?, stopped))
}

/// What was measured while they ran.
struct Measured {
    launches: Vec<Launch>,
    daemon: Daemon,
    /// Seconds of processor time that the daemon used while nothing was done.
    still: f64,
    /// Milliseconds of `oz ps`, and of `oz --version`, which does nothing.
    list: f64,
    nothing: f64,
    kilobytes: f64,
}

fn with(count: usize, asker: &Asker, ids: &mut Vec<String>) -> Result<Measured> {
    let mut launches = Vec::new();
    for number in 1..=count {
        if number % ENDS == 0 {
            eprintln!("bench: scale, {number} of {count}");
        }
        // As in `launch`: what one has left to be done does not count for the next.
        std::thread::sleep(Duration::from_millis(150));
        let start = Instant::now();
        let id = said(&["run", "--detach", "--", "/usr/bin/sleep", "1000"])?;
        let took = start.elapsed().as_secs_f64() * 1000.0;
        let id = id.trim().to_owned();
        ids.push(id.clone());
        // It is told to be built a moment after its program runs.
        std::thread::sleep(Duration::from_millis(50));
        let moments = asker.launch_moments(&id)?;
        launches.push(Launch { took, moments });
    }
    std::thread::sleep(Duration::from_secs(1));
    let before = Daemon::look(asker)?;
    let used = cpu_seconds(before.pid).context("the daemon is gone")?;
    std::thread::sleep(STILL);
    let still = cpu_seconds(before.pid).context("the daemon is gone")? - used;
    Ok(Measured {
        launches,
        list: timed(&["ps"])?,
        nothing: timed(&["--version"])?,
        daemon: Daemon::look(asker)?,
        still,
        kilobytes: idle::measure(ids)?,
    })
}

/// Milliseconds of a command of `oz`, median.
fn timed(arguments: &[&str]) -> Result<f64> {
    let mut took = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        let mut command = Command::new("oz");
        let status = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()?;
        took.push(start.elapsed().as_secs_f64() * 1000.0);
        ensure!(status.success(), "oz {arguments:?} gave {status}");
    }
    median(&took).context("nothing was measured")
}

impl Daemon {
    fn look(asker: &Asker) -> Result<Self> {
        let pid = asker.daemon()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let resident = status.lines().find_map(|line| {
            let rest = line.strip_prefix("VmRSS:")?;
            rest.trim().strip_suffix("kB")?.trim().parse().ok()
        });
        Ok(Self {
            pid,
            resident: resident.context("/proc/PID/status is not understood")?,
        })
    }
}

fn report(count: usize, few: &Daemon, measured: &Measured, stopped: Duration) -> String {
    let Measured { launches, .. } = measured;
    let mut text = format!(
        "{count} sandboxes at once, each `oz run --detach -- /usr/bin/sleep 1000`, started one after the other with a \
         pause between. Medians.\n\n"
    );
    let mut table = Table::new(["", "with none", &*format!("with {count}")]);
    let mega = |kilobytes: f64| number(Some(kilobytes / 1024.0), 1);
    table.row([
        "daemon, resident MB".to_owned(),
        mega(few.resident),
        mega(measured.daemon.resident),
    ]);
    table.row([
        format!(
            "daemon, processor ms in {} s in which nothing is done",
            STILL.as_secs()
        ),
        String::new(),
        number(Some(measured.still * 1000.0), 1),
    ]);
    table.row([
        "`oz ps`, ms".to_owned(),
        String::new(),
        number(Some(measured.list), 1),
    ]);
    table.row([
        "`oz --version`, ms".to_owned(),
        String::new(),
        number(Some(measured.nothing), 1),
    ]);
    table.row([
        "each sandbox beside its app, KB".to_owned(),
        String::new(),
        number(Some(measured.kilobytes), 0),
    ]);
    table.row([
        "`oz stop` of all, one after the other, ms each".to_owned(),
        String::new(),
        number(
            Some(stopped.as_secs_f64() * 1000.0 / launches.len() as f64),
            1,
        ),
    ]);
    text += &table.markdown();
    text += "\nWhere the time of a launch goes: what has happened so many milliseconds after the daemon was asked. The \
             whole command is more: it also starts `oz`, and asks.\n\n";
    text += &profile(launches).markdown();
    text.push('\n');
    text += &budgets(&[
        Budget {
            what: format!("the daemon with {count} idle sandboxes"),
            unit: "MB".to_owned(),
            limit: Limit::AtMost(30.0),
            measured: Some(measured.daemon.resident / 1024.0),
        },
        Budget {
            what: format!("`oz ps` with {count} idle sandboxes"),
            unit: "ms".to_owned(),
            limit: Limit::AtMost(10.0),
            measured: Some(measured.list),
        },
        Budget {
            what: "idle sandbox without windows, beside its app".to_owned(),
            unit: "KB".to_owned(),
            limit: Limit::AtMost(400.0),
            measured: Some(measured.kilobytes),
        },
    ]);
    text
}

/// The moments of the first launches and of the last.
fn profile(launches: &[Launch]) -> Table {
    let (first, last) = (
        &launches[..ENDS.min(launches.len())],
        &launches[launches.len().saturating_sub(ENDS)..],
    );
    let mut table = Table::new([
        String::new(),
        format!("first {} launches, ms", first.len()),
        format!("last {}, ms", last.len()),
    ]);
    // The one that has come furthest has all of them.
    let fullest = launches.iter().max_by_key(|launch| launch.moments.len());
    let names = fullest.iter().flat_map(|launch| &launch.moments);
    for (name, _) in names {
        let at = |launches: &[Launch]| {
            let all = launches.iter().flat_map(|launch| &launch.moments);
            let of: Vec<f64> = all
                .filter(|(other, _)| other == name)
                .map(|(_, at)| *at)
                .collect();
            number(median(&of), 2)
        };
        table.row([name.clone(), at(first), at(last)]);
    }
    let took = |launches: &[Launch]| {
        let all: Vec<f64> = launches.iter().map(|launch| launch.took).collect();
        number(median(&all), 2)
    };
    table.row(["the whole command".to_owned(), took(first), took(last)]);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_tells_the_first_from_the_last() {
        let launch = |at: f64| Launch {
            took: at * 2.0,
            moments: vec![("planned".to_owned(), at), ("started".to_owned(), at + 1.0)],
        };
        let launches: Vec<Launch> = [1.0; ENDS]
            .into_iter()
            .chain([3.0; ENDS])
            .map(launch)
            .collect();
        let text = profile(&launches).markdown();
        assert!(text.contains("| started | 2.00 | 4.00 |"), "{text}");
        assert!(
            text.contains("| the whole command | 2.00 | 6.00 |"),
            "{text}"
        );
    }
}
