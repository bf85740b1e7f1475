//! Among the quick settings.

use oz_e2e::{Inside, Session, cli, oz, wait};

use super::bar::{Bar, Outcome};

#[test]
fn one_press_among_the_quick_settings_ends_that_any_app_may_listen() -> Outcome {
    let session = Session::begin();
    let bar = Bar::enable(&session)?;
    let ids = ["viewer", "media"].map(|profile| {
        let sandbox = Inside::idle(profile);
        oz(["mic", sandbox.id(), "on"]).run().ok();
        sandbox
    });
    let place: [i32; 4] = bar
        .shell
        .eval("ozTest.place(Main.panel.statusArea.quickSettings)")?;
    let [left, top, width, height] = place;
    bar.shell.click_at((left + width / 2, top + height / 2))?;
    bar.shell.wait_for_text(|text| text == "App Mics")?;
    session.shoot("gnome-quick")?;
    bar.shell.click("App Mics")?;
    for sandbox in &ids {
        wait::for_condition("that it may not listen", || {
            let list = cli::json(["ps"]);
            let rows = list.as_array().map(Vec::as_slice).unwrap_or_default();
            let row = rows.iter().find(|row| row["id"] == sandbox.id());
            row.is_some_and(|row| row["microphone"]["state"] == "off")
        });
    }
    bar.shell
        .eval::<()>("void Main.panel.statusArea.quickSettings.menu.close()")?;
    bar.disable()
}
