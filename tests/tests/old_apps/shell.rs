//! A shell in a terminal of X in a sandbox.

use std::path::PathBuf;

use anyhow::Result;
use oz_e2e::run::Started;
use oz_e2e::{Session, wait};
use oz_testkit::desktop::Window;

use super::xterm;

/// A shell that leaves the window its title.
const SHELL: &str = "echo > ready; while read -r line; do eval \"$line\"; done";

/// A shell in an xterm, in a directory of its own.
pub struct Shell<'a> {
    session: &'a Session,
    pub dir: PathBuf,
    window: Window,
    _run: Started,
}

impl<'a> Shell<'a> {
    pub fn begin(session: &'a Session, name: &str) -> Result<Self> {
        let dir = session.fresh_dir(name);
        // The directory's name would be taken for the directory.
        let (run, window) = xterm(session, &dir, "a shell", SHELL)?;
        wait::for_condition("the shell", || dir.join("ready").exists());
        Ok(Self {
            session,
            dir,
            window,
            _run: run,
        })
    }

    /// A line that the user types.
    pub fn types(&self, line: &str) -> Result<()> {
        self.session.give_focus(&self.window)?;
        self.session.type_text(&format!("{line}\n"))
    }

    /// What a command has written that the user typed.
    pub fn says(&self, command: &str) -> Result<String> {
        let (said, done) = (self.dir.join("said"), self.dir.join("done"));
        let _ = std::fs::remove_file(&done);
        self.types(&format!("{command} > said; echo > done"))?;
        wait::for_condition(command, || done.exists());
        Ok(std::fs::read_to_string(said)?)
    }

    /// Pastes until it is this. What the window is offered it hears a moment after it has got the keyboard.
    pub fn pastes(&self, text: &str) {
        wait::for_condition("what was copied", || {
            let said = self.says("xclip -o -selection clipboard");
            said.is_ok_and(|it| it == text)
        });
    }
}
