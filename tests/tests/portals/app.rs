//! A small app of a real toolkit, in a sandbox that stays.

use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::{Inside, Session, wait};

/// The app.
const CHOOSER: Script = Script("chooser.py", include_str!("chooser.py"));

/// A program in Python: its name and its text.
pub struct Script(pub &'static str, pub &'static str);

/// It and its sandbox.
pub struct App {
    inside: Inside,
    started: Started,
}

impl App {
    /// Starts the app with GTK of a version; it says what it does on its output.
    pub fn start(session: &Session, gtk: u8, arguments: &[&str]) -> Self {
        let gtk = gtk.to_string();
        let arguments = [&[gtk.as_str()], arguments].concat();
        Self::run(session, &CHOOSER, &arguments)
    }

    /// Runs a program in a sandbox of its own.
    pub fn run(session: &Session, Script(name, text): &Script, arguments: &[&str]) -> Self {
        let script = write(&session.fresh_dir("app").join(name), text.as_bytes());
        let read = format!("--read={}", script.display());
        let inside = Inside::start(&["--ephemeral", &read, "--", "sleep", "1000"]);
        let words = arguments.join(" ");
        let run = format!("exec python3 {} {words} 2>&1", script.display());
        let started = inside.script(&run).within(wait::LONG).start();
        Self { inside, started }
    }

    /// Its sandbox.
    pub fn inside(&self) -> &Inside {
        &self.inside
    }

    /// What it has said so far.
    pub fn text(&self) -> String {
        self.started.text_so_far()
    }

    /// Whether it has said something.
    pub fn said(&self, what: &str) -> bool {
        self.text().contains(what)
    }

    /// Waits until it has.
    pub fn wait_for(&self, what: &str) {
        wait::for_condition(&format!("the app says {what}"), || self.said(what));
    }
}
