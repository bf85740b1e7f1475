//! The panel without a pointer.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use oz_e2e::fixtures::write;
use oz_e2e::{Inside, Session, oz, wait};
use oz_testkit::desktop::Widget;

use super::{APP, Panel};

/// What a person does something with.
const CONTROLS: &[&str] = &[
    "push button",
    "toggle button",
    "check box",
    "combo box",
    "entry",
    "page tab",
];

/// What is said of the window's own buttons, for which there are keys.
const WINDOW: &str = "the window";

fn focused(session: &Session) -> Result<Option<Widget>> {
    let all = session.widgets(APP)?;
    Ok(all.into_iter().find(|widget| widget.is("focused")))
}

/// Goes once around by a key, and tells where the keyboard has been.
fn around(session: &Session, key: &str) -> Result<Vec<Widget>> {
    let mut been: Vec<Widget> = Vec::new();
    for _ in 0..80 {
        session.key(key, "press")?;
        let Some(now) = focused(session)? else {
            continue;
        };
        let place = |widget: &Widget| (widget.role.clone(), widget.name.clone(), widget.place);
        if been
            .first()
            .is_some_and(|first| place(first) == place(&now))
        {
            return Ok(been);
        }
        been.push(now);
    }
    anyhow::bail!("it does not come around: {been:#?}")
}

/// A panel with something to do on each of its lists.
fn busy(session: &Session) -> Result<(Panel<'_>, Inside, std::path::PathBuf)> {
    let inside = Inside::idle("handy");
    let file = write(&session.fresh_dir("Papers").join("notes.txt"), b"hello\n");
    oz(["add", inside.id()]).arg(&file).run().ok();
    oz(["forward", inside.id(), "in:tcp:9050"]).run().ok();
    let panel = Panel::open(session)?;
    session.resize(&panel.window, 900, 900)?;
    panel.wait_for_text("notes.txt")?;
    session.give_focus(&panel.window)?;
    session.settled(&panel.window)?;
    Ok((panel, inside, file))
}

#[test]
fn the_keyboard_comes_to_every_control_on_the_screen_and_each_has_a_name() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("handy", r#"{ "extends": "generic" }"#);
    let (panel, _inside, _) = busy(&session)?;
    for list in ["Apps", "Changes", "Running"] {
        panel.turn_to(list)?;
        session.settled(&panel.window)?;
        let been = around(&session, "tab")?;
        // What scrolls by keys is the toolkit's, and is read by what is in it.
        let named = been.iter().filter(|w| w.role != "scroll pane");
        let nameless: Vec<_> = named.filter(|w| w.name.is_empty()).collect();
        ensure!(nameless.is_empty(), "without a name: {nameless:#?}");
        let names: BTreeSet<_> = been.iter().map(|w| (&w.role, &w.name)).collect();
        let height = session.again(&panel.window)?.content.height;
        let all = session.widgets(APP)?;
        let missed: Vec<_> = all
            .iter()
            .filter(|w| CONTROLS.contains(&w.role.as_str()) && w.is("focusable"))
            .filter(|w| w.is("showing") && w.is("sensitive") && !w.description.ends_with(WINDOW))
            .filter(|w| {
                w.place
                    .is_some_and(|[_, top, _, tall]| top >= 0 && top + tall <= height)
            })
            .filter(|w| !names.contains(&(&w.role, &w.name)))
            .collect();
        ensure!(missed.is_empty(), "{list}: never at {missed:#?}");
    }
    panel.close()
}

#[test]
fn switches_files_and_the_end_of_a_sandbox_are_had_by_keys_alone() -> Result<()> {
    let session = Session::begin();
    let _profile = session.profile("handy", r#"{ "extends": "generic" }"#);
    let (panel, inside, file) = busy(&session)?;
    let seen = || inside.holds(&format!("cat {}", file.display()));
    ensure!(seen());

    let speaker = |w: &Widget| w.role == "check box" && w.name == "Speaker";
    let before = session.wait_for_widget(APP, speaker)?.is("checked");
    panel.key_to("tab", speaker)?;
    session.key("space", "press")?;
    session.wait_for_widget(APP, |w| speaker(w) && w.is("checked") != before)?;

    panel.key_to("tab", |w| w.name == "Take back notes.txt")?;
    session.key("enter", "press")?;
    panel.wait_for_text("Take Back")?;
    panel.key_to("tab", |w| {
        w.role == "push button" && w.name.ends_with("Take Back")
    })?;
    session.key("enter", "press")?;
    wait::for_condition("the file to be gone", || !seen());

    panel.key_to("tab", |w| w.role == "push button" && w.name == "Stop")?;
    session.key("space", "press")?;
    panel.wait_for_text("End handy?")?;
    // Nothing ends by a key that waves a question away.
    session.key("escape", "press")?;
    panel.wait_for_no_text("End handy?");
    ensure!(inside.is_running());
    session.key("space", "press")?;
    panel
        .wait_for_text("End handy?")
        .context("the keyboard is where it was")?;
    panel.key_to("tab", |w| {
        w.role == "push button" && w.name.ends_with(" End")
    })?;
    session.key("enter", "press")?;
    inside.wait_for_end();
    panel.close()
}
