//! What only hosts of Wayland have: names of windows that others can stand before, and a tool that drags.

use anyhow::{Result, ensure};
use oz_e2e::drags::{Tool, drag, offer};
use oz_e2e::fixtures::write;
use oz_e2e::{Run, Session, wait};
use serde_json::json;

use super::dialog::Dialog;
use super::{Panel, idle};

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
    let inside = idle("dropped-on");
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
