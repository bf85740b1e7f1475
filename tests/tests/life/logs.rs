//! `oz logs`: what a sandbox and its helpers said.

use std::time::Duration;

use oz_e2e::{Inside, Session, oz, wait};

#[test]
fn a_detached_app_s_output_is_in_its_log() {
    let _session = Session::begin();
    let inside = Inside::start(&[
        "--",
        "sh",
        "-c",
        "echo to-stdout; echo to-stderr >&2; sleep 1000",
    ]);
    wait::for_condition("the log", || {
        let log = oz(["logs", inside.id()]).run().ok().text();
        log.contains("to-stdout") && log.contains("to-stderr")
    });
}

#[test]
fn the_log_can_be_followed() {
    let session = Session::begin();
    let dir = session.fresh_dir("log");
    let script = format!(
        "while :; do test -e {0}/go && echo went && rm {0}/go; sleep 0.1; done",
        dir.display()
    );
    let ran = oz(["run", "--detach", "--write"])
        .arg(&dir)
        .args(["--", "sh", "-c", &script])
        .run()
        .ok();
    let mut follow = oz(["logs", &ran.text(), "-f"]).start();
    wait::pause(Duration::from_millis(500));
    assert!(follow.is_running());
    oz_e2e::fixtures::write(&dir.join("go"), b"");
    wait::for_condition("the line", || follow.text_so_far().contains("went"));
    oz(["stop", "--all"]).run().ok();
    follow.end_within(Duration::from_secs(10));
}

#[test]
fn escape_codes_of_an_app_do_not_reach_the_terminal() {
    let _session = Session::begin();
    let inside = Inside::start(&[
        "--",
        "sh",
        "-c",
        r"printf 'a\033]0;evil\007b\033[2Jc\n'; sleep 1000",
    ]);
    wait::for_condition("the log", || {
        oz(["logs", inside.id()]).run().ok().text().contains('c')
    });
    let log = oz(["logs", inside.id()]).run().ok();
    assert!(
        !log.out.contains(&0x1b) && !log.out.contains(&0x07),
        "{log}"
    );
}

#[test]
fn the_daemon_s_own_log_names_no_files_of_the_user() {
    let session = Session::begin();
    let dir = session.fresh_dir("very-private-directory-name");
    let file = oz_e2e::fixtures::write(&dir.join("f"), b"x");
    oz(["run", "--ephemeral", "--read"])
        .arg(&file)
        .args(["--", "cat"])
        .arg(&file)
        .run()
        .ok();
    let log = oz(["logs"]).run().text();
    assert!(!log.contains("very-private-directory-name"), "{log}");
    assert!(
        !session
            .log("dbus-daemon")
            .contains("very-private-directory-name")
    );
}
