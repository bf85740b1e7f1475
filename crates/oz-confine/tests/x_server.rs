//! What somebody has who takes the X server of a sandbox over, tried behind its walls.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use oz_confine::{helpers, landlock};
use oz_core::report::State;

/// Each thing that it would try, and whether it succeeds.
fn attempts(dir: &Path) -> Vec<(&'static str, bool)> {
    let (given, own) = (dir.join("given"), dir.join("own"));
    let parent = rustix::process::getppid().expect("a parent");
    vec![
        (
            "read what the user has given the app",
            fs::read(&given).is_ok(),
        ),
        ("change it", fs::write(&given, "changed").is_ok()),
        (
            "leave something beside it",
            fs::write(dir.join("left"), "").is_ok(),
        ),
        (
            "start a program that lies there",
            Command::new(&own).status().is_ok(),
        ),
        (
            "make it another's to start",
            fs::set_permissions(&own, PermissionsExt::from_mode(0o777)).is_ok(),
        ),
        (
            "speak to the network",
            TcpListener::bind("127.0.0.1:0").is_ok(),
        ),
        ("make a socket", UnixStream::pair().is_ok()),
        (
            "signal others",
            rustix::process::test_kill_process(parent).is_ok(),
        ),
    ]
}

/// What it does all the time.
fn work() -> Vec<(&'static str, bool)> {
    let keymap = std::env::temp_dir().join(format!("oz-server-{}.xkm", std::process::id()));
    let written = fs::write(&keymap, "keys").and_then(|()| fs::read(&keymap));
    vec![
        ("read what the system has", fs::read("/usr/bin/env").is_ok()),
        (
            "start a program of the system",
            Command::new("/usr/bin/true").status().is_ok(),
        ),
        ("write a keymap and read it", written.is_ok()),
        ("remove it", fs::remove_file(&keymap).is_ok()),
    ]
}

#[test]
fn who_takes_the_x_server_over_has_nothing_that_its_app_was_given() {
    // Not where temporary files lie.
    let dir = Path::new("/var/tmp").join(format!("oz-confine-{}", std::process::id()));
    fs::create_dir(&dir).expect("made");
    fs::write(dir.join("given"), "secret").expect("written");
    fs::copy("/usr/bin/true", dir.join("own")).expect("copied");
    for (what, done) in attempts(&dir).into_iter().chain(work()) {
        assert!(done, "without walls one can {what}");
    }
    // Both walls are a thread's own.
    let behind = dir.clone();
    let thread = std::thread::spawn(move || {
        let filter = helpers::x_server().expect("compiles");
        let extent = landlock::x_server().expect("put up");
        oz_sys::seccomp::install(&filter).expect("installed");
        (extent, attempts(&behind), work())
    });
    let (extent, attempts, work) = thread.join().expect("no panic");
    fs::remove_dir_all(&dir).expect("removed");
    assert!(extent.state != State::Not, "{}", extent.why);
    for (what, done) in attempts {
        assert!(!done, "behind its walls one can {what}");
    }
    for (what, done) in work {
        assert!(done, "behind its walls it cannot {what}");
    }
}
