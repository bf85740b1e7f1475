//! Windows on an X server. `all_x11_input` has all that `input` has, in such a session.

mod claims;
mod popups;
#[path = "../input/terminal.rs"]
mod terminal;

use anyhow::Result;
use oz_e2e::{Session, wait};
use terminal::{terminal, wait_for_content};

#[test]
fn a_window_is_shown_typed_into_and_closed() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("x11-typing");
    let (run, window) = terminal(&session, &dir, "typing", "echo > ready; cat > typed")?;
    wait::for_condition("the script", || dir.join("ready").exists());
    session.click_window(&window)?;
    session.shoot("x11-window")?;
    session.type_text("Hello, World! ~#\n")?;
    session.chord(&["ctrl", "d"])?;
    wait_for_content(&dir.join("typed"), "Hello, World! ~#\n");
    run.end_within(wait::PATIENCE).ok();
    Ok(())
}
