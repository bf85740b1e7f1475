//! The page of settings.

use anyhow::ensure;
use oz_e2e::{Run, Session};

use super::bar::{Bar, Outcome, UUID};

/// The program that shows settings of extensions, to screen readers.
const APP: &str = "org.gnome.Shell.Extensions";

#[test]
fn a_switch_of_the_page_holds_at_once() -> Outcome {
    let session = Session::begin();
    let bar = Bar::enable(&session)?;
    ensure!(!bar.is_there());
    Run::new("gnome-extensions", ["prefs", UUID]).run().ok();
    bar.shell.wait_for_window(|window| window.title == "Oz")?;
    session.press(APP, "check box", "Always in the Top Bar")?;
    bar.wait_until_there(true);
    session.shoot("gnome-settings")?;
    bar.open()?;
    bar.shell
        .wait_for_text(|text| text == "No app runs in a sandbox")?;
    session.press(APP, "check box", "Always in the Top Bar")?;
    bar.wait_until_there(false);
    bar.shell.close_windows()?;
    bar.disable()
}
