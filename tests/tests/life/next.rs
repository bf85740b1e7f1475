//! What is begun for the next launch.

use anyhow::{Context, Result, ensure};
use oz_e2e::processes::{self, Process, kill_daemon};
use oz_e2e::{Session, cli, wait};

/// The one that waits, once it does.
fn waiting() -> Process {
    wait::until("a process that waits", || {
        processes::of_session()
            .into_iter()
            .find(Process::is_for_the_next_launch)
    })
}

#[test]
fn a_launch_takes_the_process_that_waits_and_leaves_another() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let first = waiting();
    cli::sandboxed_sh("true").run().ok();
    wait::for_condition("it to be used", || !first.lives());
    assert_ne!(waiting().pid, first.pid);
}

#[test]
fn a_launch_for_which_none_waits_any_more_starts_one() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let killed = waiting();
    killed.kill();
    wait::for_condition("it to be gone", || !killed.lives());
    cli::sandboxed_sh("true").run().ok();
}

#[test]
fn one_that_does_not_run_while_it_waits_does_not_keep_the_daemon() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let stopped = waiting();
    // What the daemon was told before it is asked something, it has heard when it answers.
    cli::running();
    stopped.signal(rustix::process::Signal::STOP);
    // The launch that gets it fails in time; the one after it does not.
    cli::sandboxed_sh("true").within(wait::LONG).run().fails();
    assert!(!stopped.lives());
    cli::sandboxed_sh("true").run().ok();
}

#[test]
fn it_has_namespaces_of_its_own_nothing_in_them_and_ends_with_the_daemon() -> Result<()> {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let waiting = waiting();
    let daemon = processes::daemon().context("a daemon")?;
    for kind in ["user", "mnt", "net", "pid", "ipc", "uts"] {
        let (its, ours) = (waiting.namespace(kind), daemon.namespace(kind));
        ensure!(its.is_some() && its != ours, "{kind}");
    }
    let of_it = |what: &str| std::fs::read_to_string(format!("/proc/{}/{what}", waiting.pid));
    ensure!(of_it(&format!("task/{}/children", waiting.pid))?.is_empty());
    let devices = of_it("net/dev")?;
    ensure!(devices.lines().count() == 3, "{devices}");
    kill_daemon();
    wait::for_condition("it to end", || !waiting.lives());
    Ok(())
}
