//! Opening and saving by dialog: the host shows it, the sandbox holds what is picked.

use std::fs;

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session, cli, wait};

use crate::app::App;
use crate::{dialog, host};

#[test]
fn a_gtk3_app_opens_a_file_that_is_picked_and_no_other() -> Result<()> {
    opens_a_file(3)
}

#[test]
fn a_gtk4_app_opens_a_file_that_is_picked_and_no_other() -> Result<()> {
    opens_a_file(4)
}

fn opens_a_file(gtk: u8) -> Result<()> {
    let session = Session::begin();
    host::begin();
    let file = write(
        &session.fresh_dir("picked").join("letter.txt"),
        b"Dear all\n",
    );
    write(&file.with_file_name("other.txt"), b"not picked\n");
    let app = App::start(&session, gtk, &["open"]);
    let inside = app.inside();
    let look = format!("cat {}", file.display());
    inside.sh(&look).refused_inside();
    let window = dialog::wait_for(&session, inside.id())?;
    session.shoot(&format!("portal-open-gtk{gtk}"))?;
    dialog::pick(&session, &window, &file)?;
    app.wait_for("done");
    assert!(app.said("read Dear all"), "{}", app.text());
    assert_eq!(inside.sh(&look).ok().text(), "Dear all");
    let other = file.with_file_name("other.txt");
    inside
        .sh(&format!("cat {}", other.display()))
        .refused_inside();
    // What the profile says of arguments holds for what is picked.
    inside
        .sh(&format!("echo x >> {}", file.display()))
        .refused_inside();
    let held = cli::json(["files", inside.id()]);
    assert!(held.to_string().contains("\"dialog\""), "{held}");
    Ok(())
}

/// Longer than a program that runs may take for an answer, for each of two.
const SECONDS: &str = "6";

#[test]
fn a_portal_that_takes_its_time_is_waited_for() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let directory = session.fresh_dir("picked");
    let file = write(&directory.join("letter.txt"), b"Dear all\n");
    let portal = write(
        &directory.join("slow_portal.py"),
        include_bytes!("slow_portal.py"),
    );
    let portal = Run::new("python3", [portal.as_os_str()])
        .args([SECONDS, &format!("file://{}", file.display())])
        .start();
    wait::for_condition("the portal", || portal.text_so_far().contains("ready"));
    let app = App::start(&session, 3, &["open"]);
    app.wait_for("done");
    assert!(app.said("read Dear all"), "{}", app.text());
    assert!(portal.text_so_far().contains("OpenFile"));
    // The desktop's own is back for the tests behind this one.
    drop(portal);
    let any = format!("{} '[]'", host::call("Settings.ReadAll"));
    Run::sh(&any).run().ok();
    Ok(())
}

#[test]
fn a_gtk3_app_saves_a_new_file_and_saves_it_again() -> Result<()> {
    saves_a_file(3)
}

#[test]
fn a_gtk4_app_saves_a_new_file_and_saves_it_again() -> Result<()> {
    saves_a_file(4)
}

fn saves_a_file(gtk: u8) -> Result<()> {
    let session = Session::begin();
    host::begin();
    let file = session.fresh_dir("saved").join("new.txt");
    let other = write(&file.with_file_name("other.txt"), b"stays\n");
    let app = App::start(&session, gtk, &["save", "suggested.txt"]);
    let inside = app.inside();
    let window = dialog::wait_for(&session, inside.id())?;
    session.shoot(&format!("portal-save-gtk{gtk}"))?;
    dialog::pick(&session, &window, &file)?;
    app.wait_for("done");
    wait::for_condition("the host's file has it", || {
        fs::read_to_string(&file).is_ok_and(|text| text == "second\n")
    });
    inside.sh(&format!("echo third > {}", file.display())).ok();
    assert_eq!(fs::read_to_string(&file)?, "third\n");
    inside
        .sh(&format!("cat {}", other.display()))
        .refused_inside();
    let names: Vec<_> = fs::read_dir(file.with_file_name(""))?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    assert_eq!(names.len(), 2, "temporary files stay inside: {names:?}");
    Ok(())
}

#[test]
fn a_dialog_that_is_waved_away_gives_nothing() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let app = App::start(&session, 3, &["open"]);
    let window = dialog::wait_for(&session, app.inside().id())?;
    dialog::cancel(&session, &window)?;
    app.wait_for("done");
    assert!(
        !app.said("response -3") && !app.said("read"),
        "{}",
        app.text()
    );
    let held = cli::json(["files", app.inside().id()]);
    assert!(!held.to_string().contains("\"dialog\""), "{held}");
    Ok(())
}

#[test]
fn a_dialog_goes_with_the_app_that_asked_for_it() -> Result<()> {
    let session = Session::begin();
    host::begin();
    let app = App::start(&session, 3, &["open"]);
    dialog::wait_for(&session, app.inside().id())?;
    app.inside().sh("pkill python3").ok();
    wait::for_condition("no dialog", || !dialog::is_shown(&session));
    Ok(())
}
