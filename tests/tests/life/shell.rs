//! `oz shell` without a terminal: scripts piped into a sandbox.

use oz_e2e::{Inside, Session, oz};

#[test]
fn a_script_runs_in_the_sandbox_and_its_status_comes_back() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sh", "-c", "echo marked > /tmp/mark; sleep 1000"]);
    inside.wait_for("test -s /tmp/mark");
    assert_eq!(inside.sh("cat /tmp/mark").ok().text(), "marked");
    oz(["shell", inside.id()]).stdin("exit 5\n").run().exits(5);
}

#[test]
fn a_shell_is_confined_like_the_app() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let facts =
        "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; readlink /proc/self/ns/mnt";
    let app = oz_e2e::cli::sandboxed_sh("grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status")
        .run()
        .ok()
        .text();
    let shell = inside.sh(facts).ok().text();
    assert!(shell.starts_with(&app), "{shell}\n{app}");
    inside.sh("unshare --user true").refused_inside();
    inside.sh("mount -t tmpfs none /tmp").refused_inside();
}

#[test]
fn a_shell_alone_does_not_keep_the_sandbox_but_ends_with_it() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let shell = oz(["shell", inside.id()]).stdin("").start();
    oz(["stop", inside.id()]).run().ok();
    let ran = shell.end_within(std::time::Duration::from_secs(10));
    assert_ne!(ran.code, -1, "{ran}");
}
