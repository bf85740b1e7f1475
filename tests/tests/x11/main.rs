//! Windows on an X server. `all_x11_input` has all that `input` has, in such a session.

#[path = "../old_apps/attacks.rs"]
mod attacks;
#[path = "../old_apps/attention.rs"]
mod attention;
mod claims;
#[path = "../old_apps/clipboard.rs"]
mod clipboard;
mod dense;
mod frames;
#[path = "../old_apps/game.rs"]
mod game;
#[path = "../old_apps/host.rs"]
mod host;
#[path = "../old_apps/hostile.rs"]
mod hostile;
#[path = "../drags/hostile.rs"]
mod hostile_drags;
mod managers;
mod old_apps;
mod popups;
#[path = "../old_apps/programs.rs"]
mod programs;
mod returns;
#[path = "../old_apps/shell.rs"]
mod shell;
#[path = "../old_apps/sizes.rs"]
mod sizes;
#[path = "../input/terminal.rs"]
mod terminal;
#[path = "../drags/x11.rs"]
mod x11;
#[path = "../old_apps/xterm.rs"]
mod xterm;

use anyhow::Result;
use oz_e2e::{Session, typing, wait};
use terminal::terminal;
use xterm::xterm;

#[test]
fn a_window_is_shown_typed_into_and_closed() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-typing");
    let (run, window) = terminal(&session, &dir, "typing", typing::SCRIPT)?;
    session.shoot("x11-window")?;
    typing::arrives(&session, &dir, &window, "Hello, World! ~#")?;
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}
