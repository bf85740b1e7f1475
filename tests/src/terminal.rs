//! A terminal to run `oz` in: tmux, whose screen can be read and whose size can change.

use std::path::PathBuf;

use crate::run::{Ran, Run};
use crate::{session, wait};

/// A terminal of 80 by 24 characters, gone with the value.
pub struct Terminal {
    socket: PathBuf,
}

impl Terminal {
    /// Opens one with a shell in it.
    pub fn open(name: &str) -> Self {
        let this = Self {
            socket: session::temporary_dir().join(format!("tmux-{name}")),
        };
        let size = ["-x", "80", "-y", "24"];
        this.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-s",
            "t",
            size[0],
            size[1],
            size[2],
            size[3],
            "sh",
        ]);
        this.tmux(&["set-option", "-t", "t", "window-size", "manual"]);
        this.line("PS1='> '");
        this
    }

    fn tmux(&self, words: &[&str]) -> Ran {
        Run::new("tmux", ["-S"])
            .arg(&self.socket)
            .args(words)
            .run()
            .ok()
    }

    /// Types text as it is.
    pub fn text(&self, text: &str) {
        self.tmux(&["send-keys", "-t", "t", "-l", "--", text]);
    }

    /// Presses a key by tmux's name: `Enter`, `C-c`.
    pub fn key(&self, name: &str) {
        self.tmux(&["send-keys", "-t", "t", name]);
    }

    /// Types a line and ends it.
    pub fn line(&self, text: &str) {
        self.text(text);
        self.key("Enter");
    }

    /// Makes it another size.
    pub fn resize(&self, columns: u32, rows: u32) {
        self.tmux(&[
            "resize-window",
            "-t",
            "t",
            "-x",
            &columns.to_string(),
            "-y",
            &rows.to_string(),
        ]);
    }

    /// What is to be seen in it.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-J", "-t", "t"]).text()
    }

    /// The same with the codes for colours.
    pub fn coloured_screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-J", "-e", "-t", "t"])
            .text()
    }

    /// Its lines, without the prompts that a line begins with when it was typed ahead: the shell
    /// prints its prompt only after the terminal has shown what was typed.
    pub fn lines(&self) -> Vec<String> {
        lines(&self.screen())
    }

    /// Waits until a line of the screen is just this (what was typed is never just the result).
    #[track_caller]
    pub fn wait_for_line(&self, line: &str) {
        let mut last = String::new();
        let end = std::time::Instant::now() + wait::PATIENCE;
        while std::time::Instant::now() < end {
            last = self.screen();
            if lines(&last).iter().any(|seen| seen == line) {
                return;
            }
            wait::pause(std::time::Duration::from_millis(60));
        }
        panic!("no line {line:?} in the terminal:\n{last}");
    }
}

fn lines(screen: &str) -> Vec<String> {
    let bare = |line: &str| {
        let mut rest = line.trim_end();
        while let Some(more) = rest.strip_prefix("$ ").or_else(|| rest.strip_prefix("> ")) {
            rest = more;
        }
        rest.to_owned()
    };
    screen.lines().map(bare).collect()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = Run::new("tmux", ["-S"])
            .arg(&self.socket)
            .arg("kill-server")
            .run_or_kill();
    }
}
