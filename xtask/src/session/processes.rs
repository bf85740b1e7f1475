//! Finding and ending the descendants of a process: by the tree of parents, never by name.

use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, wait};

/// How long a process may take to end by itself after SIGTERM.
const GRACE: Duration = Duration::from_millis(700);
/// How long the kernel may take to end what got SIGKILL.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends everything below us; false if something would not die.
///
/// It is complete because we are a child subreaper: whatever loses its parent becomes our child.
pub(super) fn end_descendants() -> bool {
    let start = Instant::now();
    signal_all(Signal::TERM);
    loop {
        reap();
        if descendants().is_empty() {
            return true;
        }
        if start.elapsed() > GRACE {
            signal_all(Signal::KILL);
        }
        if start.elapsed() > GRACE + PATIENCE {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Collects every child that has ended, with its wait status.
pub(super) fn reap() -> Vec<(Pid, rustix::process::WaitStatus)> {
    let mut ended = Vec::new();
    while let Ok(Some(one)) = wait(WaitOptions::NOHANG) {
        ended.push(one);
    }
    ended
}

fn signal_all(signal: Signal) {
    for pid in descendants() {
        let Some(pid) = Pid::from_raw(pid) else {
            continue;
        };
        let Ok(fd) = pidfd_open(pid, PidfdFlags::empty()) else {
            continue;
        };
        // The number may have been reused between the listing and the opening: look again.
        if descendants().contains(&pid.as_raw_nonzero().get()) {
            let _ = pidfd_send_signal(&fd, signal);
        }
    }
}

/// The pids of all processes below us that are not dead yet.
fn descendants() -> Vec<i32> {
    let mut parents = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        if let Ok(stat) = fs::read_to_string(entry.path().join("stat"))
            && let Some((parent, alive)) = parse_stat(&stat)
        {
            parents.insert(pid, (parent, alive));
        }
    }
    below(&parents, rustix::process::getpid().as_raw_nonzero().get())
}

/// The parent and whether it is alive, from /proc/PID/stat.
fn parse_stat(stat: &str) -> Option<(i32, bool)> {
    // The name in brackets may itself contain brackets and spaces: read from the last one.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    Some((fields.next()?.parse().ok()?, !matches!(state, "Z" | "X")))
}

fn below(parents: &HashMap<i32, (i32, bool)>, ancestor: i32) -> Vec<i32> {
    let mut found = Vec::new();
    for (&pid, &(_, alive)) in parents {
        let mut at = pid;
        // Bounded, because a listing that is not atomic may contain a ring.
        for _ in 0..parents.len() {
            match parents.get(&at) {
                Some(&(parent, _)) if parent == ancestor => {
                    if alive {
                        found.push(pid);
                    }
                    break;
                }
                Some(&(parent, _)) => at = parent,
                None => break,
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_does_not_confuse_the_parent() {
        assert_eq!(parse_stat("7 (a) S 1) R 42 7 7"), Some((42, true)));
        assert_eq!(parse_stat("7 (x) Z 3 7"), Some((3, false)));
        assert_eq!(parse_stat("7"), None);
    }

    #[test]
    fn grandchildren_count_and_strangers_do_not() {
        let parents = [
            (10, (1, true)),
            (11, (10, true)),
            (12, (11, true)),
            (13, (10, false)),
            (20, (1, true)),
        ];
        let mut found = below(&parents.into_iter().collect(), 10);
        found.sort_unstable();
        assert_eq!(found, [11, 12]);
    }

    #[test]
    fn a_ring_in_the_listing_ends() {
        let parents = [(10, (11, true)), (11, (10, true))];
        assert!(below(&parents.into_iter().collect(), 1).is_empty());
    }
}
