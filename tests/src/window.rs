//! Windows of an app: waiting for them, their pixels, pictures for a person to look at.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use oz_testkit::desktop::{Picture, Rgb, Window};

use crate::session::{self, Session};
use crate::wait;

/// How far a colour may be off: rounding on the way through a PDF or a video.
const TOLERANCE: u8 = 8;

impl Session {
    /// Waits for a window with this app_id whose title contains something.
    pub fn window(&self, app_id: &str, title: &str) -> Result<Window> {
        self.window_within(wait::PATIENCE, app_id, title)
    }

    /// The same with a patience of one's own.
    pub fn window_within(&self, longest: Duration, app_id: &str, title: &str) -> Result<Window> {
        self.wait_for_window(longest, |w| w.app_id == app_id && w.title.contains(title))
            .with_context(|| format!("no window {app_id} with {title:?} in its title"))
    }

    /// Waits until a colour fills at least this part of a window, and returns the picture.
    pub fn wait_for_colour(&self, window: &Window, colour: Rgb, part: f64) -> Result<Picture> {
        let mut last = 0.0;
        let end = std::time::Instant::now() + wait::LONG;
        while std::time::Instant::now() < end {
            let picture = self.look()?;
            let now = self.again(window)?;
            last = coverage(&picture, &now, colour);
            if last >= part {
                return Ok(picture);
            }
            wait::pause(Duration::from_millis(150));
        }
        self.shoot("failed-colour")?;
        anyhow::bail!("{colour:?} fills only {last:.2} of {window:?}")
    }

    /// Waits until the pixels of a window no longer change for half a second.
    pub fn settled(&self, window: &Window) -> Result<Picture> {
        let mut before = self.look()?;
        for _ in 0..40 {
            wait::pause(Duration::from_millis(500));
            let now = self.look()?;
            let rect = self.again(window)?.rect;
            if now.difference(&before, rect) == 0.0 {
                return Ok(now);
            }
            before = now;
        }
        anyhow::bail!("the picture of {window:?} never settles")
    }

    /// As [`Session::settled`], for a window in which only a cursor blinks.
    pub fn settled_but_for_the_cursor(&self, window: &Window) -> Result<Picture> {
        let mut before = self.look()?;
        for _ in 0..40 {
            wait::pause(Duration::from_millis(500));
            let now = self.look()?;
            let rect = self.again(window)?.rect;
            if now.difference(&before, rect) < 0.001 {
                return Ok(now);
            }
            before = now;
        }
        anyhow::bail!("the picture of {window:?} never settles")
    }

    /// Keeps a picture of the whole desktop for a person to look at.
    pub fn shoot(&self, name: &str) -> Result<()> {
        self.screenshot(&session::output_dir().join(format!("{name}.png")))
    }

    /// Gives a window the keyboard and waits until it has it.
    pub fn give_focus(&self, window: &Window) -> Result<()> {
        self.focus(window)?;
        wait::for_condition("the window has the focus", || {
            self.again(window).is_ok_and(|w| w.focused)
        });
        Ok(())
    }

    /// Drags a window by its border: presses the button there and moves until it follows, since whoever takes the pointer then may
    /// miss the first moves, and on until it has arrived.
    pub fn drag_window(
        &self,
        window: &Window,
        from: (i32, i32),
        by: (i32, i32),
        arrived: impl Fn(&Window) -> bool,
    ) -> Result<Window> {
        self.point(from)?;
        self.button("left", "down")?;
        let mut turn = 0;
        wait::for_condition("the window to follow the pointer", || {
            turn += 1;
            let step = 10 + turn % 8;
            let moved = self.point((from.0 + step, from.1 + step));
            moved.is_ok() && self.again(window).is_ok_and(|now| now.rect != window.rect)
        });
        self.point((from.0 + by.0, from.1 + by.1))?;
        let now = wait::until("the window where it was dragged", || {
            self.again(window).ok().filter(&arrived)
        });
        self.button("left", "up")?;
        // What comes later is nobody's drag.
        self.point((5, 5))?;
        self.settled(window)?;
        let later = self.again(window)?;
        ensure!(later.rect == now.rect, "{later:?} goes on from {now:?}");
        Ok(later)
    }

    /// Closes all windows that fit and waits until they are gone.
    pub fn close_all(&self, fits: impl Fn(&Window) -> bool) -> Result<()> {
        for window in self.windows()?.iter().filter(|w| fits(w)) {
            self.close(window)?;
        }
        self.wait_for_no_window(wait::PATIENCE, fits)
    }
}

/// Which part of what an app draws has a colour.
pub fn coverage(picture: &Picture, window: &Window, colour: Rgb) -> f64 {
    let area = f64::from(window.content.width) * f64::from(window.content.height);
    let count = u32::try_from(picture.count(window.content, colour, TOLERANCE)).unwrap_or(u32::MAX);
    f64::from(count) / area.max(1.0)
}

/// Fails unless a window draws more than one plain colour: text, buttons, anything.
pub fn ensure_drawn(picture: &Picture, window: &Window) -> Result<()> {
    let colours = picture.colours(window.content);
    ensure!(colours > 8, "only {colours} colours in {window:?}");
    Ok(())
}
