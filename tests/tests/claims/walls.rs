//! `oz check`: what it says to hold does, and what does not hold it finds.

use oz_core::report::{State, WALLS, Wall};
use oz_e2e::cli::json;
use oz_e2e::probe::Probe;
use oz_e2e::{Inside, Run, Session, oz, prober, wait};
use serde_json::Value;

fn check(inside: &Inside) -> Value {
    let ran = oz(["check", inside.id(), "--json"]).run();
    serde_json::from_slice(&ran.out).unwrap_or_else(|error| panic!("no JSON ({error}) from {ran}"))
}

/// Claims about a wall that were found not to hold.
fn broken<'a>(checked: &'a Value, wall: &str) -> Vec<&'a str> {
    let walls = checked["walls"].as_array().expect("a list");
    let wall = walls.iter().find(|row| row["wall"] == wall);
    let tests = wall.expect("a wall")["tests"].as_array().expect("a list");
    let broken = tests.iter().filter(|test| test["state"] != "enforced");
    broken.filter_map(|test| test["claim"].as_str()).collect()
}

#[test]
fn every_wall_holds_in_every_template_by_its_own_check() {
    let _session = Session::begin();
    for template in [
        "generic", "viewer", "editor", "browser", "media", "terminal",
    ] {
        let words = ["--ephemeral", "--profile", template, "--", "sleep", "600"];
        let inside = Inside::start(&words);
        let ran = oz(["check", inside.id()]).run();
        assert_eq!(ran.code, 0, "{template}: {ran}");
        oz_e2e::cli::stop_all();
    }
}

#[test]
fn files_that_were_given_are_no_hole() {
    let session = Session::begin();
    let (read, write) = (
        session.fresh_dir("given-read"),
        session.fresh_dir("given-write"),
    );
    let inside = Inside::start(&["--", "sleep", "600"]);
    oz(["add", inside.id()]).arg(&read).run().ok();
    oz(["add", inside.id(), "--write"]).arg(&write).run().ok();
    oz(["check", inside.id()]).run().ok();
}

#[test]
fn outside_the_same_prober_gets_through_every_wall() {
    let _session = Session::begin();
    let evidence = prober::outside(&["--", "true"], Default::default());
    let through = |wall: Wall| {
        evidence
            .findings
            .iter()
            .any(|finding| finding.wall == wall && finding.state == State::Not)
    };
    for entry in WALLS {
        assert!(
            through(entry.wall),
            "{} holds without a sandbox",
            entry.name
        );
    }
}

#[test]
fn a_process_that_somebody_put_in_with_privileges_is_found() {
    let session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "600"]);
    oz(["check", inside.id()]).run().ok();
    let init = json(["ps"])[0]["pid"].to_string();
    let app = Run::sh(&format!("cat /proc/{init}/task/{init}/children"))
        .run()
        .ok()
        .text();
    let app = app.split_whitespace().next().expect("an app").to_owned();
    // Only who is outside can: the user namespace is theirs.
    let probe = Probe::install(&session);
    let _intruder = Run::new(probe.path(), ["intrude", &app, "60"]).start();
    wait::for_condition("the intruder to be inside", || {
        let checked = check(&inside);
        checked["holds"] == false
            && !broken(&checked, "privileges").is_empty()
            && !broken(&checked, "system-calls").is_empty()
    });
    oz(["check", inside.id()]).run().exits(1);
}

#[test]
fn what_does_not_run_cannot_be_checked() {
    let _session = Session::begin();
    oz(["check", "nobody"]).run().exits(1).complains("nobody");
}

#[test]
fn a_wall_that_a_profile_requires_is_in_the_report() {
    let session = Session::begin();
    let _profile = session.profile(
        "walled",
        r#"{ "description": "t", "match": { "executables": ["sleep"] },
            "walls": { "require": ["process-limit"] } }"#,
    );
    oz(["run", "--detach", "walled", "600"]).run().ok();
    let checked = check(&Inside::of("walled"));
    let walls = checked["walls"].as_array().expect("a list");
    let limit = walls.iter().find(|row| row["wall"] == "process-limit");
    assert_eq!(limit.expect("a wall")["asked"], "required");
}
