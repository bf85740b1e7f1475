//! Text that is typed into a window of an app and arrives in a file.

use std::path::Path;

use anyhow::Result;
use oz_testkit::desktop::Window;

use crate::{Session, wait};

/// What a shell in the app runs, in the directory that is given to [`arrives`].
pub const SCRIPT: &str = "echo > ready; cat > typed";

/// Types a line into the window of a program that runs [`SCRIPT`], and waits until it is in the file.
///
/// # Errors
/// When the desktop does not do what is asked.
pub fn arrives(session: &Session, dir: &Path, window: &Window, text: &str) -> Result<()> {
    wait::for_condition("the script", || dir.join("ready").exists());
    session.click_window(window)?;
    session.type_text(&format!("{text}\n"))?;
    session.chord(&["ctrl", "d"])?;
    wait::for_content(&dir.join("typed"), &format!("{text}\n"));
    Ok(())
}
