//! What any client of one X server can do to the others it cannot do to another sandbox or to the host.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, ensure};
use oz_e2e::run::Started;
use oz_e2e::{Run, Session, oz, wait};

use super::xterm;

const SPY: &str = include_str!("spy.py");

/// The spy's file, and an ordinary X server of the host with somebody to spy on.
pub struct Outside {
    spy: PathBuf,
    display: String,
    _server: Started,
}

impl Outside {
    pub fn begin(session: &Session) -> Self {
        let spy = session.fresh_dir("x11-spy").join("spy.py");
        std::fs::write(&spy, SPY).expect("written");
        // The server of the test before may still be ending.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = 100 + std::process::id() % 900 + NEXT.fetch_add(1, Ordering::Relaxed);
        let display = format!(":{number}");
        let server = Run::new("Xvfb", [display.as_str(), "-nolisten", "tcp", "-ac"]).start();
        let outside = Self {
            spy,
            display,
            _server: server,
        };
        wait::for_condition("an X server", || {
            outside
                .on("xwininfo -root")
                .within(wait::PATIENCE)
                .run()
                .code
                == 0
        });
        outside
    }

    /// On that server.
    pub fn on(&self, script: &str) -> Run {
        Run::sh(script).env("DISPLAY", &self.display)
    }

    fn spies(&self, what: &str) -> Run {
        self.on(&format!("exec python3 {} {what}", self.spy.display()))
    }

    /// In a sandbox.
    fn inside(&self, what: &str) -> Run {
        oz(["run", "--ephemeral", "--read"])
            .arg(&self.spy)
            .args(["--", "python3"])
            .arg(&self.spy)
            .arg(what)
    }
}

#[test]
fn cannot_hear_keys_that_are_typed_elsewhere() -> Result<()> {
    let session = Session::begin();
    let outside = Outside::begin(&session);
    let heard = outside.spies("keys").start();
    wait::for_condition("the spy", || heard.text_so_far().contains("listening"));
    outside
        .on("xdotool keydown a; sleep 0.3; xdotool keyup a")
        .run()
        .ok();
    wait::for_condition("a key", || heard.text_so_far().contains("a key is down"));
    heard.signal(rustix::process::Signal::KILL);
    heard.end_within(wait::PATIENCE);

    let spy = outside.inside("keys").start();
    wait::for_condition("the spy", || spy.text_so_far().contains("listening"));
    let dir = session.fresh_dir("x11-victim");
    let (victim, _) = xterm(&session, &dir, "victim", "echo > ready; cat > typed")?;
    wait::for_condition("the script", || dir.join("ready").exists());
    session.type_text("a secret\n")?;
    session.chord(&["ctrl", "d"])?;
    wait::for_content(&dir.join("typed"), "a secret\n");
    victim.end_within(wait::PATIENCE).ok();
    ensure!(!spy.text_so_far().contains("key"), "{}", spy.text_so_far());
    Ok(())
}

#[test]
fn cannot_see_what_others_show() -> Result<()> {
    let session = Session::begin();
    let outside = Outside::begin(&session);
    let shown = outside.on("exec xterm -bg '#5a148c' -T shown").start();
    wait::for_condition("a picture", || {
        outside.spies("picture").run().ok().text() == "seen"
    });
    drop(shown);

    let _victim = oz([
        "run",
        "--ephemeral",
        "xterm",
        "-bg",
        "#5a148c",
        "-T",
        "victim",
    ])
    .start();
    session.wait_for_window(wait::LONG, |window| window.title == "victim")?;
    ensure!(outside.inside("picture").run().ok().text() == "not seen");
    Ok(())
}

#[test]
fn cannot_type_into_other_windows() -> Result<()> {
    let session = Session::begin();
    let outside = Outside::begin(&session);
    let there = session.fresh_dir("x11-typed-outside");
    let reader = format!("cd {}; exec xterm -e sh -c 'cat > typed'", there.display());
    let _reader = outside.on(&reader).start();
    let typed = |dir: &PathBuf| std::fs::read_to_string(dir.join("typed")).unwrap_or_default();
    wait::for_condition("what was typed", || {
        // Without a window manager the keys go where the pointer is.
        outside.on("xdotool mousemove 100 100").run().ok();
        outside.spies("type").run().ok();
        outside.on("xdotool key Return").run().ok();
        typed(&there).contains("spied")
    });

    let dir = session.fresh_dir("x11-typed-inside");
    let (_victim, window) = xterm(&session, &dir, "victim", "echo > ready; cat > typed")?;
    wait::for_condition("the script", || dir.join("ready").exists());
    session.click_window(&window)?;
    ensure!(outside.inside("type").run().ok().text() == "typed");
    session.type_text("mine\n")?;
    wait::for_content(&dir.join("typed"), "mine\n");
    Ok(())
}
