//! `oz changes`: all that was written, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use oz_e2e::{Inside, Session, cli, oz};
use serde_json::Value;

use super::{cow, fresh};

/// Path below ~/cow, change and kind of each.
fn changes(id: &str) -> Vec<(String, String, String)> {
    let json = cli::json(["changes", id]);
    let rows = json.as_array().expect("a list");
    let word = |row: &Value, key: &str| row[key].as_str().expect("a word").to_owned();
    let row = |row: &Value| {
        let path = word(row, "path");
        let below = path.split_once("/cow/").map(|(_, below)| below.to_owned());
        (
            below.unwrap_or(path),
            word(row, "change"),
            word(row, "kind"),
        )
    };
    rows.iter().map(row).collect()
}

fn row(path: &str, change: &str, kind: &str) -> (String, String, String) {
    (path.to_owned(), change.to_owned(), kind.to_owned())
}

#[test]
fn all_that_was_written_is_listed_as_what_it_is_and_nothing_else() {
    let session = Session::begin();
    let dir = fresh(&session);
    fs::create_dir_all(dir.join("tree/deep")).expect("made");
    fs::write(dir.join("tree/deep/a"), "a").expect("written");
    fs::write(dir.join("tree/b"), "b").expect("written");
    fs::create_dir(dir.join("again")).expect("made");
    fs::write(dir.join("again/old"), "old").expect("written");
    fs::write(dir.join("to-rename"), "the same content").expect("written");
    fs::write(dir.join("touched"), "t").expect("written");
    let script =
        "cd ~/cow && echo new > new && ln new hard && echo after > changed && rm deleted &&
        ln -s kept link && mkdir dir && echo x > dir/file && rm -r tree &&
        rm -r again && mkdir again && echo young > again/young &&
        mv to-rename renamed && chmod 600 kept && touch touched && echo t > same && rm same";
    cow(script).run().ok();
    let expected = [
        row("again/old", "deleted", "file"),
        row("again/young", "added", "file"),
        row("changed", "changed", "file"),
        row("deleted", "deleted", "file"),
        row("dir", "added", "directory"),
        row("dir/file", "added", "file"),
        row("hard", "added", "file"),
        row("kept", "attributes", "file"),
        row("link", "added", "symlink"),
        row("new", "added", "file"),
        row("renamed", "renamed", "file"),
        row("tree", "deleted", "directory"),
        row("tree/b", "deleted", "file"),
        row("tree/deep", "deleted", "directory"),
        row("tree/deep/a", "deleted", "file"),
    ];
    assert_eq!(changes("sh"), expected);
    let text = oz(["changes", "sh"]).run().ok().text();
    assert!(
        text.contains("changed") && text.contains("6 bytes, before 6"),
        "{text}"
    );
    // Equal again is no change.
    fs::write(dir.join("changed"), "after\n").expect("written");
    fs::set_permissions(dir.join("kept"), fs::Permissions::from_mode(0o600)).expect("set");
    let left = changes("sh");
    assert!(
        !left
            .iter()
            .any(|(path, ..)| path == "changed" || path == "kept"),
        "{left:?}"
    );
}

#[test]
fn a_running_app_is_looked_at_as_it_writes() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let inside = Inside::start(&["--cow", "--", "sleep", "1000"]);
    assert!(changes(inside.id()).is_empty());
    inside.sh("echo x > ~/cow/new").ok();
    assert_eq!(changes(inside.id()), [row("new", "added", "file")]);
    inside.sh("rm ~/cow/new").ok();
    assert!(changes(inside.id()).is_empty());
}

#[test]
fn what_the_user_changed_meanwhile_is_said_and_no_more() {
    let session = Session::begin();
    let dir = fresh(&session);
    let inside = Inside::start(&["--cow", "--", "sleep", "1000"]);
    inside
        .sh("cd ~/cow && echo in > changed && echo in >> kept && rm deleted && echo in > new")
        .ok();
    fs::write(dir.join("changed"), "out").expect("written");
    fs::write(dir.join("new"), "out").expect("written");
    fs::remove_file(dir.join("kept")).expect("removed");
    let json = cli::json(["changes", inside.id()]);
    let conflict = |name: &str| {
        let rows = json.as_array().expect("a list").iter();
        let row = rows.clone().find(|row| {
            row["path"]
                .as_str()
                .is_some_and(|path| path.ends_with(name))
        });
        row.unwrap_or_else(|| panic!("{name} is not in {json}"))["conflict"].clone()
    };
    assert_eq!(conflict("/changed"), "changed");
    assert_eq!(conflict("/new"), "changed");
    assert_eq!(conflict("/kept"), "deleted");
    assert_eq!(conflict("/deleted"), Value::Null);
}

#[test]
fn a_hundred_thousand_files_are_listed() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let make = "import os\nos.chdir(os.path.expanduser('~/cow'))\nfor d in range(100):\n os.mkdir(f'd{d}')\n for f in range(1000): os.close(os.open(f'd{d}/{f}', os.O_CREAT))";
    let run = oz(["run", "--cow", "--", "python3", "-c", make]);
    run.within(std::time::Duration::from_secs(300)).run().ok();
    let list = oz(["changes", "python3", "--json"]).within(std::time::Duration::from_secs(120));
    let json: Value = serde_json::from_slice(&list.run().ok().out).expect("JSON");
    assert_eq!(json.as_array().expect("a list").len(), 100 + 100_000);
    oz(["discard", "python3", "--yes"])
        .within(std::time::Duration::from_secs(120))
        .run()
        .ok();
}
