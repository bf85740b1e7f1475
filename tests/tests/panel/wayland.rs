//! What only hosts of Wayland have here: names of windows that others can stand before, a tool that drags, and one that shows
//! notifications.

use anyhow::{Result, ensure};
use oz_e2e::drags::{Tool, drag, offer};
use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Run, Session, wait};
use serde_json::json;

use super::Panel;
use super::dialog::Dialog;
use super::prompts::{asking, recording, shown};

#[test]
fn it_stands_in_front_of_the_window_that_it_is_for() -> Result<()> {
    let session = Session::begin();
    let exporter = Run::new("python3", ["-c", include_str!("exporter.py")])
        .within(wait::LONG)
        .start();
    let name = wait::until("a name", || {
        let said = exporter.text_so_far();
        said.strip_prefix("name ")
            .map(|name| name.trim().to_owned())
    });
    for (name, stands) in [(name.as_str(), true), ("made-up", false)] {
        let dialog = Dialog::ask_before(&session, &json!({}), Some(name))?;
        session.shoot(&format!("dialog-before-{stands}"))?;
        let said = |what: &str| {
            let said = dialog.program.complaint_so_far();
            said.lines()
                .any(|line| line.contains("zxdg_imported") && line.contains(what))
        };
        wait::for_condition("it was put before the window", || said("set_parent_of"));
        // The compositor says which names are none.
        wait::for_condition("the compositor's word", || said("destroyed") != stands);
        session.key("escape", "press")?;
        dialog.program.end_within(wait::PATIENCE).ok();
    }
    Ok(())
}

#[test]
fn a_file_that_is_dropped_on_the_panel_is_shown_to_be_read() -> Result<()> {
    let session = Session::begin();
    let tool = Tool::install(&session);
    let _profile = session.profile("dropped-on", r#"{ "extends": "generic" }"#);
    let file = write(&session.fresh_dir("Papers").join("letter.txt"), b"hello\n");
    let shown = file.display();
    let inside = Inside::idle("dropped-on");
    let panel = Panel::open(&session)?;
    panel.wait_for_text("It has none of your files.")?;
    session.move_to(&panel.window, 660, 100)?;
    let host = tool.outside(&["--offer", &offer(&[&file])])?;
    let window = session.again(&panel.window)?;
    drag(&session, &host.window, &window)?;
    inside.wait_for(&format!("grep -qx hello {shown}"));
    ensure!(!inside.holds(&format!("echo more >> {shown}")));
    panel.wait_for_text("letter.txt")?;
    panel.close()
}

#[test]
fn who_does_other_things_keeps_the_keyboard_and_is_asked_by_a_notification() -> Result<()> {
    let session = Session::begin();
    let (_profile, inside) = asking(&session);
    let _service = Run::new("mako", [""; 0]).start();
    let panel = Panel::open(&session)?;
    panel.wait_for_text("asking")?;
    let _other = Run::new("foot", ["--title=work", "sleep", "1000"]).start();
    let other = session.window_within(wait::LONG, "foot", "work")?;
    session.give_focus(&other)?;
    let heard = recording(&inside).start();
    let prompt = shown("notification");
    ensure!(
        session.again(&other)?.focused,
        "the keyboard was taken away"
    );
    // It is in the panel as well, for whoever looks there.
    session.give_focus(&panel.window)?;
    panel.wait_for_text(prompt["title"].as_str().expect("a title"))?;
    panel.press("Allow")?;
    heard.end_within(wait::LONG).ok();
    panel.close()
}
