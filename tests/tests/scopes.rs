//! A sandbox's scope: exactly what the user's service manager is asked for, and that it is believed in nothing.
//!
//! Here is no systemd, but a program that has its name and does not do what it says. What the real one
//! does is tried in `all_machine`.

use std::path::PathBuf;

use oz_core::plan::Plan;
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, cli, oz, processes, wait};
use serde_json::Value;

/// The program, while it has the name.
struct Manager {
    file: PathBuf,
    running: Started,
}

impl Manager {
    fn start(session: &Session, how: &str) -> Self {
        let file = session.fresh_dir("systemd").join("calls");
        let running = Run::new("oz-fake-systemd", [how]).arg(&file).start();
        wait::for_condition("the service manager", || {
            running.text_so_far().starts_with("ready")
        });
        Self { file, running }
    }

    /// What it was asked for.
    fn calls(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let call = |line: &str| serde_json::from_str(line).expect("a call");
        text.lines().map(call).collect()
    }

    fn end(self) {
        drop(self.running);
        let owner = "busctl --user list --acquired 2>/dev/null || gdbus call --session -d org.freedesktop.DBus \
                     -o / -m org.freedesktop.DBus.ListNames";
        wait::for_condition("its name to be free", || {
            !Run::sh(owner)
                .run()
                .text()
                .contains("org.freedesktop.systemd1")
        });
    }
}

/// What the launch says of a wall: how far it holds, and why.
fn said(inside: &Inside, wall: &str) -> (String, String) {
    let ran = oz(["check", inside.id(), "--json"]).run();
    let checked: Value = serde_json::from_slice(&ran.out).expect("JSON");
    // What the machine cannot, and is not required, is no failure.
    assert_eq!(ran.code, 0, "{ran}");
    let walls = checked["walls"].as_array().expect("a list");
    let row = walls.iter().find(|row| row["wall"] == wall);
    let row = row.expect("a wall");
    let word = |name: &str| row[name].as_str().expect("a word").to_owned();
    assert_eq!(word("asked"), "if-possible");
    (word("at_launch"), word("why"))
}

fn launched() -> Inside {
    Inside::start(&["--ephemeral", "--", "sleep", "600"])
}

/// It runs unlimited, and for this reason.
fn is_not_limited(inside: &Inside, because: &str) {
    for wall in ["memory", "processor"] {
        let (state, why) = said(inside, wall);
        assert_eq!(state, "not", "{wall}: {why}");
        assert!(why.contains(because), "{wall}: {why}");
    }
}

const WALLED: &str = r#"{ "description": "t", "match": { "executables": ["sh"] },
    "walls": { "require": ["memory", "processor"] } }"#;

/// What requires the walls does not run, and says so.
fn is_refused(session: &Session, because: &str) {
    let place = session.fresh_dir("refused");
    let mark = place.join("ran");
    let ran = oz(["run", "--write"])
        .arg(&place)
        .args(["walled", "-c"])
        .arg(format!("echo x > {}", mark.display()))
        .run()
        .exits(125)
        .complains("wall that its profile requires")
        .complains(because)
        .complains("walls.require");
    assert!(!mark.exists(), "it ran: {ran}");
    assert!(cli::running().is_empty());
}

#[test]
fn without_a_service_manager_the_report_says_so_and_what_needs_it_is_refused() {
    let session = Session::begin();
    let _profile = session.profile("walled", WALLED);
    is_not_limited(&launched(), "no service manager");
    cli::stop_all();
    is_refused(&session, "no service manager");
}

#[test]
fn it_is_asked_for_exactly_what_the_plan_says() {
    let session = Session::begin();
    let _profile = session.profile(
        "limited",
        r#"{ "extends": "generic", "match": { "executables": ["sleep"] },
            "limits": { "total_memory": "512 MiB", "cpu_weight": 20, "processes": 300 },
            "life": { "grace_ms": 3000 } }"#,
    );
    let manager = Manager::start(&session, "lie");
    oz(["run", "--detach", "limited", "600"]).run().ok();
    let calls = manager.calls();
    let [call] = calls.as_slice() else {
        panic!("one call: {calls:?}");
    };
    let name = call["name"].as_str().expect("a name");
    let random = name.strip_prefix("app-oz-limited-");
    let random = random.and_then(|name| name.strip_suffix(".scope"));
    assert!(random.is_some_and(|hex| hex.len() == 16), "{name}");
    assert_eq!(call["mode"], "fail");
    let init = cli::json(["ps"])[0]["pid"].as_u64().expect("a number");
    let expected = serde_json::json!({
        "Description": "Sandbox limited of Oz",
        "Slice": "app.slice",
        "PIDs": [init],
        "Delegate": false,
        "CollectMode": "inactive-or-failed",
        "MemoryMax": 512_u64 << 20,
        "MemorySwapMax": 256_u64 << 20,
        "TasksMax": 300,
        "CPUWeight": 20,
        "KillMode": "control-group",
        "TimeoutStopUSec": 5_000_000,
        // Or the kernel's end of one process would be the end of all.
        "OOMPolicy": "continue",
    });
    assert_eq!(call["properties"], expected);
    // That is what people read as well.
    let plan = oz(["plan", "--json", "limited"]).run().ok();
    let plan: Plan = serde_json::from_slice(&plan.out).expect("a plan");
    assert_eq!(plan.limits.total_memory, 512 << 20);
    let text = oz(["plan", "limited"]).run().ok().text();
    assert!(text.contains("512 MiB of memory, a weight of 20"), "{text}");
}

#[test]
fn an_older_one_is_asked_for_what_it_knows() {
    let session = Session::begin();
    let manager = Manager::start(&session, "old");
    for _ in 0..2 {
        is_not_limited(&launched(), "has not");
    }
    let asked = |call: &Value| call["properties"]["OOMPolicy"].is_string();
    let asked: Vec<bool> = manager.calls().iter().map(asked).collect();
    // The second sandbox has the first one's experience.
    assert_eq!(asked, [true, false, false]);
}

#[test]
fn each_sandbox_has_a_scope_of_its_own_by_its_desktop_id() {
    let session = Session::begin();
    let manager = Manager::start(&session, "lie");
    oz(["run", "--detach", "foot"]).run().ok();
    launched();
    launched();
    let names: Vec<String> = manager
        .calls()
        .iter()
        .map(|call| call["name"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(names.len(), 3);
    // As https://systemd.io/DESKTOP_ENVIRONMENTS says, hyphens in an id are escaped.
    assert!(names[0].starts_with("app-oz-foot-"), "{names:?}");
    assert!(names[1].starts_with("app-oz-sleep-"), "{names:?}");
    assert!(names[2].starts_with("app-oz-sleep\\x2d2-"), "{names:?}");
}

#[test]
fn one_that_lies_is_found_out() {
    let session = Session::begin();
    let _profile = session.profile("walled", WALLED);
    let _manager = Manager::start(&session, "lie");
    is_not_limited(&launched(), "has not");
    cli::stop_all();
    is_refused(&session, "has not");
}

#[test]
fn one_that_refuses_or_fails_is_quoted() {
    let session = Session::begin();
    let _profile = session.profile("walled", WALLED);
    for (how, because) in [("refuse", "no scopes today"), ("fail", "failed")] {
        let manager = Manager::start(&session, how);
        is_not_limited(&launched(), because);
        cli::stop_all();
        is_refused(&session, because);
        manager.end();
    }
}

#[test]
fn one_that_does_not_answer_holds_up_one_launch_and_is_not_asked_again() {
    let session = Session::begin();
    let _profile = session.profile("walled", WALLED);
    for how in ["silent", "forget"] {
        let manager = Manager::start(&session, how);
        is_not_limited(&launched(), "does not answer");
        is_not_limited(&launched(), "did not answer before");
        cli::stop_all();
        is_refused(&session, "did not answer before");
        assert_eq!(manager.calls().len(), 1, "{how}");
        manager.end();
    }
}

#[test]
fn an_answer_that_comes_too_late_changes_nothing() {
    let session = Session::begin();
    let manager = Manager::start(&session, "late");
    let inside = launched();
    is_not_limited(&inside, "does not answer");
    // By then it has come.
    wait::pause(std::time::Duration::from_secs(5));
    is_not_limited(&inside, "does not answer");
    assert_eq!(inside.sh("echo fine").ok().text(), "fine");
    assert_eq!(manager.calls().len(), 1);
}

#[test]
fn one_that_goes_in_the_middle_of_it_is_not_waited_for() {
    let session = Session::begin();
    let manager = Manager::start(&session, "leave");
    let inside = launched();
    let (state, why) = said(&inside, "memory");
    assert_eq!(state, "not", "{why}");
    assert_eq!(manager.calls().len(), 1);
    // From now on it is known that there is none.
    is_not_limited(&launched(), "no service manager");
}

#[test]
fn a_later_daemon_looks_again() {
    let session = Session::begin();
    let _manager = Manager::start(&session, "lie");
    let inside = launched();
    is_not_limited(&inside, "has not");
    processes::kill_daemon();
    wait::for_condition("the next daemon", || cli::is_running(inside.id()));
    is_not_limited(&inside, "in its scope no more");
}
