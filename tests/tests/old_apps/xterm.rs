//! A terminal of X in a sandbox.

use std::path::Path;

use anyhow::Result;
use oz_e2e::run::Started;
use oz_e2e::{Session, oz, wait};
use oz_testkit::desktop::Window;

/// An xterm in a sandbox with a script in it that may write to a directory; it has the focus.
pub fn xterm(
    session: &Session,
    dir: &Path,
    title: &str,
    script: &str,
) -> Result<(Started, Window)> {
    let script = format!("cd {}; {script}", dir.display());
    let run = oz(["run", "--ephemeral", "--write"])
        .arg(dir)
        .args(["xterm", "-T", title, "-e", "sh", "-c", &script])
        .start();
    let window = session.wait_for_window(wait::LONG, |window| window.title == title)?;
    session.give_focus(&window)?;
    Ok((run, window))
}
