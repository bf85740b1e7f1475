//! Sandboxes that another version of Oz has started: they go on, are shown, and can be ended.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use oz_e2e::cli::json;
use oz_e2e::fixtures::write;
use oz_e2e::leftovers::Snapshot;
use oz_e2e::processes::{self, kill_daemon};
use oz_e2e::session::runtime_dir;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};

fn kept(inside: &Inside, name: &str) -> PathBuf {
    runtime_dir()
        .join("oz/sandboxes")
        .join(inside.id())
        .join(name)
}

/// Makes a sandbox's state that of another version, by the number that it begins with. No daemon runs.
fn as_of_another_version(inside: &Inside) {
    let path = kept(inside, "state");
    let mut state = std::fs::read(&path).expect("there is a state");
    state[0] = 99;
    // The rest is of a shape that nobody here knows.
    state.truncate(1 + state.len() / 2);
    std::fs::write(&path, state).expect("written");
}

fn state(inside: &Inside) -> String {
    let list = json(["ps"]);
    let rows = list.as_array().expect("a list");
    let row = rows.iter().find(|row| row["id"] == inside.id());
    let row = row.unwrap_or_else(|| panic!("{} is not listed: {list}", inside.id()));
    row["state"].as_str().expect("text").to_owned()
}

/// A sandbox of another version that has windows, a file and a forward.
fn stranger(session: &Session) -> Result<Inside> {
    let doc = write(&session.fresh_dir("strange").join("doc.txt"), b"x\n");
    let inside = Inside::of(&oz(["run", "--detach", "gedit"]).arg(&doc).run().ok().text());
    session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    oz(["forward", inside.id(), "out:tcp:19180=80"]).run().ok();
    kill_daemon();
    as_of_another_version(&inside);
    Ok(inside)
}

#[test]
fn one_of_another_version_goes_on_and_can_be_ended() -> Result<()> {
    let session = Session::begin();
    cli::sandboxed(["true"]).run().ok();
    let before = Snapshot::take();
    let inside = stranger(&session)?;
    // And one of this version beside it.
    let own = Inside::start(&["--", "sleep", "1000"]);
    ensure!(state(&inside) == "other-version");
    ensure!(state(&own) == "running");
    ensure!(json(["ps"])[0]["profile"] == "gedit");
    let ps = oz(["ps"]).run().ok();
    ensure!(ps.text().contains("other-version"), "{ps}");
    wait::stays(Duration::from_secs(1), "its window is there", || {
        let windows = session.windows().unwrap_or_default();
        windows.iter().any(|w| w.title.contains("doc.txt"))
    });
    // Whatever else is asked is refused with what to do.
    let advice = format!("oz stop {}", inside.id());
    for words in [
        vec!["shell", inside.id(), "--", "true"],
        vec!["files", inside.id()],
        vec!["mic", inside.id(), "off"],
        vec!["forward", inside.id(), "in:tcp:9050"],
        vec!["check", inside.id()],
        // It has the home of the profile, so nobody else gets that meanwhile.
        vec!["run", "gedit"],
    ] {
        let ran = oz(&words).run().fails();
        ran.complains("another version of Oz").complains(&advice);
    }
    // The daemon after that knows it as well.
    kill_daemon();
    ensure!(state(&inside) == "other-version");
    ensure!(own.is_running());
    oz(["stop", inside.id()]).run().ok();
    session.wait_for_no_window(wait::PATIENCE, |w| w.title.contains("doc.txt"))?;
    wait::for_condition("its name to be free", || cli::running() == [own.id()]);
    ensure!(own.is_running());
    oz(["stop", own.id()]).run().ok();
    before.wait_for_nothing_left();
    Ok(())
}

#[test]
fn all_end_together_and_one_that_ends_by_itself_is_forgotten() -> Result<()> {
    let session = Session::begin();
    cli::sandboxed(["true"]).run().ok();
    let before = Snapshot::take();
    let inside = stranger(&session)?;
    let own = Inside::start(&["--", "sleep", "1000"]);
    ensure!(state(&inside) == "other-version" && own.is_running());
    oz(["stop", "--all"]).within(wait::LONG).run().ok();
    ensure!(cli::running().is_empty());
    before.wait_for_nothing_left();

    let by_itself = Inside::start(&["--", "sleep", "1000"]);
    kill_daemon();
    as_of_another_version(&by_itself);
    ensure!(state(&by_itself) == "other-version");
    let app = wait::until("the app", || {
        processes::of_session()
            .into_iter()
            .find(|p| p.runs("sleep"))
    });
    app.kill();
    wait::for_condition("it to be forgotten", || cli::running().is_empty());
    before.wait_for_nothing_left();
    Ok(())
}

#[test]
fn a_later_launch_gets_another_name() {
    let _session = Session::begin();
    let first = Inside::start(&["--", "sleep", "1000"]);
    kill_daemon();
    as_of_another_version(&first);
    let second = Inside::start(&["--", "sleep", "1000"]);
    assert_ne!(first.id(), second.id());
    assert_eq!(state(&first), "other-version");
    assert_eq!(state(&second), "running");
}

#[test]
fn the_end_of_the_session_ends_sandboxes_of_every_version() {
    let _session = Session::begin();
    let (own, other) = (
        Inside::start(&["--", "sleep", "1000"]),
        Inside::start(&["--", "sleep", "1000"]),
    );
    kill_daemon();
    as_of_another_version(&other);
    // Another session bus, on which another daemon takes them over, and which then ends.
    // In a session of its own, since what a run leaves in its process group is killed: that daemon, too.
    let words = ["--wait", "dbus-run-session", "--", "oz", "ps"];
    let ran = Run::new("setsid", words).run().ok();
    assert!(
        ran.text().contains(own.id()) && ran.text().contains("other-version"),
        "{ran}"
    );
    wait::for_condition("all to end", || processes::inits().is_empty());
    assert!(cli::running().is_empty());
}
