//! Entering the new root.

use std::io;

use oz_core::wire::init::Stage;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags};
use rustix::io::Errno;
use rustix::mount::UnmountFlags;

use crate::failure::{At, Failure};
use crate::root::Root;

/// Makes `root` the root of the namespace and drops the host's, without a directory for it.
pub fn enter(root: &Root) -> Result<(), Failure> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let host = rustix::fs::openat(CWD, "/", flags, Mode::empty()).at(Stage::Pivot, "/")?;
    rustix::process::fchdir(root).at(Stage::Pivot, "new root")?;
    // Puts the host's root on top of the new one, from where it is taken away.
    rustix::process::pivot_root(".", ".").at(Stage::Pivot, "pivot_root")?;
    rustix::process::fchdir(&host).at(Stage::Pivot, "old root")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).at(Stage::Pivot, "old root")?;
    rustix::process::chdir("/").at(Stage::Pivot, "/")?;
    is_alone(root).at(Stage::Pivot, "old root")
}

/// Makes sure that nothing lies on top of the root: `/..` would lead there.
fn is_alone(root: &Root) -> io::Result<()> {
    let id = StatxFlags::MNT_ID;
    let ours = rustix::fs::statx(root, "", AtFlags::EMPTY_PATH, id)?.stx_mnt_id;
    let top = rustix::fs::statx(CWD, "/..", AtFlags::empty(), id)?.stx_mnt_id;
    if ours == top {
        Ok(())
    } else {
        Err(Errno::BUSY.into())
    }
}
