//! Orphans of this process's children.

use std::io;

/// Orphaned descendants become children of this process instead of the host's first one.
///
/// The stage before a sandbox's init ends at once; its parent adopts init by this.
pub fn set_subreaper() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(
        rustix::process::getpid(),
    ))?)
}
