//! What apps wrote over copies of the user's files: looked at while they run, and decided on.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Inside, Run, Session, oz, wait};
use oz_testkit::desktop::Widget;

use super::{APP, Panel};

/// An app that writes over a copy of the home.
pub(super) const WRITER: &str = r#"{ "extends": "generic", "match": { "executables": ["sleep"] }, "files": { "home": "copy-on-write" } }"#;

/// A file of a hostile app: it ends its line, is no UTF-8, and turns the reading direction.
const HOSTILE: &[u8] = b"a\n\xff\xe2\x80\xaegpj.exe";
/// The same, as it may be shown.
const HOSTILE_SHOWN: &str = r"a\x0a\xff\xe2\x80\xaegpj.exe";

/// A directory of the home with a few files, and nothing kept of earlier tests.
pub(super) fn papers(session: &Session) -> PathBuf {
    let copies = home().join(".local/state/oz/copies");
    let copies = copies.display();
    Run::sh(&format!("chmod -Rf u+rwx {copies}; rm -rf {copies}"))
        .run()
        .ok();
    let dir = session.fresh_dir("papers");
    write(&dir.join("letter.txt"), b"Dear all,\n\thello\n");
    write(&dir.join("both.txt"), b"first\n");
    write(&dir.join("old.txt"), b"old\n");
    dir
}

/// Has it write over the copy of that directory.
fn writes(inside: &Inside, dir: &Path, script: &str) {
    inside.sh(&format!("cd {} && {script}", dir.display())).ok();
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| error.kind().to_string())
}

/// Chooses a change by its box, or not any more.
fn take_over(panel: &Panel<'_>, name: &str) -> Result<()> {
    let fits = |w: &Widget| {
        w.role == "check box" && w.name.starts_with("Take over") && w.name.contains(name)
    };
    panel.session.click_widget(&panel.window, APP, fits)
}

/// Goes from a sandbox's page to what it has changed.
fn show_changes(panel: &Panel<'_>) -> Result<()> {
    let row = |w: &Widget| w.name.contains("It changes copies of your files") && w.place.is_some();
    panel.session.click_widget(&panel.window, APP, row)?;
    panel.wait_for_text("what it writes appears here")
}

#[test]
fn what_a_running_app_writes_is_seen_then_chosen_merged_and_taken_back() -> Result<()> {
    let session = Session::begin();
    let dir = papers(&session);
    let _profile = session.profile("writer", WRITER);
    let inside = Inside::start(&["writer", "1000"]);
    let panel = Panel::open(&session)?;
    show_changes(&panel)?;
    panel.wait_for_text("No Changes")?;

    // It is seen while it runs, and nothing can be done with it yet.
    writes(
        &inside,
        &dir,
        "echo more >> letter.txt && echo mine > both.txt && rm old.txt",
    );
    for text in [
        "letter.txt",
        "both.txt",
        "old.txt",
        "~/papers",
        "Deleted",
        "3 changes",
    ] {
        panel.wait_for_text(text)?;
    }
    let merge = |w: &Widget| w.role == "push button" && w.name == "Merge";
    session.wait_for_widget(APP, |w| merge(w) && !w.is("sensitive"))?;
    let hostile = [b"touch \"$(printf 'a\\n\\377\\342\\200\\256gpj.exe')\"".as_slice()].concat();
    writes(&inside, &dir, &String::from_utf8(hostile)?);
    panel.wait_for_text(HOSTILE_SHOWN)?;
    write(&dir.join("both.txt"), b"theirs\n");
    oz(["stop", inside.id()]).run().ok();
    panel.wait_for_text("You have changed it as well.")?;
    panel.wait_for_text("4 changes · 3 chosen")?;
    panel.shoot("panel-changes")?;

    panel.press("Lines of letter.txt")?;
    let lines = |w: &Widget| {
        let text = w.text.as_deref().unwrap_or_default();
        w.name.contains("Lines with") && text.contains("  \thello") && text.contains("+ more")
    };
    session.wait_for_widget(APP, lines)?;
    session.window_within(wait::PATIENCE, APP, "Lines of letter.txt")?;
    session.shoot("panel-lines")?;
    session.key("escape", "press")?;
    session.wait_for_no_window(wait::PATIENCE, |w| w.title.contains("Lines of"))?;

    // Mine and the app's stand beside each other, and the old file is not deleted.
    session.give_focus(&panel.window)?;
    let decision = |w: &Widget| w.role == "combo box" && w.name.contains("both.txt");
    session.click_widget(&panel.window, APP, decision)?;
    for key in ["down", "down", "enter"] {
        session.settled(&panel.window)?;
        session.key(key, "press")?;
    }
    panel.wait_for_text("4 changes · 4 chosen")?;
    panel.shoot("panel-changes-decided")?;
    take_over(&panel, "old.txt")?;
    panel.wait_for_text("4 changes · 3 chosen")?;

    panel.press("Merge")?;
    panel.wait_for_text("3 changes are in your files now")?;
    let now =
        ["letter.txt", "both.txt", "both.txt.writer", "old.txt"].map(|name| read(&dir.join(name)));
    ensure!(
        now == ["Dear all,\n\thello\nmore\n", "theirs\n", "mine\n", "old\n"],
        "{now:?}"
    );
    ensure!(dir.join(OsStr::from_bytes(HOSTILE)).exists());
    panel.wait_for_text("3 merged")?;
    panel.shoot("panel-changes-merged")?;

    panel.press("Undo Merge")?;
    panel.wait_for_text("Undo the last merge?")?;
    panel.press("Undo")?;
    panel.wait_for_text("3 changes are in the sandbox again")?;
    ensure!(read(&dir.join("letter.txt")) == "Dear all,\n\thello\n");
    ensure!(
        !dir.join("both.txt.writer").exists() && !dir.join(OsStr::from_bytes(HOSTILE)).exists()
    );
    panel.wait_for_text("4 changes")?;

    // What is done by the command is seen here as well.
    oz(["discard", "writer", "--yes"]).run().ok();
    panel.wait_for_text("No Copies")?;
    panel.close()
}

#[test]
fn a_sandbox_is_cloned_thrown_away_and_unboxed() -> Result<()> {
    let session = Session::begin();
    let dir = papers(&session);
    let start = home().join(".profile");
    let before = fs::read(&start).ok();
    let _profile = session.profile("writer", WRITER);
    let inside = Inside::start(&["writer", "1000"]);
    writes(
        &inside,
        &dir,
        "echo more >> letter.txt && echo true > ~/.profile",
    );
    oz(["stop", inside.id()]).run().ok();
    let panel = Panel::open(&session)?;
    panel.turn_to("Changes")?;
    panel.wait_for_text("2 changes · 1 chosen")?;
    panel.wait_for_text("A protected place")?;

    panel.press("More")?;
    session.press(APP, "menu item", "Clone…")?;
    panel.wait_for_text("Clone writer?")?;
    panel.shoot("panel-clone")?;
    panel.press("Clone")?;
    panel.wait_for_text("writer-2")?;
    let both = |session: &Session| {
        let all = session.widgets(APP).unwrap_or_default();
        let label = |w: &&Widget| w.role == "label" && w.name == "writer-2" && w.place.is_some();
        all.iter().filter(label).count() == 2
    };
    wait::for_condition("the clone's page", || both(&session));
    panel.wait_for_text("2 changes · 1 chosen")?;
    panel.press("More")?;
    session.press(APP, "menu item", "Discard…")?;
    panel.wait_for_text("Throw away what writer-2 wrote?")?;
    panel.press("Discard")?;
    panel.wait_for_no_text("writer-2");

    // It stays boxed until all is decided, and what is protected needs a yes of its own.
    panel.wait_for_text("2 changes · 1 chosen")?;
    panel.press("More")?;
    session.press(APP, "menu item", "Unbox…")?;
    panel.wait_for_text("decide on all of its changes first")?;
    take_over(&panel, ".profile")?;
    panel.wait_for_text("2 changes · 2 chosen")?;
    panel.press("Merge")?;
    panel.wait_for_text("Write to protected places?")?;
    panel.press("Cancel")?;
    panel.wait_for_no_text("Write to protected places?");
    ensure!(read(&dir.join("letter.txt")) == "Dear all,\n\thello\n");
    panel.press("More")?;
    session.press(APP, "menu item", "Unbox…")?;
    panel.wait_for_text("Take writer out of its sandbox?")?;
    panel.press("Unbox")?;
    panel.wait_for_text("Write to protected places?")?;
    panel.shoot("panel-protected")?;
    panel.press("Write There")?;
    panel.wait_for_text("No Copies")?;
    ensure!(read(&dir.join("letter.txt")).ends_with("more\n") && read(&start) == "true\n");
    match before {
        Some(before) => fs::write(&start, before)?,
        None => fs::remove_file(&start)?,
    }
    panel.close()
}

#[test]
fn changes_are_told_in_german_to_whoever_speaks_it() -> Result<()> {
    let session = Session::begin();
    let dir = papers(&session);
    let _profile = session.profile("writer", WRITER);
    let inside = Inside::start(&["writer", "1000"]);
    writes(&inside, &dir, "echo more >> letter.txt && rm old.txt");
    oz(["stop", inside.id()]).run().ok();
    let panel = Panel::open_with(&session, oz(["panel"]).env("LANG", "de_DE.UTF-8"))?;
    panel.turn_to("Änderungen")?;
    panel.wait_for_text("2 Änderungen · 2 gewählt")?;
    panel.wait_for_text("Gelöscht")?;
    panel.shoot("panel-changes-german")?;
    panel.press("Übernehmen")?;
    panel.wait_for_text("2 Änderungen sind jetzt in Ihren Dateien")?;
    panel.close()
}
