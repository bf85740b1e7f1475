//! File managers open files in sandboxes and add them to those that run.

mod driven;
mod nautilus;
#[path = "../panel/opened.rs"]
#[expect(dead_code, reason = "files are only dropped on it here")]
mod opened;
mod relatives;

use std::path::PathBuf;

/// Where this installation has what file managers load.
fn share() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let oz = std::env::split_paths(&path)
        .map(|directory| directory.join("oz"))
        .find(|program| program.exists())
        .expect("oz is installed");
    oz.ancestors().nth(2).expect("bin is in it").join("share")
}
