//! The host's compositor: absent from the start, or gone while an app runs.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oz_e2e::run::Started;
use oz_e2e::{Run, Session, cli, oz, session, wait};

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

/// The sockets of compositors.
fn displays(runtime: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(runtime).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("wayland-") && !name.ends_with(".lock")
        })
        .collect()
}

/// A second sway on the same runtime directory; its Wayland socket's name.
fn second_compositor(session: &Session) -> (Started, String) {
    let runtime = session::runtime_dir();
    // One that was killed left its socket, and the next one would take the same name.
    for path in displays(&runtime) {
        if UnixStream::connect(&path).is_err() {
            let _ = std::fs::remove_file(path);
        }
    }
    let _ = std::fs::remove_file(runtime.join("second-sway.sock"));
    let before = displays(&runtime);
    let config = oz_e2e::fixtures::write(
        &session.fresh_dir("second-sway").join("config"),
        b"xwayland disable\noutput HEADLESS-1 resolution 800x600\n",
    );
    let sway = Run::new("sway", ["-c"])
        .arg(config)
        .without("WAYLAND_DISPLAY")
        .env("SWAYSOCK", runtime.join("second-sway.sock"))
        .env("WLR_BACKENDS", "headless")
        .env("WLR_LIBINPUT_NO_DEVICES", "1")
        .env("WLR_RENDERER", "pixman")
        .start();
    let name = wait::until("the second compositor", || {
        let new = displays(&runtime)
            .into_iter()
            .find(|path| !before.contains(path))?;
        UnixStream::connect(&new).ok()?;
        Some(new.file_name()?.to_string_lossy().into_owned())
    });
    (sway, name)
}

#[test]
fn when_the_compositor_goes_the_app_ends_and_its_command_says_why() {
    let session = Session::begin();
    for program in ["foot", "gtk4-demo"] {
        let (sway, display) = second_compositor(&session);
        let socket = session::runtime_dir().join("second-sway.sock");
        let run = oz(["run", program])
            .env("WAYLAND_DISPLAY", &display)
            .start();
        wait::within(
            wait::LONG,
            &format!("{program} on the second compositor"),
            || {
                let tree = Run::new("swaymsg", ["-s"])
                    .arg(&socket)
                    .args(["-rt", "get_tree"])
                    .run();
                tree.text().contains("\"pid\"").then_some(())
            },
        );
        sway.signal(rustix::process::Signal::KILL);
        let ran = run.end_within(BOUNDED);
        assert_ne!(ran.code, 0, "{ran}");
        let complaint = ran.complaint().to_lowercase();
        assert!(
            ["compositor", "display", "desktop"]
                .iter()
                .any(|w| complaint.contains(w)),
            "it says why: {ran}"
        );
        wait::for_condition("the sandbox to end", || cli::running().is_empty());
        // The first compositor's apps do not mind.
        oz(["run", "--", "true"]).run().ok();
        drop(sway);
    }
}

#[test]
fn each_launch_goes_to_the_compositor_of_its_caller() {
    let session = Session::begin();
    let (sway, display) = second_compositor(&session);
    let socket = session::runtime_dir().join("second-sway.sock");
    let there = oz(["run", "--ephemeral", "foot"])
        .env("WAYLAND_DISPLAY", &display)
        .start();
    let here = oz(["run", "--ephemeral", "foot"]).start();
    session.window_within(wait::LONG, "foot", "").unwrap();
    wait::within(wait::LONG, "the other on the second", || {
        let tree = Run::new("swaymsg", ["-s"])
            .arg(&socket)
            .args(["-rt", "get_tree"])
            .run();
        tree.text().contains("\"app_id\": \"foot\"").then_some(())
    });
    assert_eq!(session.windows().unwrap().len(), 1);
    drop((there, here, sway));
}
