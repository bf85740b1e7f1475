//! What any client of one X server can do to the others it cannot do to another sandbox or to the host.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, ensure};
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, oz, typing, wait};

use super::host::host_terminal;
use super::programs::{self, SPY};
use super::xterm;

/// The spy's file, and an ordinary X server with somebody to spy on: the host's, where it has one.
pub struct Outside {
    spy: PathBuf,
    server: Option<(String, Started)>,
}

impl Outside {
    pub fn begin(session: &Session) -> Self {
        let spy = programs::write(&session.fresh_dir("x11-spy"), SPY);
        let server = (!session.is_x11()).then(|| {
            // The server of the test before may still be ending.
            static NEXT: AtomicU32 = AtomicU32::new(0);
            let number = 100 + std::process::id() % 900 + NEXT.fetch_add(1, Ordering::Relaxed);
            let display = format!(":{number}");
            let options = [display.as_str(), "-nolisten", "tcp", "-ac"];
            let server = Run::new("Xvfb", options).start();
            (display, server)
        });
        let outside = Self { spy, server };
        wait::for_condition("an X server", || {
            let asks = outside.on("xwininfo -root").within(wait::PATIENCE);
            asks.run().code == 0
        });
        outside
    }

    /// On that server.
    pub fn on(&self, script: &str) -> Run {
        let run = Run::sh(script);
        match &self.server {
            Some((display, _)) => run.env("DISPLAY", display),
            None => run,
        }
    }

    fn spies(&self, what: &str) -> Run {
        self.on(&self.script(what))
    }

    fn script(&self, what: &str) -> String {
        format!("exec python3 {} {what}", self.spy.display())
    }

    /// A sandbox that has the spy, and nothing else in it yet.
    fn sandbox(&self) -> Inside {
        let dir = self.spy.parent().expect("a directory");
        let dir = dir.display().to_string();
        Inside::start(&["--ephemeral", "--read", &dir, "--", "sleep", "1000"])
    }
}

/// F8, a key that no text has, held long enough for who asks again and again which are down. By its number: a name would be
/// put onto another key where the server has no keymap yet.
const PRESS: &str = "xdotool keydown 74; sleep 0.3; xdotool keyup 74";

/// Presses it on the spy's server until the spy has heard it in each of its ways.
fn hears_f8(spy: &Started, press: impl Fn()) {
    wait::for_condition("a key, in each way", || {
        press();
        let heard = spy.text_so_far();
        ["asked 74", "raw 74", "recorded 74"]
            .iter()
            .all(|way| heard.contains(way))
    });
}

#[test]
fn cannot_hear_keys_that_are_typed_elsewhere() -> Result<()> {
    let session = Session::begin();
    let outside = Outside::begin(&session);
    let spy = outside.spies("keys").start();
    wait::for_condition("the spy", || spy.text_so_far().contains("listening"));
    hears_f8(&spy, || drop(outside.on(PRESS).run().ok()));
    drop(spy);

    let inside = outside.sandbox();
    let spy = inside.script(&outside.script("keys")).start();
    wait::for_condition("the spy", || spy.text_so_far().contains("listening"));
    let dir = session.fresh_dir("x11-victim");
    let (victim, _) = xterm(&session, &dir, "victim", "echo > ready; cat > typed")?;
    wait::for_condition("the script", || dir.join("ready").exists());
    session.type_text("a secret\n")?;
    session.chord(&["ctrl", "d"])?;
    wait::for_content(&dir.join("typed"), "a secret\n");
    victim.end_within(wait::PATIENCE).ok();
    let dir = session.fresh_dir("host-victim");
    let _host = host_terminal(&session, &dir, "of the host", "000000", typing::SCRIPT);
    let window = session.wait_for_window(wait::LONG, |window| window.title == "of the host")?;
    typing::arrives(&session, &dir, &window, "another secret")?;
    // A key of its own sandbox it does hear; what came before would have been heard before.
    hears_f8(&spy, || drop(inside.sh(PRESS)));
    let heard = spy.text_so_far();
    let heard: BTreeSet<&str> = heard.lines().collect();
    let own = BTreeSet::from(["listening", "asked 74", "raw 74", "recorded 74"]);
    ensure!(heard == own, "{heard:?}");
    Ok(())
}

#[test]
fn cannot_see_what_others_show() -> Result<()> {
    const COLOUR: &str = "5a148c";
    let session = Session::begin();
    let outside = Outside::begin(&session);
    let shows = format!("exec xterm -T shown -bg '#{COLOUR}'");
    let sees = |run: Run| run.run().ok().text() == "seen";
    let shown = outside.on(&shows).start();
    wait::for_condition("a picture", || sees(outside.spies("picture")));
    drop(shown);

    let colour = format!("#{COLOUR}");
    let words = [
        "run",
        "--ephemeral",
        "xterm",
        "-bg",
        &colour,
        "-T",
        "victim",
    ];
    let _victim = oz(words).start();
    let dir = session.fresh_dir("host-shows");
    let _host = host_terminal(&session, &dir, "of the host", COLOUR, "sleep 1000");
    for title in ["victim", "of the host"] {
        session.wait_for_window(wait::LONG, |window| window.title == title)?;
    }
    let inside = outside.sandbox();
    let spies = || inside.script(&outside.script("picture"));
    ensure!(!sees(spies()));
    // What its own sandbox shows it does see.
    let _own = inside.script(&shows).start();
    session.wait_for_window(wait::LONG, |window| window.title == "shown")?;
    wait::for_condition("its own", || sees(spies()));
    Ok(())
}

#[test]
fn cannot_type_into_other_windows() -> Result<()> {
    let session = Session::begin();
    let outside = Outside::begin(&session);
    let there = session.fresh_dir("x11-typed-outside");
    let reader = format!("cd {}; exec xterm -e sh -c 'cat > typed'", there.display());
    let reader = outside.on(&reader).start();
    let typed = |dir: &PathBuf| std::fs::read_to_string(dir.join("typed")).unwrap_or_default();
    wait::for_condition("what was typed", || {
        // Without a window manager the keys go where the pointer is.
        outside.on("xdotool mousemove 100 100").run().ok();
        outside.spies("type").run().ok();
        outside.on("xdotool key Return").run().ok();
        typed(&there).contains("spied")
    });
    drop(reader);

    let inside = outside.sandbox();
    let types = || inside.script(&outside.script("type")).run().ok().text();
    let dir = session.fresh_dir("x11-typed-inside");
    let (_victim, window) = xterm(&session, &dir, "victim", typing::SCRIPT)?;
    wait::for_condition("the script", || dir.join("ready").exists());
    session.click_window(&window)?;
    ensure!(types() == "typed");
    session.type_text("mine\n")?;
    wait::for_content(&dir.join("typed"), "mine\n");
    let dir = session.fresh_dir("host-typed");
    let _host = host_terminal(&session, &dir, "of the host", "000000", typing::SCRIPT);
    let window = session.wait_for_window(wait::LONG, |window| window.title == "of the host")?;
    wait::for_condition("the script", || dir.join("ready").exists());
    session.click_window(&window)?;
    ensure!(types() == "typed");
    typing::arrives(&session, &dir, &window, "of mine")
}
