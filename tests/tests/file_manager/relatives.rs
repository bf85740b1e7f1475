//! Nemo and Caja, which were made from Nautilus.

use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, cli, oz, wait};

const OPEN: &str = "Open in Sandbox…";
const ADD: &str = "Add to Running Sandbox…";

/// Selects a file and chooses, as a screen reader would.
const CHOOSE: &str = include_str!("relatives.py");

/// One of them, with a directory before it, on an X server of its own: Caja knows no other desktop.
struct Manager {
    name: &'static str,
    program: Option<Started>,
}

impl Manager {
    fn begin(session: &Session, name: &'static str, directory: &Path) -> Result<Self> {
        // It loads what is the system's or the user's own, and this installation is in neither place.
        let own = format!(".local/share/{name}-python/extensions");
        let own = session.home().join(own);
        std::fs::create_dir_all(&own)?;
        let file = format!("oz-{name}.py");
        let ours = crate::share().join(format!("{name}-python/extensions"));
        symlink(ours.join(&file), own.join(&file))?;
        let program = Run::new("xvfb-run", ["--auto-servernum", name])
            .arg(directory)
            .start();
        Ok(Self {
            name,
            program: Some(program),
        })
    }

    fn choose(&self, file: &str, row: &str, inner: &str) {
        let words = ["-I", "-c", CHOOSE, self.name, file, row, inner];
        let ran = Run::new("/usr/bin/python3", words)
            .within(wait::LONG)
            .run()
            .ok();
        assert!(ran.text().contains("chosen"), "{ran}");
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = oz(["stop", "--all"]).run();
        drop(self.program.take());
    }
}

fn its_menu_opens_a_file_in_a_sandbox_and_adds_another_to_it(name: &'static str) -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir(name);
    let text = write(&dir.join("doc.txt"), b"x\n");
    let more = write(&dir.join("more.txt"), b"more\n");
    let manager = Manager::begin(&session, name, &dir)?;
    manager.choose("doc.txt", OPEN, "gedit");
    session.window_within(wait::LONG, "org.gnome.gedit", "doc.txt")?;
    let inside = Inside::of(&cli::running()[0]);
    let shown = more.display();
    ensure!(inside.holds(&format!(
        "grep -q x {} && ! test -e {shown}",
        text.display()
    )));
    manager.choose("more.txt", ADD, "gedit, read only");
    inside.wait_for(&format!("grep -q more {shown}"));
    ensure!(!inside.holds(&format!("echo y >> {shown}")));
    manager.choose("more.txt", ADD, "gedit, writable");
    inside.wait_for(&format!("echo y >> {shown}"));
    Ok(())
}

#[test]
fn the_menu_of_nemo_opens_a_file_in_a_sandbox_and_adds_another_to_it() -> Result<()> {
    its_menu_opens_a_file_in_a_sandbox_and_adds_another_to_it("nemo")
}

#[test]
fn the_menu_of_caja_opens_a_file_in_a_sandbox_and_adds_another_to_it() -> Result<()> {
    its_menu_opens_a_file_in_a_sandbox_and_adds_another_to_it("caja")
}
