//! A second compositor in the session, which may be killed.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::run::{Run, Started};
use crate::session::{self, Session};
use crate::{oz, wait};

const CONFIG: &[u8] = b"xwayland disable
output HEADLESS-1 resolution 1000x700
focus_follows_mouse no
mouse_warping none
for_window [title=\".*\"] floating enable
for_window [app_id=\".*\"] floating enable
";

/// A sway of the test's own, with a mouse and a keyboard.
pub struct Second {
    config: PathBuf,
    /// Where it is told what to do, and its mouse.
    control: PathBuf,
    mouse: PathBuf,
    running: Option<Running>,
    /// The desktop as one sees it there.
    pub desktop: Session,
}

struct Running {
    sway: Started,
    _seat: Started,
    display: String,
}

/// The sockets of compositors.
fn displays(runtime: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(runtime).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("wayland-") && !name.ends_with(".lock")
        })
        .collect()
}

impl Running {
    fn start(config: &Path, control: &Path, mouse: &Path) -> Self {
        let runtime = session::runtime_dir();
        // One that was killed left its socket, and the next one takes the same name.
        for path in displays(&runtime) {
            if UnixStream::connect(&path).is_err() {
                let _ = std::fs::remove_file(path);
            }
        }
        for old in [control, mouse] {
            let _ = std::fs::remove_file(old);
        }
        let before = displays(&runtime);
        let sway = Run::new("sway", ["-c"])
            .arg(config)
            .without("WAYLAND_DISPLAY")
            .env("SWAYSOCK", control)
            .env("WLR_BACKENDS", "headless")
            .env("WLR_LIBINPUT_NO_DEVICES", "1")
            .env("WLR_RENDERER", "pixman")
            .start();
        let display = wait::until("the second compositor", || {
            let new = displays(&runtime)
                .into_iter()
                .find(|path| !before.contains(path))?;
            UnixStream::connect(&new).ok()?;
            Some(new.file_name()?.to_string_lossy().into_owned())
        });
        let seat = Run::new("oz-seat", ["serve"])
            .env("WAYLAND_DISPLAY", &display)
            .env("OZ_SEAT_SOCKET", mouse)
            .start();
        wait::for_condition("its seat", || UnixStream::connect(mouse).is_ok());
        Self {
            sway,
            _seat: seat,
            display,
        }
    }
}

impl Second {
    /// Starts it.
    pub fn begin(session: &Session) -> Self {
        let config = session.fresh_dir("second-sway").join("config");
        let config = crate::fixtures::write(&config, CONFIG);
        let runtime = session::runtime_dir();
        let (control, mouse) = (
            runtime.join("second-sway.sock"),
            runtime.join("second-seat.sock"),
        );
        let running = Running::start(&config, &control, &mouse);
        let desktop = session.on((&running.display).into(), control.clone(), mouse.clone());
        Self {
            config,
            control,
            mouse,
            running: Some(running),
            desktop: Session::beside(desktop),
        }
    }

    /// The name of its socket.
    pub fn display(&self) -> &str {
        let running = self.running.as_ref();
        &running.expect("it has not been killed").display
    }

    /// `oz`, run there.
    pub fn oz<const N: usize>(&self, words: [&str; N]) -> Run {
        oz(words).env("WAYLAND_DISPLAY", self.display())
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.sway.signal(Signal::KILL);
            running.sway.end_within(wait::PATIENCE);
        }
    }

    /// Starts another, at the same socket.
    pub fn again(&mut self) {
        let running = Running::start(&self.config, &self.control, &self.mouse);
        self.running = Some(running);
    }
}
