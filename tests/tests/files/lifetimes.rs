//! Files that are given for some time, and files that are given for good.

use std::fs;

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::processes::kill_daemon;
use oz_e2e::session::Profile;
use oz_e2e::{Inside, Session, cli, oz, wait};
use serde_json::Value;

use super::{add, remove, sleeper};

/// An app that stays and has a profile of its own.
fn app(session: &Session) -> Profile {
    session.profile(
        "stays",
        r#"{ "description": "t", "match": { "executables": ["sleep"] }, "life": { "multi": true } }"#,
    )
}

fn start() -> Inside {
    Inside::start(&["stays", "1000"])
}

fn listed(inside: &Inside) -> Value {
    cli::json(["files", inside.id()])
}

fn reads(inside: &Inside, path: &std::path::Path) -> bool {
    inside.holds(&format!("cat {}", path.display()))
}

#[test]
fn a_file_that_is_given_for_some_time_is_taken_back_by_itself() {
    let session = Session::begin();
    let dir = session.fresh_dir("timed");
    let (timed, other) = (
        write(&dir.join("timed"), b"1"),
        write(&dir.join("other"), b"2"),
    );
    let inside = sleeper();
    add(&inside, &["--for", "6s"], &timed).run().ok();
    add(&inside, &["--for", "2h"], &other).run().ok();
    let json = listed(&inside);
    assert!(
        json.as_array()
            .is_some_and(|all| all.iter().all(|row| row["until"].is_u64())),
        "{json}"
    );
    wait::for_condition("it to be taken back", || !reads(&inside, &timed));
    assert!(reads(&inside, &other), "another goes on");
    assert_eq!(listed(&inside).as_array().map(Vec::len), Some(1));
}

#[test]
fn adding_it_again_changes_for_how_long_it_is_given() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("again").join("file"), b"1");
    let inside = sleeper();
    add(&inside, &["--for", "4s"], &file).run().ok();
    add(&inside, &[], &file).run().ok();
    assert!(listed(&inside)[0]["until"].is_null());
    add(&inside, &["--for", "4s"], &file).run().ok();
    wait::for_condition("it to be taken back", || !reads(&inside, &file));
}

#[test]
fn a_daemon_that_comes_later_takes_back_what_has_ended_meanwhile() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("meanwhile").join("file"), b"1");
    let inside = sleeper();
    add(&inside, &["--for", "3s"], &file).run().ok();
    kill_daemon();
    std::thread::sleep(std::time::Duration::from_secs(4));
    wait::for_condition("it to be taken back", || {
        listed(&inside).as_array().is_some_and(Vec::is_empty)
    });
    assert!(!reads(&inside, &file));
}

#[test]
fn what_is_given_for_good_is_there_at_the_next_launch_until_it_is_removed() -> Result<()> {
    let session = Session::begin();
    let _profile = app(&session);
    let dir = session.fresh_dir("for-good");
    let file = write(&dir.join("file"), b"1");
    let first = start();
    add(&first, &["--lasting", "--write"], &file).run().ok();
    oz(["stop", first.id()]).run().ok();
    // Saved by replacing, as editors do: it is the same file to its user.
    fs::rename(write(&dir.join("new"), b"2"), &file)?;

    let (second, third) = (start(), start());
    for inside in [&second, &third] {
        let read = inside.sh(&format!("cat {}", file.display()));
        assert_eq!(read.ok().text(), "2");
        let json = listed(inside);
        assert!(
            json[0]["lasting"] == true && json[0]["access"] == "write",
            "{json}"
        );
    }
    let json = cli::json(["files", "--lasting"]);
    assert!(
        json[0]["profile"] == "stays" && json[0]["path"] == file.to_string_lossy().as_ref(),
        "{json}"
    );
    remove(&second, &file).ok();
    assert!(reads(&third, &file), "who has it keeps it");
    assert!(!reads(&start(), &file));
    assert_eq!(
        cli::json(["files", "--lasting"]).as_array().map(Vec::len),
        Some(0)
    );
    oz(["stop", "--all"]).run().ok();
    Ok(())
}

#[test]
fn a_profile_forgets_what_it_was_given_without_a_sandbox() {
    let session = Session::begin();
    let _profile = app(&session);
    let file = write(&session.fresh_dir("forgotten").join("file"), b"1");
    let inside = start();
    add(&inside, &["--lasting"], &file).run().ok();
    oz(["stop", inside.id()]).run().ok();
    oz(["remove", "--profile", "stays"]).arg(&file).run().ok();
    assert!(!reads(&start(), &file));
    let again = oz(["remove", "--profile", "stays"]).arg(&file).run();
    again.complains("oz files --lasting");
    oz(["stop", "--all"]).run().ok();
}

#[test]
fn a_path_that_leads_elsewhere_now_is_not_given_and_that_is_said() -> Result<()> {
    let session = Session::begin();
    let _profile = app(&session);
    let dir = session.fresh_dir("elsewhere");
    let secret = write(&session.fresh_dir("secret").join("file"), b"secret");
    let (link, gone) = (
        write(&dir.join("link"), b"1"),
        write(&dir.join("gone"), b"2"),
    );
    let inside = start();
    add(&inside, &["--lasting"], &link).run().ok();
    add(&inside, &["--lasting"], &gone).run().ok();
    oz(["stop", inside.id()]).run().ok();
    fs::remove_file(&link)?;
    fs::remove_file(&gone)?;
    std::os::unix::fs::symlink(&secret, &link)?;

    let ran = oz(["run", "--detach", "stays", "1000"]).run().ok();
    let inside = Inside::of(ran.text().trim());
    ran.complains("it leads to")
        .complains("it is not there any more");
    assert!(!reads(&inside, &link) && !reads(&inside, &secret));
    for path in [&link, &gone] {
        oz(["remove", "--profile", "stays"]).arg(path).run().ok();
    }
    oz(["stop", "--all"]).run().ok();
    Ok(())
}

#[test]
fn what_has_no_profile_of_its_own_is_given_nothing_for_good() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("template").join("file"), b"1");
    let inside = sleeper();
    add(&inside, &["--lasting"], &file)
        .run()
        .complains("template");
    assert!(!reads(&inside, &file));
    add(&inside, &["--lasting", "--for", "3"], &file)
        .run()
        .exits(2);
    add(&inside, &["--for", "soon"], &file).run().exits(2);
}
