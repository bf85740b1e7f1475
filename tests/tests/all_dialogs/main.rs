//! Large apps open and save by the desktop's dialogs, as in `portals`, for `cargo xtask test --all`.

#[path = "../portals/dialog.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod dialog;
#[path = "../portals/host.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod host;

use std::fs;

use anyhow::Result;
use oz_e2e::fixtures::{page, write};
use oz_e2e::{Inside, Session, cli, oz, wait};
use oz_testkit::desktop::Window;

const GREEN: [u8; 3] = [10, 200, 90];

/// A browser, and how it is started without questions.
struct Browser {
    name: &'static str,
    app_id: &'static str,
    options: &'static [&'static str],
}

const CHROMIUM: Browser = Browser {
    name: "chromium",
    app_id: "chromium",
    options: &[
        "--no-first-run",
        "--disable-gpu",
        "--ozone-platform=wayland",
    ],
};
const FIREFOX: Browser = Browser {
    name: "firefox",
    app_id: "firefox-esr",
    options: &["--no-remote"],
};

impl Browser {
    /// Starts it with a page, in a window that has the keyboard.
    fn start(&self, session: &Session, page: &str) -> Result<(Inside, Window)> {
        host::begin();
        session.forget(self.name);
        let run = oz(["run", "--detach", self.name]).args(self.options);
        let inside = Inside::of(&run.arg(page).run().ok().text());
        let window = session.window_within(wait::LONG, self.app_id, "")?;
        session.give_focus(&window)?;
        session.settled(&window)?;
        Ok((inside, window))
    }

    fn opens_and_saves(&self) -> Result<()> {
        let session = Session::begin();
        let dir = session.fresh_dir("pages");
        let file = page(&dir.join("green.html"), "A green page", GREEN);
        let (inside, window) = self.start(&session, "about:blank")?;
        let shot = format!("dialog-open-{}", self.name);
        dialog::open(&session, inside.id(), &window, &file, &shot)?;
        let window = session.window_within(wait::LONG, self.app_id, "A green page")?;
        session.wait_for_colour(&window, GREEN, 0.5)?;
        session.give_focus(&window)?;

        let saved = session.fresh_dir("saved").join("kept.html");
        session.chord(&["ctrl", "s"])?;
        let shown = dialog::wait_for(&session, inside.id())?;
        session.shoot(&format!("dialog-save-{}", self.name))?;
        dialog::pick(&session, &shown, &saved)?;
        wait::for_condition("the page is saved", || {
            fs::read_to_string(&saved).is_ok_and(|text| text.contains("A green page"))
        });
        let held = cli::json(["files", inside.id()]).to_string();
        assert!(
            held.contains("\"dialog\"") && held.contains("kept.html"),
            "{held}"
        );
        oz(["stop", inside.id()]).run().ok();
        Ok(())
    }
}

#[test]
fn chromium_opens_and_saves_what_is_picked() -> Result<()> {
    CHROMIUM.opens_and_saves()
}

#[test]
fn firefox_opens_and_saves_what_is_picked() -> Result<()> {
    FIREFOX.opens_and_saves()
}

#[test]
fn libreoffice_opens_and_saves_what_is_picked() -> Result<()> {
    let session = Session::begin();
    host::begin();
    session.forget("libreoffice");
    let dir = session.fresh_dir("letters");
    let file = write(&dir.join("letter.txt"), b"Dear all\n");
    let options = ["--norestore", "--nologo", "--writer"];
    let run = oz(["run", "--detach", "libreoffice"]).args(options);
    let inside = Inside::of(&run.run().ok().text());
    let writer = session.wait_for_window(wait::LONG, |w| w.title.contains("Untitled"))?;
    let shot = "dialog-open-libreoffice";
    dialog::open(&session, inside.id(), &writer, &file, shot)?;
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("letter.txt"))?;
    session.give_focus(&window)?;
    session.settled(&window)?;

    // In another format than it was in.
    let saved = session.fresh_dir("saved").join("kept.odt");
    session.chord(&["ctrl", "shift", "s"])?;
    let shown = dialog::wait_for(&session, inside.id())?;
    session.shoot("dialog-save-libreoffice")?;
    dialog::pick(&session, &shown, &saved)?;
    wait::for_condition("the document is saved", || {
        fs::read(&saved).is_ok_and(|bytes| bytes.starts_with(b"PK"))
    });
    session.wait_for_window(wait::LONG, |w| w.title.contains("kept.odt"))?;
    oz(["stop", inside.id()]).run().ok();
    Ok(())
}
