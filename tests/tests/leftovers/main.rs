//! Nothing of a sandbox is left when it ends, however it ends.

use std::time::Duration;

use anyhow::Result;
use oz_e2e::leftovers::Snapshot;
use oz_e2e::parts::{Victim, kill_and_look, start_everything};
use oz_e2e::{Inside, Session, cli, oz};

/// Rounds of each in the tier that runs always; `all_leftovers` has the long loops.
const ROUNDS: u32 = 3;

#[test]
fn stop_all_leaves_nothing() -> Result<()> {
    let session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for _ in 0..2 {
        start_everything(&session)?;
        oz(["run", "--detach", "gtk4-demo"]).run().ok();
        Inside::start(&[
            "--",
            "sh",
            "-c",
            "setsid sleep 999 & setsid sleep 998 & sleep 997",
        ]);
        oz(["stop", "--all"]).run().ok();
        assert!(cli::running().is_empty());
        before.wait_for_nothing_left();
    }
    Ok(())
}

#[test]
fn an_app_that_ends_by_itself_leaves_nothing() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for _ in 0..10 {
        cli::sandboxed_sh("echo x > /tmp/x; true").run().ok();
    }
    before.wait_for_nothing_left();
}

#[test]
fn a_launch_that_fails_leaves_nothing() {
    let session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for _ in 0..5 {
        oz(["run", "--", "no-such-command"]).run().fails();
        oz(["run", "--read", "/no/such/path", "--", "true"])
            .run()
            .fails();
        oz(["run", "--write"])
            .arg(session.home())
            .args(["--", "true"])
            .run()
            .fails();
    }
    before.wait_for_nothing_left();
}

#[test]
fn killing_init_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::Init, ROUNDS)
}

#[test]
fn killing_the_display_proxy_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::Proxy, ROUNDS)
}

#[test]
fn killing_the_files_proxy_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::Files, ROUNDS)
}

#[test]
fn killing_the_private_bus_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::Bus, ROUNDS)
}

#[test]
fn killing_the_app_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::App, ROUNDS)
}

#[test]
fn killing_the_daemon_in_the_middle_of_launches_leaves_nothing_that_stop_does_not_end() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for delay in [0, 3, 10, 30, 100] {
        let run = cli::sandboxed(["sleep", "1000"]).start();
        std::thread::sleep(Duration::from_millis(delay));
        oz_e2e::processes::kill_daemon();
        drop(run);
        oz(["stop", "--all"]).run().ok();
        before.wait_for_nothing_left();
    }
}

#[test]
fn a_launch_that_is_interrupted_at_any_moment_leaves_nothing() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for delay in (0..60).step_by(3) {
        let run = cli::sandboxed(["sleep", "1000"]).start();
        std::thread::sleep(Duration::from_millis(delay));
        run.signal(rustix::process::Signal::INT);
        run.end_within(Duration::from_secs(10)).fails();
    }
    before.wait_for_nothing_left();
}
