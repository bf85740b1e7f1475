//! A home on a file system of its own kind, in a session that has mounts of its own.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::Spec;
use super::environment::Places;
use crate::sh;

/// Bytes of it; most are never written.
const SIZE: u64 = 2 << 30;

/// A kind of file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum FileSystem {
    /// Which shares blocks of files
    Btrfs,
    /// Which does as well, and is the usual one elsewhere
    Xfs,
    /// Which is in memory above what cannot be written, as on systems that run from a medium
    Overlay,
    /// The same, with directories in it that are mounted from a disk and stay, as Tails has them
    Persistent,
}

/// Directories of the home that are on the disk.
const PERSISTENT: [(&str, &str); 2] = [("Persistent", "Persistent"), ("state", ".local/state")];

/// Makes one and mounts it as the home.
pub(super) fn mount(spec: &Spec, kind: FileSystem) -> Result<()> {
    if !spec.user.drop {
        bail!("a home on a file system of its own takes root: run this with sudo");
    }
    let home = Places(&spec.root).home();
    match kind {
        FileSystem::Btrfs => mount_file(spec, "mkfs.btrfs", &home)?,
        FileSystem::Xfs => mount_file(spec, "mkfs.xfs", &home)?,
        FileSystem::Overlay => mount_overlay(spec, &home)?,
        FileSystem::Persistent => {
            mount_overlay(spec, &home)?;
            mount_persistent(spec, &home)?;
        }
    }
    chown(&home, Some(spec.user.uid), Some(spec.user.gid))?;
    Ok(fs::set_permissions(
        &home,
        fs::Permissions::from_mode(0o700),
    )?)
}

/// One in a file of the session's.
fn mount_file(spec: &Spec, maker: &str, home: &Path) -> Result<()> {
    let image = spec.root.join("home.img");
    let file = File::create(&image).context("cannot make a file for the home")?;
    file.set_len(SIZE)?;
    sh::run_quietly(Command::new(maker).arg("-q").arg(&image))?;
    let mut mount = Command::new("mount");
    mount.args(["-o", "loop,nosuid,nodev"]).arg(&image);
    sh::run_quietly(mount.arg(home))
}

/// Directories of a disk, each over one of the home that has a file in it.
fn mount_persistent(spec: &Spec, home: &Path) -> Result<()> {
    let disk = spec.root.join("home.disk");
    fs::create_dir(&disk)?;
    mount_file(spec, "mkfs.ext4", &disk)?;
    let mine = |path: &Path| chown(path, Some(spec.user.uid), Some(spec.user.gid));
    for (of_disk, of_home) in PERSISTENT {
        let (of_disk, of_home) = (disk.join(of_disk), home.join(of_home));
        fs::create_dir(&of_disk)?;
        mine(&of_disk)?;
        fs::create_dir_all(&of_home)?;
        fs::write(of_home.join("covered"), "covered")?;
        let mut mount = Command::new("mount");
        mount.arg("--bind").arg(&of_disk).arg(&of_home);
        sh::run_quietly(&mut mount)?;
    }
    Ok(mine(&home.join(".local"))?)
}

/// What is written is in memory, above a directory of the session's.
fn mount_overlay(spec: &Spec, home: &Path) -> Result<()> {
    let [medium, memory] = ["home.medium", "home.memory"].map(|name| spec.root.join(name));
    let [upper, work] = ["upper", "work"].map(|name| memory.join(name));
    for directory in [&medium, &memory] {
        fs::create_dir(directory)?;
    }
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "mode=700", "memory"]);
    sh::run_quietly(mount.arg(&memory))?;
    for directory in [&upper, &work] {
        fs::create_dir(directory)?;
    }
    let mut mount = Command::new("mount");
    mount.args(["-t", "overlay", "-o"]).arg(format!(
        "nosuid,nodev,lowerdir={},upperdir={},workdir={}",
        medium.display(),
        upper.display(),
        work.display()
    ));
    sh::run_quietly(mount.arg("home").arg(home))
}
