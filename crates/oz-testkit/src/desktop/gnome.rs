//! GNOME Shell, where it is the desktop: what is on its own panel and menus, and pressing it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{PATIENCE, Rect, Session, finish, wait_for};

/// Talks to the shell on the session bus.
const SCRIPT: &str = include_str!("gnome.py");
/// What is evaluated in the shell knows this.
const INSIDE: &str = include_str!("gnome.js");

/// How long one call may take: starting the interpreter included.
const CALL: Duration = Duration::from_secs(40);
/// The key that ends a line.
const ENTER: u32 = 0xff0d;
/// The left button, as the shell counts them.
const LEFT: u32 = 1;

/// A text that a person can read on the shell's own parts of the screen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Text {
    /// What it says.
    pub text: String,
    /// Left, top, width, height.
    pub place: [i32; 4],
}

impl Text {
    /// Its middle.
    #[must_use]
    pub fn middle(&self) -> (i32, i32) {
        let [left, top, width, height] = self.place;
        (left + width / 2, top + height / 2)
    }

    /// Where it is.
    #[must_use]
    pub fn rect(&self) -> Rect {
        let [x, y, width, height] = self.place;
        Rect {
            x,
            y,
            width,
            height,
        }
    }
}

/// A window, as the shell has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ShellWindow {
    /// Its title.
    pub title: String,
    /// What it says that its application is.
    pub app_id: String,
    /// The process at the other end of its connection.
    pub pid: u32,
    /// Left, top, width, height.
    pub place: [i32; 4],
}

/// What the shell says of an extension.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Extension {
    /// 1 if it is enabled, 2 if it is not, 3 if it failed.
    pub state: u32,
    /// Why it failed.
    pub error: String,
}

/// The shell of a session whose desktop is GNOME.
#[derive(Clone, Debug)]
pub struct Shell(());

impl Session {
    /// The shell, where the session is one of GNOME.
    #[must_use]
    pub fn shell(&self) -> Shell {
        Shell(())
    }
}

impl Shell {
    /// What an expression of JavaScript is, in the shell.
    ///
    /// # Errors
    /// When it throws, or is of another type.
    pub fn eval<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        ask(&["eval"], &format!("{INSIDE}\n{expression}"))
            .with_context(|| format!("in the shell: {expression}"))
    }

    /// Out of the way of windows: the overview, with which a session begins.
    ///
    /// # Errors
    /// When it stays.
    pub fn leave_overview(&self) -> Result<()> {
        self.eval::<()>("void Main.overview.hide()")?;
        self.wait_until("the overview is gone", "!Main.overview.visible")
    }

    /// Waits until an expression is true in the shell.
    ///
    /// # Errors
    /// When it never is.
    pub fn wait_until(&self, what: &str, expression: &str) -> Result<()> {
        wait_for(what, PATIENCE, || {
            self.eval::<bool>(expression).ok().filter(|is| *is)
        })
        .map(drop)
        .with_context(|| format!("never so in the shell: {expression}"))
    }

    /// All that can be read.
    ///
    /// # Errors
    /// When the shell does not answer.
    pub fn texts(&self) -> Result<Vec<Text>> {
        self.eval("ozTest.texts()")
    }

    /// Waits until a text can be read, and stays where it is.
    ///
    /// # Errors
    /// When it never can; with what can.
    pub fn wait_for_text(&self, fits: impl Fn(&str) -> bool) -> Result<Text> {
        let mut last = Vec::new();
        let mut before = None;
        let found = wait_for("a text", PATIENCE, || {
            last = self.texts().ok()?;
            let found = last.iter().find(|text| fits(&text.text)).cloned();
            let still = found.is_some() && found == before;
            before.clone_from(&found);
            found.filter(|_| still)
        });
        let can_be_read = || {
            let texts: Vec<_> = last.iter().map(|text| text.text.as_str()).collect();
            format!("there is {texts:?}")
        };
        found.with_context(can_be_read)
    }

    /// Waits until a text cannot be read.
    ///
    /// # Errors
    /// When it stays.
    pub fn wait_for_no_text(&self, fits: impl Fn(&str) -> bool) -> Result<()> {
        wait_for("no such text", PATIENCE, || {
            let texts = self.texts().ok()?;
            (!texts.iter().any(|text| fits(&text.text))).then_some(())
        })
    }

    /// Clicks at a place, as a mouse does.
    ///
    /// # Errors
    /// When the shell does not answer.
    pub fn click_at(&self, (x, y): (i32, i32)) -> Result<()> {
        for step in [
            format!("ozTest.move({x}, {y})"),
            format!("ozTest.button({LEFT}, true)"),
            format!("ozTest.button({LEFT}, false)"),
        ] {
            self.eval::<()>(&format!("void {step}"))?;
        }
        Ok(())
    }

    /// Clicks on a text.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn click(&self, text: &str) -> Result<()> {
        let text = self.wait_for_text(|said| said == text)?;
        self.click_at(text.middle())
    }

    /// The windows on the screen.
    ///
    /// # Errors
    /// When the shell does not answer.
    pub fn windows(&self) -> Result<Vec<ShellWindow>> {
        self.eval("ozTest.windows()")
    }

    /// Waits for a window that fits.
    ///
    /// # Errors
    /// When it never comes; with those that are there.
    pub fn wait_for_window(&self, fits: impl Fn(&ShellWindow) -> bool) -> Result<ShellWindow> {
        let found = wait_for("a window", PATIENCE, || {
            self.windows().ok()?.into_iter().find(|window| fits(window))
        });
        found.with_context(|| format!("there is {:?}", self.windows()))
    }

    /// Closes all windows, and waits until they are gone.
    ///
    /// # Errors
    /// When one stays.
    pub fn close_windows(&self) -> Result<()> {
        self.eval::<()>(
            "void global.get_window_actors().forEach(({meta_window: window}) =>
                window.delete(global.get_current_time()))",
        )?;
        let gone = wait_for("no window", PATIENCE, || {
            self.windows().ok().filter(Vec::is_empty).map(drop)
        });
        gone.with_context(|| format!("there is {:?}", self.windows()))
    }

    /// Types a line and presses Enter.
    ///
    /// # Errors
    /// When the shell does not answer.
    pub fn type_line(&self, line: &str) -> Result<()> {
        let line = serde_json::to_string(line)?;
        let script = format!(
            "for (const symbol of [...[...{line}].map(ozTest.symbol), {ENTER}]) {{
                ozTest.key(symbol, true);
                ozTest.key(symbol, false);
            }}"
        );
        self.eval::<()>(&format!("(() => {{ {script} }})()"))
    }

    /// Presses the key that stands for a character.
    ///
    /// # Errors
    /// When the shell does not answer.
    pub fn press(&self, key: char) -> Result<()> {
        let key = serde_json::to_string(&key)?;
        let script = format!(
            "const symbol = ozTest.symbol({key});
             ozTest.key(symbol, true);
             ozTest.key(symbol, false);"
        );
        self.eval::<()>(&format!("(() => {{ {script} }})()"))
    }

    /// What became of an extension.
    ///
    /// # Errors
    /// When the shell does not answer.
    pub fn extension(&self, uuid: &str) -> Result<Extension> {
        ask(&["extension", uuid], "")
    }

    /// Turns an extension on or off, and waits until it is.
    ///
    /// # Errors
    /// When it is not; with what it says of itself.
    pub fn enable(&self, uuid: &str, on: bool) -> Result<()> {
        ask::<bool>(&["enable", uuid, if on { "yes" } else { "no" }], "")?;
        let wanted = if on { 1 } else { 2 };
        let became = wait_for("the extension", PATIENCE, || {
            let now = self.extension(uuid).ok()?;
            (now.state == wanted).then_some(())
        });
        became.with_context(|| format!("{:?}", self.extension(uuid)))
    }

    /// Writes what is on the screen into a PNG file.
    pub(super) fn screenshot(&self, path: &Path) -> Result<()> {
        let path = path.to_str().context("a path that is text")?;
        if !ask::<bool>(&["screenshot", path], "")? {
            bail!("the shell takes no picture");
        }
        Ok(())
    }
}

fn ask<T: DeserializeOwned>(words: &[&str], input: &str) -> Result<T> {
    // The distribution's own interpreter: its libraries are not for others.
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-I", "-c", SCRIPT]).args(words);
    let told = finish(&mut python, input.as_bytes(), CALL)?;
    serde_json::from_slice(&told.stdout).with_context(|| {
        let complaint = String::from_utf8_lossy(&told.stderr).into_owned();
        format!("the shell does not do {words:?}: {complaint}")
    })
}
