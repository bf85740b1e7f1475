//! What an app leaves in its copy to get at more.

use std::fs;

use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Run, Session, cli, oz, wait};

use super::{copies, cow, fresh};

#[test]
fn a_link_in_a_copy_leads_no_merge_out_of_its_place() {
    let session = Session::begin();
    let dir = fresh(&session);
    let outside = session.fresh_dir("cow-outside");
    write(&outside.join("file"), b"outside");
    // The directory that its files go to becomes a link, on the host's side as well.
    cow("cd ~/cow && mkdir sub && echo evil > sub/file")
        .run()
        .ok();
    std::os::unix::fs::symlink(&outside, dir.join("sub")).expect("a link");
    oz(["merge", "sh", "--yes"]).run();
    oz(["merge", "sh", "--yes"]).arg(dir.join("sub/file")).run();
    assert_eq!(fs::read(outside.join("file")).expect("there"), b"outside");
    // And one of its own is a link, nothing else.
    cow("cd ~/cow && ln -s ~/cow-outside mine && echo evil > changed")
        .run()
        .ok();
    oz(["merge", "sh", "--yes"]).run();
    assert!(
        fs::symlink_metadata(dir.join("mine"))
            .expect("there")
            .is_symlink()
    );
    assert_eq!(fs::read(outside.join("file")).expect("there"), b"outside");
}

/// Takes a descriptor, has its file mapped, and goes on writing to it: once at first, so that its page is one that was
/// written to, and again when it is told. Neither changes a time of the file later.
const KEEPER: &str = r#"
import mmap, os, socket, time
there = os.path.expanduser("~/cow-shared/")
listener = socket.socket(socket.AF_UNIX)
listener.bind(there + "socket")
listener.listen()
connection, _ = listener.accept()
_, descriptors, _, _ = socket.recv_fds(connection, 16, 1)
page = mmap.mmap(descriptors[0], 6)
os.close(descriptors[0])
page[0:6] = b"shown!"
connection.send(b"x")
while not os.path.exists(there + "go"):
    time.sleep(0.01)
page[0:6] = b"other!"
open(there + "gone", "w").close()
time.sleep(1000)
"#;

const GIVER: &str = r#"
import os, socket
connection = socket.socket(socket.AF_UNIX)
connection.connect(os.path.expanduser("~/cow-shared/socket"))
copy = os.open(os.path.expanduser("~/cow/changed"), os.O_RDWR)
os.write(copy, b"first!")
socket.send_fds(connection, [b"x"], [copy])
connection.recv(1)
"#;

#[test]
fn what_another_sandbox_has_mapped_is_not_merged_until_it_has_let_go() {
    let session = Session::begin();
    let dir = fresh(&session);
    let shared = session.fresh_dir("cow-shared");
    let run = |how: &[&str], script: &str| {
        oz(["run"])
            .args(how)
            .arg("--write")
            .arg(&shared)
            .args(["--", "/usr/bin/python3", "-c", script])
            .run()
            .ok()
            .text()
    };
    let keeper = run(&["--detach"], KEEPER);
    wait::until("a socket", || shared.join("socket").exists().then_some(()));
    run(&["--cow"], GIVER);
    let giver = format!("{keeper}-2");
    let lines = || oz(["changes", &giver, "--diff"]).run().ok().text();
    let seen = lines();
    assert!(
        seen.contains("(open for writing)") && seen.contains("+shown!"),
        "{seen}"
    );
    // The sandbox that made it is gone, and its copy changes all the same.
    write(&shared.join("go"), b"");
    wait::until("other content", || {
        shared.join("gone").exists().then_some(())
    });
    assert!(lines().contains("+other!"), "{}", lines());
    oz(["merge", &giver, "--yes"])
        .run()
        .fails()
        .complains("another sandbox still has the copy open");
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"before");
    oz(["stop", &keeper]).run().ok();
    assert!(!lines().contains("open for writing"), "{}", lines());
    oz(["merge", &giver, "--yes"]).run().ok();
    assert_eq!(fs::read(dir.join("changed")).expect("there"), b"other!");
}

#[test]
fn a_note_that_an_app_turns_into_a_link_to_a_key_stays_a_note() {
    let session = Session::begin();
    let dir = fresh(&session);
    let key = write(&home().join(".ssh/cow-key"), b"secret");
    let links = "cd ~/cow && rm kept && ln -s ../.ssh/cow-key kept && ln -s /etc/passwd out && ln -s changed inner";
    cow(links).run().ok();
    let text = oz(["changes", "sh"]).run().ok().text();
    for line in [
        "/kept -> ../.ssh/cow-key  ! protected: it is a link to a protected place",
        "/out -> /etc/passwd  ! protected: it is a link that leads out",
        "/inner -> changed\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let json = cli::json(["changes", "sh"]);
    assert_eq!(json[1]["target"], "../.ssh/cow-key", "{json}");
    oz(["merge", "sh", "--yes"])
        .run()
        .ok()
        .complains("left out");
    assert_eq!(fs::read(dir.join("kept")).expect("there"), b"kept");
    assert!(dir.join("out").symlink_metadata().is_err());
    assert_eq!(fs::read(dir.join("inner")).expect("there"), b"before");
    // Whoever says yes to that has it, and with it whoever opens the note the key.
    oz(["merge", "sh", "--yes", "--protected"]).run().ok();
    assert_eq!(fs::read(dir.join("kept")).expect("there"), b"secret");
    fs::remove_file(key).expect("removed");
}

#[test]
fn a_link_in_place_of_a_directory_that_is_to_have_programs_in_it_is_not_merged() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let go = home().join("go");
    assert!(go.symlink_metadata().is_err(), "the home has a ~/go");
    cow("mkdir -p ~/cow/g/bin && echo evil > ~/cow/g/bin/git && ln -s cow/g ~/go")
        .run()
        .ok();
    oz(["merge", "sh", "--yes"])
        .run()
        .ok()
        .complains("/go -> cow/g");
    assert!(go.symlink_metadata().is_err());
    oz(["discard", "sh", "--yes"]).run().ok();
}

#[test]
fn notes_of_overlays_cannot_be_written_by_an_app() {
    let session = Session::begin();
    let dir = fresh(&session);
    write(&dir.join("full/inner"), b"inner");
    let set = "import os,sys\nfor name in ('opaque','redirect','metacopy','whiteout'):\n  try: os.setxattr(os.path.expanduser('~/cow/full'), 'user.overlay.'+name, b'y')\n  except OSError as e: print(e)";
    // Outside it works.
    let outside = Run::new("python3", ["-c", &set.replace("~/cow/full", "~/cow")]).run();
    assert_eq!(outside.ok().text(), "");
    oz(["run", "--cow", "--", "python3", "-c", set]).run();
    assert_eq!(
        oz(["run", "--cow", "--", "cat"])
            .arg(dir.join("full/inner"))
            .run()
            .ok()
            .text(),
        "inner"
    );
    oz(["discard", "python3", "--yes"]).run().ok();
}

#[test]
fn odd_names_neither_break_a_line_nor_turn_it() {
    let session = Session::begin();
    let dir = fresh(&session);
    let make = "import os\nos.chdir(os.path.expanduser('~/cow'))\nfor n in (b'new\\nline', b'esc\\x1b[2J', b'bad\\xff', '\\u202etxt.exe'.encode(), b'-rf'): open(n,'w').write('x')";
    oz(["run", "--cow", "--", "python3", "-c", make]).run().ok();
    let text = oz(["changes", "python3"]).run().ok().text();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        !text.contains('\x1b') && !text.contains('\u{202e}'),
        "{text:?}"
    );
    oz(["merge", "python3", "--yes"]).run().ok();
    use std::os::unix::ffi::OsStrExt;
    for name in [&b"new\nline"[..], b"esc\x1b[2J", b"bad\xff", b"-rf"] {
        assert!(
            dir.join(std::ffi::OsStr::from_bytes(name)).exists(),
            "{name:?}"
        );
    }
}

#[test]
fn deep_trees_and_files_without_rights_are_removed() {
    let session = Session::begin();
    let _dir = fresh(&session);
    let make = "import os\nos.chdir(os.path.expanduser('~/cow'))\nfor n in range(3000):\n  os.mkdir('d'); os.chdir('d')\nopen('f','w').close(); os.mkdir('none',0)";
    oz(["run", "--cow", "--", "python3", "-c", make]).run().ok();
    oz(["changes", "python3", "--json"]).run();
    oz(["discard", "python3", "--yes"]).run().ok();
    assert!(!copies().join("python3").exists());
}

#[test]
fn a_copy_of_one_profile_is_not_gone_on_with_by_another() {
    let session = Session::begin();
    let _dir = fresh(&session);
    cow("echo secret > ~/cow/told").run().ok();
    let _profile = session.profile(
        "other",
        r#"{ "description": "t", "match": { "executables": ["true"] }, "files": { "home": "copy-on-write" } }"#,
    );
    let other = oz([
        "run",
        "--profile",
        "other",
        "--",
        "sh",
        "-c",
        "cat ~/cow/told",
    ])
    .run();
    other.fails();
}

#[test]
fn keys_cannot_be_merged_into_the_open() {
    let session = Session::begin();
    let dir = fresh(&session);
    let key = write(&home().join(".ssh/cow-key"), b"secret");
    // A hard link or a rename would carry it out if it were there.
    cow("ln ~/.ssh/cow-key ~/cow/key; mv ~/.ssh/cow-key ~/cow/key2; cp ~/.ssh/cow-key ~/cow/key3")
        .run();
    let json = cli::json(["changes", "sh"]);
    assert_eq!(json.as_array().map(Vec::len), Some(0), "{json}");
    assert!(key.exists() && !dir.join("key").exists());
    fs::remove_file(key).expect("removed");
}

/// A part of the layers, and what is put in its place.
type Swap<'s> = (&'s str, &'s dyn Fn(&str));

#[test]
fn layers_that_were_swapped_for_something_else_are_not_mounted() {
    let session = Session::begin();
    let dir = fresh(&session);
    let elsewhere = session.fresh_dir("cow-elsewhere");
    write(&elsewhere.join("file"), b"mine");
    cow("echo x > ~/cow/new").run().ok();
    let layers = copies().join("sh/home");
    let link = |path: &str| std::os::unix::fs::symlink(&elsewhere, path).expect("a link");
    let file = |path: &str| fs::write(path, "").expect("written");
    let fifo = |path: &str| {
        Run::new("mkfifo", [path]).run().ok();
    };
    let swaps: [Swap; 6] = [
        ("upper", &link),
        ("upper", &file),
        ("work", &link),
        ("lock", &fifo),
        ("lock", &link),
        ("", &link),
    ];
    for (part, swap) in swaps {
        let place = layers.join(part);
        let place = place.to_string_lossy();
        let place = place.trim_end_matches('/');
        let aside = format!("{place}.aside");
        fs::rename(place, &aside).expect("moved");
        swap(place);
        cow("echo evil > ~/cow/evil; echo evil > ~/file")
            .run()
            .exits(125);
        fs::remove_file(place).expect("removed");
        fs::rename(&aside, place).expect("moved back");
    }
    let names: Vec<_> = fs::read_dir(&elsewhere)
        .expect("listed")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(names, ["file"]);
    assert_eq!(fs::read(elsewhere.join("file")).expect("there"), b"mine");
    assert!(!dir.join("evil").exists());
    // As it was it goes on.
    assert_eq!(cow("cat ~/cow/new").run().ok().text(), "x");
}
