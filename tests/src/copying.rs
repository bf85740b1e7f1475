//! An app to copy from and to paste into.

use std::path::{Path, PathBuf};

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
    // What the desktop offers it to paste comes with the keyboard, and a moment later.
    session.settled_but_for_the_cursor(&window)?;
    Ok((file, Inside::of(&ran.text())))
}

/// Whether the document has changed since it was saved, as its window says.
fn is_changed(session: &Session) -> bool {
    let all = session.windows().unwrap_or_default();
    let mut shown = all.iter().filter(|window| window.title.contains("doc.txt"));
    shown.any(|window| window.title.contains('*'))
}

/// Saves what was typed; then it is this.
pub fn saves(session: &Session, file: &Path, text: &str) -> Result<()> {
    wait::for_condition("the mark of a change", || is_changed(session));
    session.chord(&["ctrl", "s"])?;
    wait::for_content(file, text);
    // While it saves it takes nothing.
    wait::for_condition("it to be saved", || !is_changed(session));
    Ok(())
}

/// Pastes over all that there is, until it is this: an app hears a moment after the desktop that something else was copied.
pub fn pastes(session: &Session, file: &Path, text: &str) {
    let line = format!("{text}\n");
    wait::for_condition("what was copied", || {
        if is_changed(session) {
            session.chord(&["ctrl", "s"]).expect("a key");
            return false;
        }
        let is_it = std::fs::read_to_string(file).is_ok_and(|it| it == line);
        if !is_it {
            session.chord(&["ctrl", "a"]).expect("a key");
            session.chord(&["ctrl", "v"]).expect("a key");
            wait::for_condition("something pasted", || is_changed(session));
        }
        is_it
    });
}
