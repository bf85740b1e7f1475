//! The same as `panel`, in a session of an X server, for `cargo xtask test --all`.

#[path = "../portals/app.rs"]
mod app;
#[path = "../panel/apps.rs"]
mod apps;
#[path = "../panel/changes.rs"]
mod changes;
#[path = "../panel/denied.rs"]
mod denied;
#[path = "../panel/dialog.rs"]
mod dialog;
#[path = "../panel/files.rs"]
mod files;
#[path = "../panel/keyboard.rs"]
mod keyboard;
#[path = "../file_manager/nautilus.rs"]
mod nautilus;
#[path = "../panel/opened.rs"]
mod opened;
#[path = "../panel/prompts.rs"]
mod prompts;
#[path = "../panel/running.rs"]
mod running;
#[path = "../panel/sound.rs"]
mod sound;

use opened::{APP, Panel};
