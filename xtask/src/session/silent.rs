//! A file system that never answers, in a session that has mounts of its own: the kernel asks it and nobody
//! reads the questions.

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::chown;
use std::process::Command;

use anyhow::{Context, Result};

use super::Spec;
use super::environment::Places;
use crate::sh;

/// Where it lies in the home: beneath a directory that answers.
const PLACE: &str = "slow/silent";

/// Mounts it. It is there as long as what is returned.
pub(super) fn mount(spec: &Spec) -> Result<File> {
    let home = Places(&spec.root).home();
    let place = home.join(PLACE);
    fs::create_dir_all(&place)?;
    for above in place.ancestors().take_while(|above| *above != home) {
        chown(above, Some(spec.user.uid), Some(spec.user.gid))?;
    }
    let device = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/fuse")
        .context("cannot open /dev/fuse")?;
    // The number is the same in the program that mounts.
    rustix::io::fcntl_setfd(&device, rustix::io::FdFlags::empty())?;
    let options = format!(
        "fd={},rootmode=40000,user_id={},group_id={},allow_other",
        device.as_raw_fd(),
        spec.user.uid,
        spec.user.gid
    );
    let mut mount = Command::new("mount");
    mount.args(["-i", "-t", "fuse", "-o", &options, "silent"]);
    sh::run_quietly(mount.arg(&place))?;
    rustix::io::fcntl_setfd(&device, rustix::io::FdFlags::CLOEXEC)?;
    Ok(device)
}
