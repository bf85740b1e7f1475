//! Exit statuses: the app's own, and those of `oz` itself.

use std::path::Path;

use oz_e2e::{Session, cli::sandboxed_sh, oz};
use rustix::process::Signal;

#[test]
fn the_exit_status_of_the_app_is_that_of_the_command() {
    let _session = Session::begin();
    for code in [0, 1, 2, 7, 42, 125, 126, 127, 128, 255] {
        sandboxed_sh(&format!("exit {code}")).run().exits(code);
    }
}

#[test]
fn a_signal_is_128_and_its_number() {
    let _session = Session::begin();
    for (name, number) in [
        ("TERM", 15),
        ("KILL", 9),
        ("HUP", 1),
        ("SEGV", 11),
        ("ABRT", 6),
        ("INT", 2),
    ] {
        sandboxed_sh(&format!("kill -{name} $$; sleep 5"))
            .run()
            .exits(128 + number);
    }
}

#[test]
fn an_app_that_does_not_exist_is_named() {
    let _session = Session::begin();
    let ran = oz(["run", "no-such-app-anywhere"])
        .run()
        .complains("no-such-app-anywhere");
    assert!([1, 125].contains(&ran.code), "{ran}");
    let ran = oz(["run", "--", "no-such-command-anywhere"])
        .run()
        .complains("no-such-command-anywhere");
    assert!([1, 125, 127].contains(&ran.code), "{ran}");
    let ran = oz(["run", "--", "/etc/passwd"])
        .run()
        .complains("/etc/passwd");
    assert!([1, 125, 126].contains(&ran.code), "{ran}");
}

#[test]
fn an_unknown_profile_is_named() {
    let _session = Session::begin();
    let ran = oz(["run", "--profile", "no-such-profile", "--", "true"])
        .run()
        .complains("no-such-profile");
    assert!([1, 125].contains(&ran.code), "{ran}");
}

#[test]
fn a_wrong_command_line_is_exit_2() {
    let _session = Session::begin();
    for words in [
        &["run"][..],
        &["run", "--no-such-option", "x"],
        &["no-such-verb"],
        &["stop"],
        &["add"],
        &["run", "--"],
        &["shell"],
        &["stop", "--all", "x"],
        &[],
    ] {
        oz(words).run().exits(2);
    }
}

#[test]
fn an_unknown_sandbox_is_exit_1_and_named() {
    let _session = Session::begin();
    for verb in ["stop", "shell", "files"] {
        oz([verb, "nobody"]).run().exits(1).complains("nobody");
    }
    // What is no name at all is no name of a sandbox either.
    for id in ["../x", "", "-", "A", "a/b", "a\nb"] {
        let ran = oz(["stop", "--", id]).run();
        assert!([1, 2].contains(&ran.code), "{id:?}: {ran}");
    }
}

#[test]
fn every_signal_to_the_command_reaches_the_app() {
    let session = Session::begin();
    let dir = session.fresh_dir("signals");
    for (signal, name) in [
        (Signal::TERM, "TERM"),
        (Signal::INT, "INT"),
        (Signal::HUP, "HUP"),
        (Signal::QUIT, "QUIT"),
    ] {
        let marker = dir.join(name);
        let script = format!(
            "trap 'echo got {name}; exit 3' {name}; touch {}; while :; do sleep 0.1; done",
            marker.display()
        );
        let run = oz(["run", "--ephemeral", "--write"])
            .arg(&dir)
            .args(["--", "sh", "-c", &script])
            .start();
        wait_for_file(&marker);
        run.signal(signal);
        let ran = run.end_within(std::time::Duration::from_secs(20));
        assert_eq!(ran.text(), format!("got {name}"), "{ran}");
        ran.exits(3);
    }
}

fn wait_for_file(path: &Path) {
    oz_e2e::wait::for_condition(&format!("{} to appear", path.display()), || path.exists());
}
