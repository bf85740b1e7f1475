//! The network comes and goes with its sandbox, and is never more than it was.

use oz_e2e::leftovers::Snapshot;
use oz_e2e::probe::Probe;
use oz_e2e::processes::{self, Process};
use oz_e2e::{Inside, Session, cli, oz, wait};

use super::{SERVER4, at, attempt, online};

fn pasta() -> Option<Process> {
    processes::of_session().into_iter().find(|process| {
        process.runs("pasta") || process.runs("pasta.avx2") || process.runs("passt")
    })
}

fn reaches(probe: &Probe, inside: &Inside, address: &str) -> bool {
    attempt(probe, inside, &["connect", "tcp", &at(address, 80)]).code == 0
}

#[test]
fn nothing_of_it_is_left_when_the_sandbox_ends() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for _ in 0..3 {
        let inside = online(&probe);
        assert!(pasta().is_some());
        oz(["stop", inside.id()]).run().ok();
    }
    oz(["run", "--net", "internet", "--", "true"]).run().ok();
    before.wait_for_nothing_left();
}

#[test]
fn without_pasta_there_is_no_network_until_there_is_pasta_again() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    let first = pasta().expect("it runs");
    first.kill();
    wait::for_condition("pasta to be gone", || !first.lives());
    wait::for_condition("the network to be back", || {
        reaches(&probe, &inside, SERVER4)
    });
    assert!(
        !reaches(&probe, &inside, "192.168.77.9"),
        "closed as before"
    );
}

#[test]
fn a_later_daemon_keeps_the_network_that_is_there() {
    let session = Session::begin();
    let probe = Probe::install(&session);
    let inside = online(&probe);
    let before = pasta().expect("it runs");
    processes::kill_daemon();
    assert!(reaches(&probe, &inside, SERVER4), "by a new daemon's shell");
    assert!(
        !reaches(&probe, &inside, "192.168.77.9"),
        "closed as before"
    );
    assert_eq!(pasta().map(|pasta| pasta.pid), Some(before.pid));
    oz(["stop", inside.id()]).run().ok();
    wait::for_condition("pasta to be gone", || !before.lives());
}

#[test]
fn a_sandbox_that_runs_is_not_joined_with_another_network() {
    let session = Session::begin();
    let text = r#"{ "extends": "generic", "match": { "executables": ["sleep"] } }"#;
    let _profile = session.profile("dozer", text);
    oz(["run", "--detach", "dozer", "1000"]).run().ok();
    oz(["run", "--net", "internet", "dozer", "1"])
        .run()
        .fails()
        .complains("oz stop dozer");
}
