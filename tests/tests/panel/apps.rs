//! Apps that are installed: how they are started, what they may do, and changing that.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Session, cli, oz, wait};
use oz_testkit::desktop::Widget;

use super::{APP, Panel};

/// The panel with its list of apps.
pub(super) fn apps(session: &Session) -> Result<Panel<'_>> {
    let panel = Panel::open(session)?;
    panel.turn_to("Apps")?;
    Ok(panel)
}

/// The first row of the list is above this.
const FIRST: i32 = 150;

/// Searches an app, and goes to it.
pub(super) fn choose(panel: &Panel<'_>, name: &str, shown: &str) -> Result<()> {
    panel.wait_for_text("Starts without a sandbox")?;
    let session = panel.session;
    session.click_widget(&panel.window, APP, |w| w.name == "Search apps")?;
    session.type_text(name)?;
    // It comes first in the list.
    let is_first = |w: &Widget| {
        let top = w.place.map(|[_, top, ..]| top);
        w.role == "label" && w.name == shown && top.is_some_and(|top| top < FIRST)
    };
    session.click_widget(&panel.window, APP, is_first)
}

pub(super) fn own_profile(name: &str) -> PathBuf {
    home().join(format!(".config/oz/profiles/{name}.json"))
}

fn state_of(profile: &str) -> String {
    let list = cli::json(["status"]);
    let all = list.as_array().expect("a list");
    let row = all.iter().find(|row| row["profile"] == profile);
    row.map_or_else(String::new, |row| {
        row["state"].as_str().unwrap_or_default().to_owned()
    })
}

#[test]
fn an_app_is_switched_to_its_sandbox_and_back_as_by_the_command() -> Result<()> {
    let session = Session::begin();
    session.forget("mousepad");
    write(&home().join(".config/Mousepad/kept.conf"), b"kept\n");
    let panel = apps(&session)?;
    panel.wait_for_text("Starts without a sandbox")?;
    panel.shoot("panel-apps")?;
    let name = panel
        .session
        .widgets(APP)?
        .into_iter()
        .find(|widget| {
            widget.name.starts_with("In its sandbox: ") && widget.name.contains("ousepad")
        })
        .context("a switch for mousepad")?;
    ensure!(state_of("mousepad") == "not-enabled");
    session.press(APP, &name.role, &name.name)?;
    wait::for_condition("the launcher", || state_of("mousepad") == "enabled");
    // What it has kept so far is asked about, as by the command.
    panel.wait_for_text("What becomes of what mousepad has kept so far?")?;
    panel.shoot("panel-data")?;
    panel.press("Copy It")?;
    wait::for_condition("the copy", || {
        let list = cli::json(["data", "mousepad", "list"]);
        list.as_array()
            .is_some_and(|all| all.iter().any(|row| row["of"] == "sandbox"))
    });
    panel.wait_for_text("Starts in its sandbox")?;
    session.press(APP, &name.role, &name.name)?;
    wait::for_condition("no launcher", || state_of("mousepad") == "not-enabled");
    // What is switched elsewhere is seen when the list is looked at again.
    oz(["enable", "mousepad"]).run().ok();
    oz(["disable", "mousepad"]).run().ok();
    panel.close()
}

#[test]
fn what_an_app_may_do_is_read_and_changed_in_the_users_own_profile() -> Result<()> {
    let session = Session::begin();
    let file = own_profile("mousepad");
    let before = "{ // mine\n  \"description\": \"notes\" // and theirs\n}\n";
    let _profile = session.profile("mousepad", before);
    let panel = apps(&session)?;
    choose(&panel, "mousepad", "Mousepad")?;
    panel.wait_for_text("It Can")?;
    panel.wait_for_text("read and change the files that you open with it")?;
    panel.wait_for_text("see any other of your files")?;
    panel.wait_for_text("reach any network")?;
    panel.shoot("panel-permissions")?;
    // By the keyboard alone: the microphone is asked about from now on.
    let row = |w: &Widget| w.role == "combo box" && w.name == "Microphone";
    panel.key_to("tab", row)?;
    panel.shoot("panel-settings")?;
    for key in ["space", "down", "down", "enter"] {
        session.settled(&panel.window)?;
        session.key(key, "press")?;
    }
    session.settled(&panel.window)?;
    panel.shoot("panel-settings-chosen")?;
    panel.wait_for_text("Changed by you")?;
    wait::for_condition("the profile to say so", || {
        fs::read_to_string(&file).is_ok_and(|now| now.contains("\"microphone\": \"ask\""))
    });
    let now = fs::read_to_string(&file)?;
    ensure!(
        now.starts_with("{ // mine\n  \"description\": \"notes\", // and theirs\n"),
        "{now}"
    );
    panel.wait_for_text("to hear the microphone")?;
    let plan = cli::json(["plan", "mousepad"]);
    ensure!(plan["audio"]["microphone"] == "ask", "{plan}");
    panel.press("Restore the shipped setting: Microphone")?;
    panel.wait_for_no_text("Changed by you");
    ensure!(!fs::read_to_string(&file)?.contains("\"microphone\": \"ask\""));
    panel.close()
}

#[test]
fn a_profile_that_its_user_has_broken_is_left_as_it_is_and_that_is_said() -> Result<()> {
    let session = Session::begin();
    let file = own_profile("mousepad");
    let _profile = session.profile("mousepad", r#"{ "audio": { "microphon": "on" } }"#);
    let panel = apps(&session)?;
    choose(&panel, "mousepad", "Mousepad")?;
    panel.wait_for_text("It Cannot Be Started")?;
    panel.wait_for_text("microphon")?;
    ensure!(fs::read(&file)? == b"{ \"audio\": { \"microphon\": \"on\" } }");
    panel.close()
}
