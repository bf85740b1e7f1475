//! An app's own list of system calls, and how one is written.

use std::collections::BTreeSet;

use oz_e2e::probe::{Probe, says};
use oz_e2e::{Run, Session, oz};
use serde_json::Value;

/// memfd_create, of which nothing else depends.
const MEMFD: &[&str] = &["syscall", "319", "@x", "1"];

fn profile(calls: &str) -> String {
    format!(r#"{{ "extends": "generic", "bus": {{ "private": false }}, "syscalls": {calls} }}"#)
}

fn run(probe: &Probe, options: &[&str], words: &[&str]) -> Run {
    oz(["run", "--profile", "narrow", "--ephemeral"])
        .args(options)
        .arg("--read")
        .arg(probe.dir())
        .arg("--")
        .arg(probe.path())
        .args(words)
}

#[test]
fn a_call_that_a_profile_takes_away_is_refused_and_all_else_goes_on() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let _whole = session.profile("narrow", &profile("{}"));
    run(&probe, &[], MEMFD).run().ok();
    let _denied = session.profile("narrow", &profile(r#"{ "deny": ["memfd_create"] }"#));
    let ran = run(&probe, &["--explain"], MEMFD).run();
    says(&ran, "refused EPERM");
    assert!(
        ran.complaint()
            .contains("memfd_create(name=\"x\", flags=0x1) = EPERM: the profile leaves it out"),
        "{ran}"
    );
    // getpid
    run(&probe, &[], &["syscall", "39"]).run().ok();
    let plan = oz(["plan", "--profile", "narrow", "--", "true"]).run().ok();
    assert!(plan.text().contains("without memfd_create\n"), "{plan}");
}

#[test]
fn a_list_is_written_from_what_is_refused_until_nothing_is() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let mut list: BTreeSet<String> = BTreeSet::new();
    for round in 0.. {
        assert!(round < 40, "it never runs: {list:?}");
        let only = serde_json::to_string(&list).expect("a list");
        let _narrow = session.profile("narrow", &profile(&format!(r#"{{ "only": {only} }}"#)));
        let ran = run(&probe, &["--explain", "--json"], MEMFD).run();
        // What the program itself says comes before.
        let complaint = ran.complaint();
        let begin = complaint.find("{\n  \"complete\"");
        let document = begin.and_then(|begin| complaint.get(begin..));
        let document = document.unwrap_or_else(|| panic!("no document: {ran}"));
        let document: Value = serde_json::from_str(document).expect("JSON");
        let left_out = |refused: &&Value| refused["reason"] == "the profile leaves it out";
        let refused = document["refused"].as_array().expect("a list");
        let more: Vec<_> = refused
            .iter()
            .filter(left_out)
            .filter_map(|refused| refused["call"].as_str().map(str::to_owned))
            .collect();
        if ran.text().starts_with("ok") {
            break;
        }
        assert!(!more.is_empty(), "nothing to add: {ran}");
        list.extend(more);
    }
    assert!(list.contains("memfd_create") && list.len() < 60, "{list:?}");
    // What is in no list of the app's does not exist for it: kill(0, 0).
    let only = serde_json::to_string(&list).expect("a list");
    let _narrow = session.profile("narrow", &profile(&format!(r#"{{ "only": {only} }}"#)));
    run(&probe, &[], MEMFD).run().ok();
    says(
        &run(&probe, &[], &["syscall", "62", "0", "0"]).run(),
        "refused ENOSYS",
    );
    let plan = oz(["plan", "--profile", "narrow", "--", "true"]).run().ok();
    assert!(plan.text().contains("only    access"), "{plan}");
}

#[test]
fn a_program_starts_with_nothing_but_what_all_need() {
    let session = Session::begin();
    let _narrow = session.profile("narrow", &profile(r#"{ "only": [] }"#));
    oz(["run", "--profile", "narrow", "--ephemeral", "--", "true"])
        .run()
        .ok();
}

#[test]
fn a_list_gives_nothing_that_its_template_does_not() {
    let session = Session::begin();
    let _narrow = session.profile("narrow", &profile(r#"{ "only": ["getpid", "ptrace"] }"#));
    oz(["run", "--profile", "narrow", "--ephemeral", "--", "true"])
        .run()
        .exits(125)
        .complains("ptrace, which is not in the list");
    let file = session.fresh_dir("misspelt").join("p.json");
    std::fs::write(&file, profile(r#"{ "only": ["opennat"] }"#)).expect("written");
    oz(["profile", "check"])
        .arg(&file)
        .run()
        .fails()
        .complains("did you mean \"openat\"?");
}
