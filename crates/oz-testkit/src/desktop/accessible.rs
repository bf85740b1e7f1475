//! An app as a screen reader has it: what is said of its widgets, and pressing them.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Session, Window, finish, wait_for};

/// Talks to the accessibility bus with the libraries that screen readers use.
const SCRIPT: &str = include_str!("accessible.py");

/// How long one look may take: starting the interpreter included.
const LOOK: Duration = Duration::from_secs(40);

/// A widget, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Widget {
    /// What kind of widget.
    pub role: String,
    /// What it is called.
    pub name: String,
    /// What else is said of it.
    pub description: String,
    /// `checked`, `focused`, `focusable`, `pressed`, `sensitive`, `showing`, `expanded`: those
    /// that it has.
    pub states: Vec<String>,
    /// Where it is in its window: left, top, width, height; nothing if it is not on the screen.
    pub place: Option<[i32; 4]>,
    /// What is written in it, if that is its kind: the beginning.
    pub text: Option<String>,
    /// What it stands at, in thousandths, if it has such a thing.
    pub value: Option<i64>,
}

impl Widget {
    /// Whether it has a state.
    #[must_use]
    pub fn is(&self, state: &str) -> bool {
        self.states.iter().any(|has| has == state)
    }
}

impl Session {
    /// All widgets of an app, by the name that it gives itself; none if it is not there.
    ///
    /// # Errors
    /// When nobody can ask.
    pub fn widgets(&self, app: &str) -> Result<Vec<Widget>> {
        Ok(ask::<Option<Vec<Widget>>>(&["tree", app])?.unwrap_or_default())
    }

    /// Waits until an app has a widget that fits.
    ///
    /// # Errors
    /// When it never has; with what it has.
    pub fn wait_for_widget(&self, app: &str, fits: impl Fn(&Widget) -> bool) -> Result<Widget> {
        let mut last = Vec::new();
        let found = wait_for("a widget", super::PATIENCE, || {
            last = self.widgets(app).ok()?;
            last.iter().find(|widget| fits(widget)).cloned()
        });
        found.with_context(|| format!("{app} has {last:#?}"))
    }

    /// Clicks into the middle of a widget of a window.
    ///
    /// # Errors
    /// When it is not there, or nowhere.
    pub fn click_widget(
        &self,
        window: &Window,
        app: &str,
        fits: impl Fn(&Widget) -> bool,
    ) -> Result<()> {
        let fits = |widget: &Widget| fits(widget) && widget.place.is_some();
        let widget = self.wait_for_widget(app, fits)?;
        let [left, top, width, height] = widget.place.context("it is nowhere")?;
        let content = self.again(window)?.content;
        self.click((content.x + left + width / 2, content.y + top + height / 2))
    }

    /// Presses a widget of this role and name, as soon as it can be pressed.
    ///
    /// # Errors
    /// When it never can.
    pub fn press(&self, app: &str, role: &str, name: &str) -> Result<()> {
        let pressed = wait_for("a widget to press", super::PATIENCE, || {
            let pressed: Option<bool> = ask(&["press", app, role, name]).ok()?;
            pressed.filter(|pressed| *pressed)
        });
        pressed
            .map(drop)
            .with_context(|| format!("cannot press the {role} {name:?} of {app}"))
    }
}

fn ask<T: DeserializeOwned>(words: &[&str]) -> Result<T> {
    // The distribution's own interpreter: its libraries are not for others.
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-I", "-c", SCRIPT]).args(words);
    let told = finish(&mut python, &[], LOOK)?;
    serde_json::from_slice(&told.stdout).with_context(|| {
        let complaint = String::from_utf8_lossy(&told.stderr).into_owned();
        format!("nobody says what {words:?} is: {complaint}")
    })
}
