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
];

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
    let json = oz_e2e::cli::json(["files", inside.id()]);
    assert!(json.to_string().contains("with some spaces"));
}
