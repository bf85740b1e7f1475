//! What a sandbox's control group says, and who may change it.

use oz_e2e::attacks::{Suite, Word};
use oz_e2e::{Inside, Run, Session, oz, wait};

use super::{Scope, checked, limits};

#[test]
fn the_kernel_has_what_the_plan_says() {
    let _session = Session::begin();
    let words = ["--", "sleep", "6000"];
    let plan = limits(&words);
    let inside = Inside::start(&words);
    let scope = Scope::of(&inside);
    assert_eq!(scope.number("memory.max"), plan.total_memory);
    assert_eq!(scope.number("memory.swap.max"), plan.total_swap());
    assert_eq!(scope.number("pids.max"), u64::from(plan.processes));
    assert_eq!(scope.number("cpu.weight"), u64::from(plan.cpu_weight));
    // Each is less than all.
    let info = std::fs::read_to_string("/proc/meminfo").expect("readable");
    let total = info
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<u64>().ok());
    assert!(plan.total_memory < total.expect("a number") << 10);
    for wall in ["memory", "processor", "process-limit"] {
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
fn every_wall_holds_in_every_template_by_its_own_check() {
    let _session = Session::begin();
    for template in ["generic", "viewer", "editor", "media", "terminal"] {
        let words = ["--ephemeral", "--profile", template, "--", "sleep", "6000"];
        let inside = Inside::start(&words);
        let ran = oz(["check", inside.id()]).run();
        assert_eq!(ran.code, 0, "{template}: {ran}");
        Scope::of(&inside);
        oz_e2e::cli::stop_all();
    }
}

#[test]
fn what_a_profile_requires_is_there_before_its_program() {
    let session = Session::begin();
    let _profile = session.profile(
        "walled",
        r#"{ "extends": "generic", "match": { "executables": ["sleep"] },
            "limits": { "total_memory": "200 MiB", "cpu_weight": 7, "processes": 400 },
            "walls": { "require": ["memory", "processor"] } }"#,
    );
    oz(["run", "--detach", "walled", "6000"]).run().ok();
    let scope = Scope::of(&Inside::of("walled"));
    assert_eq!(scope.number("memory.max"), 200 << 20);
    assert_eq!(scope.number("cpu.weight"), 7);
    assert_eq!(scope.number("pids.max"), 400);
}

#[test]
fn a_limit_that_somebody_lifted_is_found() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "6000"]);
    oz(["check", inside.id()]).run().ok();
    let scope = Scope::of(&inside);
    let lift = ["--user", "set-property", &scope.unit, "MemoryMax=infinity"];
    Run::new("systemctl", lift).run().ok();
    assert_eq!(checked(&inside, "memory"), ("not".to_owned(), false));
    oz(["check", inside.id()]).run().exits(1);
}

#[test]
fn each_sandbox_has_its_own_and_all_of_its_programs_are_in_it() {
    let _session = Session::begin();
    let one = Inside::start(&["--", "sleep", "6000"]);
    let other = Inside::start(&["--", "sleep", "6000"]);
    assert_ne!(Scope::of(&one).unit, Scope::of(&other).unit);
    let before = Scope::of(&one).read("cgroup.procs").lines().count();
    let _more = one.script("sleep 6000").start();
    wait::for_condition("another program in it", || {
        Scope::of(&one).read("cgroup.procs").lines().count() > before
    });
}

#[test]
fn the_service_manager_can_end_a_sandbox() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "6000"]);
    let scope = Scope::of(&inside);
    Run::new("systemctl", ["--user", "stop", &scope.unit])
        .run()
        .ok();
    inside.wait_for_end();
    assert!(!scope.exists());
}

#[test]
fn inside_nothing_is_seen_of_control_groups_and_none_can_be_changed() {
    let session = Session::begin();
    // The group is the top of all that it sees; outside the names of the session are in it.
    let own = "cat /proc/self/cgroup";
    assert!(Run::sh(own).run().ok().text().contains("user@1000.service"));
    assert_eq!(oz_e2e::cli::sandboxed_sh(own).run().ok().text(), "0::/");
    // Outside, where the user's part of the hierarchy is theirs, its limits can be left.
    let (control, names) = ("control-group", "control-group-name");
    let outside = Suite::new(&session).outside();
    assert_eq!(
        outside.one(control).0,
        Word::Got,
        "{:?}",
        outside.one(control)
    );
    assert_eq!(outside.one(names).0, Word::Got, "{:?}", outside.one(names));
    let inside = Suite::new(&session).inside("generic");
    for attack in [control, names, "control-groups", "mount-control-groups"] {
        assert_ne!(
            inside.one(attack).0,
            Word::Got,
            "{attack}: {:?}",
            inside.one(attack)
        );
    }
}
