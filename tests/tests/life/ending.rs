//! When a sandbox ends: with its last process, with the last of its watched ones, or never by itself.

use std::time::{Duration, Instant};

use oz_e2e::{Inside, Session, cli, oz, wait};

use super::shell_profile;

#[test]
fn a_sandbox_ends_with_its_last_process() {
    let session = Session::begin();
    let _profile = session.profile("plain", &shell_profile(""));
    // The command ends with its own program; what it left behind keeps the sandbox.
    oz([
        "run",
        "plain",
        "-c",
        "setsid sleep 4 >/dev/null 2>&1 </dev/null & exit 0",
    ])
    .run()
    .ok()
    .quick(Duration::from_secs(3));
    assert_eq!(cli::running(), ["plain"]);
    wait::for_condition("the sandbox to end", || cli::running().is_empty());
}

#[test]
fn a_sandbox_of_one_command_is_gone_when_the_command_is() {
    let _session = Session::begin();
    cli::sandboxed_sh("true").run().ok();
    let start = Instant::now();
    wait::for_condition("the sandbox to end", || cli::running().is_empty());
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_watchdog_keeps_the_sandbox_for_a_launcher_that_spawns_and_exits() {
    let session = Session::begin();
    let text = shell_profile(r#", "life": { "watchdog": ["sleep"] }"#);
    let _profile = session.profile("watched", &text);
    let script = "setsid sh -c 'sleep 3' >/dev/null 2>&1 </dev/null & setsid tail -f /dev/null >/dev/null 2>&1 </dev/null & exit 0";
    oz(["run", "watched", "-c", script]).run().ok();
    assert_eq!(cli::running(), ["watched"]);
    // When the watched one ends so does the sandbox, whoever else is still there.
    wait::within(Duration::from_secs(15), "the sandbox to end", || {
        cli::running().is_empty().then_some(())
    });
}

#[test]
fn keep_means_that_it_stays_until_it_is_stopped() {
    let session = Session::begin();
    let _profile = session.profile("kept", &shell_profile(r#", "life": { "keep": true }"#));
    oz(["run", "kept", "-c", "echo x > /tmp/mark"]).run().ok();
    wait::stays(Duration::from_secs(2), "the sandbox is kept", || {
        cli::is_running("kept")
    });
    assert_eq!(
        oz(["run", "kept", "-c", "cat /tmp/mark"]).run().ok().text(),
        "x"
    );
    oz(["stop", "kept"]).run().ok();
    assert!(!cli::is_running("kept"));
}

#[test]
fn stop_asks_first_and_then_kills() {
    let session = Session::begin();
    let dir = session.fresh_dir("stopping");
    let text = shell_profile(r#", "life": { "grace_ms": 1500 }"#);
    let _profile = session.profile("graceful", &text);
    let polite = format!(
        "trap 'echo asked > {0}/asked; exit 0' TERM; touch {0}/ready; while :; do sleep 0.1; done",
        dir.display()
    );
    let stubborn = format!(
        "trap '' TERM INT HUP; touch {}/stubborn; while :; do sleep 0.1; done",
        dir.display()
    );
    let mut first = oz(["run", "--write"])
        .arg(&dir)
        .args(["graceful", "-c", &polite])
        .start();
    wait::for_condition("the app to be ready", || dir.join("ready").exists());
    let second = oz(["run", "graceful", "-c", &stubborn]).start();
    wait::for_condition("the other to be ready", || dir.join("stubborn").exists());
    let start = Instant::now();
    oz(["stop", "graceful"]).run().ok();
    let took = start.elapsed();
    assert!(
        took > Duration::from_millis(1000) && took < Duration::from_secs(6),
        "{took:?}"
    );
    assert!(dir.join("asked").exists(), "the polite one was asked");
    wait::for_condition("the polite one's command to end", || !first.is_running());
    second.end_within(Duration::from_secs(5)).exits(128 + 9);
    assert!(cli::running().is_empty());
}

#[test]
fn stop_all_ends_all_and_is_happy_with_none() {
    let _session = Session::begin();
    oz(["stop", "--all"]).run().ok();
    for _ in 0..3 {
        Inside::start(&["--", "sleep", "1000"]);
    }
    assert_eq!(cli::running().len(), 3);
    oz(["stop", "--all"]).run().ok();
    assert!(cli::running().is_empty());
}

#[test]
fn the_command_that_waits_is_told_when_its_sandbox_is_stopped() {
    let _session = Session::begin();
    let run = cli::sandboxed(["sleep", "1000"]).start();
    wait::for_condition("the sandbox", || cli::running().len() == 1);
    oz(["stop", "--all"]).run().ok();
    let ran = run.end_within(Duration::from_secs(10));
    assert!(ran.code == 128 + 15 || ran.code == 128 + 9, "{ran}");
}

#[test]
fn an_app_whose_command_was_killed_can_still_be_stopped() {
    let _session = Session::begin();
    let run = cli::sandboxed(["sleep", "1000"]).start();
    wait::for_condition("the sandbox", || cli::running().len() == 1);
    run.signal(rustix::process::Signal::KILL);
    wait::pause(Duration::from_millis(300));
    oz(["stop", "--all"]).run().ok();
    assert!(cli::running().is_empty());
}

#[test]
fn ps_tells_what_runs() {
    let session = Session::begin();
    assert_eq!(cli::running(), [""; 0]);
    let _profile = session.profile("shown", &shell_profile(""));
    let inside = Inside::start(&["shown", "-c", "sleep 1000"]);
    let list = cli::json(["ps"]);
    let text = oz(["ps"]).run().ok().text();
    assert!(text.contains("shown"), "{text}");
    assert!(list.to_string().contains("\"profile\""), "{list}");
    assert_eq!(cli::ids(&list), [inside.id()]);
}

#[test]
fn an_app_that_is_suspended_can_be_stopped() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sh", "-c", "kill -STOP $$"]);
    wait::pause(Duration::from_millis(300));
    oz(["stop", inside.id()])
        .run()
        .ok()
        .quick(Duration::from_secs(5));
    assert!(cli::running().is_empty());
}

#[test]
fn without_the_bus_a_sandbox_is_killed_all_the_same() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let stop = |id: &str| {
        let nowhere = "unix:path=/nonexistent/bus";
        oz(["stop", id])
            .env("DBUS_SESSION_BUS_ADDRESS", nowhere)
            .run()
    };
    stop("nobody").exits(1).complains("session bus");
    assert!(inside.is_running());
    stop(inside.id()).ok().complains("no time to end in order");
    inside.wait_for_end();
    stop("--all").exits(1).complains("session bus");
}
