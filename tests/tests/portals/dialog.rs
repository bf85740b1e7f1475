//! The host's file dialog, and a hand on its keys.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use oz_e2e::{Session, wait};
use oz_testkit::desktop::Window;

/// What shows it.
const APP_ID: &str = "xdg-desktop-portal-gtk";

/// The dialog of a sandbox, once it is there and does not move any more.
pub fn wait_for(session: &Session, sandbox: &str) -> Result<Window> {
    let mark = format!("[{sandbox}] ");
    let window = session
        .wait_for_window(wait::LONG, |w| {
            w.app_id == APP_ID && w.title.starts_with(&mark)
        })
        .context("no dialog")?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    Ok(window)
}

/// Opens a file from a window of a sandbox, as most apps do by Ctrl+O; keeps a picture of the dialog.
pub fn open(
    session: &Session,
    sandbox: &str,
    window: &Window,
    path: &Path,
    shot: &str,
) -> Result<()> {
    session.give_focus(window)?;
    session.settled_but_for_the_cursor(window)?;
    session.chord(&["ctrl", "o"])?;
    let shown = wait_for(session, sandbox)?;
    session.shoot(shot)?;
    pick(session, &shown, path)
}

/// Types the path of a file, accepts, and waits until the dialog is gone.
pub fn pick(session: &Session, window: &Window, path: &Path) -> Result<()> {
    type_path(session, path)?;
    session.key("enter", "press")?;
    gone(session, window)
}

/// Goes to a directory, without picking it; keys go to its list then.
pub fn enter(session: &Session, window: &Window, directory: &Path) -> Result<()> {
    // From a list of what was used lately it goes nowhere.
    session.chord(&["alt", "home"])?;
    wait::pause(Duration::from_millis(500));
    type_path(session, &directory.join(""))?;
    // What it has added by itself is selected.
    session.key("delete", "press")?;
    session.key("enter", "press")?;
    wait::pause(Duration::from_millis(1000));
    session.click_window(window)?;
    wait::pause(Duration::from_millis(500));
    Ok(())
}

/// Picks a directory, and waits until the dialog is gone.
pub fn pick_folder(session: &Session, window: &Window, directory: &Path) -> Result<()> {
    enter(session, window, directory)?;
    session.shoot("portal-folder")?;
    session.chord(&["alt", "s"])?;
    gone(session, window)
}

/// Types a path where the dialog takes one. It looks names up as they are typed, and eats what comes meanwhile.
pub fn type_path(session: &Session, path: &Path) -> Result<()> {
    session.chord(&["ctrl", "l"])?;
    wait::pause(Duration::from_millis(500));
    session.chord(&["ctrl", "a"])?;
    let path = path.to_string_lossy();
    let (first, rest) = path.split_at(1);
    for part in [first, rest] {
        session.type_text(part)?;
        wait::pause(Duration::from_millis(700));
    }
    Ok(())
}

/// Waves it away.
pub fn cancel(session: &Session, window: &Window) -> Result<()> {
    session.key("escape", "press")?;
    gone(session, window)
}

/// Waits until it is gone.
pub fn gone(session: &Session, window: &Window) -> Result<()> {
    let con = window.con_id;
    let there = |w: &Window| w.con_id == con;
    session
        .wait_for_no_window(wait::LONG, there)
        .context("the dialog stays")
}

/// Whether one is shown.
pub fn is_shown(session: &Session) -> bool {
    session
        .windows()
        .is_ok_and(|all| all.iter().any(|w| w.app_id == APP_ID))
}
