//! File names that are unusual but allowed.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use oz_e2e::fixtures::write;
use oz_e2e::{Session, oz};

use super::{add, remove, sleeper};

const NAMES: &[&[u8]] = &[
    b"with some spaces",
    b"with\nnewline",
    b"not utf-8: \xff\xfe",
    b"-leading-dash",
    b"--write",
    b"quotes ' and \" and $HOME `id`",
    "Größe – 文件".as_bytes(),
    b"tab\tand\x1b[31mescape",
    b"back\\slash",
    b"percent%20%00",
    b"a:b,c=d",
    b"*?[x]",
    "right\u{202e}gpj.exe".as_bytes(),
    "isolated\u{2066}\u{2069}".as_bytes(),
    "line\u{2028}separator\u{85}".as_bytes(),
    "in\u{200b}visible\u{feff}".as_bytes(),
    b"overlong \xc0\xaf, cut \xe2\x80",
];

/// Panics if a terminal would show something else than what is there: all is text, a line ends where it ends.
#[track_caller]
fn shows_what_is_there(ran: &oz_e2e::Ran) {
    for bytes in [&ran.out, &ran.err] {
        let text = std::str::from_utf8(bytes).unwrap_or_else(|_| panic!("not text: {ran}"));
        let odd = |letter: char| {
            let control = letter.is_control() && letter != '\n';
            control || "\u{202e}\u{2066}\u{2069}\u{2028}\u{200b}\u{feff}".contains(letter)
        };
        assert!(!text.contains(odd), "a terminal is misled: {ran}");
    }
}

#[test]
fn any_name_can_be_added_and_removed() {
    let session = Session::begin();
    let dir = session.fresh_dir("names");
    let inside = sleeper();
    for name in NAMES {
        let file = write(&dir.join(OsStr::from_bytes(name)), b"content");
        add(&inside, &[], &file).run().ok();
    }
    let count = format!("cd {} && cat -- * | wc -c && ls -A | wc -c", dir.display());
    let seen = inside.sh(&count).ok().text();
    assert!(
        seen.starts_with(&(NAMES.len() * "content".len()).to_string()),
        "{seen}"
    );
    for name in NAMES {
        remove(&inside, dir.join(OsStr::from_bytes(name))).ok();
    }
    inside
        .sh(&format!("ls -A {} | grep .", dir.display()))
        .refused_inside();
}

#[test]
fn a_relative_name_with_a_leading_dash_follows_two_dashes() {
    let session = Session::begin();
    let dir = session.fresh_dir("dashes");
    let file = write(&dir.join("-rf"), b"content");
    let inside = sleeper();
    oz(["add", inside.id(), "--", "-rf"]).dir(&dir).run().ok();
    assert_eq!(
        inside.sh(&format!("cat {}", file.display())).ok().text(),
        "content"
    );
}

#[test]
fn any_name_can_be_an_argument() {
    let session = Session::begin();
    let dir = session.fresh_dir("argument-names");
    let _profile = session
        .profile("argread", r#"{ "description": "t", "match": { "executables": ["sh"] }, "files": { "arguments": "read" } }"#);
    let files: Vec<PathBuf> = NAMES
        .iter()
        .map(|name| write(&dir.join(OsStr::from_bytes(name)), b"content;"))
        .collect();
    let ran = oz(["run", "argread", "-c", "cat -- \"$@\"", "x"])
        .args(&files)
        .run()
        .ok();
    assert_eq!(ran.text(), "content;".repeat(NAMES.len()));
}

#[test]
fn listing_shows_no_control_characters_of_a_name() {
    let session = Session::begin();
    let dir = session.fresh_dir("shown");
    let inside = sleeper();
    for name in NAMES {
        let file = write(&dir.join(OsStr::from_bytes(name)), b"x");
        add(&inside, &[], &file).run().ok();
    }
    let shown = oz(["files", inside.id()]).run().ok();
    assert!(
        !shown.out.contains(&0x1b),
        "an escape code reaches the terminal: {shown}"
    );
    assert!(
        shown.text().lines().count() < NAMES.len() * 2 + 4,
        "a newline in a name makes a line: {shown}"
    );
    shows_what_is_there(&shown);
    shows_what_is_there(&oz(["files", inside.id(), "--json"]).run().ok());
    let json = oz_e2e::cli::json(["files", inside.id()]);
    assert!(json.to_string().contains("with some spaces"));
}

#[test]
fn errors_and_notes_show_no_control_characters_of_a_name() {
    let session = Session::begin();
    let dir = session.fresh_dir("complained");
    let inside = sleeper();
    for name in NAMES {
        let path = dir.join(OsStr::from_bytes(name));
        // One that is not there, one that is no file, one that is not held.
        shows_what_is_there(&oz(["add", inside.id(), "--"]).arg(&path).run().exits(1));
        std::os::unix::net::UnixListener::bind(&path).expect("bound");
        shows_what_is_there(&oz(["add", inside.id(), "--"]).arg(&path).run().exits(1));
        shows_what_is_there(&oz(["remove", inside.id(), "--"]).arg(&path).run().exits(1));
        let run = oz(["run", "--read"]).arg(&path).args(["--", "true"]);
        shows_what_is_there(&run.run().fails());
        std::fs::remove_file(&path).expect("removed");
    }
}

#[test]
fn who_has_something_open_that_was_taken_back_cannot_mislead_by_its_name() {
    let session = Session::begin();
    let dir = session.fresh_dir("right\u{202e}gpj");
    let inside = sleeper();
    add(&inside, &[], &dir).run().ok();
    let program = "import os, sys, time; os.chdir(sys.argv[1]); \
                   open('/proc/self/comm', 'wb').write(b'n\\xe2\\x80\\xae\\n\\x1b[2J\\xff'); \
                   open('/tmp/named', 'w'); time.sleep(1000)";
    let script = format!("exec python3 -c \"{program}\" {}", dir.display());
    let stays = inside.script(&script).start();
    inside.wait_for("test -e /tmp/named");
    let removed = remove(&inside, &dir).ok().complains("is still open in");
    shows_what_is_there(&removed);
    let listed = oz(["files", inside.id()]).run().ok();
    assert!(listed.text().contains("taken-back"), "{listed}");
    shows_what_is_there(&listed);
    shows_what_is_there(&oz(["files", inside.id(), "--json"]).run().ok());
    drop(stays);
}

#[test]
fn programs_of_any_name_are_listed_as_text() {
    let session = Session::begin();
    let dir = session.fresh_dir("programs");
    for name in NAMES {
        let program = write(
            &dir.join(OsStr::from_bytes(name)),
            b"#!/bin/sh\nsleep 1000\n",
        );
        oz_e2e::session::make_executable(&program);
        let run = oz(["run", "--detach", "--read"]).arg(&dir);
        shows_what_is_there(&run.arg("--").arg(&program).run().ok());
    }
    for arguments in [&["ps"][..], &["ps", "--json"]] {
        shows_what_is_there(&oz(arguments).run().ok());
    }
}
