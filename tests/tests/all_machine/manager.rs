//! Oz as it is installed: started by the bus through the service manager, and looked at by `oz doctor`.

use oz_e2e::{Inside, Session, cli, oz, processes, wait};
use rustix::process::{Pid, Signal, kill_process};

use super::{Scope, checked, daemon, init};

#[test]
fn the_daemon_is_a_unit_that_the_bus_starts() {
    let _session = Session::begin();
    oz(["ps"]).run().ok();
    let unit = daemon().expect("the unit runs");
    let found = processes::daemon().expect("the daemon runs");
    assert_eq!(found.pid, unit);
    let group = std::fs::read_to_string(format!("/proc/{unit}/cgroup")).expect("a group");
    assert!(group.trim().ends_with("/oz.service"), "{group}");
}

#[test]
fn doctor_finds_what_this_machine_has_and_lacks() {
    let _session = Session::begin();
    let list = cli::json(["doctor"]);
    let state = |check: &str| {
        let mut all = list.as_array().expect("a list").iter();
        let found = all.find(|finding| finding["check"] == check);
        found.unwrap_or_else(|| panic!("{check}: {list}"))["state"].clone()
    };
    assert_eq!(state("systemd user scope"), "good");
    assert_eq!(state("user namespaces"), "good");
    // Debian 12's kernel is older than some of what Oz can use.
    assert_eq!(state("kernel"), "weak");
    assert_eq!(state("limit of processes"), "weak");
}

/// A sandbox that a new daemon has to take over, and does, with its walls.
fn goes_on_without_the_daemon(end: impl FnOnce(i32)) {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sh", "-c", "echo here > /tmp/mark; sleep 6000"]);
    inside.wait_for("test -s /tmp/mark");
    let (scope, before) = (Scope::of(&inside), init(&inside));
    let old = daemon().expect("the daemon runs");
    end(old);
    wait::for_condition("another daemon", || {
        oz(["ps"]).run().ok();
        daemon().is_some_and(|pid| pid != old)
    });
    assert_eq!(init(&inside), before);
    assert_eq!(Scope::of(&inside).unit, scope.unit);
    assert_eq!(inside.sh("cat /tmp/mark").ok().text(), "here");
    for wall in ["memory", "processor"] {
        assert_eq!(
            checked(&inside, wall),
            ("enforced".to_owned(), true),
            "{wall}"
        );
    }
    oz(["stop", inside.id()]).run().ok();
    wait::for_condition("the scope to go", || !scope.exists());
}

#[test]
fn a_sandbox_goes_on_when_the_service_manager_restarts_the_daemon() {
    goes_on_without_the_daemon(|_| {
        let restart = ["--user", "restart", "oz.service"];
        oz_e2e::Run::new("systemctl", restart).run().ok();
    });
}

#[test]
fn a_sandbox_goes_on_when_the_daemon_is_killed() {
    goes_on_without_the_daemon(|daemon| {
        let daemon = Pid::from_raw(daemon).expect("a process");
        kill_process(daemon, Signal::KILL).expect("it is ours");
    });
}
