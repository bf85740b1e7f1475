//! Editors with windows.

use anyhow::Result;
use oz_e2e::editing::{Document, WITH_DIALOG, Way};
use oz_e2e::{Inside, Session, oz, wait};

use crate::{dialog, host};

/// An editor that opens a second file in the process that runs.
fn saves_twice(name: &str, way: Way, home: &str) -> Result<()> {
    let session = Session::begin();
    let document = Document::new(&session, "edited", "doc.txt", b"old\n");
    host::begin();
    let run = oz(["run", "--detach", "--home", home, name]);
    let inside = if way == Way::Argument {
        Inside::of(&run.arg(document.path()).run().ok().text())
    } else {
        let inside = Inside::of(&run.run().ok().text());
        let window = session.wait_for_window(wait::LONG, |window| !window.app_id.is_empty())?;
        match way {
            Way::Picked => {
                let shot = format!("dialog-open-{name}");
                dialog::open(&session, inside.id(), &window, document.path(), &shot)?;
            }
            Way::Argument | Way::Added => document.add_and_open(&inside, name),
        }
        inside
    };
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains("doc.txt"))?;
    session.give_focus(&window)?;
    // While it saves, what is typed is lost, and that it shall close as well; a star in the title is what has not been
    // saved.
    let saved = || {
        session
            .again(&window)
            .is_ok_and(|now| !now.title.contains('*'))
    };
    for (word, content) in [("one", "one old\n"), ("two", "two one old\n")] {
        wait::for_condition("the text to be saved", saved);
        session.settled(&window)?;
        session.chord(&["ctrl", "home"])?;
        session.type_text(&format!("{word} "))?;
        session.chord(&["ctrl", "s"])?;
        document.wait_for(content.as_bytes());
        document.is_alone_as_before();
    }
    wait::for_condition("the text to be saved", saved);
    session.close_all(|_| true)?;
    inside.wait_for_end();
    document.wait_for(b"two one old\n");
    document.is_alone_as_before();
    Ok(())
}

#[test]
fn gedit_saves_twice() -> Result<()> {
    WITH_DIALOG
        .iter()
        .try_for_each(|(way, home)| saves_twice("gedit", *way, home))
}

#[test]
fn mousepad_saves_twice() -> Result<()> {
    WITH_DIALOG
        .iter()
        .try_for_each(|(way, home)| saves_twice("mousepad", *way, home))
}
