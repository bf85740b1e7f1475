//! Programs that take all that they get: the host goes on, and they can be ended.

use oz_e2e::probe::Probe;
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};

use super::Scope;

/// A program of the host starts, and a new window opens on its screen.
fn host_goes_on(session: &Session) {
    Run::new("true", [""; 0]).run().ok();
    let mut terminal = std::process::Command::new("foot");
    terminal.args(["--app-id=meanwhile", "sleep", "6000"]);
    let _terminal = session.start(&mut terminal).expect("foot starts");
    let window = session
        .wait_for_window(wait::LONG, |window| window.app_id == "meanwhile")
        .expect("a window");
    session.close(&window).expect("it can be closed");
    session
        .wait_for_no_window(wait::LONG, |window| window.app_id == "meanwhile")
        .expect("it closes");
}

const SMALL: &str = r#"{ "extends": "generic", "match": { "executables": ["sleep"] },
    "limits": { "total_memory": "256 MiB", "processes": 300 } }"#;

/// More than the limit, and far less than the machine has.
const TAKE: &str = "perl -e '$x = \"a\" x (600 << 20); print length $x'";

#[test]
fn a_process_that_takes_more_memory_than_the_sandbox_has_is_ended() {
    let session = Session::begin();
    let _profile = session.profile("small", SMALL);
    Run::sh(TAKE).run().ok();
    // With as much as half of the machine it can as well: it is the limit that ends it.
    cli::sandboxed_sh(TAKE).run().ok();
    let words = [
        "run",
        "--detach",
        "--profile",
        "small",
        "--",
        "sleep",
        "6000",
    ];
    let inside = Inside::of(&oz(words).run().ok().text());
    let scope = Scope::of(&inside);
    let ran = inside.script(TAKE).run();
    assert!(ran.code != 0 && !ran.text().contains("629145600"), "{ran}");
    assert!(scope.field("memory.events", "oom_kill ") > 0);
    assert!(scope.number("memory.max") == 256 << 20);
    // The others in the sandbox go on, and so does the host.
    assert_eq!(inside.sh("echo fine").ok().text(), "fine");
    host_goes_on(&session);
    oz(["stop", inside.id()]).run().ok();
    wait::for_condition("the scope to go", || !scope.exists());
}

#[test]
fn a_memory_bomb_of_many_processes_leaves_the_host_its_own() {
    let session = Session::begin();
    let _profile = session.profile("small", SMALL);
    // Each of many takes 64 MiB, again and again when it was ended for it.
    let bomb = "for i in $(seq 40); do (while :; do perl -e '$x = \"a\" x (64 << 20); sleep 1'; done) & done; wait";
    let running = oz(["run", "--profile", "small", "--", "sh", "-c", bomb]).start();
    wait::for_condition("the sandbox", || cli::running().len() == 1);
    let inside = Inside::of(&cli::running()[0]);
    let scope = Scope::of(&inside);
    wait::within(wait::LONG, "the bomb to hit its limit", || {
        (scope.field("memory.events", "oom_kill ") > 2).then_some(())
    });
    assert!(scope.number("memory.current") <= 256 << 20);
    host_goes_on(&session);
    can_be_stopped(running);
}

#[test]
fn memory_without_an_owner_counts_as_well() {
    let session = Session::begin();
    let _profile = session.profile("small", SMALL);
    let probe = Probe::install(&session);
    let taken = |running: &Started| {
        let text = wait::within(wait::LONG, "the hog", || {
            let text = running.text_so_far();
            text.contains('\n').then_some(text)
        });
        text.trim()
            .strip_prefix("ok ")
            .and_then(|count| count.parse::<u64>().ok())
    };
    let outside = Run::new(probe.path(), ["hog", "memory", "6000"]).start();
    assert_eq!(taken(&outside), Some(512));
    drop(outside);
    let words = ["run", "--detach", "--profile", "small", "--read"];
    let inside = oz(words)
        .arg(probe.dir())
        .args(["--", "sleep", "6000"])
        .run()
        .ok();
    let inside = Inside::of(&inside.text());
    let scope = Scope::of(&inside);
    let script = format!("{} hog memory 6000", probe.path().display());
    let hog = inside.script(&script).start();
    wait::within(wait::LONG, "the hog to be ended", || {
        (scope.field("memory.events", "oom_kill ") > 0).then_some(())
    });
    assert!(scope.number("memory.current") <= 256 << 20);
    host_goes_on(&session);
    oz(["stop", inside.id()]).run().ok();
    drop(hog);
}

/// Every process starts two more, for ever.
const FORK_BOMB: &str = "b() { b | b & }; b; sleep 6000";

#[test]
fn a_fork_bomb_stays_below_the_limit_of_its_scope() {
    let session = Session::begin();
    let _profile = session.profile("small", SMALL);
    let words = ["run", "--profile", "small", "--", "bash", "-c", FORK_BOMB];
    let running = oz(words).start();
    wait::for_condition("the sandbox", || cli::running().len() == 1);
    let scope = Scope::of(&Inside::of(&cli::running()[0]));
    wait::within(wait::LONG, "the bomb to hit a limit", || {
        running.complaint_so_far().contains("fork").then_some(())
    });
    assert_eq!(scope.number("pids.max"), 300);
    assert!(scope.number("pids.current") <= 300);
    host_goes_on(&session);
    can_be_stopped(running);
}

#[test]
fn a_sandbox_that_weighs_less_gets_less_of_the_processor() {
    let session = Session::begin();
    let profile = |weight: u32| {
        format!(
            r#"{{ "extends": "generic", "match": {{ "executables": ["sh"] }},
                "limits": {{ "cpu_weight": {weight} }} }}"#
        )
    };
    let _heavy = session.profile("heavy", &profile(1000));
    let _light = session.profile("light", &profile(10));
    // More than there are processors, so that there is not enough for both.
    let script = "for i in 1 2 3 4; do (while :; do :; done) & done; wait";
    let start = |name: &str| {
        let busy = ["--", "sh", "-c", script];
        let words = ["run", "--detach", "--profile", name];
        let inside = Inside::of(&oz(words).args(busy).run().ok().text());
        Scope::of(&inside)
    };
    let (light, heavy) = (start("light"), start("heavy"));
    let used = |scope: &Scope| scope.field("cpu.stat", "usage_usec ");
    let (light_before, heavy_before) = (used(&light), used(&heavy));
    wait::within(wait::LONG, "the heavy one to have had its time", || {
        (used(&heavy) - heavy_before > 5_000_000).then_some(())
    });
    let (light, heavy) = (used(&light) - light_before, used(&heavy) - heavy_before);
    assert!(light * 4 < heavy, "{light} and {heavy}");
    cli::stop_all();
}

/// The sandbox ends while its bomb goes off.
fn can_be_stopped(running: Started) {
    oz(["stop", "--all"]).within(wait::LONG).run().ok();
    running.end_within(wait::LONG);
    assert!(cli::running().is_empty());
}
