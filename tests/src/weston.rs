//! A weston in the session, as another kind of host: it decorates no windows and says nothing of them, so they are found by
//! looking. It shows itself on an X server of the test's, by which it has a mouse and a keyboard.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Result, ensure};
use oz_testkit::desktop::{Picture, Rect, Rgb};

use crate::marked::{colour, sides};
use crate::run::{Run, Started};
use crate::second_x::SecondX;
use crate::session::{self, Session};
use crate::{fixtures, oz, wait};

const CONFIG: &[u8] = b"[core]
idle-time=0
[shell]
panel-position=none
background-color=0xff203040
locking=false
animation=none
startup-animation=none
close-animation=none
";

/// Its name among the sockets.
const SOCKET: &str = "weston-of-a-test";

/// A weston that runs.
pub struct Weston {
    /// The desktop as one sees it there.
    pub screen: SecondX,
    _weston: Started,
}

impl Weston {
    /// Starts it.
    pub fn begin(session: &Session) -> Self {
        let screen = SecondX::begin(session);
        let config = session.fresh_dir("weston").join("weston.ini");
        let config = fixtures::write(&config, CONFIG);
        let run = Run::new("weston", ["--backend=x11-backend.so", "--use-pixman"])
            .args(["--width=1600", "--height=1000", "--socket", SOCKET])
            .arg(format!("--config={}", config.display()));
        let weston = screen.run(run).start();
        let socket = session::runtime_dir().join(SOCKET);
        wait::for_condition("weston", || UnixStream::connect(&socket).is_ok());
        Self {
            screen,
            _weston: weston,
        }
    }

    /// Has a program speak to it.
    pub fn run(&self, run: Run) -> Run {
        run.env("WAYLAND_DISPLAY", SOCKET).without("DISPLAY")
    }

    /// `oz`, run there.
    pub fn oz<const N: usize>(&self, words: [&str; N]) -> Run {
        self.run(oz(words))
    }

    /// What the app of the one window of a profile draws: within the border that is all round it.
    pub fn find(&self, profile: &str) -> Option<Rect> {
        let picture = self.screen.desktop.look().ok()?;
        let colour = colour(profile);
        let within = within(&picture, colour)?;
        let sides = sides(&picture, within, colour);
        sides.iter().all(|side| *side > 0.98).then_some(within)
    }

    /// Waits for that, where it is as something wants it, and keeps a picture.
    pub fn shown(&self, profile: &str, name: &str, fits: impl Fn(Rect) -> bool) -> Rect {
        let found = wait::within(wait::LONG, name, || {
            self.find(profile).filter(|at| fits(*at))
        });
        self.screen
            .desktop
            .shoot(name)
            .expect("a picture can be kept");
        found
    }

    /// Waits until a colour fills a part of a rectangle.
    pub fn wait_for_colour(&self, rect: Rect, colour: Rgb, part: f64) -> Result<()> {
        let all = f64::from(rect.width) * f64::from(rect.height);
        for _ in 0..200 {
            let picture = self.screen.desktop.look()?;
            let count = u32::try_from(picture.count(rect, colour, 8)).unwrap_or(u32::MAX);
            if f64::from(count) / all > part {
                return Ok(());
            }
            wait::pause(Duration::from_millis(100));
        }
        self.screen.desktop.shoot("failed-weston")?;
        ensure!(false, "{colour:?} does not fill {part} of {rect:?}");
        Ok(())
    }
}

/// Within the border that the outermost pixels of a colour belong to; a light line is still further out.
fn within(picture: &Picture, colour: Rgb) -> Option<Rect> {
    let all = picture.rect();
    let mut found: Option<(i32, i32, i32, i32)> = None;
    for y in 0..all.height {
        for x in 0..all.width {
            if picture.at(x, y) != Some(colour) {
                continue;
            }
            let (left, top, right, bottom) = found.unwrap_or((x, y, x, y));
            found = Some((left.min(x), top, right.max(x), bottom.max(y)));
        }
    }
    let (left, top, right, bottom) = found?;
    let rect = Rect {
        x: left + 3,
        y: top + 17,
        width: right - left - 5,
        height: bottom - top - 19,
    };
    (rect.width > 0 && rect.height > 0).then_some(rect)
}
