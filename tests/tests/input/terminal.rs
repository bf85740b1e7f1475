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

/// Waits until a file on the host has just this in it.
pub fn wait_for_content(path: &Path, content: &str) {
    let mut last = String::new();
    let end = std::time::Instant::now() + wait::PATIENCE;
    while std::time::Instant::now() < end {
        last = std::fs::read_to_string(path).unwrap_or_default();
        if last == content {
            return;
        }
        wait::pause(std::time::Duration::from_millis(50));
    }
    panic!("{} has {last:?}, not {content:?}", path.display());
}
