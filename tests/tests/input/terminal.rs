//! A terminal in a sandbox whose script a test drives.

use std::path::Path;

use anyhow::Result;
use oz_e2e::run::Started;
use oz_e2e::{Session, oz, wait};
use oz_testkit::desktop::Window;

/// A background that nothing else on the desktop has: rgb(90, 20, 140).
const COLOUR: &str = "--override=colors.background=5a148c";

/// A terminal in a sandbox with a script in it that may write to a directory; it has the focus.
pub fn terminal(
    session: &Session,
    dir: &Path,
    title: &str,
    script: &str,
) -> Result<(Started, Window)> {
    let script = format!(
        "printf '\\033]2;{title}\\007'; cd {}; {script}",
        dir.display()
    );
    let run = oz(["run", "--write"])
        .arg(dir)
        .args(["foot", COLOUR, "sh", "-c", &script])
        .start();
    let window = session.window_within(wait::LONG, "foot", title)?;
    session.give_focus(&window)?;
    Ok((run, window))
}
