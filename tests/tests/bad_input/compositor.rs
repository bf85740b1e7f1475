//! The host's compositor: absent from the start, or another one. One that goes is the group `lost`.

use std::time::Duration;

use oz_e2e::second::Second;
use oz_e2e::{Session, cli, oz, wait};

use super::is_readable;

const BOUNDED: Duration = Duration::from_secs(20);

#[test]
fn without_a_compositor_an_app_with_windows_is_told_so() {
    let session = Session::begin();
    for display in [
        None,
        Some("no-such-display"),
        Some("/no/such/socket"),
        Some("../../etc"),
    ] {
        let run = oz(["run", "foot"]).within(BOUNDED);
        let run = match display {
            None => run.without("WAYLAND_DISPLAY"),
            Some(name) => run.env("WAYLAND_DISPLAY", name),
        };
        let ran = run.run().fails();
        is_readable(&ran);
        let complaint = ran.complaint().to_lowercase();
        assert!(
            ["compositor", "display", "wayland"]
                .iter()
                .any(|word| complaint.contains(word)),
            "{display:?}: {ran}"
        );
        cli::stop_all();
    }
    assert!(session.windows().unwrap().is_empty());
}

#[test]
fn without_a_compositor_a_command_without_windows_works() {
    let _session = Session::begin();
    oz(["run", "--", "echo", "fine"])
        .without("WAYLAND_DISPLAY")
        .run()
        .ok();
}

#[test]
fn each_launch_goes_to_the_compositor_of_its_caller() {
    let session = Session::begin();
    let second = Second::begin(&session);
    let there = second.oz(["run", "--ephemeral", "foot"]).start();
    let here = oz(["run", "--ephemeral", "foot"]).start();
    session.window_within(wait::LONG, "foot", "").unwrap();
    second
        .desktop
        .window_within(wait::LONG, "foot", "")
        .unwrap();
    assert_eq!(session.windows().unwrap().len(), 1);
    drop((there, here));
}
