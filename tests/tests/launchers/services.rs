//! The session bus starts apps as well, past every launcher.

use anyhow::Result;
use oz_e2e::{Run, Session, cli, wait};

use crate::{Enabled, outside};

/// Has a bus start whoever has the name of the app, and asks it whether it is there.
const ASK: &str = "gdbus call --session --timeout 20 --dest org.gnome.gedit \
    --object-path /org/gnome/gedit --method org.freedesktop.DBus.Peer.Ping";

/// On a bus that knows the display, as that of a login does.
fn ask_a_bus_with_display() -> Run {
    Run::new("dbus-run-session", ["--", "sh", "-c", ASK]).within(wait::LONG)
}

#[test]
fn the_bus_does_not_start_the_app_without_its_sandbox() -> Result<()> {
    let _session = Session::begin();
    // It does when it is not enabled.
    ask_a_bus_with_display().run().ok();
    let enabled = Enabled::new(&["gedit"]);
    ask_a_bus_with_display()
        .run()
        .fails()
        .complains("org.gnome.gedit exited with status 1");
    // The bus that runs already has been told.
    Run::sh(ASK)
        .within(wait::LONG)
        .run()
        .fails()
        .complains("org.gnome.gedit exited with status 1");
    anyhow::ensure!(outside("gedit").is_empty() && cli::running().is_empty());
    drop(enabled);
    ask_a_bus_with_display().run().ok();
    Ok(())
}
