//! Programs that only one suite compares with: installed when it runs, not by `setup`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{sh, user};

/// What others contain apps with.
const PEERS: &[&str] = &["firejail", "flatpak"];

/// Installs those that are missing if we may; the suite says which are not there.
pub(super) fn install() -> Result<()> {
    let missing = |name: &&&str| !Path::new("/usr/bin").join(name).exists();
    let missing: Vec<&&str> = PEERS.iter().filter(missing).collect();
    if missing.is_empty() || !user::is_root() {
        return Ok(());
    }
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt.args(["install", "--yes", "--quiet", "--no-install-recommends"]);
    sh::run_quietly(apt.args(missing))
}
