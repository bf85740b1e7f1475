//! What a real editor writes over a copy of the home.

use anyhow::Result;
use oz_e2e::editing::Document;
use oz_e2e::{Inside, Session, wait};

use super::fresh;

#[test]
fn what_gedit_saves_over_a_copy_is_merged_and_taken_back() -> Result<()> {
    let session = Session::begin();
    let _dir = fresh(&session);
    let document = Document::new(&session, "edited", "doc.txt", b"old\n");
    let inside = Inside::start(&["--cow", "gedit"]);
    session.wait_for_window(wait::LONG, |window| !window.app_id.is_empty())?;
    document.open(&inside, "gedit");
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    session.chord(&["ctrl", "home"])?;
    session.type_text("one ")?;
    session.chord(&["ctrl", "s"])?;
    inside.wait_for(&format!("grep -qx 'one old' {}", document.path().display()));
    // A star in the title is what has not been saved.
    wait::for_condition("the text to be saved", || {
        let now = session.again(&window);
        now.is_ok_and(|now| !now.title.contains('*'))
    });
    document.wait_for(b"old\n");
    session.close_all(|_| true)?;
    inside.wait_for_end();
    document.is_merged_and_taken_back(inside.id(), b"one old\n");
    Ok(())
}
