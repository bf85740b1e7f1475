//! What else dialogs can be asked for: several files, folders, places for files, filters, choices, where it begins.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use oz_e2e::fixtures::write;
use oz_e2e::run::Started;
use oz_e2e::session::home;
use oz_e2e::{Inside, Session, cli, oz, wait};

use crate::{dialog, host};

const ASK: &str = include_str!("ask.py");

/// A sandbox, and a program in it that asks for one dialog.
pub struct Asking {
    pub inside: Inside,
    started: Started,
}

impl Asking {
    /// Asks from a sandbox that holds this file, if any.
    pub fn begin(session: &Session, held: Option<&Path>, method: &str, options: &str) -> Self {
        host::begin();
        let script = write(&session.fresh_dir("app").join("ask.py"), ASK.as_bytes());
        let read = format!("--read={}", script.display());
        let inside = Inside::start(&["--ephemeral", &read, "--", "sleep", "1000"]);
        if let Some(held) = held {
            oz(["add", inside.id()]).arg(held).run().ok();
        }
        let run = format!(
            "exec python3 {} {method} \"{options}\" 2>&1",
            script.display()
        );
        let started = inside.script(&run).within(wait::LONG).start();
        Self { inside, started }
    }

    /// Waits until it says something.
    pub fn wait_for(&self, what: &str) {
        wait::for_condition(&format!("the app says {what}"), || {
            self.text().contains(what)
        });
    }

    /// What it has said so far.
    pub fn text(&self) -> String {
        self.started.text_so_far()
    }

    /// The paths that it was told, sorted.
    fn picked(&self) -> Vec<PathBuf> {
        let text = self.text();
        let uris = text
            .lines()
            .filter_map(|line| line.strip_prefix("uri file://"));
        let mut paths: Vec<PathBuf> = uris.map(PathBuf::from).collect();
        paths.sort();
        paths
    }
}

/// A place on the bus, as GVariant text.
fn place(path: &Path) -> String {
    format!("<b'{}'>", path.display())
}

#[test]
fn several_files_are_picked_at_once_and_only_those_that_a_filter_shows() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("picked");
    let [first, second] = ["a.txt", "b.txt"].map(|name| write(&dir.join(name), b"picked\n"));
    let other = write(&dir.join("c.md"), b"not picked\n");
    let options = format!(
        "{{'multiple': <true>, 'current_folder': {}, \
         'filters': <[('Notes', [(uint32 0, '*.md')]), ('Texts', [(uint32 0, '*.txt'), (1, 'image/png')])]>, \
         'current_filter': <('Texts', [(uint32 0, '*.txt'), (1, 'image/png')])>}}",
        place(&dir)
    );
    // It begins where the app holds something.
    let asking = Asking::begin(&session, Some(&first), "OpenFile", &options);
    let window = dialog::wait_for(&session, asking.inside.id())?;
    dialog::enter(&session, &window, &dir)?;
    session.chord(&["ctrl", "a"])?;
    wait::pause(Duration::from_millis(500));
    session.shoot("portal-open-several")?;
    session.key("enter", "press")?;
    dialog::gone(&session, &window)?;
    asking.wait_for("done");
    assert_eq!(
        asking.picked(),
        [first, second.clone()],
        "{}",
        asking.text()
    );
    let said = ["response 0", "filter Texts", "writable False"];
    for said in said {
        assert!(asking.text().contains(said), "{}", asking.text());
    }
    let cat = |path: &Path| asking.inside.sh(&format!("cat {}", path.display()));
    assert_eq!(cat(&second).ok().text(), "picked");
    cat(&other).refused_inside();
    Ok(())
}

#[test]
fn a_folder_that_is_picked_is_held_with_all_that_is_in_it_and_nothing_beside_it() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("picked");
    let inner = write(&dir.join("folder/deep/letter.txt"), b"Dear all\n");
    let beside = write(&dir.join("beside.txt"), b"not picked\n");
    let asking = Asking::begin(&session, None, "OpenFile", "{'directory': <true>}");
    let window = dialog::wait_for(&session, asking.inside.id())?;
    dialog::pick_folder(&session, &window, &dir.join("folder"))?;
    asking.wait_for("done");
    assert_eq!(asking.picked(), [dir.join("folder")], "{}", asking.text());
    let inside = &asking.inside;
    let cat = |path: &Path| inside.sh(&format!("cat {}", path.display()));
    assert_eq!(cat(&inner).ok().text(), "Dear all");
    cat(&beside).refused_inside();
    inside
        .sh(&format!("echo x > {}/folder/new", dir.display()))
        .refused_inside();
    // It is the host's folder, not a copy of it.
    let later = write(&dir.join("folder/later.txt"), b"later\n");
    assert_eq!(cat(&later).ok().text(), "later");
    let held = cli::json(["files", inside.id()]).to_string();
    assert!(
        held.contains("\"dialog\"") && !held.contains("beside.txt"),
        "{held}"
    );
    Ok(())
}

#[test]
fn the_home_is_not_given_by_picking_it_as_a_folder() -> Result<()> {
    let session = Session::begin();
    let secret = write(&home().join("secret.txt"), b"secret\n");
    let asking = Asking::begin(&session, None, "OpenFile", "{'directory': <true>}");
    let window = dialog::wait_for(&session, asking.inside.id())?;
    dialog::pick_folder(&session, &window, &home())?;
    asking.wait_for("done");
    assert!(asking.text().contains("response 2"), "{}", asking.text());
    asking
        .inside
        .sh(&format!("cat {}", secret.display()))
        .refused_inside();
    Ok(())
}

#[test]
fn several_files_are_saved_in_a_folder_that_is_picked_and_the_folder_is_not_given() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("saved");
    let there = write(&dir.join("there.txt"), b"stays\n");
    let options = "{'files': <[b'one.txt', b'two.txt']>}";
    let asking = Asking::begin(&session, None, "SaveFiles", options);
    let window = dialog::wait_for(&session, asking.inside.id())?;
    session.shoot("portal-save-files")?;
    dialog::pick_folder(&session, &window, &dir)?;
    asking.wait_for("done");
    let [one, two] = ["one.txt", "two.txt"].map(|name| dir.join(name));
    assert_eq!(
        asking.picked(),
        [one.clone(), two.clone()],
        "{}",
        asking.text()
    );
    let inside = &asking.inside;
    // As programs save: over what is there, and by a rename.
    let save = format!(
        "cd {} && echo 1 > one.txt && echo 2 > .two && mv .two two.txt",
        dir.display()
    );
    inside.sh(&save).ok();
    assert_eq!(fs::read_to_string(&one)?, "1\n");
    assert_eq!(fs::read_to_string(&two)?, "2\n");
    inside
        .sh(&format!("cat {}", there.display()))
        .refused_inside();
    inside.sh(&format!("echo x > {}/three.txt", dir.display()));
    assert!(!dir.join("three.txt").exists());
    Ok(())
}

#[test]
fn names_of_files_to_save_that_lead_elsewhere_bring_up_nothing() -> Result<()> {
    let session = Session::begin();
    for name in ["../planted", "/etc/planted", "..", "", "a/b", "a\\nb"] {
        let options = format!("{{'files': <[b'fine.txt', b'{name}']>}}");
        let asking = Asking::begin(&session, None, "SaveFiles", &options);
        asking.wait_for("done");
        let text = asking.text();
        assert!(
            text.contains("refused") || text.contains("response 2"),
            "{name:?}: {text}"
        );
        assert!(!dialog::is_shown(&session), "{name:?}");
        oz(["stop", asking.inside.id()]).run().ok();
    }
    Ok(())
}

#[test]
fn choices_are_shown_and_answered_in_the_apps_own_words() -> Result<()> {
    let session = Session::begin();
    let file = write(&session.fresh_dir("picked").join("a.txt"), b"x\n");
    let options = "{'choices': <[('enc-id', 'Encoding', [('u8-id', 'Unicode'), ('l1-id', 'Western')], 'l1-id'), \
                   ('tick-id', 'Read it all', [], 'true')]>}";
    let asking = Asking::begin(&session, None, "OpenFile", options);
    let window = dialog::wait_for(&session, asking.inside.id())?;
    session.shoot("portal-choices")?;
    dialog::pick(&session, &window, &file)?;
    asking.wait_for("done");
    for said in ["choice enc-id l1-id", "choice tick-id true"] {
        assert!(asking.text().contains(said), "{}", asking.text());
    }
    Ok(())
}

#[test]
fn a_dialog_begins_where_the_app_holds_something_and_nowhere_else() -> Result<()> {
    let session = Session::begin();
    let dir = session.fresh_dir("known");
    let held = write(&dir.join("held.txt"), b"held\n");
    let other = session.fresh_dir("unknown");
    for (folder, begins_there) in [(&dir, true), (&other, false)] {
        let options = format!("{{'current_folder': {}}}", place(folder));
        let asking = Asking::begin(&session, Some(&held), "SaveFile", &options);
        let window = dialog::wait_for(&session, asking.inside.id())?;
        session.type_text("new.txt")?;
        wait::pause(Duration::from_millis(700));
        session.shoot(&format!("portal-begins-{begins_there}"))?;
        session.key("enter", "press")?;
        dialog::gone(&session, &window)?;
        asking.wait_for("done");
        assert_eq!(
            folder.join("new.txt").exists(),
            begins_there,
            "{}",
            asking.text()
        );
        oz(["stop", asking.inside.id()]).run().ok();
    }
    Ok(())
}
