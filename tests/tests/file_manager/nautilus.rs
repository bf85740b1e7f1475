//! Nautilus itself.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, cli, drags, oz, wait};
use oz_testkit::desktop::{Widget, Window};

use crate::opened::{self, Panel};

/// What screen readers and the desktop call it.
const APP: &str = "org.gnome.Nautilus";
const OPEN: &str = "Open in Sandbox…";
const ADD: &str = "Add to Running Sandbox…";

struct Nautilus<'a> {
    session: &'a Session,
    program: Option<Started>,
    window: Window,
}

impl<'a> Nautilus<'a> {
    /// With a file of a directory selected.
    fn begin(session: &'a Session, file: &Path) -> Result<Self> {
        let run = Run::new("nautilus", ["--new-window", "--select"]).arg(file);
        let program = Some(run.start());
        let window = session.window_within(wait::LONG, APP, "")?;
        session.give_focus(&window)?;
        let own = Self {
            session,
            program,
            window,
        };
        own.wait_for_selected(file)?;
        Ok(own)
    }

    fn wait_for_selected(&self, file: &Path) -> Result<()> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let selected = |widget: &Widget| widget.name == format!("“{name}” selected");
        self.session.wait_for_widget(APP, selected).map(drop)
    }

    /// Opens the menu of a file, and chooses. A menu is built when the file is selected, with what is known then.
    fn choose(&self, file: &Path, row: &str, inner: &str) -> Result<()> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        wait::within(wait::LONG, row, || {
            let session = self.session;
            let empty = self.window.content;
            session
                .click((empty.x + empty.width - 20, empty.y + empty.height - 60))
                .ok()?;
            let cell = |widget: &Widget| {
                widget.name == name && widget.role == "table cell" && widget.place.is_some()
            };
            session.click_widget(&self.window, APP, cell).ok()?;
            self.wait_for_selected(file).ok()?;
            session.chord(&["shift", "F10"]).ok()?;
            let ours = |widget: &Widget| widget.name == row && widget.place.is_some();
            let there = (0..15).any(|_| {
                wait::pause(Duration::from_millis(200));
                let all = session.widgets(APP);
                all.is_ok_and(|all| all.iter().any(ours))
            });
            if !there {
                session.chord(&["Escape"]).ok()?;
            }
            there.then_some(())
        });
        self.session.press(APP, "menu item", row)?;
        let shown = |widget: &Widget| widget.name == inner && widget.place.is_some();
        self.session.wait_for_widget(APP, shown)?;
        self.session.shoot(&format!(
            "nautilus-{}",
            row.split(' ').next().unwrap_or_default()
        ))?;
        self.session.press(APP, "menu item", inner)
    }
}

/// The middle of a widget, on the screen.
fn middle(
    session: &Session,
    window: &Window,
    app: &str,
    fits: impl Fn(&Widget) -> bool,
) -> Result<(i32, i32)> {
    let place = session.wait_for_widget(app, |widget| fits(widget) && widget.place.is_some())?;
    let [left, top, width, height] = place.place.unwrap_or_default();
    let content = session.again(window)?.content;
    Ok((content.x + left + width / 2, content.y + top + height / 2))
}

impl Drop for Nautilus<'_> {
    fn drop(&mut self) {
        let _ = oz(["stop", "--all"]).run();
        let _ = Run::new("nautilus", ["--quit"]).run();
        if let Some(program) = self.program.take() {
            program.end_within(wait::LONG);
        }
    }
}

#[test]
fn its_menu_opens_a_file_in_a_sandbox_and_adds_another_to_it() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("in-nautilus");
    let text = write(&dir.join("doc.txt"), b"x\n");
    let more = write(&dir.join("more.txt"), b"more\n");
    let nautilus = Nautilus::begin(&session, &text)?;
    nautilus.choose(&text, OPEN, "gedit")?;
    let opened = session.window_within(wait::LONG, "org.gnome.gedit", "doc.txt")?;
    ensure!(opened.focused, "what was opened is behind");
    let inside = Inside::of(&cli::running()[0]);
    let shown = more.display();
    ensure!(inside.holds(&format!(
        "grep -q x {} && ! test -e {shown}",
        text.display()
    )));

    session.give_focus(&nautilus.window)?;
    nautilus.choose(&more, ADD, "gedit, read only")?;
    inside.wait_for(&format!("grep -q more {shown}"));
    ensure!(!inside.holds(&format!("echo y >> {shown}")));
    nautilus.choose(&more, ADD, "gedit, writable")?;
    inside.wait_for(&format!("echo y >> {shown}"));
    Ok(())
}

#[test]
fn a_double_click_opens_the_file_in_the_sandbox_of_an_enabled_app() -> Result<()> {
    let session = Session::begin();
    oz(["enable", "gedit"]).run().ok();
    Run::new("gio", ["mime", "text/plain", "org.gnome.gedit.desktop"])
        .run()
        .ok();
    let dir = session.fresh_dir("clicked");
    let text = write(&dir.join("doc.txt"), b"x\n");
    let other = write(&dir.join("other.txt"), b"y\n");
    let nautilus = Nautilus::begin(&session, &text)?;
    let cell = |widget: &Widget| widget.name == "doc.txt" && widget.role == "table cell";
    let middle = middle(&session, &nautilus.window, APP, cell)?;
    for _ in 0..2 {
        session.click(middle)?;
    }
    session.window_within(wait::LONG, "org.gnome.gedit", "doc.txt")?;
    let running = cli::running();
    ensure!(running.len() == 1, "{running:?}");
    let inside = Inside::of(&running[0]);
    ensure!(inside.holds(&format!(
        "grep -q x {} && ! test -e {}",
        text.display(),
        other.display()
    )));
    drop(nautilus);
    oz(["disable", "gedit"]).run().ok();
    std::fs::remove_file(session.home().join(".config/mimeapps.list"))?;
    Ok(())
}

#[test]
fn a_file_that_is_dragged_from_it_onto_the_panel_is_shown_to_the_sandbox_to_be_read() -> Result<()>
{
    let session = Session::begin();
    let dir = session.fresh_dir("dragged");
    let file = write(&dir.join("doc.txt"), b"x\n");
    let shown = file.display();
    let inside = Inside::idle("viewer");
    let nautilus = Nautilus::begin(&session, &file)?;
    session.resize(&nautilus.window, 640, 600)?;
    session.move_to(&nautilus.window, 20, 40)?;
    let panel = Panel::open(&session)?;
    session.move_to(&panel.window, 690, 40)?;
    for window in [&nautilus.window, &panel.window] {
        session.settled(&session.again(window)?)?;
    }
    let cell = |widget: &Widget| widget.name == "doc.txt" && widget.role == "table cell";
    let from = middle(&session, &nautilus.window, APP, cell)?;
    let none = |widget: &Widget| widget.name == "It has none of your files.";
    let to = middle(&session, &panel.window, opened::APP, none)?;
    drags::carry(&session, from, to)?;
    ensure!(
        !inside.holds(&format!("cat {shown}")),
        "it is not dropped yet"
    );
    session.button("left", "up")?;
    inside.wait_for(&format!("grep -qx x {shown}"));
    ensure!(!inside.holds(&format!("echo more >> {shown}")));
    panel.wait_for_text("Read only · added in the panel")?;
    panel.shoot("panel-dragged-from-nautilus")?;
    panel.close()
}
