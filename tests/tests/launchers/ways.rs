//! The ways in which people and programs start apps.

use anyhow::{Result, ensure};
use oz_e2e::cli::{self, oz};
use oz_e2e::fixtures::{pdf, write};
use oz_e2e::{Inside, Run, Session, session, wait};

use crate::{Enabled, end_all, outside};

/// Starts it, waits for the window, and looks where it is.
fn lands_in_sandbox(session: &Session, way: Run, program: &str, title: &str) -> Result<Inside> {
    let started = way.start();
    session.wait_for_window(wait::LONG, |w| w.title.contains(title))?;
    ensure!(outside(program).is_empty(), "it runs outside");
    let running = cli::running();
    ensure!(running.len() == 1, "{running:?}");
    started.end_within(wait::LONG).ok();
    Ok(Inside::of(&running[0]))
}

fn stop(session: &Session, title: &str) -> Result<()> {
    oz(["stop", "--all"]).run().ok();
    session.wait_for_no_window(wait::PATIENCE, |w| w.title.contains(title))
}

#[test]
fn a_launcher_starts_the_app_in_its_sandbox_with_just_the_file() -> Result<()> {
    let session = Session::begin();
    let _enabled = Enabled::new(&["gedit"]);
    let dir = session.fresh_dir("launched");
    let file = write(&dir.join("doc.txt"), b"x\n");
    let other = write(&dir.join("other.txt"), b"y\n");
    let (file_, other_) = (file.display(), other.display());
    let entry = session::home().join(".local/share/applications/org.gnome.gedit.desktop");
    for way in [
        Run::new("gtk-launch", ["org.gnome.gedit"]).arg(&file),
        Run::new("gio", ["launch"]).arg(&entry).arg(&file),
    ] {
        let inside = lands_in_sandbox(&session, way, "gedit", "doc.txt")?;
        ensure!(inside.holds(&format!("grep -q x {file_} && test ! -e {other_}")));
        stop(&session, "doc.txt")?;
    }
    Ok(())
}

#[test]
fn opening_a_file_with_its_default_app_gives_a_sandbox_just_that_file() -> Result<()> {
    let session = Session::begin();
    let _enabled = Enabled::new(&["gedit", "evince"]);
    let dir = session.fresh_dir("opened");
    let text = write(&dir.join("doc.txt"), b"x\n");
    let page = pdf(&dir.join("page.pdf"), "page.pdf", [10, 200, 90]);
    Run::new("gio", ["mime", "text/plain", "org.gnome.gedit.desktop"])
        .run()
        .ok();
    Run::new(
        "gio",
        ["mime", "application/pdf", "org.gnome.Evince.desktop"],
    )
    .run()
    .ok();
    for (opener, file, program, title) in [
        (&["gio", "open"][..], &text, "gedit", "doc.txt"),
        (&["xdg-open"], &text, "gedit", "doc.txt"),
        (&["gio", "open"], &page, "evince", "page.pdf"),
        (&["xdg-open"], &page, "evince", "page.pdf"),
    ] {
        let way = Run::new(opener[0], &opener[1..]).arg(file);
        let inside = lands_in_sandbox(&session, way, program, title)?;
        let names = inside.sh(&format!("ls {}", dir.display())).ok().text();
        ensure!(names.trim() == title, "{opener:?}: {names}");
        stop(&session, title)?;
    }
    std::fs::remove_file(session.home().join(".config/mimeapps.list"))?;
    Ok(())
}

#[test]
fn a_shell_starts_the_sandboxed_program_if_asked_to() -> Result<()> {
    let session = Session::begin();
    let _enabled = Enabled::new(&["gedit", "--shell"]);
    let file = write(&session.fresh_dir("typed").join("doc.txt"), b"x\n");
    let path = format!(
        "{}/.local/bin:{}",
        session.home().display(),
        std::env::var("PATH")?
    );
    let way = Run::sh(&format!("gedit {} & sleep 0.1", file.display())).env("PATH", path);
    lands_in_sandbox(&session, way, "gedit", "doc.txt")?;
    stop(&session, "doc.txt")
}

#[test]
fn without_enabling_a_launcher_starts_the_app_outside() -> Result<()> {
    let session = Session::begin();
    let file = pdf(
        &session.fresh_dir("plain").join("page.pdf"),
        "page.pdf",
        [10, 200, 90],
    );
    let started = Run::new("gtk-launch", ["org.gnome.Evince"])
        .arg(&file)
        .start();
    session.wait_for_window(wait::LONG, |w| w.title.contains("page.pdf"))?;
    ensure!(!outside("evince").is_empty() && cli::running().is_empty());
    end_all("evince");
    started.end_within(wait::LONG);
    session.wait_for_no_window(wait::PATIENCE, |w| w.title.contains("page.pdf"))
}
