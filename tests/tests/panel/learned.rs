//! An app is watched from its page, and what its profile should be is looked at line by line.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::session::home;
use oz_e2e::{Session, cli, oz, wait};
use oz_testkit::desktop::{Widget, Window};

use super::apps::{apps, choose, own_profile};
use super::{APP, Panel};

/// What a hostile file had its viewer try, as it is seen: keys, a directory that is called like another, a call.
const HOSTILE: [(&str, &str); 3] = [
    ("read", ".ssh/watched"),
    ("read", "Watched/diary.txt"),
    ("write", "Watched/diary.txt"),
];

/// Chooses a line by its box, or not any more.
fn take(panel: &Panel<'_>, review: &Window, words: &str) -> Result<()> {
    let fits = |w: &Widget| is_box(w, words) && w.place.is_some();
    panel.session.click_widget(review, APP, fits)
}

fn is_box(widget: &Widget, words: &str) -> bool {
    widget.role == "check box" && widget.name.contains(words)
}

fn is_taken(panel: &Panel<'_>, words: &str) -> Result<bool> {
    let all = panel.session.widgets(APP)?;
    let found = all.iter().find(|w| is_box(w, words));
    Ok(found
        .with_context(|| format!("no {words:?}"))?
        .is("checked"))
}

#[test]
fn an_app_is_watched_and_each_line_of_its_profile_is_taken_or_left() -> Result<()> {
    let session = Session::begin();
    session.forget("mousepad");
    let file = own_profile("mousepad");
    let _ = fs::remove_file(&file);
    oz(["learn", "--forget", "mousepad"]).run().ok();
    let panel = apps(&session)?;
    choose(&panel, "mousepad", "Mousepad")?;
    panel.wait_for_text("It Can")?;
    panel.press("Watch What It Uses…")?;
    let watching = session.window_within(wait::LONG, APP, "Watching Mousepad")?;
    let app = session.wait_for_window(wait::LONG, |w| w.app_id == "org.xfce.mousepad")?;
    let seen = |w: &Widget| w.name.ends_with(" things seen") && !w.name.starts_with("0 ");
    session.wait_for_widget(APP, seen)?;
    session.settled(&watching)?;
    session.shoot("panel-watching")?;
    session.close(&app)?;
    let review = session.window_within(wait::LONG, APP, "What Mousepad Needs")?;
    panel.wait_for_text("1 run under mousepad")?;
    session.settled(&review)?;
    session.shoot("panel-learned")?;
    ensure!(is_taken(&panel, "system calls less")?);
    panel.wait_for_text("+ syscalls.deny: [")?;
    // Nothing is saved that nobody has said yes to.
    session.key("escape", "press")?;
    session.wait_for_no_window(wait::PATIENCE, |w| w.title.contains("What Mousepad"))?;
    ensure!(!file.exists());

    // A run in which a document has taken it over.
    let log = home().join(".local/state/oz/learn/mousepad/1.log");
    let mut log = fs::File::options().append(true).open(log)?;
    for (what, path) in HOSTILE {
        let path = home().join(path);
        write(&path, b"x");
        let seen = serde_json::json!({ "seen": { "what": what, "subject": path } });
        writeln!(log, "{seen}")?;
    }
    let odd = home().join("\u{202e}gpj");
    write(&odd.join("x"), b"x");
    let seen = serde_json::json!({ "seen": { "what": "read", "subject": odd.join("x") } });
    writeln!(log, "{seen}")?;
    panel.wait_for_text("Review…")?;
    panel.press("Review…")?;
    let review = session.window_within(wait::PATIENCE, APP, "What Mousepad Needs")?;
    for words in [
        ".ssh · A protected place",
        "To read and to change all in ~/Watched",
    ] {
        panel.wait_for_text(words)?;
        ensure!(!is_taken(&panel, words)?, "{words} was taken by itself");
    }
    let all = session.widgets(APP)?;
    ensure!(!all.iter().any(|w| w.name.contains('\u{202e}')));
    session.settled(&review)?;
    session.shoot("panel-learned-hostile")?;
    take(&panel, &review, "~/Watched")?;
    take(&panel, &review, "system calls less")?;
    panel.press("Save What Is Chosen")?;
    panel.wait_for_text("Your profile of Mousepad says so now")?;
    let saved = fs::read_to_string(&file)?;
    ensure!(
        saved.contains("~/Watched") && !saved.contains(".ssh") && !saved.contains("syscalls"),
        "{saved}"
    );
    let plan = cli::json(["plan", "mousepad"]);
    ensure!(plan["rules"].to_string().contains("Watched"), "{plan}");
    panel.wait_for_text("Review…")?;
    panel.press("Review…")?;
    panel.wait_for_text("1 run under mousepad")?;
    panel.press("Forget What Was Seen")?;
    panel.wait_for_text("What was seen of Mousepad is forgotten")?;
    panel.wait_for_no_text("Review…");
    for path in [home().join(".ssh/watched"), file] {
        fs::remove_file(path)?;
    }
    for dir in [home().join("Watched"), odd] {
        fs::remove_dir_all(dir)?;
    }
    panel.close()
}

#[test]
fn an_app_without_a_profile_gets_one_by_being_watched() -> Result<()> {
    let session = Session::begin();
    let file = own_profile("git");
    let _ = fs::remove_file(&file);
    oz(["learn", "--forget", "git"]).run().ok();
    let entry = write(
        &home().join(".local/share/applications/pupil.desktop"),
        b"[Desktop Entry]\nType=Application\nName=Pupil\nExec=git\n",
    );
    let panel = apps(&session)?;
    choose(&panel, "pupil", "Pupil")?;
    panel.wait_for_text("There is no profile for it")?;
    // It ends by itself, and its status says nothing of what was seen.
    panel.press("Watch What It Uses…")?;
    let review = session.window_within(wait::LONG, APP, "What Pupil Needs")?;
    panel.wait_for_text("1 run under generic")?;
    panel.wait_for_text("No windows")?;
    take(&panel, &review, "No windows")?;
    panel.press("Save What Is Chosen")?;
    panel.wait_for_text("Your profile of Pupil says so now")?;
    let saved = fs::read_to_string(&file)?;
    ensure!(saved.contains("\"extends\": \"generic\""), "{saved}");
    let plan = cli::json(["plan", "git"]);
    ensure!(plan["display"]["enabled"] != false, "{plan}");
    oz(["learn", "--forget", "git"]).run().ok();
    fs::remove_file(file)?;
    fs::remove_file(entry)?;
    panel.close()
}
