//! The font in which names of sandboxes are written on their windows: what the host has for bold letters without serifs.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;

/// How long fontconfig may take; the first time it looks at every font there is.
const PATIENCE: Duration = Duration::from_secs(3);

/// Found when the first window is about to be; a host's fonts seldom change.
static FONT: OnceCell<Option<PathBuf>> = OnceCell::const_new();

/// Its file, if the host can say.
pub(super) async fn file() -> Option<PathBuf> {
    FONT.get_or_init(find).await.clone()
}

async fn find() -> Option<PathBuf> {
    let mut ask = Command::new("fc-match");
    ask.args(["--format=%{file}", "sans:bold"])
        .kill_on_drop(true);
    let said = tokio::time::timeout(PATIENCE, ask.output())
        .await
        .ok()?
        .ok()?;
    let path = String::from_utf8(said.stdout).ok()?;
    let path = PathBuf::from(path.trim());
    let found = said.status.success() && path.is_absolute();
    if !found {
        tracing::debug!("fontconfig names no font");
    }
    found.then_some(path)
}
