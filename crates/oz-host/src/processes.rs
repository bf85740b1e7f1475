//! Processes and their children, as the kernel lists them. proc_pid_task(5).

use std::fmt::Display;
use std::fs;
use std::str::FromStr;

/// Processes whose parent is this one, by all its threads. None if the kernel lists none: it can do without such lists,
/// and there may be no such process.
pub fn children<Pid: Display + FromStr>(pid: Pid) -> Option<Vec<Pid>> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let lists: Vec<String> = lists.collect();
    let pids = lists.iter().flat_map(|list| list.split_whitespace());
    let pids = pids.filter_map(|pid| pid.parse().ok());
    (!lists.is_empty()).then(|| pids.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_listed_and_who_is_not_there_has_no_list() {
        let mut child = std::process::Command::new("sleep")
            .arg("100")
            .spawn()
            .expect("started");
        let listed = children(std::process::id());
        child.kill().expect("killed");
        child.wait().expect("reaped");
        assert!(listed.is_some_and(|listed| listed.contains(&child.id())));
        assert_eq!(children(u32::MAX), None);
    }
}
