//! What runs is in the list, as long as it runs.

use anyhow::{Result, ensure};
use oz_e2e::session::home;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};

use super::{APP, Panel};

#[test]
fn sandboxes_come_and_go_in_the_list_as_they_do() -> Result<()> {
    let session = Session::begin();
    let panel = Panel::open(&session)?;
    panel.wait_for_text("No Sandbox Runs")?;
    panel.shoot("panel-empty")?;
    let _first = session.profile("first", r#"{ "extends": "generic" }"#);
    let _second = session.profile("second", r#"{ "extends": "generic" }"#);
    let first = Inside::idle("first");
    panel.wait_for_text("first")?;
    let second = Inside::idle("second");
    panel.wait_for_text("second")?;
    // Who looks is told how much memory each takes.
    panel.wait_for_text("No window · ")?;
    panel.shoot("panel-two")?;
    oz(["stop", first.id()]).run().ok();
    panel.wait_for_no_text("first");
    panel.wait_for_text("second")?;
    oz(["stop", second.id()]).run().ok();
    panel.wait_for_text("No Sandbox Runs")?;
    panel.close()
}

#[test]
fn what_ran_before_is_there_and_the_daemon_may_end_in_between() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("steady", r#"{ "extends": "generic" }"#);
    let steady = Inside::idle("steady");
    let panel = Panel::open(&session)?;
    panel.wait_for_text("steady")?;
    oz_e2e::processes::kill_daemon();
    // The next one finds it again, and the panel the next one.
    ensure!(cli::is_running(steady.id()));
    panel.wait_for_text("steady")?;
    oz(["stop", steady.id()]).run().ok();
    panel.wait_for_text("No Sandbox Runs")?;
    panel.close()
}

#[test]
fn a_sandbox_is_ended_by_a_button_and_a_yes() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("ended", r#"{ "extends": "generic" }"#);
    let ended = Inside::idle("ended");
    let panel = Panel::open(&session)?;
    panel.press("Stop")?;
    panel.wait_for_text("End ended?")?;
    panel.press("Cancel")?;
    panel.wait_for_no_text("End ended?");
    ensure!(ended.is_running());
    panel.press("Stop")?;
    panel.press("End")?;
    ended.wait_for_end();
    panel.wait_for_text("No Sandbox Runs")?;
    panel.close()
}

#[test]
fn there_is_one_panel() -> Result<()> {
    let session = Session::begin();
    let panel = Panel::open(&session)?;
    oz(["panel"]).run().ok();
    let windows = session.windows()?;
    ensure!(windows.iter().filter(|window| window.app_id == APP).count() == 1);
    panel.close()
}

/// A bus that starts nothing by itself.
const BARE_BUS: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>"#;

#[test]
fn it_ends_with_the_session_without_a_word() -> Result<()> {
    let session = Session::begin();
    let config = home().join("bare-bus.conf");
    std::fs::write(&config, BARE_BUS)?;
    let bus = Run::new("dbus-daemon", ["--nofork", "--print-address"])
        .arg(format!("--config-file={}", config.display()))
        .start();
    let address = wait::until("an address", || {
        Some(bus.text_so_far().lines().next()?.to_owned())
    });
    let run = oz(["panel"])
        .env("DBUS_SESSION_BUS_ADDRESS", address)
        .env("GTK_A11Y", "none");
    let panel = Panel::open_with(&session, run)?;
    bus.signal(rustix::process::Signal::KILL);
    panel.end_by_itself()
}

#[test]
fn a_launcher_starts_it_by_the_bus_and_a_key_closes_it() -> Result<()> {
    let session = Session::begin();
    // As desktops do when they start: what the bus starts finds the display.
    let display: &[&str] = if session.is_x11() {
        &["DISPLAY", "XAUTHORITY"]
    } else {
        &["WAYLAND_DISPLAY"]
    };
    Run::new("dbus-update-activation-environment", display)
        .run()
        .ok();
    let activate = [
        "call",
        "--session",
        "--dest=org.oz.Panel",
        "--object-path=/org/oz/Panel",
    ];
    Run::new("gdbus", activate)
        .args(["--method=org.freedesktop.Application.Activate", "{}"])
        .run()
        .ok();
    let window = session.window_within(wait::LONG, APP, "")?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    session.chord(&["ctrl", "w"])?;
    session.wait_for_no_window(wait::PATIENCE, |window| window.app_id == APP)
}

#[test]
fn what_leads_through_the_network_s_wall_is_listed_and_closed() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("offline", r#"{ "extends": "generic" }"#);
    let offline = Inside::idle("offline");
    let panel = Panel::open(&session)?;
    panel.wait_for_text("It has no network.")?;
    oz(["forward", offline.id(), "in:tcp:9050"]).run().ok();
    let shown = "It reaches TCP port 9050 of this computer";
    panel.wait_for_text(shown)?;
    panel.press(&format!("Close {shown}"))?;
    panel.wait_for_no_text(shown);
    let list = cli::json(["ps"]);
    ensure!(list[0]["forwards"] == serde_json::json!([]), "{list}");
    panel.close()
}

#[test]
fn how_far_walls_hold_and_what_programs_wrote_can_be_read() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("talker", r#"{ "extends": "generic" }"#);
    let script = "printf 'said \\033[31min red\\n'; exec sleep 1000";
    let start = [
        "run",
        "--detach",
        "--profile",
        "talker",
        "--",
        "sh",
        "-c",
        script,
    ];
    oz(start).run().ok();
    let panel = Panel::open(&session)?;
    panel.press("Log")?;
    panel.wait_for_text("Log of talker")?;
    session.key("escape", "press")?;
    panel.wait_for_no_text("Log of talker");
    panel.wait_for_text("It has no network.")?;
    panel.close()
}

#[test]
fn the_panel_speaks_german_to_whoever_does() -> Result<()> {
    let session = Session::begin();
    let panel = Panel::open_with(&session, oz(["panel"]).env("LANG", "de_DE.UTF-8"))?;
    panel.wait_for_text("Es läuft kein Sandkasten")?;
    let _profile = session.profile("gast", r#"{ "extends": "generic" }"#);
    let guest = Inside::idle("gast");
    panel.wait_for_text("Sie hat keine Ihrer Dateien.")?;
    panel.wait_for_text("Sie hat kein Netz.")?;
    panel.shoot("panel-german")?;
    oz(["stop", guest.id()]).run().ok();
    panel.wait_for_text("Es läuft kein Sandkasten")?;
    panel.close()
}
