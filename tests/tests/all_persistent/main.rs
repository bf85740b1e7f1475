//! A home that is in memory above a medium, with directories in it that are mounted from a disk and stay: as Tails has it.

use std::fs;

use oz_e2e::fixtures::write;
use oz_e2e::processes::kill_daemon;
use oz_e2e::{Inside, Run, Session, oz};

/// An app that changes copies of two directories: one of the home itself, one of the disk.
const WRITER: &str = r#"{ "extends": "generic", "match": { "executables": ["sleep"] }, "files": {
    "rules": { "~/Papers": "copy-on-write", "~/Persistent": "copy-on-write" } } }"#;

fn kind_of(path: &std::path::Path) -> String {
    Run::new("stat", ["-f", "-c", "%T"])
        .arg(path)
        .run()
        .ok()
        .text()
}

#[test]
fn a_home_with_mounts_in_it_is_not_copied_and_they_are_named_with_what_can_be_done() {
    let session = Session::begin();
    let home = session.home();
    assert_eq!(kind_of(&home), "overlayfs");
    assert_eq!(kind_of(&home.join("Persistent")), "ext2/ext3");
    oz(["run", "--cow", "--", "true"])
        .run()
        .exits(125)
        .complains(&home.join("Persistent").to_string_lossy())
        .complains(&home.join(".local/state").to_string_lossy())
        .complains("\"rules\": { \"~/Documents\": \"copy-on-write\" }");
    oz(["run", "--try", "--", "true"])
        .run()
        .exits(125)
        .complains("something is mounted in it");
}

#[test]
fn directories_are_copied_onto_the_disk_and_what_was_written_is_there_after_the_daemon() {
    let session = Session::begin();
    let home = session.home();
    let papers = session.fresh_dir("Papers");
    let kept = home.join("Persistent");
    for dir in [&papers, &kept] {
        write(&dir.join("changed"), b"before");
    }
    let _profile = session.profile("writer", WRITER);
    let inside = Inside::start(&["writer", "1000"]);
    inside
        .sh("for dir in Papers Persistent; do echo after > ~/$dir/changed; echo new > ~/$dir/new; done")
        .ok();
    // Neither what the mounts cover is seen, nor where the copies lie.
    assert!(!kept.join("covered").exists());
    inside.sh("cat ~/Persistent/covered").fails();
    inside.sh("ls ~/.local/state/oz").fails();
    let copies = home.join(".local/state/oz/copies").join(inside.id());
    assert_eq!(kind_of(&copies), "ext2/ext3");
    oz(["stop", inside.id()]).run().ok();
    kill_daemon();
    for dir in [&papers, &kept] {
        assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
    }
    let changes = oz(["changes", inside.id()]).run().ok().text();
    assert_eq!(changes.lines().count(), 4, "{changes}");
    oz(["merge", inside.id(), "--yes"]).run().ok();
    for dir in [&papers, &kept] {
        assert_eq!(fs::read(dir.join("changed")).expect("there"), b"after\n");
        assert_eq!(fs::read(dir.join("new")).expect("there"), b"new\n");
    }
    oz(["merge", inside.id(), "--undo", "--yes"]).run().ok();
    assert_eq!(fs::read(kept.join("changed")).expect("there"), b"before");
    oz(["discard", inside.id(), "--yes"]).run().ok();
    assert!(!copies.exists());
    fs::remove_file(kept.join("changed")).expect("removed");
}
