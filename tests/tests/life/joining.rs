//! The same app again: it joins, gets a sandbox of its own, or a throw-away one.

use oz_e2e::{Inside, Session, cli, oz};

use super::shell_profile;

fn start(profile: &str) -> Inside {
    Inside::start(&[profile, "-c", "sleep 1000"])
}

#[test]
fn the_same_app_again_joins_its_sandbox() {
    let session = Session::begin();
    let _profile = session.profile("joiner", &shell_profile(""));
    let first = start("joiner");
    first.sh("echo here > /tmp/mark").ok();
    let second = start("joiner");
    assert_eq!(first.id(), second.id());
    assert_eq!(cli::running(), [first.id()]);
    let ran = oz(["run", "joiner", "-c", "cat /tmp/mark"]).run().ok();
    assert_eq!(ran.text(), "here");
    // Killing everything takes the shell that does it along.
    let _ = first.sh("kill -9 -1");
    first.wait_for_end();
}

#[test]
fn a_joining_program_has_streams_and_status_of_its_own() {
    let session = Session::begin();
    let _profile = session.profile("joiner", &shell_profile(""));
    let first = start("joiner");
    let ran = oz(["run", "joiner", "-c", "cat; exit 9"])
        .stdin("piped")
        .run()
        .exits(9);
    assert_eq!(ran.text(), "piped");
    assert!(first.is_running());
}

#[test]
fn a_joining_program_hears_of_its_click_and_learns_no_token_of_the_desktop() {
    let session = Session::begin();
    let _profile = session.profile("joiner", &shell_profile(""));
    let first = start("joiner");
    let told = || {
        let say = "echo $XDG_ACTIVATION_TOKEN $DESKTOP_STARTUP_ID";
        let ran = oz(["run", "joiner", "-c", say])
            .env("XDG_ACTIVATION_TOKEN", "of-the-desktop")
            .run()
            .ok();
        let text = ran.text();
        let (token, same) = text.split_once(' ').expect("both are said");
        assert_eq!(token, same);
        assert!(
            token.len() == 64 && token.bytes().all(|b| b.is_ascii_hexdigit()),
            "{ran}"
        );
        token.to_owned()
    };
    assert_ne!(told(), told(), "each click has its own");
    // Without one nothing is said.
    let ran = oz(["run", "joiner", "-c", "env"]).run().ok();
    assert!(!ran.text().contains("ACTIVATION"), "{ran}");
    assert!(first.is_running());
}

#[test]
fn a_launch_that_finds_its_sandbox_just_ending_runs_all_the_same() {
    let session = Session::begin();
    let _profile = session.profile("brief", &shell_profile(""));
    // Each ends the sandbox, unless another has joined it by then.
    let launches = || {
        for _ in 0..25 {
            let ran = oz(["run", "brief", "-c", "cat; exit 9"]).stdin("piped");
            assert_eq!(ran.run().exits(9).text(), "piped");
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(launches);
        }
    });
}

#[test]
fn a_file_named_when_joining_is_granted_to_the_running_sandbox() {
    let session = Session::begin();
    let file = oz_e2e::fixtures::write(&session.fresh_dir("join").join("doc"), b"x");
    let _profile = session.profile("joiner", &shell_profile(""));
    let first = start("joiner");
    let look = format!("cat {}", file.display());
    first.sh(&look).refused_inside();
    oz(["run", "joiner", "-c", "cat \"$1\"", "x"])
        .arg(&file)
        .run()
        .ok();
    first.sh(&look).ok();
}

#[test]
fn a_profile_with_multi_gets_a_sandbox_for_each_launch() {
    let session = Session::begin();
    let _profile = session.profile("many", &shell_profile(r#", "life": { "multi": true }"#));
    let (first, second) = (start("many"), start("many"));
    assert_ne!(first.id(), second.id());
    assert_eq!([first.id(), second.id()], ["many", "many-2"]);
    first.sh("echo x > /tmp/mark").ok();
    second.sh("cat /tmp/mark").refused_inside();
    oz(["stop", first.id()]).run().ok();
    assert!(second.is_running() && !first.is_running());
}

#[test]
fn an_ephemeral_one_shares_nothing_and_leaves_nothing() {
    let session = Session::begin();
    let _profile = session.profile(
        "lasting",
        &shell_profile(r#", "files": { "home": "private" }"#),
    );
    oz(["run", "lasting", "-c", "echo kept > ~/note"])
        .run()
        .ok();
    cli::stop_all();
    let before = oz_e2e::leftovers::tree(&session.home());
    let ran = oz([
        "run",
        "--ephemeral",
        "lasting",
        "-c",
        "cat ~/note; echo lost > ~/other; ls -A ~",
    ])
    .run();
    assert!(!ran.text().contains("kept"), "{ran}");
    cli::stop_all();
    let new: Vec<_> = oz_e2e::leftovers::tree(&session.home())
        .difference(&before)
        .cloned()
        .collect();
    let files: Vec<_> = new
        .iter()
        .filter(|path| !path.components().any(|c| c.as_os_str() == "logs"))
        .collect();
    assert!(files.is_empty(), "{files:?}");
    let ran = oz(["run", "lasting", "-c", "cat ~/note; ls ~/other"]).run();
    assert_eq!(ran.text(), "kept");
}

#[test]
fn an_ephemeral_one_does_not_join_a_running_one() {
    let session = Session::begin();
    let _profile = session.profile("joiner", &shell_profile(""));
    let first = start("joiner");
    first.sh("echo x > /tmp/mark").ok();
    oz(["run", "--ephemeral", "joiner", "-c", "cat /tmp/mark"])
        .run()
        .fails();
    assert!(first.is_running());
}

#[test]
fn launches_at_the_same_moment_all_arrive() {
    let session = Session::begin();
    let _profile = session.profile("joiner", &shell_profile(""));
    let runs: Vec<_> = (0..8)
        .map(|n| oz(["run", "joiner", "-c", &format!("sleep 1; echo {n}")]).start())
        .collect();
    for (n, run) in runs.into_iter().enumerate() {
        let ran = run.end_within(oz_e2e::wait::PATIENCE).ok();
        assert_eq!(ran.text(), n.to_string());
    }
}
