//! What cannot be given, and how one is told.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Ran, Run, Session, oz};

use super::{add, sleeper};

const BOUNDED: Duration = Duration::from_secs(8);

/// One sentence what, one what to do, within a bounded time, and the sandbox is none the worse.
#[track_caller]
fn refused(inside: &Inside, options: &[&str], path: &Path) -> Ran {
    let ran = add(inside, options, path)
        .within(Duration::from_secs(20))
        .run();
    let ran = ran.exits(1).quick(BOUNDED);
    let lines = ran.complaint().lines().count();
    assert!((1..=4).contains(&lines), "not one or two sentences: {ran}");
    assert!(!ran.complaint().contains("panicked"), "{ran}");
    inside.sh("true").ok();
    ran
}

#[test]
fn a_fifo_a_socket_and_a_device_are_refused() {
    let session = Session::begin();
    let dir = session.fresh_dir("odd");
    let fifo = dir.join("fifo");
    Run::new("mkfifo", [&fifo]).run().ok();
    let socket = dir.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let inside = sleeper();
    for (path, word) in [
        (fifo.as_path(), "fifo"),
        (&socket, "socket"),
        (Path::new("/dev/null"), "null"),
    ] {
        refused(&inside, &[], path).complains(word);
        refused(&inside, &["--write"], path);
    }
    // The same when a sandbox starts.
    let ran = oz(["run", "--read"])
        .arg(&fifo)
        .args(["--", "true"])
        .run()
        .quick(BOUNDED);
    assert_ne!(ran.code, 0, "{ran}");
}

#[test]
fn a_path_that_does_not_exist_is_refused_by_name() {
    let session = Session::begin();
    let inside = sleeper();
    refused(&inside, &[], &session.home().join("gone.txt")).complains("gone.txt");
}

#[test]
fn proc_and_sys_are_refused() {
    let _session = Session::begin();
    let inside = sleeper();
    for path in ["/proc", "/proc/1", "/proc/self/environ", "/sys", "/dev"] {
        refused(&inside, &[], Path::new(path));
    }
}

#[test]
fn protected_places_are_refused_for_writing_and_so_is_what_holds_them() {
    let session = Session::begin();
    let inside = sleeper();
    let home = session.home();
    for dir in [
        ".config/autostart",
        ".ssh",
        ".gnupg",
        ".local/share/applications",
        ".config/systemd/user",
        "bin",
    ] {
        std::fs::create_dir_all(home.join(dir)).unwrap();
    }
    for file in [
        ".bashrc",
        ".profile",
        ".ssh/authorized_keys",
        ".bash_profile",
        ".zshrc",
    ] {
        write(&home.join(file), b"");
    }
    for place in [
        "",
        ".config",
        ".config/autostart",
        ".config/systemd",
        ".ssh",
        ".ssh/authorized_keys",
        ".gnupg",
        ".bashrc",
        ".profile",
        ".local",
        ".local/share",
        ".local/share/applications",
        ".config/oz",
        "bin",
    ] {
        let path = home.join(place);
        std::fs::metadata(&path)
            .or_else(|_| std::fs::create_dir_all(&path).and_then(|()| std::fs::metadata(&path)))
            .unwrap();
        let ran = refused(&inside, &["--write"], &path);
        assert!(ran.complaint().len() > 20, "a reason for {place:?}: {ran}");
    }
    refused(&inside, &["--write"], Path::new("/"));
    refused(&inside, &["--write"], home.parent().unwrap());
}

#[test]
fn protected_places_are_refused_at_a_launch_as_well() {
    let session = Session::begin();
    std::fs::create_dir_all(session.home().join(".ssh")).unwrap();
    for place in ["", ".ssh"] {
        let ran = oz(["run", "--write"])
            .arg(session.home().join(place))
            .args(["--", "true"])
            .run();
        assert!([1, 125].contains(&ran.code), "{ran}");
    }
    let _profile = session.profile(
        "greedy",
        r#"{ "description": "t", "match": { "executables": ["true"] },
            "files": { "rules": { "~/.ssh": "write" } } }"#,
    );
    oz(["run", "greedy"]).run().fails().complains(".ssh");
}

#[test]
fn a_symlink_to_a_protected_place_is_that_place() {
    let session = Session::begin();
    let home = session.home();
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    let link = session.fresh_dir("innocent").join("pictures");
    std::os::unix::fs::symlink(home.join(".ssh"), &link).unwrap();
    let inside = sleeper();
    refused(&inside, &["--write"], &link);
}

#[test]
fn a_protected_place_that_is_a_symlink_is_protected_where_it_leads() {
    let session = Session::begin();
    let home = session.home();
    let dotfiles = session.fresh_dir("dotfiles");
    let start = write(&dotfiles.join("shell/start"), b"");
    let wallet = session.fresh_dir("wallet");
    // No other test has these two places.
    let links = [(".zshenv", &start), (".electrum", &wallet)];
    for (place, target) in links {
        std::os::unix::fs::symlink(target, home.join(place)).unwrap();
    }
    let inside = sleeper();
    let shell = dotfiles.join("shell");
    for path in [&dotfiles, &shell, &start, &home.join(".zshenv")] {
        refused(&inside, &["--write"], path).complains(".zshenv");
    }
    for path in [&wallet, &home.join(".electrum")] {
        refused(&inside, &["--write"], path).complains(".electrum");
    }
    for (place, _) in links {
        std::fs::remove_file(home.join(place)).unwrap();
    }
    add(&inside, &["--write"], &dotfiles).run().ok();
}

#[test]
fn a_file_of_somebody_else_that_cannot_be_read_is_refused() {
    let _session = Session::begin();
    let inside = sleeper();
    refused(&inside, &[], Path::new("/etc/shadow-of-nobody"));
    // It can be shown, since the mode still holds inside; but nothing becomes readable by it.
    add(&inside, &[], "/etc/shadow").run();
    inside.sh("cat /etc/shadow").refused_inside();
}

#[test]
fn one_bad_path_among_good_ones_is_named() {
    let session = Session::begin();
    let good = session.fresh_dir("good");
    let inside = sleeper();
    let ran = oz(["add", inside.id()])
        .arg(&good)
        .arg(session.home().join("bad-one"))
        .run();
    ran.exits(1).complains("bad-one");
}

#[test]
fn the_places_of_the_system_inside_cannot_be_covered() {
    let session = Session::begin();
    let inside = sleeper();
    session.fresh_dir("cover");
    for path in ["/usr", "/etc", "/etc/passwd", "/tmp", "/run"] {
        // Giving them is refused or changes nothing that the app could use.
        add(&inside, &["--write"], path).run();
        inside
            .sh("test -x /usr/bin/env && touch /tmp/own && test -e /etc/passwd")
            .ok();
        inside.sh("touch /usr/x").refused_inside();
    }
}
