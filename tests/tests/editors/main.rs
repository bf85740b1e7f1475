//! Real editors with a single file that they may change: opened by argument, by `oz add` and by their own dialog, saved
//! twice, closed; in a home that lasts and in one that does not.

#[path = "../portals/dialog.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod dialog;
#[path = "../portals/host.rs"]
#[allow(dead_code, reason = "a part of it is enough here")]
mod host;
mod terminal;
mod windows;
