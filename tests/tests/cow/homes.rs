//! A home that is copied.

use std::fs;

use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Inside, Session, oz, wait};

use super::{copies, cow, fresh};

#[test]
fn what_an_app_writes_over_the_home_stays_beside_it_and_is_there_the_next_time() {
    let session = Session::begin();
    let dir = fresh(&session);
    let first = cow("cd ~/cow && cat kept && echo new > new && echo after > changed && rm deleted");
    assert_eq!(first.run().ok().text(), "kept");
    assert_eq!(
        fs::read_to_string(dir.join("changed")).expect("there"),
        "before"
    );
    assert!(dir.join("deleted").exists() && !dir.join("new").exists());
    let again = cow("cd ~/cow && cat changed new; ls").run().ok().text();
    assert_eq!(
        again.lines().collect::<Vec<_>>(),
        ["after", "new", "changed", "kept", "new"]
    );
}

#[test]
fn a_second_one_at_the_same_time_has_copies_of_its_own() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let first = Inside::start(&["--cow", "--", "sleep", "1000"]);
    let second = Inside::start(&["--cow", "--", "sleep", "1000"]);
    assert_ne!(first.id(), second.id());
    first.sh("echo first > ~/cow/changed").ok();
    assert_eq!(second.sh("cat ~/cow/changed").ok().text(), "before");
}

#[test]
fn nothing_protected_is_seen_now_or_when_it_comes_to_be() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let key = write(&home().join(".ssh/cow-key"), b"secret");
    let later = home().join(".gnupg");
    let _ = fs::remove_dir_all(&later);
    let inside = Inside::start(&["--cow", "--", "sleep", "1000"]);
    inside.sh("cat ~/.ssh/cow-key").fails();
    inside.sh("ls ~/.local/state/oz").fails();
    // What it makes and removes uncovers nothing.
    inside
        .sh("mkdir ~/.ssh ~/.gnupg && rmdir ~/.ssh ~/.gnupg")
        .ok();
    fs::create_dir(&later).expect("made");
    fs::write(later.join("key"), "secret").expect("written");
    inside.sh("cat ~/.ssh/cow-key || cat ~/.gnupg/key").fails();
    inside
        .sh("mv ~/.config ~/away; mv ~/.local ~/away2; cat ~/.ssh/cow-key ~/.gnupg/key")
        .fails();
    // Its own of that name is its own.
    inside
        .sh("mkdir ~/.ssh && echo mine > ~/.ssh/cow-key && cat ~/.ssh/cow-key")
        .ok();
    assert_eq!(fs::read(&key).expect("there"), b"secret");
    fs::remove_dir_all(&later).expect("removed");
    fs::remove_file(&key).expect("removed");
}

#[test]
fn layers_are_mounted_once() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let inside = Inside::start(&["--cow", "--", "sleep", "1000"]);
    let lock = copies().join(inside.id()).join("home/lock");
    let lock = lock.to_string_lossy();
    let try_it = |with: &str| oz_e2e::Run::sh(&format!("flock -n {with} '{lock}' true")).run();
    try_it("-x").fails();
    try_it("-s").fails();
    oz(["stop", inside.id()]).run().ok();
    wait::until("the lock is free", || {
        (try_it("-x").code == 0).then_some(())
    });
}

#[test]
fn rules_of_all_kinds_hold_over_a_copy() {
    let session = Session::begin();
    let dir = fresh(&session);
    for name in ["read", "write", "hide"] {
        write(&dir.join(name).join("file"), b"before");
    }
    let _profile = session.profile(
        "mixed",
        r#"{ "description": "t", "match": { "executables": ["sleep"] }, "files": {
            "home": "copy-on-write",
            "rules": { "~/cow/read": "read", "~/cow/write": "write", "~/cow/hide": "hide" } } }"#,
    );
    let inside = Inside::start(&["mixed", "1000"]);
    inside.sh("echo x > ~/cow/read/file").fails();
    inside.sh("cat ~/cow/hide/file").fails();
    inside
        .sh("echo through > ~/cow/write/file && echo copy > ~/cow/kept")
        .ok();
    assert_eq!(
        fs::read(dir.join("write/file")).expect("there"),
        b"through\n"
    );
    assert_eq!(fs::read(dir.join("kept")).expect("there"), b"kept");
    let report = oz(["check", inside.id()]).run();
    assert!(
        report
            .text()
            .contains("files          required     enforced"),
        "{report}"
    );
}

#[test]
fn a_directory_outside_of_the_home_can_be_a_copy_too() {
    let session = Session::begin();
    let dir = fresh(&session);
    let _profile = session.profile(
        "placed",
        r#"{ "description": "t", "match": { "executables": ["sleep"] }, "files": {
            "rules": { "~/cow": "copy-on-write" } } }"#,
    );
    let inside = Inside::start(&["placed", "1000"]);
    inside
        .sh("test \"$(ls ~)\" = cow && echo x > ~/cow/changed")
        .ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
}

#[test]
fn a_grant_for_writing_reaches_the_file_itself_over_a_copy() {
    let session = Session::begin();
    let dir = fresh(&session);
    let inside = Inside::start(&["--cow", "--", "sleep", "1000"]);
    oz(["add", inside.id(), "--write"])
        .arg(dir.join("changed"))
        .run()
        .ok();
    inside
        .sh("cd ~/cow && echo after > new && mv new changed && cat kept")
        .ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"after\n");
    inside.sh("echo copy > ~/cow/kept").ok();
    assert_eq!(fs::read(dir.join("kept")).expect("there"), b"kept");
}
