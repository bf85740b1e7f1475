//! A file system that never answers: nothing of the daemon or of `oz` waits for it for ever, and nobody else
//! notices.
//!
//! The session of these tests has one at `slow/silent` in the home (`cargo xtask session --internet`).

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oz_e2e::processes;
use oz_e2e::{Inside, Ran, Run, Session, cli, oz, wait};

/// More than any deadline of one step, less than a person's patience.
const BOUNDED: Duration = Duration::from_secs(30);

fn slow(session: &Session) -> PathBuf {
    session.home().join("slow")
}

/// Something that only the silent file system can tell of; another each time, since two who look for the same
/// name wait for each other, which nobody can end.
fn silent(session: &Session) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    slow(session).join(format!("silent/document-{number}.txt"))
}

/// An error in sentences, in bounded time.
#[track_caller]
fn gave_up(ran: Ran) {
    let ran = ran.fails();
    ran.complains("did not answer");
}

#[test]
fn it_is_silent() {
    let session = Session::begin();
    let ran = Run::new("timeout", ["--signal=KILL", "2", "cat"])
        .arg(silent(&session))
        .run();
    assert_eq!(ran.code, 137, "{ran}");
}

#[test]
fn a_descriptor_of_it_is_given_up_by_the_daemon_too() {
    let session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    // Opening its root asks nobody; whoever wants to know what it is does.
    let root = slow(&session).join("silent");
    let adding: Vec<_> = (0..12)
        .map(|_| oz(["add", inside.id()]).arg(&root).start())
        .collect();
    assert!(cli::running().contains(&inside.id().to_owned()));
    inside.sh("true").ok();
    // Meanwhile others are added and started.
    let other = session.fresh_dir("answers");
    std::fs::write(other.join("file"), "here").expect("written");
    oz(["add", inside.id()]).arg(&other).run().ok();
    let look = format!("cat {}/file", other.display());
    assert_eq!(inside.sh(&look).ok().text(), "here");
    for one in adding {
        one.end_within(BOUNDED).fails();
    }
    oz(["add", inside.id()])
        .arg(session.fresh_dir("later"))
        .run()
        .ok();
}

#[test]
fn a_launch_with_it_is_given_up() {
    let session = Session::begin();
    let path = silent(&session);
    for option in ["--read", "--write"] {
        let ran = oz(["run", option])
            .arg(&path)
            .args(["--", "true"])
            .within(BOUNDED)
            .run();
        gave_up(ran);
    }
    // As an argument of an app.
    let ran = oz(["run", "gedit"]).arg(&path).within(BOUNDED).run();
    gave_up(ran);
    assert!(cli::running().is_empty());
}

#[test]
fn a_profile_that_shows_it_holds_up_nobody_but_its_own_launch() {
    let session = Session::begin();
    let other = Inside::start(&["--", "sleep", "1000"]);
    let daemon = wait::until("the daemon", processes::daemon);
    let _profile = session.profile(
        "shows-it",
        r#"{ "match": { "executables": ["sleep"] },
            "files": { "rules": { "~/slow/silent/document.txt": "read" } } }"#,
    );
    let launching = oz(["run", "shows-it", "600"]).start();
    let planning = oz(["plan", "shows-it"]).start();
    // Meanwhile everybody is answered.
    for _ in 0..5 {
        oz(["ps"]).run().ok();
        assert_eq!(other.sh("echo undisturbed").ok().text(), "undisturbed");
    }
    oz(["run", "--", "true"]).run().ok();
    gave_up(launching.end_within(BOUNDED));
    gave_up(planning.end_within(BOUNDED));
    assert!(daemon.lives());
}

#[test]
fn an_app_that_waits_for_it_can_be_ended() {
    let session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    // What holds it answers, and shows it.
    let added = oz(["add", inside.id()])
        .arg(slow(&session))
        .within(BOUNDED)
        .run();
    let _waiting = (added.code == 0).then(|| {
        let look = format!("cat {}", silent(&session).display());
        let waiting = inside.script(&look).start();
        wait::pause(Duration::from_millis(500));
        waiting
    });
    oz(["ps"]).run().ok();
    oz(["files", inside.id()]).run().ok();
    oz(["stop", inside.id()]).within(BOUNDED).run().ok();
    assert!(!inside.is_running());
}
