//! An app to copy from and to paste into.

use std::path::PathBuf;

use anyhow::Result;

use crate::fixtures::write;
use crate::{Inside, Session, oz, wait};

/// gedit with an empty document in a directory that it may write; it was clicked.
pub fn gedit_in_use(session: &Session) -> Result<(PathBuf, Inside)> {
    let dir = session.fresh_dir("clipboard");
    let file = write(&dir.join("doc.txt"), b"");
    let ran = oz(["run", "--detach", "--write"])
        .arg(&dir)
        .arg("gedit")
        .arg(&file)
        .run()
        .ok();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    session.click_window(&window)?;
    Ok((file, Inside::of(&ran.text())))
}
