//! The long loops of `leftovers`, for `cargo xtask test --all`.

use anyhow::Result;
use oz_e2e::leftovers::Snapshot;
use oz_e2e::parts::{Victim, kill_and_look};
use oz_e2e::{Session, cli};

const ROUNDS: u32 = 25;

#[test]
fn killing_init_over_and_over_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::Init, ROUNDS)
}

#[test]
fn killing_the_display_proxy_over_and_over_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::Proxy, ROUNDS)
}

#[test]
fn killing_the_files_proxy_over_and_over_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::Files, ROUNDS)
}

#[test]
fn killing_the_private_bus_over_and_over_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::Bus, ROUNDS)
}

#[test]
fn killing_the_app_over_and_over_leaves_nothing() -> Result<()> {
    kill_and_look(Victim::App, ROUNDS)
}

#[test]
fn three_hundred_launches_leave_nothing() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for _ in 0..300 {
        cli::sandboxed_sh("true").run().ok();
    }
    before.wait_for_nothing_left();
}

#[test]
fn a_killed_stage_of_a_launch_leaves_nothing() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let before = Snapshot::take();
    for round in 0..100_u64 {
        let run = cli::sandboxed(["sleep", "1000"]).start();
        let end = std::time::Instant::now() + std::time::Duration::from_micros(round * 400);
        while std::time::Instant::now() < end {
            std::hint::spin_loop();
        }
        for process in oz_e2e::processes::of_session() {
            if process.runs("oz-init") || process.runs("oz-mount") || process.runs("oz-net") {
                process.kill();
            }
        }
        drop(run);
    }
    cli::stop_all();
    before.wait_for_nothing_left();
}
