//! The mouse and the keyboard.

use std::time::Duration;

use anyhow::Result;

use super::{Kind, PATIENCE, Session, Window, wait_for};
use crate::seat;

/// What clients of an X server may take to hear of another layout.
const LAYOUT: Duration = Duration::from_secs(2);

impl Session {
    /// Moves the pointer to a pixel of the output.
    ///
    /// # Errors
    /// When the seat or the compositor refuses, as for each of the following.
    pub fn point(&self, (x, y): (i32, i32)) -> Result<()> {
        seat::send(&self.seat, &format!("move {x} {y}"))
    }

    /// Moves the pointer there and presses the left button once.
    ///
    /// # Errors
    /// When the seat refuses.
    pub fn click(&self, at: (i32, i32)) -> Result<()> {
        self.point(at)?;
        self.button("left", "click")
    }

    /// Clicks into the middle of a window, which also focuses it.
    ///
    /// # Errors
    /// When the seat refuses.
    pub fn click_window(&self, window: &Window) -> Result<()> {
        self.click(window.content.centre())?;
        if self.kind == Kind::X11 {
            // Whoever gives it the focus has to hear of the click first, and keys do not wait for that.
            wait_for("the focus", PATIENCE, || {
                self.again(window).ok().filter(|now| now.focused)
            })?;
        }
        Ok(())
    }

    /// A button (`left`, `right`, `middle`): `down`, `up` or `click`.
    ///
    /// # Errors
    /// When the seat refuses.
    pub fn button(&self, name: &str, action: &str) -> Result<()> {
        seat::send(&self.seat, &format!("button {name} {action}"))
    }

    /// Turns the wheel; one step is 15, down is positive.
    ///
    /// # Errors
    /// When the seat refuses.
    pub fn wheel(&self, value: f64) -> Result<()> {
        seat::send(&self.seat, &format!("axis vertical {value}"))
    }

    /// A key by name or evdev code: `down`, `up` or `press`.
    ///
    /// # Errors
    /// When the seat refuses.
    pub fn key(&self, name: &str, action: &str) -> Result<()> {
        seat::send(&self.seat, &format!("key {name} {action}"))
    }

    /// Keys held together, as in `chord(&["ctrl", "s"])`.
    ///
    /// # Errors
    /// When the seat refuses.
    pub fn chord(&self, names: &[&str]) -> Result<()> {
        for name in names {
            self.key(name, "down")?;
        }
        for name in names.iter().rev() {
            self.key(name, "up")?;
        }
        Ok(())
    }

    /// Types printable ASCII; a line break is the Enter key.
    ///
    /// # Errors
    /// When the seat refuses.
    pub fn type_text(&self, text: &str) -> Result<()> {
        for (n, line) in text.split('\n').enumerate() {
            if n > 0 {
                self.key("enter", "press")?;
            }
            if !line.is_empty() {
                seat::send(&self.seat, &format!("type {line}"))?;
            }
        }
        Ok(())
    }

    /// Gives the keyboard another xkb layout, as in `de`.
    ///
    /// # Errors
    /// When the seat refuses.
    pub fn layout(&self, name: &str) -> Result<()> {
        seat::send(&self.seat, &format!("layout {name}"))?;
        if self.kind == Kind::X11 {
            // Clients ask for the keymap when they hear of it: keys that come before are read by it too.
            std::thread::sleep(LAYOUT);
        }
        Ok(())
    }
}
