//! The windows of the desktop, as sway or the X server's window manager sees them.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use x11rb::protocol::xproto::ConfigureWindowAux;

use super::{Kind, PATIENCE, Session, finish, wait_for, x11};

/// A rectangle in pixels of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// The left edge.
    pub x: i32,
    /// The upper edge.
    pub y: i32,
    /// How wide.
    pub width: i32,
    /// How high.
    pub height: i32,
}

impl Rect {
    /// The point in the middle.
    #[must_use]
    pub fn centre(&self) -> (i32, i32) {
        (self.x + self.width / 2, self.y + self.height / 2)
    }

    /// The same without so many pixels at each edge.
    #[must_use]
    pub fn shrunk(&self, by: i32) -> Self {
        Self {
            x: self.x + by,
            y: self.y + by,
            width: self.width - 2 * by,
            height: self.height - 2 * by,
        }
    }
}

/// A window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// What sway calls it; for [`Session::focus`] and the like.
    pub con_id: i64,
    /// What the app calls itself.
    pub app_id: String,
    /// The title, as the app has said it.
    pub title: String,
    /// The sandbox that it is marked as one of.
    pub mark: Option<String>,
    /// The window with sway's border, without the title bar.
    pub rect: Rect,
    /// What the app draws: without sway's border and without the mark.
    pub content: Rect,
    /// Whether it has the keyboard.
    pub focused: bool,
    /// Whether it fills the output.
    pub fullscreen: bool,
    /// Whether the user is to look at it.
    pub urgent: bool,
    /// The process that is connected to the compositor.
    pub pid: u32,
}

impl Session {
    /// All windows.
    ///
    /// # Errors
    /// When sway does not answer.
    pub fn windows(&self) -> Result<Vec<Window>> {
        if self.kind == Kind::X11 {
            return self.screen()?.windows();
        }
        let tree: Value = serde_json::from_str(&self.swaymsg(&["-t", "get_tree"])?)?;
        let mut found = Vec::new();
        collect(&tree, &mut found);
        Ok(found)
    }

    /// Waits for a window that fits.
    ///
    /// # Errors
    /// When none comes in time; the error lists the windows that there are.
    pub fn wait_for_window(
        &self,
        longest: Duration,
        fits: impl Fn(&Window) -> bool,
    ) -> Result<Window> {
        let found = wait_for("a window", longest, || {
            self.windows().ok()?.into_iter().find(&fits)
        });
        found.with_context(|| format!("there are only {:#?}", self.windows()))
    }

    /// Waits until no window fits any more.
    ///
    /// # Errors
    /// When one is still there at the end; the error lists the windows that there are.
    pub fn wait_for_no_window(
        &self,
        longest: Duration,
        fits: impl Fn(&Window) -> bool,
    ) -> Result<()> {
        wait_for("a window to go", longest, || {
            (!self.windows().ok()?.iter().any(&fits)).then_some(())
        })
        .with_context(|| format!("there are still {:#?}", self.windows()))
    }

    /// The window as it is now.
    ///
    /// # Errors
    /// When it is gone.
    pub fn again(&self, window: &Window) -> Result<Window> {
        self.windows()?
            .into_iter()
            .find(|other| other.con_id == window.con_id)
            .with_context(|| format!("the window {:?} is gone", window.title))
    }

    /// Gives a window the keyboard.
    ///
    /// # Errors
    /// When sway refuses, as for each of the following.
    pub fn focus(&self, window: &Window) -> Result<()> {
        if self.kind == Kind::X11 {
            return self.screen()?.focus(x11::id(window)?);
        }
        self.command_window(window, "focus")
    }

    /// Asks a window to close, as its close button does.
    ///
    /// # Errors
    /// When sway refuses.
    pub fn close(&self, window: &Window) -> Result<()> {
        if self.kind == Kind::X11 {
            return self.screen()?.close(x11::id(window)?);
        }
        self.command_window(window, "kill")
    }

    /// Moves a floating window.
    ///
    /// # Errors
    /// When sway refuses.
    pub fn move_to(&self, window: &Window, x: i32, y: i32) -> Result<()> {
        if self.kind == Kind::X11 {
            let place = ConfigureWindowAux::new().x(x).y(y);
            return self.screen()?.configure(x11::id(window)?, &place);
        }
        self.command_window(window, &format!("move absolute position {x} {y}"))
    }

    /// Gives a floating window a size.
    ///
    /// # Errors
    /// When sway refuses.
    pub fn resize(&self, window: &Window, width: i32, height: i32) -> Result<()> {
        if self.kind == Kind::X11 {
            let side = |n: i32| u32::try_from(n).unwrap_or(1);
            let size = ConfigureWindowAux::new()
                .width(side(width))
                .height(side(height));
            return self.screen()?.configure(x11::id(window)?, &size);
        }
        self.command_window(
            window,
            &format!("resize set width {width} px height {height} px"),
        )
    }

    /// Lets a window fill the output, or no more.
    ///
    /// # Errors
    /// When sway refuses.
    pub fn fullscreen(&self, window: &Window, on: bool) -> Result<()> {
        if self.kind == Kind::X11 {
            let names = ["_NET_WM_STATE_FULLSCREEN"; 2];
            return self.screen()?.state(x11::id(window)?, on, names);
        }
        self.command_window(
            window,
            if on {
                "fullscreen enable"
            } else {
                "fullscreen disable"
            },
        )
    }

    /// Lets a window have all the room that there is: sway tiles it, others maximise it.
    ///
    /// # Errors
    /// When the desktop refuses.
    pub fn fill(&self, window: &Window) -> Result<()> {
        if self.kind == Kind::X11 {
            let names = [
                "_NET_WM_STATE_MAXIMIZED_VERT",
                "_NET_WM_STATE_MAXIMIZED_HORZ",
            ];
            return self.screen()?.state(x11::id(window)?, true, names);
        }
        self.command_window(window, "floating disable")
    }

    /// Menus and the like that are shown, on a desktop where they are windows of their own.
    ///
    /// # Errors
    /// When the X server does not answer.
    pub fn popups(&self) -> Result<Vec<Rect>> {
        self.screen()?.popups()
    }

    /// Whether there is a window manager, on an X server.
    ///
    /// # Errors
    /// When the X server does not answer.
    pub fn is_managed(&self) -> Result<bool> {
        self.screen()?.is_managed()
    }

    /// A property of a window that is a list of numbers, on an X server.
    ///
    /// # Errors
    /// When the X server does not answer.
    pub fn numbers_of(&self, window: &Window, property: &str) -> Result<Vec<u32>> {
        self.screen()?.numbers(x11::id(window)?, property)
    }

    fn command_window(&self, window: &Window, command: &str) -> Result<()> {
        self.sway(&format!("[con_id={}] {command}", window.con_id))
    }

    /// Any command of sway's language.
    ///
    /// # Errors
    /// When sway refuses it.
    pub fn sway(&self, command: &str) -> Result<()> {
        self.swaymsg(&["--", command]).map(drop)
    }

    fn swaymsg(&self, arguments: &[&str]) -> Result<String> {
        let done = finish(
            self.command("swaymsg").arg("-r").args(arguments),
            b"",
            PATIENCE,
        )?;
        if !done.status.success() {
            bail!("swaymsg {arguments:?}: {} {}", done.text(), done.errors());
        }
        Ok(done.text())
    }
}

fn collect(node: &Value, found: &mut Vec<Window>) {
    // Only what a client draws has a pid.
    if let (Some(con_id), Some(pid)) = (node["id"].as_i64(), node["pid"].as_u64()) {
        let rect = rect(&node["rect"]);
        let inner = self::rect(&node["window_rect"]);
        let app_id = node["app_id"].as_str().unwrap_or_default();
        let fullscreen = node["fullscreen_mode"].as_i64().unwrap_or_default() != 0;
        let (mark, title) = marked(app_id, node["name"].as_str().unwrap_or_default());
        let content = Rect {
            x: rect.x + inner.x,
            y: rect.y + inner.y,
            ..inner
        };
        found.push(Window {
            con_id,
            app_id: app_id.to_owned(),
            title: title.to_owned(),
            mark: mark.map(ToOwned::to_owned),
            rect,
            content: match mark {
                Some(_) => within_mark(content, fullscreen),
                None => content,
            },
            focused: node["focused"].as_bool().unwrap_or_default(),
            fullscreen,
            urgent: node["urgent"].as_bool().unwrap_or_default(),
            pid: u32::try_from(pid).unwrap_or_default(),
        });
    }
    for list in ["nodes", "floating_nodes"] {
        for child in node[list].as_array().into_iter().flatten() {
            collect(child, found);
        }
    }
}

/// The sandbox's name before a title, and the title. Windows of Oz itself name sandboxes without being of one.
pub(super) fn marked<'a>(app_id: &str, title: &'a str) -> (Option<&'a str>, &'a str) {
    // Oz's own, and the host's dialogs that it opens for apps.
    let names_others = ["org.oz.", "xdg-desktop-portal"]
        .iter()
        .any(|own| app_id.starts_with(own));
    let named = title
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    match named {
        Some((name, title)) if !names_others => (Some(name), title.trim_start()),
        _ => (None, title),
    }
}

/// What is within the border of the display proxy.
pub(super) fn within_mark(rect: Rect, fullscreen: bool) -> Rect {
    let (side, top) = if fullscreen { (2, 2) } else { (4, 18) };
    Rect {
        x: rect.x + side,
        y: rect.y + top,
        width: rect.width - 2 * side,
        height: rect.height - top - side,
    }
}

fn rect(value: &Value) -> Rect {
    let number = |name: &str| {
        value[name]
            .as_i64()
            .and_then(|n| i32::try_from(n).ok())
            .unwrap_or_default()
    };
    Rect {
        x: number("x"),
        y: number("y"),
        width: number("width"),
        height: number("height"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_not_the_apps_title() {
        assert_eq!(marked("foot", "[foot-2] a [b]"), (Some("foot-2"), "a [b]"));
        assert_eq!(marked("foot", "a [b]"), (None, "a [b]"));
        let dialog = "[foot] Choose Files";
        assert_eq!(marked("org.oz.Dialog", dialog), (None, dialog));
        assert_eq!(marked("xdg-desktop-portal-gtk", dialog), (None, dialog));
    }

    #[test]
    fn windows_are_found_at_any_depth_and_frames_are_not() {
        let tree = serde_json::json!({
            "id": 1, "nodes": [{
                "id": 2, "name": "HEADLESS-1",
                "nodes": [],
                "floating_nodes": [{
                    "id": 5, "pid": 42, "app_id": "foot", "name": "a title", "focused": true,
                    "fullscreen_mode": 0,
                    "rect": {"x": 10, "y": 20, "width": 104, "height": 54},
                    "window_rect": {"x": 2, "y": 2, "width": 100, "height": 50},
                    "nodes": [], "floating_nodes": []
                }]
            }], "floating_nodes": []
        });
        let mut found = Vec::new();
        collect(&tree, &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].pid, found[0].app_id.as_str()), (42, "foot"));
        assert_eq!(
            found[0].content,
            Rect {
                x: 12,
                y: 22,
                width: 100,
                height: 50
            }
        );
        assert_eq!(found[0].content.centre(), (62, 47));
    }
}
