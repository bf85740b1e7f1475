//! Dragging with a real pointer: `oz-drag`, a window to drag from and to, on the host and in sandboxes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use oz_testkit::desktop::{App, Window};

use crate::run::Started;
use crate::session::{self, make_executable};
use crate::{Inside, Session, cli, oz, wait};

/// Type of a list of URIs.
pub const LIST: &str = "text/uri-list";

/// Takes what is at a point and moves it to another, as a hand does; the button stays down.
pub fn carry(session: &Session, from: (i32, i32), to: (i32, i32)) -> Result<()> {
    const STEPS: i32 = 20;
    session.point(from)?;
    session.button("left", "down")?;
    for step in 1..=STEPS {
        let at = |from: i32, to: i32| from + (to - from) * step / STEPS;
        session.point((at(from.0, to.0), at(from.1, to.1)))?;
        wait::pause(Duration::from_millis(40));
    }
    Ok(())
}

/// `oz-drag`, a window to drag from and to, outside and inside; or another program like it.
pub struct Tool<'a> {
    session: &'a Session,
    dir: PathBuf,
    /// What it is started by.
    words: Vec<String>,
}

/// What a toolkit makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toolkit {
    /// GTK 3.
    Gtk,
    /// Qt 5.
    Qt,
}

/// It runs in a sandbox.
pub struct Guest {
    /// The command.
    pub run: Started,
    /// Its window.
    pub window: Window,
    /// Its sandbox.
    pub inside: Inside,
}

/// It runs in the sandbox of another.
pub struct Beside(Started);

impl Beside {
    /// Waits until it says something that begins so, and gives the rest.
    #[track_caller]
    pub fn says(&self, words: &str) -> String {
        said(words, || self.0.text_so_far())
    }
}

/// It runs on the host.
pub struct Neighbour {
    /// The program.
    pub app: App,
    /// Its window.
    pub window: Window,
}

impl<'a> Tool<'a> {
    /// Puts a copy into a directory that sandboxes can be given.
    pub fn install(session: &'a Session) -> Self {
        let dir = session.fresh_dir("drag-tool");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let built = std::env::split_paths(&path)
            .map(|dir| dir.join("oz-drag"))
            .find(|place| place.exists())
            .expect("oz-drag is staged with the session's helpers");
        let program = dir.join("oz-drag");
        std::fs::copy(built, &program).expect("it can be copied");
        make_executable(&program);
        let words = vec![program.display().to_string()];
        Self {
            session,
            dir,
            words,
        }
    }

    /// One of a toolkit's, which speaks X11.
    pub fn of_x(session: &'a Session, toolkit: Toolkit) -> Self {
        let dir = session::home().join("drag-toolkit");
        let text = match toolkit {
            Toolkit::Gtk => include_str!("drags/gtk.py"),
            Toolkit::Qt => include_str!("drags/qt.py"),
        };
        let name = format!("{toolkit:?}-drag.py").to_lowercase();
        let program = crate::fixtures::write(&dir.join(name), text.as_bytes());
        let program = program.display().to_string();
        let words = ["env", "GDK_BACKEND=x11", "QT_QPA_PLATFORM=xcb"];
        let words = words.into_iter().chain(["python3", &program]);
        Self {
            session,
            dir,
            words: words.map(str::to_owned).collect(),
        }
    }

    /// A window of the host's at the left.
    pub fn outside(&self, options: &[&str]) -> Result<Neighbour> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]);
        command.args(["--title", "host"]).args(options);
        let app = self.session.start(&mut command)?;
        let window = self
            .session
            .wait_for_window(wait::PATIENCE, |window| window.title == "host")?;
        self.session.move_to(&window, 40, 60)?;
        self.session.settled(&window)?;
        let window = self.session.again(&window)?;
        Ok(Neighbour { app, window })
    }

    /// Options of `oz run` by which a sandbox of another program can run it too.
    pub fn shares(&self) -> [&str; 2] {
        ["--read", self.dir.to_str().unwrap_or_default()]
    }

    /// It runs in a sandbox that is there already.
    pub fn beside(&self, inside: &Inside, options: &[&str]) -> Beside {
        let quoted: Vec<String> = options.iter().map(|word| format!("'{word}'")).collect();
        let line = format!("exec {} {}", self.words.join(" "), quoted.join(" "));
        Beside(inside.script(&line).start())
    }

    /// A window of a new sandbox, at this place; it has the files of these options of `oz run`.
    pub fn inside(&self, title: &str, x: i32, run: &[&str], options: &[&str]) -> Result<Guest> {
        let before = cli::running();
        let run = oz(["run", "--ephemeral", "--read"])
            .arg(&self.dir)
            .args(run)
            .arg("--")
            .args(&self.words)
            .args(["--title", title])
            .args(options)
            .start();
        let window = self
            .session
            .wait_for_window(wait::PATIENCE, |window| window.title.contains(title))?;
        self.session.move_to(&window, x, 60)?;
        self.session.settled(&window)?;
        let window = self.session.again(&window)?;
        let id = cli::running()
            .into_iter()
            .find(|id| !before.contains(id))
            .expect("it runs in a sandbox");
        Ok(Guest {
            run,
            window,
            inside: Inside::of(&id),
        })
    }
}

impl Guest {
    /// Waits until it says something that begins so, and gives the rest.
    #[track_caller]
    pub fn says(&self, words: &str) -> String {
        said(words, || self.run.text_so_far())
    }

    /// Whether it has said something that begins so.
    pub fn has_said(&self, words: &str) -> bool {
        self.run
            .text_so_far()
            .lines()
            .any(|line| line.starts_with(words))
    }
}

impl Neighbour {
    /// Waits until it says something that begins so, and gives the rest.
    #[track_caller]
    pub fn says(&self, words: &str) -> String {
        said(words, || self.app.output())
    }
}

#[track_caller]
fn said(words: &str, all: impl Fn() -> String) -> String {
    let end = std::time::Instant::now() + oz_testkit::patience::scaled(wait::PATIENCE);
    loop {
        let text = all();
        let found = text.lines().find_map(|line| line.strip_prefix(words));
        if let Some(rest) = found {
            return rest.to_owned();
        }
        assert!(std::time::Instant::now() < end, "no {words:?} in {text:?}");
        wait::pause(Duration::from_millis(40));
    }
}

/// Presses the button in the middle of one window and moves into the middle of another.
pub fn drag_over(session: &Session, from: &Window, to: &Window) -> Result<()> {
    let (x, y) = from.content.centre();
    let (to_x, to_y) = to.content.centre();
    session.point((x, y))?;
    // As a hand does: of two windows of X the lower one is raised when the pointer enters it, a moment before a click.
    wait::pause(Duration::from_millis(50));
    session.button("left", "down")?;
    // The same: no app takes a jump for a drag.
    for step in 1..=12 {
        let at = |from: i32, to: i32| from + (to - from) * step / 12;
        session.point((at(x, to_x), at(y, to_y)))?;
        wait::pause(Duration::from_millis(25));
    }
    session.point((to_x + 2, to_y + 1))
}

/// The same, and lets go there.
pub fn drag(session: &Session, from: &Window, to: &Window) -> Result<()> {
    drag_over(session, from, to)?;
    // Whoever is below has to say that it wants it.
    wait::pause(Duration::from_millis(150));
    session.button("left", "up")
}

/// Files as an option of the tool.
pub fn offer(paths: &[&Path]) -> String {
    let lines: String = paths
        .iter()
        .map(|path| format!("file://{}\\n", path.display()))
        .collect();
    format!("{LIST}={lines}")
}

/// Files as the tool says that it has got them.
pub fn list(paths: &[&Path]) -> String {
    let words: Vec<_> = paths
        .iter()
        .map(|path| format!("file://{}", path.display()))
        .collect();
    words.join(" ")
}

/// How a sandbox has a path, and why; nothing if it has not.
pub fn held(inside: &Inside, path: &Path) -> Option<(String, String)> {
    let json = cli::json(["files", inside.id()]);
    let rows = json.as_array().expect("a list").iter();
    let row = rows
        .into_iter()
        .find(|row| row["path"] == path.to_string_lossy().as_ref())?;
    let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    Some((word("access"), word("origin")))
}

/// The user's key, which nobody gets.
pub fn bait() -> PathBuf {
    crate::fixtures::write(&session::home().join(".ssh/id_ed25519"), b"the user's key")
}
