//! Files are shown and taken back.

use std::path::Path;

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Session, cli, oz, wait};

use super::{APP, Panel};

/// Chooses a file in the dialog that is open.
fn choose(panel: &Panel<'_>, title: &str, file: &Path) -> Result<()> {
    let session = panel.session;
    let dialog = session.window_within(wait::LONG, APP, title)?;
    session.give_focus(&dialog)?;
    session.settled(&dialog)?;
    session.chord(&["ctrl", "l"])?;
    session.settled(&dialog)?;
    session.chord(&["ctrl", "a"])?;
    session.type_text(&file.to_string_lossy())?;
    session.settled(&dialog)?;
    session.key("enter", "press")?;
    session.wait_for_no_window(wait::PATIENCE, |window| window.title.contains(title))
}

#[test]
fn a_file_is_added_by_the_chooser_and_taken_back_with_a_warning() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("reader", r#"{ "extends": "generic" }"#);
    let file = write(&session.fresh_dir("Papers").join("notes.txt"), b"hello\n");
    let shown = file.display();
    let inside = Inside::idle("reader");
    let panel = Panel::open(&session)?;
    panel.wait_for_text("It has none of your files.")?;
    ensure!(!inside.holds(&format!("cat {shown}")));

    panel.press("Add…")?;
    session.press(APP, "menu item", "Files to Read…")?;
    choose(&panel, "Files That reader May Read", &file)?;
    inside.wait_for(&format!("grep -qx hello {shown}"));
    ensure!(!inside.holds(&format!("echo more >> {shown}")));
    panel.wait_for_text("Read only")?;
    panel.wait_for_text("added in the panel")?;
    panel.shoot("panel-file")?;
    let held = cli::json(["files", inside.id()]);
    ensure!(held.to_string().contains("\"panel\""), "{held}");

    // To let the app change it is a choice of its own.
    panel.press("The app may change notes.txt")?;
    inside.wait_for(&format!("echo more >> {shown}"));
    panel.wait_for_text("May be changed")?;
    ensure!(std::fs::read(&file)? == b"hello\nmore\n");

    panel.press("Take back notes.txt")?;
    panel.wait_for_text("Take notes.txt back?")?;
    panel.shoot("panel-take-back")?;
    panel.press("Take Back")?;
    inside.wait_for(&format!("! cat {shown}"));
    panel.wait_for_text("It has none of your files.")?;
    panel.close()
}

#[test]
fn what_is_open_still_after_it_was_taken_back_is_listed() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("holder", r#"{ "extends": "generic" }"#);
    let file = write(&session.fresh_dir("Papers").join("kept.txt"), b"hello\n");
    let inside = Inside::idle("holder");
    oz(["add", inside.id()]).arg(&file).run().ok();
    let panel = Panel::open(&session)?;
    panel.wait_for_text("kept.txt")?;
    let reader = inside.script(&format!(
        "exec 3< {}; echo open; sleep 1000",
        file.display()
    ));
    let reader = reader.start();
    wait::for_condition("the file to be open", || {
        reader.text_so_far().contains("open")
    });
    panel.press("Take back kept.txt")?;
    panel.press("Take Back")?;
    panel.wait_for_text("Taken back, and still open in")?;
    panel.shoot("panel-still-open")?;
    drop(reader);
    oz(["stop", inside.id()]).run().ok();
    panel.wait_for_text("No Sandbox Runs")?;
    panel.close()
}

#[test]
fn what_cannot_be_given_is_said() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("curious", r#"{ "extends": "generic" }"#);
    let place = oz_e2e::session::home().join(".ssh");
    std::fs::create_dir_all(&place)?;
    let key = write(&place.join("id_test"), b"secret\n");
    let inside = Inside::idle("curious");
    let panel = Panel::open(&session)?;
    panel.press("Add…")?;
    session.press(APP, "menu item", "Files That It May Change…")?;
    choose(&panel, "Files That curious May Change", &key)?;
    panel.wait_for_text(".ssh")?;
    ensure!(!inside.holds(&format!("cat {}", key.display())));
    panel.close()
}
