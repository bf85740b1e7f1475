//! The processes of the session, and the processor time and memory that each has used.

use std::collections::HashMap;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;

use anyhow::{Context, Result};
use nix::time::ClockId;
use nix::unistd::Pid;

/// A process at one moment.
#[derive(Clone, Debug)]
struct Process {
    parent: i32,
    name: String,
    /// Nanoseconds of processor time of all its threads, also of those that have ended.
    cpu: i64,
}

/// All processes that may do work for a window: everything below the session, but not ourselves.
pub(crate) struct Scope {
    top: i32,
    own: i32,
    /// The compositor.
    pub(crate) host: i32,
}

/// The processor time that everything in the scope had used at one moment.
pub(crate) struct Snapshot(HashMap<i32, Process>);

/// Processor seconds between two moments, by what they were used for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Used {
    pub(crate) client: f64,
    /// Whatever is neither client nor compositor.
    pub(crate) between: f64,
    pub(crate) host: f64,
}

impl Used {
    pub(crate) fn total(&self) -> f64 {
        self.client + self.between + self.host
    }
}

impl Scope {
    /// The scope of the session that a compositor's socket belongs to.
    pub(crate) fn of(host_socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(host_socket)
            .with_context(|| format!("cannot connect to {}", host_socket.display()))?;
        let credentials =
            nix::sys::socket::getsockopt(&stream, nix::sys::socket::sockopt::PeerCredentials)?;
        let all = list();
        let own = std::process::id().cast_signed();
        let host = credentials.pid();
        let above = ancestors(&all, host);
        let top = ancestors(&all, own)
            .into_iter()
            .find(|pid| above.contains(pid))
            .context("the compositor is none of this session's")?;
        Ok(Self { top, own, host })
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let all = list();
        let within = all
            .keys()
            .copied()
            .filter(|pid| *pid != self.own && ancestors(&all, *pid).contains(&self.top));
        Snapshot(
            within
                .filter_map(|pid| Some((pid, all.get(&pid)?.clone())))
                .collect(),
        )
    }

    /// What was used from one moment to the next; processes that are new began at nothing.
    pub(crate) fn used(&self, before: &Snapshot, after: &Snapshot) -> Used {
        let mut used = Used::default();
        for (pid, process) in &after.0 {
            let start = before.0.get(pid).map_or(0, |process| process.cpu);
            let to = if *pid == self.host {
                &mut used.host
            } else if process.is_client() {
                &mut used.client
            } else {
                &mut used.between
            };
            *to += seconds(process.cpu - start);
        }
        used
    }

    /// Which processes are there now that were not before, other than the client.
    pub(crate) fn newcomers(&self, before: &Snapshot) -> Vec<(i32, String)> {
        let now = self.snapshot();
        now.0
            .into_iter()
            .filter(|(pid, process)| !before.0.contains_key(pid) && !process.is_client())
            .map(|(pid, process)| (pid, process.name))
            .collect()
    }
}

impl Process {
    fn is_client(&self) -> bool {
        self.name == "oz-bench-client"
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds of a benchmark fit a float many times"
)]
fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The processor time that a process has used.
pub(crate) fn cpu_seconds(pid: i32) -> Option<f64> {
    cpu(pid).map(seconds)
}

/// The megabytes that a process would give back; none if we may not look.
pub(crate) fn pss_mb(pid: i32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kilobytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kilobytes) / 1024.0)
}

fn list() -> HashMap<i32, Process> {
    let mut all = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // A process that ends while we look is not there.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let Some((parent, name)) = parse_stat(&stat) else {
            continue;
        };
        let Some(cpu) = cpu(pid) else { continue };
        all.insert(pid, Process { parent, name, cpu });
    }
    all
}

/// To the nanosecond, where /proc/PID/stat counts in hundredths of a second.
fn cpu(pid: i32) -> Option<i64> {
    let time = ClockId::pid_cpu_clock_id(Pid::from_raw(pid))
        .ok()?
        .now()
        .ok()?;
    Some(time.tv_sec() * 1_000_000_000 + time.tv_nsec())
}

/// The parent and the name from /proc/PID/stat; none for a process that is dead.
fn parse_stat(stat: &str) -> Option<(i32, String)> {
    // The name may itself contain brackets and spaces.
    let (start, end) = (stat.find('(')?, stat.rfind(')')?);
    let mut fields = stat.get(end + 1..)?.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    Some((
        fields.next()?.parse().ok()?,
        stat.get(start + 1..end)?.to_owned(),
    ))
}

/// The parents of a process, nearest first.
fn ancestors(all: &HashMap<i32, Process>, pid: i32) -> Vec<i32> {
    let mut found = Vec::new();
    let mut at = pid;
    while let Some(process) = all.get(&at)
        && process.parent > 0
        // A listing that is not atomic may contain a ring.
        && !found.contains(&process.parent)
    {
        at = process.parent;
        found.push(at);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(parent: i32, name: &str, cpu: i64) -> Process {
        Process {
            parent,
            name: name.to_owned(),
            cpu,
        }
    }

    #[test]
    fn time_is_booked_on_whom_it_was_used_for() {
        let scope = Scope {
            top: 1,
            own: 2,
            host: 10,
        };
        let client = "oz-bench-client";
        let before = Snapshot(
            [
                (10, process(1, "sway", 5_000_000_000)),
                (12, process(2, client, 0)),
            ]
            .into(),
        );
        let after = Snapshot(
            [
                (10, process(1, "sway", 6_000_000_000)),
                (12, process(2, client, 2_000_000_000)),
                (13, process(2, "display-proxy", 500_000_000)),
                (14, process(13, "helper", 500_000_000)),
            ]
            .into(),
        );
        let used = scope.used(&before, &after);
        assert_eq!(
            used,
            Used {
                client: 2.0,
                between: 1.0,
                host: 1.0
            }
        );
        assert!((used.total() - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_name_may_contain_what_ends_it() {
        assert_eq!(parse_stat("7 (a) b) S 4 7 7"), Some((4, "a) b".to_owned())));
        assert_eq!(parse_stat("7 (gone) Z 4 7 7"), None);
    }

    #[test]
    fn we_see_ourselves_and_what_we_used() {
        let own = std::process::id().cast_signed();
        let all = list();
        assert!(all[&own].cpu > 0);
        assert!(!ancestors(&all, own).is_empty());
        assert!(pss_mb(own).unwrap() > 0.1);
    }

    #[test]
    fn a_ring_in_the_listing_ends() {
        let all = [(10, process(11, "a", 0)), (11, process(10, "b", 0))].into();
        assert_eq!(ancestors(&all, 10), [11, 10]);
    }
}
