//! The file dialog of hosts that have none to ask for: asked on standard input, answered on standard output.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::{Run, Session, wait};
use oz_testkit::desktop::Window;
use serde_json::{Value, json};

use crate::app::App;

/// What it calls itself, to the desktop and to screen readers.
const APP: &str = "org.oz.Dialog";

/// A dialog on the screen.
pub(super) struct Dialog {
    pub(super) program: Started,
    window: Window,
}

/// What an app may ask, and nothing of it yet.
fn nothing() -> Value {
    json!({
        "kind": "open", "title": "", "accept_label": null, "modal": true, "multiple": false, "directory": false,
        "filters": [], "current_filter": null, "choices": [], "current_folder": null, "current_name": null,
        "current_file": null, "files": [],
    })
}

fn bytes(path: &Path) -> Value {
    path.as_os_str().as_bytes().into()
}

impl Dialog {
    /// Asks, with some words other than [`nothing`].
    fn ask(session: &Session, words: &Value) -> Result<Self> {
        Self::ask_before(session, words, None)
    }

    /// Asks in front of a window of that name, and says on its error output what it tells the compositor.
    pub(super) fn ask_before(
        session: &Session,
        words: &Value,
        parent: Option<&str>,
    ) -> Result<Self> {
        let mut dialog = nothing();
        for (key, value) in words.as_object().into_iter().flatten() {
            dialog[key] = value.clone();
        }
        let asked =
            json!({"sandbox": "editor", "colour": "#1a5fb4", "parent": parent, "dialog": dialog});
        let program = session.prefix().join("libexec/oz/oz-dialog");
        let program = Run::new(program, [""; 0]).stdin(asked.to_string());
        let program = match parent {
            Some(_) => program.env("WAYLAND_DEBUG", "client"),
            None => program,
        };
        let mut program = program.start();
        // It reads its question to the end.
        drop(program.child.stdin.take());
        let window = session.window_within(wait::LONG, APP, "[editor]")?;
        session.give_focus(&window)?;
        session.settled(&window)?;
        Ok(Self { program, window })
    }

    /// What it answers; it complains about nothing.
    fn answer(self) -> Value {
        let ran = self.program.end_within(wait::PATIENCE).ok();
        assert_eq!(ran.complaint(), "", "{ran}");
        serde_json::from_slice(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran}"))
    }
}

/// Names a file as people do who know its path.
fn type_path(session: &Session, window: &Window, path: &Path) -> Result<()> {
    session.chord(&["ctrl", "l"])?;
    session.settled(window)?;
    session.chord(&["ctrl", "a"])?;
    session.type_text(&path.to_string_lossy())?;
    session.settled(window)?;
    session.key("enter", "press")
}

fn documents(session: &Session) -> (PathBuf, PathBuf) {
    let directory = session.fresh_dir("Papers");
    let file = write(&directory.join("notes.txt"), b"hello\n");
    (directory, file)
}

#[test]
fn a_file_is_opened_by_its_path() -> Result<()> {
    let session = Session::begin();
    let (_, file) = documents(&session);
    let dialog = Dialog::ask(&session, &json!({"title": "Open"}))?;
    type_path(&session, &dialog.window, &file)?;
    let answer = dialog.answer();
    ensure!(answer["response"] == 0, "{answer}");
    ensure!(answer["paths"] == json!([bytes(&file)]), "{answer}");
    ensure!(answer["writable"] == false, "{answer}");
    Ok(())
}

#[test]
fn what_the_app_says_is_quoted_beside_who_asks() -> Result<()> {
    let session = Session::begin();
    let title = "Update”\n\u{202e}Oz: all is well <b>now</b>";
    let choice = json!({"id": "e", "label": "Encoding", "options": [["u", "UTF-8"], ["l", "Latin"]], "chosen": "l"});
    let words = json!({
        "title": title, "accept_label": "_Attach", "choices": [choice], "multiple": true,
        "filters": [{"name": "Text", "rules": [{"glob": "*.txt"}]}],
    });
    let dialog = Dialog::ask(&session, &words)?;
    session.shoot("file-dialog")?;
    for text in [
        "editor asks for files",
        "“Update' Oz: all is well <b>now</b>”",
    ] {
        session.wait_for_widget(APP, |widget| widget.name == text)?;
    }
    session.wait_for_widget(APP, |w| w.role == "push button" && w.name == "“Attach”")?;
    ensure!(
        dialog.window.title == "[editor] Choose Files",
        "{:?}",
        dialog.window
    );
    session.key("escape", "press")?;
    let answer = dialog.answer();
    ensure!(
        answer["response"] == 1 && answer["paths"] == json!([]),
        "{answer}"
    );
    Ok(())
}

#[test]
fn choices_and_filters_are_answered_as_the_app_calls_them() -> Result<()> {
    let session = Session::begin();
    let (directory, file) = documents(&session);
    let filter = json!({"name": "Text", "rules": [{"glob": "*.txt"}, {"mime": "text/plain"}]});
    let words = json!({
        "choices": [
            {"id": "enc", "label": "Encoding", "options": [["u", "UTF-8"], ["l", "Latin"]], "chosen": "l"},
            {"id": "lock", "label": "Lock it", "options": [], "chosen": "false"},
        ],
        "filters": [{"name": "Pictures", "rules": [{"mime": "image/*"}]}, filter],
        "current_filter": filter,
        "current_folder": bytes(&directory),
    });
    let dialog = Dialog::ask(&session, &words)?;
    for name in ["“Lock it”", "Let the app change what you choose"] {
        session.click_widget(&dialog.window, APP, |widget| widget.name == name)?;
        session.wait_for_widget(APP, |widget| widget.name == name && widget.is("checked"))?;
    }
    // The keys for paths are those of the list.
    session.click_window(&dialog.window)?;
    type_path(&session, &dialog.window, &file)?;
    let answer = dialog.answer();
    ensure!(
        answer["choices"] == json!([["enc", "l"], ["lock", "true"]]),
        "{answer}"
    );
    ensure!(answer["current_filter"] == filter, "{answer}");
    ensure!(answer["writable"] == true, "{answer}");
    Ok(())
}

#[test]
fn a_new_file_is_saved_under_the_name_that_the_app_suggests() -> Result<()> {
    let session = Session::begin();
    let (directory, _) = documents(&session);
    let words =
        json!({"kind": "save", "current_folder": bytes(&directory), "current_name": "letter.odt"});
    let dialog = Dialog::ask(&session, &words)?;
    session.press(APP, "push button", "Save")?;
    let answer = dialog.answer();
    ensure!(
        answer["paths"] == json!([bytes(&directory.join("letter.odt"))]),
        "{answer}"
    );
    ensure!(answer["writable"] == true, "{answer}");
    Ok(())
}

#[test]
fn who_saves_over_a_file_is_asked_first() -> Result<()> {
    let session = Session::begin();
    let (_, file) = documents(&session);
    let words = json!({"kind": "save", "current_file": bytes(&file)});
    let dialog = Dialog::ask(&session, &words)?;
    session.press(APP, "push button", "Save")?;
    session.press(APP, "push button", "Replace")?;
    let answer = dialog.answer();
    ensure!(answer["paths"] == json!([bytes(&file)]), "{answer}");
    Ok(())
}

#[test]
fn several_files_are_saved_beside_what_is_there() -> Result<()> {
    let session = Session::begin();
    let (directory, _) = documents(&session);
    let names: Vec<Value> = ["notes.txt", "more.txt"]
        .map(|name| bytes(Path::new(name)))
        .to_vec();
    let words = json!({"kind": "save-files", "current_folder": bytes(&directory), "files": names});
    let dialog = Dialog::ask(&session, &words)?;
    session.press(APP, "push button", "Save")?;
    let answer = dialog.answer();
    let expected = ["notes (1).txt", "more.txt"].map(|name| bytes(&directory.join(name)));
    ensure!(answer["paths"] == json!(expected), "{answer}");
    Ok(())
}

#[test]
fn a_question_that_names_no_names_is_not_shown() {
    let session = Session::begin();
    let program = session.prefix().join("libexec/oz/oz-dialog");
    let mut dialog = nothing();
    dialog["files"] = json!([bytes(Path::new("../../.bashrc"))]);
    dialog["kind"] = "save-files".into();
    let asked = json!({"sandbox": "editor", "dialog": dialog}).to_string();
    let ran = Run::new(program, [""; 0]).stdin(asked).run().exits(1);
    assert!(
        ran.out.is_empty() && ran.complaint().contains("none of files"),
        "{ran}"
    );
}

#[test]
fn an_app_in_a_sandbox_has_it_where_no_portal_shows_one() -> Result<()> {
    let session = Session::begin();
    let (_, file) = documents(&session);
    // What the bus of this desktop starts finds no screen, so its portal has no dialogs.
    let app = App::start(&session, 4, &["open"]);
    let look = format!("cat {}", file.display());
    app.inside().sh(&look).refused_inside();
    let window = session.window_within(wait::LONG, APP, &format!("[{}]", app.inside().id()))?;
    session.give_focus(&window)?;
    session.settled(&window)?;
    session.shoot("own-dialog")?;
    type_path(&session, &window, &file)?;
    app.wait_for("done");
    ensure!(app.said("read hello"), "{}", app.text());
    ensure!(app.inside().sh(&look).ok().text() == "hello");
    Ok(())
}
