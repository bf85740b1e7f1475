//! `oz merge --combine`: texts that both a sandbox and somebody else have changed.

use std::fs;
use std::path::PathBuf;

use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Run, Session, oz, wait};

use super::{copies, cow, fresh};

const BEFORE: &str = "one\ntwo\nthree\nfour\nfive\n";

fn combine() -> Run {
    oz(["merge", "sh", "--combine", "--yes"])
}

/// What is kept of a text in the directory of these tests.
fn before(name: &str) -> PathBuf {
    copies().join("sh/home/before/cow").join(name)
}

/// A sandbox changes a text, and when it has ended somebody else does.
fn both_change(session: &Session, inside: &str, outside: &str) -> PathBuf {
    let dir = fresh(session);
    let text = write(&dir.join("text"), BEFORE.as_bytes());
    cow(&format!("sed -i '{inside}' ~/cow/text")).run().ok();
    // Kept by the daemon, a moment later.
    wait::for_content(&before("text"), BEFORE);
    Run::sh(&format!("sed -i '{outside}' ~/cow/text"))
        .run()
        .ok();
    text
}

#[test]
fn changes_of_other_lines_are_put_together_and_taken_back() {
    let session = Session::begin();
    let text = both_change(&session, "1s/.*/ONE/", "$s/.*/FIVE/");
    oz(["merge", "sh", "--yes"])
        .run()
        .exits(1)
        .complains("changed outside as well");
    combine().run().ok();
    let both = "ONE\ntwo\nthree\nfour\nFIVE\n";
    assert_eq!(fs::read_to_string(&text).expect("there"), both);
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    let outside = "one\ntwo\nthree\nfour\nFIVE\n";
    assert_eq!(fs::read_to_string(&text).expect("there"), outside);
    // In the copy both are.
    assert_eq!(cow("cat ~/cow/text").run().ok().text(), both.trim_end());
}

#[test]
fn changes_of_the_same_lines_are_left_to_decide_and_nothing_is_written() {
    let session = Session::begin();
    let text = both_change(&session, "3s/.*/IN/", "3s/.*/OUT/");
    combine()
        .run()
        .exits(1)
        .complains("both have changed the same lines");
    let outside = "one\ntwo\nOUT\nfour\nfive\n";
    assert_eq!(fs::read_to_string(&text).expect("there"), outside);
    oz(["merge", "sh", "--yes", "--take-theirs"]).run().ok();
    assert_eq!(
        fs::read_to_string(&text).expect("there"),
        "one\ntwo\nIN\nfour\nfive\n"
    );
}

#[test]
fn what_was_changed_while_the_sandbox_ran_is_said_to_be_unknown() {
    let session = Session::begin();
    let dir = fresh(&session);
    let text = write(&dir.join("text"), BEFORE.as_bytes());
    let inside = Inside::start(&["--cow", "--", "sleep", "1000"]);
    let id = inside.id().to_owned();
    inside
        .sh("sed -i '1s/.*/ONE/' ~/cow/text; echo x >> ~/cow/changed")
        .ok();
    Run::sh("sed -i '$s/.*/FIVE/' ~/cow/text").run().ok();
    oz(["stop", &id]).run().ok();
    // What is known of another says that all was looked at.
    wait::for_content(
        &copies().join(&id).join("home/before/cow/changed"),
        "before",
    );
    oz(["merge", &id, "--combine", "--yes"])
        .arg(&text)
        .run()
        .exits(1)
        .complains("what it was before is not known");
    assert!(fs::read_to_string(text).expect("there").starts_with("one"));
}

#[test]
fn what_was_merged_is_no_longer_what_a_copy_was_made_of() {
    let session = Session::begin();
    let text = both_change(&session, "1s/.*/ONE/", "$s/.*/FIVE/");
    write(&text.with_file_name("other"), b"x");
    combine().run().ok();
    assert!(!before("text").exists());
}

#[test]
fn what_an_app_makes_of_a_text_is_no_way_into_another_file() {
    let session = Session::begin();
    let dir = fresh(&session);
    let names = ["binary", "large", "link", "directory", "fifo"];
    for name in names {
        write(&dir.join(name), BEFORE.as_bytes());
    }
    let script = "cd ~/cow && for name in binary large link directory fifo; do sed -i '1s/.*/ONE/' $name; done";
    cow(script).run().ok();
    for name in names {
        wait::for_content(&before(name), BEFORE);
    }
    cow("cd ~/cow && printf 'a\\0b' > binary && seq 300000 > large && rm link directory fifo && ln -s ~/cow/kept link && mkdir directory && mkfifo fifo")
        .run()
        .ok();
    for name in names {
        fs::write(dir.join(name), format!("{BEFORE}six\n")).expect("written");
    }
    combine().run().exits(1);
    for name in names {
        let text = fs::read_to_string(dir.join(name)).expect("there");
        assert_eq!(text, format!("{BEFORE}six\n"), "{name}");
    }
    assert_eq!(fs::read(dir.join("kept")).expect("there"), b"kept");
}
