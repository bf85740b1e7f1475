//! What a person sees of a sandbox in the top bar, and changes there.

use std::fs;

use anyhow::{Context, ensure};
use oz_e2e::sound::{self, Listener, RAW, speak};
use oz_e2e::{Inside, Run, Session, cli, oz, wait};
use oz_testkit::desktop::Widget;
use serde_json::Value;

use super::bar::{Bar, HOSTILE, HOSTILE_SHOWN, Outcome};

/// What the icon beside the indicator is called.
const LISTENS: &str = "A sandbox uses the microphone";

#[test]
fn the_microphone_is_switched_by_a_click_and_the_app_hears_it() -> Outcome {
    let session = Session::begin();
    let text = r#"{ "extends": "generic", "audio": { "microphone": "silent" } }"#;
    let _profile = session.profile("listener", text);
    let bar = Bar::enable(&session)?;
    ensure!(!bar.is_there(), "it is there while nothing runs");
    let _speaking = speak();
    let start = ["run", "--profile", "listener", "--", "parec"];
    let mut listener = Listener::start("oz", start.iter().chain(RAW));
    bar.open_for("listener")?;
    ensure!(bar.shell.texts()?.iter().all(|text| text.text != LISTENS));
    bar.shell.click("Microphone")?;
    listener.wait_for_tone();
    bar.shell.wait_for_text(|text| text == LISTENS)?;
    let told = &cli::json(["ps"])[0]["microphone"];
    ensure!(told["state"] == "on" && told["in_use"] == true, "{told}");
    bar.open_for("listener")?;
    session.shoot("gnome-listens")?;
    bar.shell.click("Microphone")?;
    listener.wait_for_silence();
    bar.shell.wait_for_no_text(|text| text == LISTENS)?;
    wait::for_condition("the host's microphone to be closed", || {
        !sound::is_recorded_for("listener")
    });
    ensure!(
        listener.is_running(),
        "it noticed: {}",
        listener.complaint()
    );
    bar.disable()
}

#[test]
fn a_file_is_added_by_the_chooser_and_taken_back() -> Outcome {
    let session = Session::begin();
    let file = session.fresh_dir("given").join("letter.txt");
    fs::write(&file, "dear")?;
    let bar = Bar::enable(&session)?;
    let sandbox = Inside::idle("viewer");
    let id = sandbox.id();
    let reads = format!("test \"$(cat '{}')\" = dear", file.display());
    ensure!(!sandbox.holds(&reads));
    bar.open_for(id)?;
    bar.shell.click("Add Files…")?;
    let chooser = bar
        .shell
        .wait_for_window(|window| window.title == format!("Files That {id} May Read"))?;
    ensure!(chooser.app_id == "org.oz.Panel", "{chooser:?}");
    bar.shell.wait_until(
        "the chooser has the keyboard",
        &format!("global.display.focus_window?.title === {:?}", chooser.title),
    )?;
    bar.shell.type_line(file.to_str().context("text")?)?;
    sandbox.wait_for(&reads);
    bar.open_for(id)?;
    bar.shell.wait_for_text(|text| text == "letter.txt")?;
    session.shoot("gnome-file")?;
    bar.shell.click("Take back letter.txt")?;
    bar.shell.wait_for_no_text(|text| text == "letter.txt")?;
    wait::for_condition("it to be taken back", || !sandbox.holds(&reads));
    bar.shell.close_windows()?;
    bar.disable()
}

#[test]
fn a_hostile_name_is_one_short_line_of_plain_text() -> Outcome {
    let session = Session::begin();
    let directory = session.fresh_dir("named");
    let long = format!("{}.pdf", "long".repeat(40));
    for name in [HOSTILE, &long] {
        fs::write(directory.join(name), "x")?;
    }
    let bar = Bar::enable(&session)?;
    let sandbox = Inside::idle("viewer");
    oz(["add", sandbox.id()])
        .args([directory.join(HOSTILE), directory.join(&long)])
        .run()
        .ok();
    bar.open_for(sandbox.id())?;
    let shown = bar.shell.wait_for_text(|text| text == HOSTILE_SHOWN)?;
    ensure!(shown.place[3] < 40, "more than a line: {shown:?}");
    let capped = bar.shell.wait_for_text(|text| text.starts_with("long"))?;
    ensure!(capped.text.contains('…') && capped.text.chars().count() == 40);
    session.shoot("gnome-hostile")?;
    bar.shell.click(&format!("Take back {HOSTILE_SHOWN}"))?;
    wait::for_condition("that very file to be taken back", || {
        let files = cli::json(["files", sandbox.id()]);
        let left = files.as_array().map_or(0, Vec::len);
        left == 1
            && files[0]["path"]
                .as_str()
                .is_some_and(|path| path.ends_with(&long))
    });
    bar.disable()
}

#[test]
fn a_sandbox_is_ended_when_that_is_confirmed() -> Outcome {
    let session = Session::begin();
    let bar = Bar::enable(&session)?;
    let sandbox = Inside::idle("viewer");
    bar.open_for(sandbox.id())?;
    bar.shell.click("End…")?;
    bar.shell.wait_for_text(|text| text == "End sleep?")?;
    session.shoot("gnome-end")?;
    bar.shell.click("Cancel")?;
    bar.shell.wait_for_no_text(|text| text == "End sleep?")?;
    ensure!(sandbox.is_running(), "it ended though nobody wanted it");
    bar.open_for(sandbox.id())?;
    bar.shell.click("End…")?;
    bar.shell.click("End")?;
    sandbox.wait_for_end();
    bar.wait_until_there(false);
    bar.disable()
}

#[test]
fn a_forward_is_listed_and_closed() -> Outcome {
    let session = Session::begin();
    let bar = Bar::enable(&session)?;
    let sandbox = Inside::idle("viewer");
    let forwards = || -> Value { cli::json(["ps"])[0]["forwards"].clone() };
    oz(["forward", sandbox.id(), "out:tcp:18080=tcp:80"])
        .run()
        .ok();
    let spec = forwards()[0].as_str().context("a forward")?.to_owned();
    bar.open_for(sandbox.id())?;
    bar.shell.wait_for_text(|text| text == spec)?;
    bar.shell.click(&format!("Take back {spec}"))?;
    bar.shell.wait_for_no_text(|text| text == spec)?;
    wait::for_condition("it to be closed", || {
        forwards().as_array().is_some_and(Vec::is_empty)
    });
    bar.disable()
}

/// Which way the clipboard of the one that runs passes, as the bus says it.
fn clipboard() -> String {
    let object = "/org/oz/Oz1/sandbox/gtk4_2ddemo";
    let call = ["call", "--session", "-d", "org.oz.Oz1", "-o", object];
    let get = "org.freedesktop.DBus.Properties.Get";
    let ran = Run::new("gdbus", call)
        .args(["-m", get, "org.oz.Sandbox1", "Clipboard"])
        .run();
    let text = ran.text();
    text.trim_matches(['(', '<', '\'', '>', ',', ')'])
        .to_owned()
}

#[test]
fn what_the_switches_are_told_they_do_not_wish() -> Outcome {
    let session = Session::begin();
    let bar = Bar::enable(&session)?;
    let sandbox = Inside::start(&["gtk4-demo"]);
    let id = sandbox.id();
    bar.shell
        .wait_for_window(|window| window.app_id == "org.gtk.Demo4")?;
    let microphone = || cli::json(["ps"])[0]["microphone"]["state"].clone();
    let shown = |on: bool| {
        let state = "[...Main.panel.statusArea['oz@oz.org']._rows.values()][0].microphone.on";
        bar.shell
            .wait_until("the switch shows it", &format!("{state} === {on}"))
    };
    for (said, on) in [
        ("on", true),
        ("ask", false),
        ("on", true),
        ("silent", false),
    ] {
        oz(["mic", id, said]).run().ok();
        shown(on)?;
        // The next word of ours comes after whatever the extension said to what it was told.
        bar.shell.eval::<()>("undefined")?;
        ensure!(microphone() == said, "{} became {}", said, microphone());
    }
    bar.open_for(id)?;
    ensure!(clipboard() == "both", "{}", clipboard());
    ensure!(microphone() == "silent");
    bar.disable()
}

#[test]
fn the_clipboard_is_switched_each_way() -> Outcome {
    let session = Session::begin();
    let bar = Bar::enable(&session)?;
    let sandbox = Inside::start(&["gtk4-demo"]);
    bar.shell
        .wait_for_window(|window| window.app_id == "org.gtk.Demo4")?;
    ensure!(clipboard() == "both", "{}", clipboard());
    // What each switch shows: paste, copy, ask.
    let shown = |[paste, copy, ask]: [bool; 3]| {
        let row = "[...Main.panel.statusArea['oz@oz.org']._rows.values()][0]";
        let shown = format!(
            "(one => [one.paste, one.copy, one.ask].map(one => one.item.visible && one.on).join())({row}) === '{paste},{copy},{ask}'"
        );
        bar.shell.wait_until("the switches show it", &shown)
    };
    shown([true, true, false])?;
    for (press, left, switches) in [
        ("Paste Into It", "out", [false, true, false]),
        ("Copy From It", "off", [false, false, false]),
        ("Paste Into It", "in", [true, false, false]),
        ("Ask Before Copies Pass", "ask", [true, true, true]),
        ("Copy From It", "in", [true, false, false]),
        ("Ask Before Copies Pass", "ask", [true, true, true]),
        ("Ask Before Copies Pass", "both", [true, true, false]),
    ] {
        bar.open_for(sandbox.id())?;
        bar.shell.click(press)?;
        wait::for_condition(&format!("the clipboard to pass {left}"), || {
            clipboard() == left
        });
        shown(switches)?;
    }
    // What a profile or somebody else says is shown as well.
    oz(["clipboard", sandbox.id(), "ask"]).run().ok();
    shown([true, true, true])?;
    bar.open_for(sandbox.id())?;
    session.shoot("gnome-clipboard-asks")?;
    bar.disable()
}

#[test]
fn what_is_much_has_few_rows_and_the_rest_is_in_the_panel() -> Outcome {
    let session = Session::begin();
    let directory = session.fresh_dir("many");
    let files: Vec<_> = (0..30)
        .map(|n| directory.join(format!("file-{n}")))
        .collect();
    for file in &files {
        fs::write(file, "x")?;
    }
    let bar = Bar::enable(&session)?;
    let sandbox = Inside::idle("viewer");
    oz(["add", sandbox.id()]).args(&files).run().ok();
    bar.open_for(sandbox.id())?;
    bar.shell.wait_for_text(|text| text == "22 more…")?;
    let texts = bar.shell.texts()?;
    let rows = texts
        .iter()
        .filter(|text| text.text.starts_with("Take back file-"));
    ensure!(rows.count() == 8);
    session.shoot("gnome-many-files")?;
    bar.shell.click("22 more…")?;
    bar.shell
        .wait_for_window(|window| window.app_id == "org.oz.Panel")?;
    bar.shell.close_windows()?;
    bar.disable()
}

#[test]
fn a_menu_of_many_sandboxes_stays_on_the_screen() -> Outcome {
    let session = Session::begin();
    let bar = Bar::enable(&session)?;
    for _ in 0..25 {
        Inside::start(&["--ephemeral", "--profile", "viewer", "--", "sleep", "1000"]);
    }
    let rows = "Main.panel.statusArea['oz@oz.org']._rows.size === 25";
    bar.shell.wait_until("all are there", rows)?;
    bar.open()?;
    let last = bar.shell.wait_for_text(|text| text == "Open Oz")?;
    ensure!(last.place[1] + last.place[3] < 800, "{last:?}");
    session.shoot("gnome-many")?;
    bar.disable()
}

#[test]
fn what_a_sandbox_writes_over_copies_is_opened_from_its_menu_and_others_have_no_such_row() -> Outcome
{
    let session = Session::begin();
    let text = r#"{ "extends": "generic", "match": { "executables": ["sleep"] },
        "files": { "home": "copy-on-write" } }"#;
    let _profile = session.profile("writer", text);
    let bar = Bar::enable(&session)?;
    let plain = Inside::idle("viewer");
    let writer = Inside::start(&["writer", "1000"]);
    writer.sh("echo new > ~/written.txt").ok();
    bar.open_for(plain.id())?;
    ensure!(
        bar.shell
            .texts()?
            .iter()
            .all(|text| !text.text.starts_with("Changes"))
    );
    let close = "void Main.panel.statusArea['oz@oz.org'].menu.close()";
    bar.shell.eval::<()>(close)?;
    bar.open_for(writer.id())?;
    // They are counted while somebody looks.
    bar.shell.wait_for_text(|text| text == "Changes: 1…")?;
    writer.sh("echo more > ~/more.txt").ok();
    bar.shell.wait_for_text(|text| text == "Changes: 2…")?;
    session.shoot("gnome-counted")?;
    bar.shell.click("Changes: 2…")?;
    bar.shell
        .wait_for_window(|window| window.app_id == "org.oz.Panel")?;
    session.wait_for_widget("org.oz.Panel", |widget| {
        widget.name == "written.txt" && widget.place.is_some()
    })?;
    session.shoot("gnome-changes")?;
    bar.shell.close_windows()?;
    oz(["stop", "--all"]).run().ok();
    oz(["discard", writer.id(), "--yes"]).run().ok();
    bar.disable()
}

#[test]
fn the_panel_and_a_shell_are_opened_for_that_very_sandbox() -> Outcome {
    let session = Session::begin();
    let bar = Bar::enable(&session)?;
    let [first, second] = ["media", "viewer"].map(|profile| Inside::idle(profile));
    bar.open_for(second.id())?;
    bar.shell.click("Open in Oz")?;
    bar.shell
        .wait_for_window(|window| window.app_id == "org.oz.Panel")?;
    // Each is in the list, and one of them above its page.
    let named = |id: &str| {
        let widgets = session.widgets("org.oz.Panel").unwrap_or_default();
        let label = |widget: &&Widget| widget.name == id && widget.role == "label";
        widgets.iter().filter(label).count()
    };
    wait::for_condition("its page to be shown", || {
        (named(first.id()), named(second.id())) == (1, 2)
    });
    session.shoot("gnome-panel")?;
    bar.shell.close_windows()?;
    let shells = |inside: &Inside| inside.sh("ls /dev/pts | grep -c '^[0-9]'").text();
    let before = (shells(&first), shells(&second));
    bar.open_for(second.id())?;
    bar.shell.click("Shell")?;
    wait::for_condition("a shell in it", || shells(&second) != before.1);
    ensure!(shells(&first) == before.0, "the other one has a terminal");
    session.shoot("gnome-shell")?;
    bar.shell.close_windows()?;
    bar.disable()
}
