//! The desktop that a test runs on: `cargo xtask session` seen from inside.
//!
//! Everything here talks to real programs of that desktop (sway, grim, wl-clipboard, the seat),
//! and every such call has a deadline: a compositor that hangs fails the test, not the machine.

mod accessible;
mod app;
mod clipboard;
mod gnome;
mod input;
mod screen;
mod sound;
mod timeout;
mod windows;
mod x11;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::patience::scaled;

pub use accessible::Widget;
pub use app::App;
pub use gnome::{Extension, Shell, ShellWindow, Text};
pub use screen::{Picture, Rgb};
pub use timeout::{Finished, finish};
pub use windows::{Rect, Window};

/// How long one call of a helper program may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Which desktop it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sway,
    Gnome,
    X11,
}

/// The proof that we are inside a session, and everything that one can do there.
#[derive(Clone, Debug)]
pub struct Session {
    dir: PathBuf,
    /// GNOME has what it can be told itself.
    seat: PathBuf,
    kind: Kind,
    /// What programs are told that are to speak to another compositor than the session's own.
    elsewhere: Vec<(&'static str, PathBuf)>,
}

impl Session {
    /// The session that this process runs in.
    ///
    /// # Panics
    /// Outside a session: a test that cannot test has failed, it is not skipped.
    #[must_use]
    #[track_caller]
    pub fn enter() -> Self {
        let need = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).unwrap_or_else(|| {
                panic!("{name} is not set: this test must run in a session, `cargo xtask test NAME`")
            })
        };
        let is_x11 = need("XDG_SESSION_TYPE") == Path::new("x11");
        let kind = match need("XDG_CURRENT_DESKTOP").to_str() {
            _ if is_x11 => Kind::X11,
            Some("GNOME") => Kind::Gnome,
            _ => Kind::Sway,
        };
        let this = Self {
            dir: need("OZ_SESSION_DIR"),
            seat: match kind {
                Kind::Gnome => PathBuf::new(),
                Kind::Sway | Kind::X11 => need("OZ_SEAT_SOCKET"),
            },
            kind,
            elsewhere: Vec::new(),
        };
        let display = match kind {
            Kind::X11 => "DISPLAY",
            Kind::Sway | Kind::Gnome => "WAYLAND_DISPLAY",
        };
        for name in [display, "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
            need(name);
        }
        assert!(
            !rustix::process::geteuid().is_root(),
            "a session belongs to an ordinary user, and this test runs as root"
        );
        this
    }

    /// The same session as one sees it on another sway that runs in it.
    #[must_use]
    pub fn on(&self, display: PathBuf, sway: PathBuf, seat: PathBuf) -> Self {
        Self {
            seat,
            kind: Kind::Sway,
            elsewhere: vec![("WAYLAND_DISPLAY", display), ("SWAYSOCK", sway)],
            ..self.clone()
        }
    }

    /// The same session as one sees it on another X server that runs in it.
    #[must_use]
    pub fn on_x11(&self, display: &str, authority: &Path, seat: PathBuf) -> Self {
        Self {
            seat,
            kind: Kind::X11,
            elsewhere: vec![
                ("DISPLAY", display.into()),
                ("XAUTHORITY", authority.into()),
            ],
            ..self.clone()
        }
    }

    /// Whether its windows are those of an X server.
    #[must_use]
    pub fn is_x11(&self) -> bool {
        self.kind == Kind::X11
    }

    /// A connection to its X server.
    fn screen(&self) -> Result<x11::Screen> {
        let elsewhere = |wanted: &str| {
            let found = self.elsewhere.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.as_path())
        };
        match (elsewhere("DISPLAY"), elsewhere("XAUTHORITY")) {
            (Some(display), Some(authority)) => x11::Screen::open_with(display, authority),
            _ => x11::Screen::open(),
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(self.elsewhere.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The session's own directory: a test may make what it likes in it.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The user's home, fresh in each session.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.dir.join("home")
    }

    /// Where Oz is installed in this session.
    #[must_use]
    pub fn prefix(&self) -> PathBuf {
        self.dir.join("prefix")
    }

    /// What a part of the desktop logged: `sway`, `dbus-daemon` (with the services that it
    /// activated, so with oz-daemon), `pulseaudio`, `oz-seat`.
    #[must_use]
    pub fn log(&self, of: &str) -> String {
        let bytes =
            std::fs::read(self.dir.join("log").join(format!("{of}.log"))).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Asks again and again until there is an answer; `what` is for the error.
///
/// # Errors
/// When the time is over, with what was waited for.
pub fn wait_for<T>(what: &str, longest: Duration, mut ask: impl FnMut() -> Option<T>) -> Result<T> {
    let end = Instant::now() + scaled(longest);
    loop {
        if let Some(answer) = ask() {
            return Ok(answer);
        }
        if Instant::now() >= end {
            bail!("waited {longest:?} in vain for {what}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
