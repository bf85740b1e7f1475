//! What a sandbox holds and why: `oz files`.

use oz_e2e::fixtures::write;
use oz_e2e::{Session, cli, oz};
use serde_json::Value;

use super::{add, remove, sleeper};

/// The rows about a path, wherever the list lies in the answer.
fn rows(json: &Value, path: &str) -> Vec<Value> {
    let list = json.as_array().or_else(|| json["files"].as_array());
    let list = list.unwrap_or_else(|| panic!("`oz files --json` is no list: {json}"));
    list.iter()
        .filter(|row| row["path"] == path)
        .cloned()
        .collect()
}

#[test]
fn every_grant_is_listed_with_its_access_and_origin() {
    let session = Session::begin();
    let read = session.fresh_dir("listed-read");
    let write_to = session.fresh_dir("listed-write");
    let inside = sleeper();
    add(&inside, &[], &read).run().ok();
    add(&inside, &["--write"], &write_to).run().ok();
    let json = cli::json(["files", inside.id()]);
    let row = rows(&json, &read.to_string_lossy());
    assert_eq!(row.len(), 1, "{json}");
    assert_eq!(row[0]["access"], "read");
    let row = rows(&json, &write_to.to_string_lossy());
    assert_eq!(row[0]["access"], "write", "{json}");
    assert!(row[0]["origin"].is_string(), "why it has it: {json}");

    let text = oz(["files", inside.id()]).run().ok().text();
    assert!(text.contains(&*read.to_string_lossy()) && text.contains(&*write_to.to_string_lossy()));

    remove(&inside, &read).ok();
    let json = cli::json(["files", inside.id()]);
    assert!(rows(&json, &read.to_string_lossy()).is_empty(), "{json}");
}

#[test]
fn an_argument_is_listed_as_one() {
    let session = Session::begin();
    let file = write(&session.fresh_dir("args").join("doc"), b"x");
    let _profile = session
        .profile("holder", r#"{ "description": "t", "match": { "executables": ["tail"] }, "files": { "arguments": "read" } }"#);
    let ran = oz(["run", "--detach", "holder", "-f"])
        .arg(&file)
        .run()
        .ok();
    let json = cli::json(["files", &ran.text()]);
    let row = rows(&json, &file.to_string_lossy());
    assert_eq!(row.len(), 1, "{json}");
    assert!(
        row[0]["origin"]
            .as_str()
            .is_some_and(|why| why.contains("argument")),
        "{json}"
    );
}

#[test]
fn places_of_the_profile_are_listed_too() {
    let session = Session::begin();
    let dir = session.fresh_dir("Scans");
    let _profile = session.profile(
        "scans",
        r#"{ "description": "t", "match": { "executables": ["sleep"] },
            "files": { "rules": { "~/Scans": "read" } } }"#,
    );
    let ran = oz(["run", "--detach", "scans", "100"]).run().ok();
    let json = cli::json(["files", &ran.text()]);
    assert_eq!(rows(&json, &dir.to_string_lossy()).len(), 1, "{json}");
}

#[test]
fn an_unknown_sandbox_is_named_in_the_error() {
    let _session = Session::begin();
    oz(["files", "no-such-one"])
        .run()
        .exits(1)
        .complains("no-such-one");
    oz(["add", "no-such-one", "/tmp"])
        .run()
        .exits(1)
        .complains("no-such-one");
    oz(["remove", "no-such-one", "/tmp"])
        .run()
        .exits(1)
        .complains("no-such-one");
}

#[test]
fn removing_what_was_never_given_is_an_error() {
    let session = Session::begin();
    let dir = session.fresh_dir("never");
    let inside = sleeper();
    remove(&inside, &dir).exits(1).complains("never");
    remove(&inside, "/usr").fails();
}

#[test]
fn changes_are_told_on_the_bus_as_they_happen() {
    let session = Session::begin();
    let dir = session.fresh_dir("told");
    let inside = sleeper();
    let object = format!("/org/oz/Oz1/sandbox/{}", inside.id());
    let words = [
        "monitor",
        "--session",
        "--dest",
        "org.oz.Oz1",
        "--object-path",
    ];
    let monitor = oz_e2e::Run::new("gdbus", words).arg(&object).start();
    oz_e2e::wait::for_condition("the monitor", || {
        monitor.text_so_far().contains("is owned by")
    });
    let told = |words: &[&str]| {
        oz_e2e::wait::for_condition(&format!("word of {words:?}"), || {
            let text = monitor.text_so_far();
            let line = |line: &str| words.iter().all(|word| line.contains(word));
            text.lines().any(line)
        });
    };
    add(&inside, &["--for", "1h"], &dir).run().ok();
    told(&[
        "PropertiesChanged",
        "'Files'",
        "it was added while the app ran",
    ]);
    let script = format!("cd {}; touch /tmp/in; sleep 1000", dir.display());
    let stays = inside.script(&script).start();
    inside.wait_for("test -e /tmp/in");
    remove(&inside, &dir).ok();
    // Somebody has it open, whose number and name are told.
    told(&["PropertiesChanged", "'StillOpen': <[("]);
    drop(stays);
}
