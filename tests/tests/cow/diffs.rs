//! `oz changes --diff`, and what is taken for a rename.

use std::fs;

use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Run, Session, cli, oz};
use serde_json::Value;

use super::{cow, fresh};

/// The row of a name below ~/cow.
fn row(all: &Value, name: &str) -> Value {
    let is_it = |row: &&Value| {
        row["path"]
            .as_str()
            .is_some_and(|path| path.ends_with(name))
    };
    let found = all.as_array().expect("a list").iter().find(is_it);
    found
        .unwrap_or_else(|| panic!("{name} is not in {all}"))
        .clone()
}

#[test]
fn text_is_shown_line_by_line() {
    let session = Session::begin();
    let dir = fresh(&session);
    fs::write(
        dir.join("long"),
        (0..40).map(|n| format!("{n}\n")).collect::<String>(),
    )
    .expect("written");
    cow("cd ~/cow && sed -i 's/^20$/twenty/' long && printf 'a\\0b' > binary && echo new > new && rm deleted && ln -s kept link && chmod 700 kept")
        .run()
        .ok();
    let text = oz(["changes", "sh", "--diff"]).run().ok().text();
    assert!(
        text.contains("@@ -18,7 +18,7 @@\n 17\n 18\n 19\n-20\n+twenty\n 21\n 22\n 23\n"),
        "{text}"
    );
    assert!(
        text.contains("-deleted\n\\ no newline at the end\n") && text.contains("+new"),
        "{text}"
    );
    assert!(
        text.contains("(no text, so not shown)") && text.contains("+kept\n"),
        "{text}"
    );
    let only = oz(["changes", "sh", "--diff"])
        .arg(dir.join("new"))
        .run()
        .ok()
        .text();
    assert!(only.contains("+new") && !only.contains("twenty"), "{only}");
    let json = cli::json(["changes", "sh", "--diff"]);
    assert_eq!(
        row(&json, "/long")["diff"]["hunks"][0]["lines"][4],
        "+twenty"
    );
    assert_eq!(row(&json, "/binary")["diff"]["kind"], "binary");
    assert_eq!(
        row(&json, "/kept")["diff"]["hunks"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
}

#[test]
fn what_an_app_wrote_steers_no_terminal_and_shows_no_file_of_others() {
    let session = Session::begin();
    let dir = fresh(&session);
    let key = write(&home().join(".ssh/cow-key"), b"the-secret");
    let make = r#"
import os
os.chdir(os.path.expanduser('~/cow'))
open('kept','wb').write(b'a\x1b]0;title\x07\x1b[2J\nb\xe2\x80\xaec\r+++ changed  /etc/passwd\n\xff\xfe\n')
open('new\n-line','w').write('x\n')
os.remove('changed'); os.symlink(os.path.expanduser('~/.ssh/cow-key'), 'changed')
os.mkfifo('pipe')
f=open('huge','w'); f.truncate(1<<40)
open('many','w').write('\n'*3000000)
"#;
    oz(["run", "--cow", "--", "python3", "-c", make]).run().ok();
    // Whoever follows the link outside reads it.
    std::os::unix::fs::symlink(&key, dir.join("follow")).expect("a link");
    assert_eq!(
        Run::new("cat", [dir.join("follow")]).run().ok().text(),
        "the-secret"
    );
    let shown = oz(["changes", "python3", "--diff"]).run().ok();
    let text = shown.text();
    assert!(!text.contains("the-secret"), "a link was followed");
    assert!(
        text.contains("too large"),
        "{}",
        &text[..text.len().min(2000)]
    );
    assert!(text.contains(r"+a\x1b]0;title\x07\x1b[2J") && text.contains(r"\xff\xfe"));
    let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.contains(steers), "something steers a terminal");
    oz(["discard", "python3", "--yes"]).run().ok();
    fs::remove_file(key).expect("removed");
}

#[test]
fn a_file_that_was_renamed_is_that_file_and_waits_for_nobody() {
    let session = Session::begin();
    let dir = fresh(&session);
    let lines = "one\ntwo\nthree\nfour\n";
    for name in ["moved", "moved-and-changed", "saved", "linked"] {
        write(&dir.join(name), format!("{name}\n{lines}").as_bytes());
    }
    cow(
        "cd ~/cow && mv moved moved2 && mv moved-and-changed there && echo five >> there &&
        mv saved saved~ && echo new > saved && ln linked linked2 && echo six >> linked2",
    )
    .run()
    .ok();
    let json = cli::json(["changes", "sh"]);
    let said = |name: &str| {
        let row = row(&json, name);
        assert_eq!(row["conflict"], Value::Null, "{row}");
        row["change"].as_str().expect("a word").to_owned()
    };
    assert_eq!(said("/moved2"), "renamed");
    assert_eq!(said("/there"), "renamed");
    assert_eq!(said("/saved~"), "added");
    assert_eq!(said("/saved"), "changed");
    assert_eq!(said("/linked2"), "added");
    let text = oz(["changes", "sh", "--diff"]).run().ok().text();
    assert!(
        text.contains("moved-and-changed, and changed\n@@ -3,3 +3,4 @@"),
        "{text}"
    );
    oz(["merge", "sh", "--yes"]).run().ok();
    assert!(!dir.join("moved-and-changed").exists());
    let there = fs::read_to_string(dir.join("there")).expect("there");
    assert_eq!(there, format!("moved-and-changed\n{lines}five\n"));
    oz(["merge", "sh", "--undo", "--yes"]).run().ok();
    assert!(dir.join("moved-and-changed").exists() && !dir.join("there").exists());
}

#[test]
fn what_was_deleted_outside_is_no_rename_and_waits() {
    let session = Session::begin();
    let dir = fresh(&session);
    cow("cd ~/cow && echo in >> kept && rm deleted").run().ok();
    fs::remove_file(dir.join("kept")).expect("removed");
    let json = cli::json(["changes", "sh"]);
    assert_eq!(row(&json, "/kept")["conflict"], "deleted");
    oz(["merge", "sh", "--yes"])
        .run()
        .ok()
        .complains("left out");
    assert!(!dir.join("kept").exists());
}
