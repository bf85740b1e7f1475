//! A volume that somebody has plugged in, in a session that has mounts of its own: where udisks mounts one.

use std::fs;
use std::os::unix::fs::chown;
use std::process::Command;

use anyhow::Result;

use super::Spec;
use crate::sh;

/// Mounts it at `/media/USER/stick`; the mounts of the machine stay as they are.
pub(super) fn mount(spec: &Spec) -> Result<()> {
    let mount = |options: &str, place: &std::path::Path| {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "stick"]);
        sh::run_quietly(mount.arg(place))
    };
    let media = std::path::Path::new("/media");
    mount("mode=755", media)?;
    let place = media.join(&spec.user.name).join("stick");
    fs::create_dir_all(&place)?;
    mount("mode=700,nosuid,nodev", &place)?;
    chown(&place, Some(spec.user.uid), Some(spec.user.gid))?;
    Ok(())
}
