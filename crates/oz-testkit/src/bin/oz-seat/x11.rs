//! The mouse and the keyboard of an X server, by its XTEST extension.

use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{self, ConnectionExt as _};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use crate::keys;
use crate::request::{Action, Request};
use crate::server::Devices;

/// The server's number of a key is so much more than evdev's.
const OFFSET: u32 = 8;
/// What one step of a wheel is.
const STEP: f64 = 15.0;

/// A connection that speaks for both devices.
pub struct Seat {
    conn: RustConnection,
    root: u32,
    size: (u32, u32),
    layout: String,
}

impl Seat {
    /// Connects to `$DISPLAY`.
    pub fn new() -> Result<Self> {
        let (conn, screen) = x11rb::connect(None).context("cannot connect to the X server")?;
        conn.xtest_get_version(2, 2)?
            .reply()
            .context("the X server has no XTEST")?;
        let screen = &conn.setup().roots[screen];
        let size = (
            screen.width_in_pixels.into(),
            screen.height_in_pixels.into(),
        );
        let root = screen.root;
        let mut this = Self {
            conn,
            root,
            size,
            layout: String::new(),
        };
        this.set_layout("us")?;
        Ok(this)
    }

    fn fake(&self, kind: u8, detail: u32, (x, y): (i16, i16)) -> Result<()> {
        let detail = u8::try_from(detail).context("no such key or button")?;
        self.conn
            .xtest_fake_input(kind, detail, x11rb::CURRENT_TIME, self.root, x, y, 0)?;
        self.roundtrip()
    }

    fn key(&self, code: u32, down: bool) -> Result<()> {
        let kind = if down {
            xproto::KEY_PRESS_EVENT
        } else {
            xproto::KEY_RELEASE_EVENT
        };
        self.fake(kind, code + OFFSET, (0, 0))
    }

    fn button(&self, button: u32, down: bool) -> Result<()> {
        let kind = if down {
            xproto::BUTTON_PRESS_EVENT
        } else {
            xproto::BUTTON_RELEASE_EVENT
        };
        self.fake(kind, button, (0, 0))
    }

    fn type_text(&self, text: &str) -> Result<()> {
        if self.layout != "us" {
            bail!("text is typed on the us layout, not on {}", self.layout);
        }
        for c in text.chars() {
            let (code, shift) = keys::key_of(c).ok_or_else(|| anyhow!("no key for {c:?}"))?;
            if shift {
                self.key(keys::LEFT_SHIFT, true)?;
            }
            self.key(code, true)?;
            self.key(code, false)?;
            if shift {
                self.key(keys::LEFT_SHIFT, false)?;
            }
        }
        Ok(())
    }

    fn set_layout(&mut self, name: &str) -> Result<()> {
        let set = Command::new("setxkbmap")
            .arg(name)
            .status()
            .context("cannot start setxkbmap")?;
        if !set.success() {
            bail!("setxkbmap {name} failed");
        }
        name.clone_into(&mut self.layout);
        self.roundtrip()
    }

    /// What was sent before has been seen when this is answered.
    fn roundtrip(&self) -> Result<()> {
        self.conn
            .get_input_focus()?
            .reply()
            .context("the X server is gone")?;
        Ok(())
    }
}

impl Devices for Seat {
    fn perform(&mut self, request: &Request) -> Result<()> {
        let each = |action: Action, act: &dyn Fn(bool) -> Result<()>| -> Result<()> {
            if action != Action::Up {
                act(true)?;
            }
            if action != Action::Down {
                act(false)?;
            }
            Ok(())
        };
        match request {
            Request::Move { x, y } => {
                let (width, height) = self.size;
                if *x >= width || *y >= height {
                    bail!("{x} {y} is outside the screen of {width}x{height}");
                }
                let place = (i16::try_from(*x)?, i16::try_from(*y)?);
                self.fake(xproto::MOTION_NOTIFY_EVENT, 0, place)
            }
            Request::Button { code, action } => {
                let button = match code {
                    0x111 => 3,
                    0x112 => 2,
                    _ => 1,
                };
                each(*action, &|down| self.button(button, down))
            }
            Request::Axis { horizontal, value } => {
                let back = u32::from(*value > 0.0);
                let button = if *horizontal { 6 } else { 4 } + back;
                let mut left = value.abs();
                while left >= STEP {
                    each(Action::Click, &|down| self.button(button, down))?;
                    left -= STEP;
                }
                Ok(())
            }
            Request::Key { code, action } => each(*action, &|down| self.key(*code, down)),
            Request::Type(text) => self.type_text(text),
            Request::Layout(name) => self.set_layout(name),
        }
    }
}
