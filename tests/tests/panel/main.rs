//! Windows of Oz's own: the file dialog, the panel.

#[path = "../portals/app.rs"]
mod app;
mod apps;
mod changes;
mod denied;
mod dialog;
mod files;
mod guide;
mod opened;
mod prompts;
mod running;
mod sound;
mod wayland;

use opened::{APP, Panel};
use oz_e2e::Inside;

/// A sandbox in which nothing happens by itself.
fn idle(profile: &str) -> Inside {
    Inside::start(&["--profile", profile, "--", "sleep", "1000"])
}
