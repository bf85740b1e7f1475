//! Windows of Oz's own: the file dialog, the panel.

#[path = "../portals/app.rs"]
mod app;
mod apps;
mod changes;
mod denied;
mod dialog;
mod files;
mod guide;
mod learned;
mod opened;
mod pictures;
mod prompts;
mod running;
mod sound;
mod wayland;

use opened::{APP, Panel};
