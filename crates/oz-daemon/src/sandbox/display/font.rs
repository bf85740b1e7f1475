//! The font in which names of sandboxes are written on their windows: what the host has for bold letters without serifs.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;

/// How long fontconfig may take; the first time it looks at every font there is.
const PATIENCE: Duration = Duration::from_secs(3);

/// Found when the first window is about to be; a host's fonts seldom change.
static FONT: OnceCell<Option<PathBuf>> = OnceCell::const_new();

/// It said nothing in time: the next window asks again.
struct Late;

/// Its file, if the host can say.
pub(super) async fn file() -> Option<PathBuf> {
    FONT.get_or_try_init(find).await.ok()?.clone()
}

async fn find() -> Result<Option<PathBuf>, Late> {
    let mut ask = Command::new("fc-match");
    ask.args(["--format=%{file}", "sans:bold"])
        .kill_on_drop(true);
    let said = tokio::time::timeout(PATIENCE, ask.output());
    let Ok(said) = said.await.map_err(|_| Late)? else {
        return Ok(None);
    };
    Ok(named(said))
}

fn named(said: std::process::Output) -> Option<PathBuf> {
    let path = String::from_utf8(said.stdout).ok()?;
    let path = PathBuf::from(path.trim());
    let found = said.status.success() && path.is_absolute();
    if !found {
        tracing::debug!("fontconfig names no font");
    }
    found.then_some(path)
}
