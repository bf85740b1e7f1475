//! Nothing opens by being explained.

use std::collections::BTreeSet;

use oz_e2e::attacks::{Suite, Word};
use oz_e2e::probe::{Probe, says};
use oz_e2e::processes::{self, Process};
use oz_e2e::{Session, wait};

use super::{explained, python};

/// Names of the attacks that succeed in a template.
fn successes(suite: &Suite, template: &str, options: &[&str]) -> BTreeSet<String> {
    let results = suite.inside_with(&[&["--profile", template], options].concat());
    assert_eq!(results.ran.code, 0, "{}", results.ran);
    assert!(results.harm.is_empty(), "{:?}", results.harm);
    assert!(results.of.len() > 80, "{}", results.ran);
    let got = results.of.into_iter();
    got.filter(|(_, (word, _))| *word == Word::Got)
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn no_attack_succeeds_because_it_is_explained() {
    let session = Session::begin();
    let suite = Suite::new(&session);
    for template in ["generic", "browser"] {
        let without = successes(&suite, template, &[]);
        let with = successes(&suite, template, &["--explain=/dev/null"]);
        let more: Vec<_> = with.difference(&without).collect();
        assert!(more.is_empty(), "in {template}: {more:?}");
    }
}

#[test]
fn calls_of_other_architectures_kill_as_ever() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let ran = explained(&probe, &[], &["syscall", "0x40000027"]).run();
    assert_eq!(ran.code, 128 + 31, "{ran}");
}

#[test]
fn an_app_that_is_explained_makes_no_listener_of_its_own() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let ran = explained(&probe, &[], &["syscall", "317", "1", "8", "#16"]).run();
    says(&ran, "refused EPERM");
    assert!(
        ran.complaint().contains("SECCOMP_FILTER_FLAG_NEW_LISTENER"),
        "{ran}"
    );
}

fn the_one_that_explains() -> Process {
    wait::until("what explains", || {
        let all = processes::of_session().into_iter();
        let mut explaining = all.filter(|process| process.runs("oz-explain"));
        // It has put its walls up when it is under a filter.
        explaining.find(|process| status(process, "Seccomp") == "2")
    })
}

fn status(process: &Process, key: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid));
    let status = status.unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn refused_calls_stay_refused_when_what_explains_is_killed() {
    let _session = Session::begin();
    let script = "print(call(101, 0, 0, 0, 0), ctypes.get_errno(), flush=True)\n\
                  sys.stdin.readline()\n\
                  print(call(101, 0, 0, 0, 0), ctypes.get_errno(), flush=True)";
    let mut running = python(&[], script).stdin("").start();
    wait::for_condition("the first call", || running.text_so_far().contains("-1 1"));
    let explaining = the_one_that_explains();
    explaining.kill();
    wait::for_condition("its end", || !explaining.lives());
    drop(running.child.stdin.take());
    let ran = running.end_within(wait::PATIENCE);
    // ENOSYS: the kernel's answer for nobody's.
    assert_eq!(ran.text(), "-1 1\n-1 38", "{ran}");
    assert!(
        ran.complaint().contains("ended before the program"),
        "{ran}"
    );
}

#[test]
fn what_explains_is_confined_and_ends_with_the_program() {
    let _session = Session::begin();
    let mut running = python(&[], "call(447, 0)\nsys.stdin.readline()")
        .stdin("")
        .start();
    let explaining = the_one_that_explains();
    assert_eq!(status(&explaining, "NoNewPrivs"), "1");
    for set in ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"] {
        assert_eq!(status(&explaining, set), "0000000000000000", "{set}");
    }
    // Nobody of its user may look into it any more.
    assert_eq!(explaining.namespace("user"), None);
    drop(running.child.stdin.take());
    running.end_within(wait::PATIENCE).ok();
    wait::for_condition("its end", || !explaining.lives());
}
