//! Other toolkits and real apps find the dialogs without being told.

use std::fs;
use std::path::Path;

use anyhow::Result;
use oz_e2e::fixtures::{page, pdf, write};
use oz_e2e::{Inside, Session, oz, wait};

use crate::app::{App, Script};
use crate::{dialog, host};

const QT: Script = Script("chooser_qt.py", include_str!("chooser_qt.py"));
const OLD: Script = Script("chooser_old.py", include_str!("chooser_old.py"));
const GREEN: [u8; 3] = [10, 200, 90];

#[test]
fn qt5_opens_and_saves_what_is_picked() -> Result<()> {
    opens_and_saves("5")
}

#[test]
fn qt6_opens_and_saves_what_is_picked() -> Result<()> {
    opens_and_saves("6")
}

fn opens_and_saves(version: &str) -> Result<()> {
    let session = Session::begin();
    host::begin();
    let file = write(
        &session.fresh_dir("picked").join("letter.txt"),
        b"Dear all\n",
    );
    let app = App::run(&session, &QT, &[version, "open"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    session.shoot(&format!("portal-open-qt{version}"))?;
    dialog::pick(&session, &window, &file)?;
    app.wait_for("done");
    assert!(app.said("read Dear all"), "{}", app.text());
    oz(["stop", app.inside().id()]).run().ok();

    let file = file.with_file_name("new.txt");
    let app = App::run(&session, &QT, &[version, "save"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    dialog::pick(&session, &window, &file)?;
    app.wait_for("done");
    wait::for_condition("the host's file has it", || {
        fs::read_to_string(&file).is_ok_and(|text| text == "second\n")
    });
    Ok(())
}

#[test]
fn a_dialog_of_gtk_3_that_knows_no_portal_opens_what_is_picked() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let dir = session.fresh_dir("picked");
    let first = write(&dir.join("first.txt"), b"Dear all\n");
    let second = write(&dir.join("second.txt"), b"Yours\n");
    let app = App::run(&session, &OLD, &["open"]);
    for file in [&first, &second] {
        let window = dialog::wait_for(&session, app.inside().id())?;
        if file == &first {
            session.shoot("portal-open-gtk3-old")?;
        }
        dialog::pick(&session, &window, file)?;
    }
    app.wait_for("done");
    for said in ["read Dear all", "read Yours"] {
        assert!(app.said(said), "{}", app.text());
    }
    Ok(())
}

#[test]
fn a_dialog_of_gtk_3_that_knows_no_portal_saves_and_is_waved_away() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let file = session.fresh_dir("picked").join("new.txt");
    let app = App::run(&session, &OLD, &["save", "untitled.txt"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    dialog::pick(&session, &window, &file)?;
    wait::for_condition("the host's file has it", || {
        fs::read_to_string(&file).is_ok_and(|text| text == "first\n")
    });
    // Waved away: what was picked before does not count.
    let window = dialog::wait_for(&session, app.inside().id())?;
    dialog::cancel(&session, &window)?;
    app.wait_for("done");
    assert!(app.said("response second -6 None"), "{}", app.text());
    assert_eq!(fs::read_to_string(&file)?, "first\n");
    oz(["stop", app.inside().id()]).run().ok();

    let dir = session.fresh_dir("folder");
    write(&dir.join("page.txt"), b"x");
    let app = App::run(&session, &OLD, &["folder"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    dialog::pick_folder(&session, &window, &dir)?;
    app.wait_for("listed page.txt");
    Ok(())
}

#[test]
fn firefox_opens_a_page_that_is_picked() -> Result<()> {
    let session = Session::begin();
    session.forget("firefox");
    let file = page(
        &session.fresh_dir("picked").join("green.html"),
        "A green page",
        GREEN,
    );
    let inside = opens(&session, "firefox", "firefox-esr", &["about:blank"], &file)?;
    let window = session.window_within(wait::LONG, "firefox-esr", "A green page")?;
    session.wait_for_colour(&window, GREEN, 0.5)?;
    session.shoot("portal-opened-firefox")?;
    assert!(inside.is_running());
    Ok(())
}

#[test]
fn evince_opens_a_document_that_is_picked() -> Result<()> {
    let session = Session::begin();
    session.forget("evince");
    let dir = session.fresh_dir("picked");
    let first = pdf(&dir.join("first.pdf"), "The first", GREEN);
    let second = pdf(&dir.join("second.pdf"), "The second", [230, 120, 20]);
    let first = first.to_string_lossy().into_owned();
    opens(&session, "evince", "org.gnome.Evince", &[&first], &second)?;
    session.window_within(wait::LONG, "org.gnome.Evince", "second.pdf")?;
    Ok(())
}

/// Presses the keys for it in an app, and picks a file.
fn opens(
    session: &Session,
    name: &str,
    app_id: &str,
    arguments: &[&str],
    file: &Path,
) -> Result<Inside> {
    host::begin();
    let ran = oz(["run", "--detach", name]).args(arguments).run().ok();
    let inside = Inside::of(&ran.text());
    let window = session.window_within(wait::LONG, app_id, "")?;
    let shot = format!("portal-open-{name}");
    dialog::open(session, inside.id(), &window, file, &shot)?;
    Ok(inside)
}
