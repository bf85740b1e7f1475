//! Namespaces of the calling process.

use std::io;

use rustix::thread::UnshareFlags;

/// Gives the calling process namespaces of its own.
///
/// A user namespace can only be made by a process with a single thread. The descriptor table
/// cannot be unshared: other threads would lose sight of what they own.
pub fn unshare(which: UnshareFlags) -> io::Result<()> {
    if which.contains(UnshareFlags::FILES) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: the descriptor table stays shared, see above.
    Ok(unsafe { rustix::thread::unshare_unsafe(which) }?)
}
