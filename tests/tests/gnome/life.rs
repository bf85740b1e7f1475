//! The extension comes and goes, and so does the daemon.

use anyhow::{Context, ensure};
use oz_e2e::processes::{daemon, kill_daemon};
use oz_e2e::{Inside, Session, cli, wait};
use oz_testkit::desktop::wait_for;
use serde_json::Value;

use super::bar::{Bar, Outcome};

/// Everything of the shell that an extension could have left something in. The names of apps in the dash come and go as
/// apps do.
const LEFT: &str = "({
    bar: Object.keys(Main.panel.statusArea),
    quick: Main.panel.statusArea.quickSettings.menu._grid.get_n_children(),
    icons: Main.panel.statusArea.quickSettings._indicators.get_n_children(),
    top: Main.uiGroup.get_children().map(child => `${child.constructor.name} ${child.style_class}`)
        .filter(child => !child.includes('dash-label')),
    dialogs: Main.modalDialogGroup?.get_n_children() ?? 0,
    marks: global.get_window_actors().map(actor => actor.get_n_children()),
    stylesheets: imports.gi.St.ThemeContext.get_for_stage(global.stage).get_theme().get_custom_stylesheets().length,
})";

#[test]
fn nothing_is_left_of_it_when_it_is_disabled() -> Outcome {
    let session = Session::begin();
    let shell = session.shell();
    shell.leave_overview()?;
    let sandbox = Inside::start(&["gtk4-demo"]);
    shell.wait_for_window(|window| window.app_id == "org.gtk.Demo4")?;
    let before: Value = shell.eval(LEFT)?;
    for round in 0..5 {
        let bar = Bar::enable(&session)?;
        bar.open_for(sandbox.id())?;
        let there: Value = shell.eval(LEFT)?;
        ensure!(there != before, "this looks at nothing: {there}");
        // Also from under a question.
        if round == 4 {
            bar.shell.click("End…")?;
            bar.shell
                .wait_for_text(|text| text.starts_with("End gtk4-demo"))?;
        }
        bar.disable()?;
        // What the shell has of its own comes and goes as well.
        let mut after = Value::Null;
        let same = wait_for("all to be as before", wait::PATIENCE, || {
            after = shell.eval(LEFT).ok()?;
            (after == before).then_some(())
        });
        same.with_context(|| {
            let fields = before.as_object().into_iter().flatten();
            let different = fields.filter(|(name, value)| after.get(name.as_str()) != Some(*value));
            let lines =
                different.map(|(name, value)| format!("{name}: {value} became {}", after[name]));
            format!("round {round}: {}", lines.collect::<Vec<_>>().join("\n"))
        })?;
    }
    // Nobody listens any more either.
    let said = session.log("gnome-shell").len();
    sandbox.sh("true").ok();
    cli::stop_all();
    kill_daemon();
    let log = session.log("gnome-shell");
    ensure!(!log[said..].contains("Gjs"), "{}", &log[said..]);
    Ok(())
}

#[test]
fn it_does_not_start_the_daemon_and_finds_the_next_one() -> Outcome {
    let session = Session::begin();
    kill_daemon();
    let bar = Bar::enable(&session)?;
    ensure!(!bar.is_there());
    ensure!(daemon().is_none(), "it has started the daemon");
    let sandbox = Inside::idle("viewer");
    bar.open()?;
    bar.shell.wait_for_text(|text| text == sandbox.id())?;
    kill_daemon();
    bar.wait_until_there(false);
    ensure!(daemon().is_none(), "it has started the daemon");
    ensure!(cli::running() == [sandbox.id()]);
    bar.open_for(sandbox.id())?;
    bar.disable()
}
