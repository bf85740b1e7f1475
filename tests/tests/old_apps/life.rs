//! The X server inside: it comes when somebody connects, and its end is not the sandbox's.

use anyhow::{Result, ensure};
use oz_e2e::{Inside, Session, wait};

/// X servers that run inside.
const SERVERS: &str = "pgrep -x Xwayland";

#[test]
fn nothing_runs_before_somebody_connects() {
    let _session = Session::begin();
    let inside = Inside::start(&["--", "sleep", "1000"]);
    assert!(inside.holds("test -S /tmp/.X11-unix/X0"));
    assert!(!inside.holds(SERVERS));
}

#[test]
fn a_killed_x_server_takes_its_apps_along_and_the_next_connection_starts_another() -> Result<()> {
    let session = Session::begin();
    let inside = Inside::start(&["--", "foot", "--title", "wayland"]);
    let wayland = session.wait_for_window(wait::LONG, |window| window.title == "wayland")?;
    for time in 0..3 {
        let app = inside.script("xeyes").start();
        session.wait_for_window(wait::LONG, |window| window.title == "xeyes")?;
        if time == 0 {
            session.shoot("xeyes")?;
        }
        inside.sh("pkill -KILL -x Xwayland").ok();
        app.end_within(wait::LONG).fails();
        session.wait_for_no_window(wait::LONG, |window| window.title == "xeyes")?;
        ensure!(inside.is_running());
        session.again(&wayland)?;
    }
    Ok(())
}

#[test]
fn a_sandbox_whose_profile_says_so_has_no_x_server() {
    let session = Session::begin();
    let _profile = session.profile(
        "no-x11",
        r#"{ "extends": "generic", "display": { "x11": false } }"#,
    );
    let inside = Inside::idle("no-x11");
    assert!(inside.holds("test ! -e /tmp/.X11-unix && test -z \"$DISPLAY$XAUTHORITY\""));
}
