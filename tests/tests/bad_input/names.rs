//! Names that would steer a terminal, or show something else than they are, wherever `oz` prints them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Ran, Session, oz};

/// New lines, codes for terminals of 7 and 8 bits, text that runs backwards or is not to be seen, no
/// text at all.
const NAMES: &[&[u8]] = &[
    b"a\nfirefox  running",
    b"clear\x1b[2J\x1b]0;title\x07",
    b"c1\xc2\x9b31m",
    "photo\u{202e}gpj.exe".as_bytes(),
    "is\u{2066}late\u{2069}d".as_bytes(),
    "no\u{200b}thing\u{feff}".as_bytes(),
    b"back\x08\x08space\rreturn\x7f",
    b"bytes\xff\xfe",
];

/// Fails unless all that was printed is printable, on its own line.
#[track_caller]
fn is_harmless(ran: &Ran) {
    for text in [ran.text(), ran.complaint()] {
        let harmful = text.chars().find(|c| {
            let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
            (c.is_control() && *c != '\n') || hidden
        });
        assert_eq!(harmful, None, "{ran}");
        assert!(
            !text
                .lines()
                .any(|line| line.starts_with("firefox  running")),
            "{ran}"
        );
    }
}

fn named(dir: &std::path::Path, name: &[u8]) -> PathBuf {
    dir.join(OsStr::from_bytes(name))
}

#[test]
fn names_of_files_are_shown_and_not_obeyed() {
    let session = Session::begin();
    let dir = session.fresh_dir("steering");
    let inside = Inside::start(&["--", "sleep", "1000"]);
    for name in NAMES {
        let file = write(&named(&dir, name), b"x");
        let missing = named(&dir.join("missing"), name);
        let mut all = vec![oz(["add", inside.id()]).arg(&file).run().ok()];
        // What fails names it too.
        all.push(oz(["add", inside.id()]).arg(&missing).run().fails());
        all.push(oz(["remove", inside.id()]).arg(&missing).run().fails());
        all.push(
            oz(["run", "--read"])
                .arg(&missing)
                .args(["--", "true"])
                .run()
                .fails(),
        );
        all.push(oz(["run", "--"]).arg(&missing).run().fails());
        all.push(oz(["run"]).arg(OsStr::from_bytes(name)).run().fails());
        all.push(oz(["plan", "--"]).arg(&file).run());
        all.push(oz(["profile", "check"]).arg(&file).run().fails());
        all.push(oz(["files", inside.id()]).run().ok());
        all.push(oz(["stop"]).arg(OsStr::from_bytes(name)).run().fails());
        for ran in &all {
            is_harmless(ran);
        }
        let rows = oz(["files", inside.id()]).run().ok().text();
        // The headings and one.
        assert_eq!(rows.lines().count(), 2, "{rows}");
        oz(["remove", inside.id()]).arg(&file).run().ok();
    }
}

#[test]
fn names_of_programs_and_profiles_are_shown_and_not_obeyed() {
    let session = Session::begin();
    let dir = session.fresh_dir("steering-programs");
    for name in NAMES {
        let program = write(&named(&dir, name), b"#!/bin/sh\nexec sleep 1000\n");
        oz_e2e::session::make_executable(&program);
        let ran = oz(["run", "--detach", "--read"])
            .arg(&dir)
            .arg("--")
            .arg(&program)
            .run()
            .ok();
        is_harmless(&ran);
        let ps = oz(["ps"]).run().ok();
        is_harmless(&ps);
        assert_eq!(ps.text().lines().count(), 2, "{ps}");
        oz(["stop", "--all"]).run().ok();
    }
    let profiles = session.home().join(".config/oz/profiles");
    for name in NAMES {
        let mut file = name.to_vec();
        file.extend(b".json");
        let path = write(&named(&profiles, &file), b"{ \"description\": \"x\" }");
        for ran in [
            oz(["profile", "list"]).run(),
            oz(["profile", "check"]).run(),
            oz(["profile", "show"]).arg(OsStr::from_bytes(name)).run(),
        ] {
            is_harmless(&ran);
        }
        std::fs::remove_file(path).expect("removed");
    }
}
