//! Real apps, and real file managers beside them.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use oz_e2e::drags::{self, held};
use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::{Inside, Run, Session, oz, wait};
use oz_testkit::desktop::{Widget, Window};

/// Where Thunar shows the first file of a directory, from its window's corner.
const FIRST: (i32, i32) = (214, 108);

fn thunar(session: &Session, dir: &Path) -> Result<(oz_testkit::desktop::App, Window)> {
    let app = session.start(Command::new("thunar").arg(dir))?;
    let window = session.wait_for_window(wait::LONG, |window| window.app_id == "thunar")?;
    session.move_to(&window, 20, 40)?;
    session.settled(&window)?;
    Ok((app, session.again(&window)?))
}

/// Takes the first file of Thunar's and moves it there.
fn carry(session: &Session, thunar: &Window, to: (i32, i32)) -> Result<()> {
    let from = (thunar.content.x + FIRST.0, thunar.content.y + FIRST.1);
    drags::carry(session, from, to)
}

/// A file of Thunar's is dragged onto an editor that has none open, changed there and saved.
fn drop_and_save(app: &str, words: &[&str]) -> Result<()> {
    let session = Session::begin();
    let shelf = session.fresh_dir("shelf");
    let file = write(&shelf.join("letter.txt"), b"a letter\n");
    let (_thunar, from) = thunar(&session, &shelf)?;
    let run = oz(["run", "--detach"]).args(words).run();
    let inside = Inside::of(&run.ok().text());
    let window = session.wait_for_window(wait::LONG, |window| window.app_id.contains(app))?;
    session.resize(&window, 760, 600)?;
    session.move_to(&window, 760, 40)?;
    session.settled(&window)?;
    let to = session.again(&window)?.content.centre();
    carry(&session, &from, to)?;
    session.settled(&window)?;
    ensure!(held(&inside, &file).is_none(), "it is not dropped yet");
    session.button("left", "up")?;
    session.wait_for_window(wait::PATIENCE, |window| {
        window.app_id.contains(app) && window.title.contains("letter.txt")
    })?;
    let held = held(&inside, &file);
    ensure!(
        held == Some(("write".to_owned(), "drop".to_owned())),
        "{held:?}"
    );
    session.shoot(&format!("dropped-on-{app}"))?;
    session.click_window(&session.again(&window)?)?;
    session.chord(&["ctrl", "home"])?;
    session.type_text("dear you, ")?;
    session.chord(&["ctrl", "s"])?;
    wait::for_condition("the saved letter", || {
        std::fs::read_to_string(&file).is_ok_and(|text| text == "dear you, a letter\n")
    });
    Ok(())
}

#[test]
fn a_file_of_the_file_manager_is_opened_by_gedit_and_saved() -> Result<()> {
    drop_and_save("gedit", &["gedit"])
}

#[test]
fn a_file_of_the_file_manager_is_opened_by_mousepad_and_saved() -> Result<()> {
    drop_and_save("mousepad", &["mousepad"])
}

#[test]
fn a_file_of_the_file_manager_is_opened_by_gedit_under_x11_and_saved() -> Result<()> {
    let x11 = [
        "--profile",
        "gedit",
        "--",
        "env",
        "GDK_BACKEND=x11",
        "gedit",
    ];
    drop_and_save("gedit", &x11)
}

#[test]
fn a_file_of_the_file_manager_is_taken_by_a_gtk_4_app() -> Result<()> {
    let session = Session::begin();
    let shelf = session.fresh_dir("shelf");
    let file = write(&shelf.join("letter.txt"), b"a letter\n");
    let (_thunar, from) = thunar(&session, &shelf)?;
    let run = oz(["run", "--detach", "gtk4-demo", "--run=clipboard"]).run();
    let inside = Inside::of(&run.ok().text());
    let window = session.wait_for_window(wait::LONG, |window| window.title == "Clipboard")?;
    session.move_to(&window, 760, 40)?;
    session.settled(&window)?;
    // The row at the bottom is what takes files.
    let place = session.again(&window)?.content;
    let to = (place.x + place.width / 2, place.y + place.height - 24);
    carry(&session, &from, to)?;
    session.settled(&window)?;
    session.button("left", "up")?;
    wait::for_condition("the file", || {
        held(&inside, &file) == Some(("read".to_owned(), "drop".to_owned()))
    });
    session.settled(&window)?;
    session.shoot("dropped-on-gtk4-demo")
}

/// Nautilus, which ends with the value.
struct Nautilus(Option<Started>);

impl Drop for Nautilus {
    fn drop(&mut self) {
        let _ = Run::new("nautilus", ["--quit"]).run();
        if let Some(program) = self.0.take() {
            program.end_within(wait::LONG);
        }
    }
}

#[test]
fn a_file_of_nautilus_is_taken_by_an_app_which_may_read_it_and_no_other() -> Result<()> {
    const NAUTILUS: &str = "org.gnome.Nautilus";
    let session = Session::begin();
    let shelf = session.fresh_dir("shelf");
    let file = write(&shelf.join("letter.txt"), b"a letter\n");
    let beside = write(&shelf.join("secret.txt"), b"not dropped\n");
    let _nautilus = Nautilus(Some(
        Run::new("nautilus", ["--new-window"]).arg(&shelf).start(),
    ));
    let from = session.window_within(wait::LONG, NAUTILUS, "")?;
    session.resize(&from, 700, 600)?;
    session.move_to(&from, 20, 40)?;
    let run = oz(["run", "--detach", "gtk4-demo", "--run=clipboard"]).run();
    let inside = Inside::of(&run.ok().text());
    let window = session.wait_for_window(wait::LONG, |window| window.title == "Clipboard")?;
    session.move_to(&window, 760, 40)?;
    session.settled(&session.again(&from)?)?;
    session.settled(&session.again(&window)?)?;
    let cell = |widget: &Widget| {
        widget.name == "letter.txt" && widget.role == "table cell" && widget.place.is_some()
    };
    let cell = session.wait_for_widget(NAUTILUS, cell)?;
    let [left, top, width, height] = cell.place.unwrap_or_default();
    let corner = session.again(&from)?.content;
    let middle = (corner.x + left + width / 2, corner.y + top + height / 2);
    // The row at the bottom is what takes files.
    let place = session.again(&window)?.content;
    let to = (place.x + place.width / 2, place.y + place.height - 24);
    drags::carry(&session, middle, to)?;
    session.settled(&window)?;
    session.shoot("dragged-from-nautilus")?;
    ensure!(held(&inside, &file).is_none(), "it is not dropped yet");
    session.button("left", "up")?;
    wait::for_condition("the file", || {
        held(&inside, &file) == Some(("read".to_owned(), "drop".to_owned()))
    });
    session.settled(&window)?;
    session.shoot("dropped-from-nautilus")?;
    let (path, other) = (file.display(), beside.display());
    inside.sh(&format!("grep -qx 'a letter' {path}")).ok();
    inside.sh(&format!("echo x >> {path}")).refused_inside();
    inside.sh(&format!("cat {other}")).refused_inside();
    Ok(())
}
