//! Large editors, as in `editors`, for `cargo xtask test --all`.

#[path = "../portals/dialog.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod dialog;
#[path = "../portals/host.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod host;

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use oz_e2e::editing::{Document, WITH_DIALOG, Way};
use oz_e2e::{Inside, Run, Session, oz, wait};
use oz_testkit::desktop::Window;

// Words begin with capitals, which it would correct otherwise.
const OPTIONS: [&str; 3] = ["--norestore", "--nologo", "--writer"];

/// A session whose bus starts what finds the screen, from the first sandbox on: that already asks the portals how the desktop
/// looks, and those that were started without a screen show nothing later either.
fn begin() -> Session {
    let session = Session::begin();
    host::begin();
    session
}

/// Writer with the document in a window that has the keyboard.
fn writer(
    session: &Session,
    document: &Document,
    way: Way,
    home: &str,
) -> Result<(Inside, Window)> {
    let run = oz(["run", "--detach", "--home", home, "libreoffice"]).args(OPTIONS);
    let inside = if way == Way::Argument {
        Inside::of(&run.arg(document.path()).run().ok().text())
    } else {
        let inside = Inside::of(&run.run().ok().text());
        let empty = session.wait_for_window(wait::LONG, |w| w.title.contains("Untitled"))?;
        match way {
            Way::Picked => {
                let shot = "dialog-open-writer";
                dialog::open(session, inside.id(), &empty, document.path(), shot)?;
            }
            Way::Argument | Way::Added => document.add_and_open(&inside, "soffice"),
        }
        inside
    };
    let window = shown(session, document)?;
    Ok((inside, window))
}

/// Its window, once it shows the document; it has the keyboard.
fn shown(session: &Session, document: &Document) -> Result<Window> {
    let name = document
        .path()
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let window = session.wait_for_window(wait::LONG, |w| w.title.contains(&*name))?;
    session.give_focus(&window)?;
    Ok(window)
}

/// Types a word at the beginning, and saves as often as it takes to come to something: while it is busy it
/// lets that key pass.
fn edit(
    session: &Session,
    window: &Window,
    word: &str,
    saved: impl Fn() -> Result<bool>,
) -> Result<()> {
    // A question that was answered leaves the keyboard with nobody.
    session.give_focus(window)?;
    session.settled_but_for_the_cursor(window)?;
    session.chord(&["ctrl", "home"])?;
    // What a key does that is no letter comes later than what is typed behind it.
    session.settled_but_for_the_cursor(window)?;
    session.type_text(&format!("{word} "))?;
    for _ in 0..4 {
        session.settled_but_for_the_cursor(window)?;
        session.chord(&["ctrl", "s"])?;
        for _ in 0..50 {
            if saved()? {
                return Ok(());
            }
            wait::pause(Duration::from_millis(100));
        }
    }
    session.shoot("failed-editor")?;
    bail!("{word:?} was not saved");
}

fn end(session: &Session, inside: &Inside) -> Result<()> {
    session.close_all(|_| true)?;
    oz(["stop", inside.id()]).run().ok();
    Ok(())
}

/// It asks once whether a file is to stay plain text.
fn keep_plain(session: &Session) -> Result<()> {
    let windows = session.windows()?;
    if let Some(question) = windows.iter().find(|w| w.title.contains("Format")) {
        session.give_focus(question)?;
        session.key("enter", "press")?;
        session.wait_for_no_window(wait::PATIENCE, |w| w.con_id == question.con_id)?;
    }
    Ok(())
}

#[test]
fn writer_saves_a_plain_text_twice() -> Result<()> {
    for (way, home) in WITH_DIALOG {
        let session = begin();
        let document = Document::new(&session, "written", "letter.txt", b"old\n");
        let (inside, window) = writer(&session, &document, way, home)?;
        for (word, content) in [("One", "One old\n"), ("Two", "Two One old\n")] {
            edit(&session, &window, word, || {
                keep_plain(&session)?;
                Ok(std::fs::read(document.path())? == content.as_bytes())
            })?;
            document.wait_for(content.as_bytes());
        }
        end(&session, &inside)?;
        document.wait_for(b"Two One old\n");
        document.is_alone_as_before();
    }
    Ok(())
}

/// What a document says, by a program outside.
fn words(document: &Document) -> String {
    let script = "import sys, zipfile, re; x = zipfile.ZipFile(sys.argv[1]).read('content.xml').decode(); \
                  print(re.sub('<[^>]*>', '', x).strip())";
    Run::new("python3", ["-c", script])
        .arg(document.path())
        .run()
        .text()
}

#[test]
fn writer_saves_a_document_twice() -> Result<()> {
    let flat = r#"<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
        xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"
        office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>old</text:p>
        </office:text></office:body></office:document>"#;
    let made = {
        let session = begin();
        let dir = session.fresh_dir("made");
        let flat = oz_e2e::fixtures::write(&dir.join("letter.fodt"), flat.as_bytes());
        let convert = oz(["run", "--write"]).arg(&dir).args([
            "libreoffice",
            "--headless",
            "--convert-to",
            "odt",
        ]);
        convert
            .arg("--outdir")
            .arg(&dir)
            .arg(flat)
            .within(wait::LONG)
            .run()
            .ok();
        std::fs::read(dir.join("letter.odt"))?
    };
    for (way, home) in WITH_DIALOG {
        let session = begin();
        let document = Document::new(&session, "written", "letter.odt", &made);
        ensure!(words(&document) == "old", "{}", words(&document));
        let (inside, window) = writer(&session, &document, way, home)?;
        for (word, content) in [("One", "One old"), ("Two", "Two One old")] {
            edit(&session, &window, word, || Ok(words(&document) == content))?;
            // Byte for byte what the app has.
            let path = document.path().display();
            let inner = inside.script(&format!("cat {path}")).run().ok();
            ensure!(
                inner.out == std::fs::read(document.path())?,
                "another file inside"
            );
        }
        end(&session, &inside)?;
        ensure!(words(&document) == "Two One old");
        document.is_alone_as_before();
    }
    Ok(())
}

#[test]
fn what_writer_saves_over_a_copy_of_the_home_is_merged_and_taken_back() -> Result<()> {
    let session = begin();
    let document = Document::new(&session, "written", "letter.txt", b"old\n");
    let run = oz(["run", "--detach", "--cow", "libreoffice"]).args(OPTIONS);
    let inside = Inside::of(&run.run().ok().text());
    session.wait_for_window(wait::LONG, |w| w.title.contains("Untitled"))?;
    document.open(&inside, "soffice");
    let window = shown(&session, &document)?;
    let written = format!("grep -qx 'One old' {}", document.path().display());
    edit(&session, &window, "One", || {
        keep_plain(&session)?;
        Ok(inside.holds(&written))
    })?;
    end(&session, &inside)?;
    document.is_merged_and_taken_back(inside.id(), b"One old\n");
    Ok(())
}
