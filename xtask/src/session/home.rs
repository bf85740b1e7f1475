//! A home on a file system of its own kind, in a session that has mounts of its own.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
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
}

impl FileSystem {
    fn maker(self) -> &'static str {
        match self {
            Self::Btrfs => "mkfs.btrfs",
            Self::Xfs => "mkfs.xfs",
        }
    }
}

/// Makes one in a file of the session's and mounts it as the home.
pub(super) fn mount(spec: &Spec, kind: FileSystem) -> Result<()> {
    if !spec.user.drop {
        bail!("a home on a file system of its own takes root: run this with sudo");
    }
    let image = spec.root.join("home.img");
    let file = File::create(&image).context("cannot make a file for the home")?;
    file.set_len(SIZE)?;
    sh::run_quietly(Command::new(kind.maker()).arg("-q").arg(&image))?;
    let home = Places(&spec.root).home();
    let mut mount = Command::new("mount");
    mount.args(["-o", "loop,nosuid,nodev"]).arg(&image);
    sh::run_quietly(mount.arg(&home))?;
    chown(&home, Some(spec.user.uid), Some(spec.user.gid))?;
    Ok(fs::set_permissions(
        &home,
        fs::Permissions::from_mode(0o700),
    )?)
}
