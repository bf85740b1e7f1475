//! How much memory a sandbox takes at this moment.

use std::fs;

use crate::control_group::Group;
use crate::processes::children;

/// What the units of sandboxes begin with.
const SCOPE: &str = "app-oz-";
/// Most processes that are looked at.
const MOST: usize = 4096;

/// Bytes, by the sandbox's own control group if it has one; else the sum of what its processes have for themselves and
/// their parts of what they share. None if it is gone.
pub fn of_sandbox(init: u32) -> Option<u64> {
    of_scope(init).or_else(|| of_processes(init))
}

fn of_scope(init: u32) -> Option<u64> {
    let group = Group::of(init).ok()?;
    group
        .unit()
        .starts_with(SCOPE)
        .then(|| group.memory_current())?
}

fn of_processes(init: u32) -> Option<u64> {
    let mut sum = None;
    let mut left = vec![init];
    let mut seen = 0;
    while let Some(pid) = left.pop() {
        seen += 1;
        if seen > MOST {
            break;
        }
        if let Some(size) = of_process(pid) {
            *sum.get_or_insert(0) += size;
        }
        left.extend(children(pid).unwrap_or_default());
    }
    sum
}

/// The proportional set size of one; what it has for itself alone where that cannot be read.
fn of_process(pid: u32) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
    let rollup = read("smaps_rollup").and_then(|rollup| kibibytes(&rollup, "Pss:"));
    rollup.or_else(|| kibibytes(&read("status")?, "RssAnon:"))
}

/// The line of that name, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_writes_is_read() {
        let rollup = "5567-7ffd ---p 00000000 00:00 0  [rollup]\nRss:  4424 kB\nPss:   1234 kB\nPss_Dirty: 8 kB\n";
        assert_eq!(kibibytes(rollup, "Pss:"), Some(1234 << 10));
        assert_eq!(kibibytes("Rss: 1 kB\n", "Pss:"), None);
        assert_eq!(kibibytes("RssAnon:\t  7 kB\n", "RssAnon:"), Some(7 << 10));
    }

    #[test]
    fn a_process_that_takes_more_is_seen_to() {
        let pid = std::process::id();
        let before = of_processes(pid).expect("it is there");
        let taken = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = of_processes(pid).expect("it is there");
        assert!(after >= before + (32 << 20), "{before} and {after}");
        drop(taken);
        assert_eq!(of_processes(u32::MAX), None);
    }
}
