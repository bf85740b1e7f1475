//! What a hostile app tries with portals.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Session, cli, wait};

use crate::app::{App, Script};
use crate::{dialog, host};

const ATTACK: &str = include_str!("attack.py");

fn attack(session: &Session, arguments: &[&str]) -> App {
    App::run(session, &Script("attack.py", ATTACK), arguments)
}

/// Whether the portals of a sandbox answer, and the daemon.
fn goes_on(app: &App) {
    let ask = format!("{} '[]'", host::call("Settings.ReadAll"));
    app.inside().wait_for(&ask);
    assert!(app.inside().is_running());
    assert_eq!(cli::running().len(), 1);
}

#[test]
fn a_flood_of_dialogs_is_one_at_a_time_and_ends_when_it_is_waved_away() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let app = attack(&session, &["flood"]);
    app.wait_for("asked 8 refused 32");
    for _ in 0..3 {
        let window = dialog::wait_for(&session, app.inside().id())?;
        let shown = session.windows()?;
        assert_eq!(
            shown.iter().filter(|w| w.app_id == window.app_id).count(),
            1
        );
        dialog::cancel(&session, &window)?;
    }
    // The others are answered without anybody having seen them.
    app.wait_for("done");
    assert!(!dialog::is_shown(&session));
    Ok(())
}

#[test]
fn a_forged_title_is_one_line_behind_the_name_of_the_sandbox() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let app = attack(&session, &["title"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    session.shoot("portal-forged-title")?;
    let start = format!("[{}] [keepass] Unlock [2Jxxx", app.inside().id());
    assert!(window.title.starts_with(&start), "{}", window.title);
    assert!(window.title.chars().count() < 120, "{}", window.title);
    dialog::cancel(&session, &window)
}

#[test]
fn a_program_cannot_close_the_request_of_another() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let app = attack(&session, &["keep", "guessed"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    let text = app.text();
    let path = text.lines().find_map(|line| line.strip_prefix("path "));
    let path = path.expect("it says where its request is").to_owned();
    assert!(path.ends_with("/guessed"), "{path}");
    let script = home().join("app/attack.py");
    let close = format!("exec python3 {} close {path} 2>&1", script.display());
    let other = app.inside().sh(&close).ok().text();
    assert!(other.contains("refused"), "{other}");
    assert!(dialog::is_shown(&session));
    dialog::cancel(&session, &window)
}

#[test]
fn messages_that_are_too_long_cost_the_sandbox_its_own_portals_for_a_moment() {
    let session = Session::begin();
    host::begin();
    let app = attack(&session, &["long"]);
    app.wait_for("done");
    assert!(!app.said("taken"), "{}", app.text());
    goes_on(&app);
}

#[test]
fn a_message_of_128_mib_costs_who_sends_it_its_connection() {
    let session = Session::begin();
    host::begin();
    let app = attack(&session, &["huge"]);
    app.wait_for("done");
    assert!(app.said("greeted b'OK'"), "{}", app.text());
    assert!(
        app.said("refused") || app.said("answer b''"),
        "{}",
        app.text()
    );
    goes_on(&app);
}

#[test]
fn descriptors_are_not_taken() {
    let session = Session::begin();
    host::begin();
    let app = attack(&session, &["fds"]);
    app.wait_for("done");
    assert!(!dialog::is_shown(&session));
    assert!(app.inside().is_running());
}

#[test]
fn a_key_that_is_held_down_picks_nothing() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let app = App::start(&session, 3, &["save", "planted.txt", "on-key"]);
    let own = session.wait_for_window(wait::LONG, |w| w.title.contains("an app"))?;
    session.give_focus(&own)?;
    session.key("enter", "down")?;
    let window = dialog::wait_for(&session, app.inside().id());
    wait::pause(Duration::from_secs(2));
    let shown = dialog::is_shown(&session);
    session.shoot("portal-held-key")?;
    session.key("enter", "up")?;
    assert!(shown && !app.said("response"), "{}", app.text());
    // It is suggested, so a key would be enough.
    session.key("enter", "press")?;
    dialog::gone(&session, &window?)?;
    app.wait_for("done");
    assert!(app.said("planted.txt"), "{}", app.text());
    Ok(())
}

#[test]
fn a_dialog_that_comes_while_nobody_uses_the_app_suggests_no_name() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let app = attack(&session, &["unasked"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    wait::pause(Duration::from_secs(1));
    session.key("enter", "press")?;
    wait::pause(Duration::from_secs(1));
    session.shoot("portal-unasked")?;
    assert!(
        dialog::is_shown(&session) && !app.said("response"),
        "{}",
        app.text()
    );
    dialog::cancel(&session, &window)?;
    assert!(
        !cli::json(["files", app.inside().id()])
            .to_string()
            .contains("planted")
    );
    Ok(())
}

#[test]
fn protected_places_are_not_given_whatever_is_picked() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let file = write(&home().join(".bashrc"), b"# mine\n");
    let app = App::start(&session, 3, &["save", "suggested.txt"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    dialog::type_path(&session, &file)?;
    session.key("enter", "press")?;
    // The dialog asks whether it shall be replaced.
    wait::pause(Duration::from_secs(1));
    session.shoot("portal-save-protected")?;
    session.key("enter", "press")?;
    dialog::gone(&session, &window)?;
    app.wait_for("done");
    assert!(!app.said("response -3"), "{}", app.text());
    assert_eq!(fs::read(&file)?, b"# mine\n");
    assert!(
        !cli::json(["files", app.inside().id()])
            .to_string()
            .contains("bashrc")
    );
    Ok(())
}
