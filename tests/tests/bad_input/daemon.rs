//! The daemon: killed while apps run, absent, or not startable.

use std::time::Duration;

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::processes::{self, kill_daemon};
use oz_e2e::{Inside, Session, cli, oz, wait};

use super::is_readable;

#[test]
fn a_running_app_survives_the_daemon_and_the_next_one_finds_it() -> Result<()> {
    let session = Session::begin();
    let file = write(&session.fresh_dir("survivor").join("doc.txt"), b"text\n");
    let ran = oz(["run", "--detach", "gedit"]).arg(&file).run().ok();
    let inside = Inside::of(&ran.text());
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    kill_daemon();
    wait::stays(Duration::from_secs(1), "the window is there", || {
        session.again(&window).is_ok()
    });

    assert_eq!(cli::running(), [inside.id()]);
    inside.sh("true").ok();
    // The next daemon can give it files, windows go on, and it knows what it was given.
    let dir = session.fresh_dir("given-later");
    write(&dir.join("later.txt"), b"later");
    oz(["add", inside.id()]).arg(&dir).run().ok();
    inside.sh(&format!("cat {}/later.txt", dir.display())).ok();
    let files = cli::json(["files", inside.id()]).to_string();
    assert!(
        files.contains("doc.txt") && files.contains("given-later"),
        "{files}"
    );
    oz(["remove", inside.id()]).arg(&file).run().ok();
    session.click_window(&window)?;
    session.type_text("still typing")?;
    wait::until("the mark of a change", || {
        session
            .again(&window)
            .ok()
            .filter(|w| w.title.contains('*'))
    });

    oz(["stop", inside.id()]).run().ok();
    session.wait_for_no_window(wait::PATIENCE, |w| w.con_id == window.con_id)
}

#[test]
fn an_app_can_be_joined_after_the_daemon_was_killed() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("rejoin");
    let (a, b) = (
        write(&dir.join("a.txt"), b"a\n"),
        write(&dir.join("b.txt"), b"b\n"),
    );
    oz(["run", "--detach", "gedit"]).arg(&a).run().ok();
    session.wait_for_window(wait::LONG, |w| w.title.contains("a.txt"))?;
    kill_daemon();
    oz(["run", "gedit"]).arg(&b).run().ok();
    session.wait_for_window(wait::LONG, |w| w.title.contains("b.txt"))?;
    assert_eq!(cli::running().len(), 1);
    Ok(())
}

#[test]
fn an_app_without_windows_yet_can_open_one_after_the_daemon_was_killed() -> Result<()> {
    let session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    kill_daemon();
    oz(["ps"]).run().ok();
    let mut foot = inside
        .script("foot --title=after-the-daemon sleep 1000")
        .start();
    session.wait_for_window(wait::LONG, |w| w.title == "after-the-daemon")?;
    assert!(foot.is_running());
    Ok(())
}

#[test]
fn a_command_whose_daemon_dies_says_so_and_ends() {
    let _session = Session::begin();
    let run = cli::sandboxed(["sleep", "1000"]).start();
    // One that is still being built ends with its daemon: nothing of it is saved yet.
    wait::for_condition("the sandbox", || cli::json(["ps"])[0]["state"] == "running");
    kill_daemon();
    let ran = run.end_within(Duration::from_secs(15)).fails();
    is_readable(&ran);
    // The app was not the daemon's to lose.
    assert_eq!(cli::running().len(), 1);
}

#[test]
fn a_daemon_that_is_killed_over_and_over_loses_nothing() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    for round in 0..5 {
        kill_daemon();
        assert_eq!(cli::running(), [inside.id()]);
        inside.sh(&format!("echo {round}")).ok();
    }
    oz(["stop", "--all"]).run().ok();
    assert!(cli::running().is_empty());
}

#[test]
fn an_app_that_ended_while_no_daemon_ran_is_not_listed() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let app = wait::until("the app", || {
        processes::of_session()
            .into_iter()
            .find(|p| p.runs("sleep"))
    });
    kill_daemon();
    app.kill();
    wait::for_condition("the sandbox to end", || processes::inits().is_empty());
    assert!(!cli::running().contains(&inside.id().to_owned()));
}

#[test]
fn without_a_bus_and_a_daemon_the_command_says_what_to_do() {
    let _session = Session::begin();
    // One that runs would be asked without the bus.
    oz(["ps"]).run().ok();
    kill_daemon();
    for address in ["unix:path=/no/such/bus", "nonsense"] {
        let ran = oz(["ps"])
            .env("DBUS_SESSION_BUS_ADDRESS", address)
            .run()
            .exits(1);
        is_readable(&ran);
        oz(["run", "--", "true"])
            .env("DBUS_SESSION_BUS_ADDRESS", address)
            .run()
            .fails();
    }
}
