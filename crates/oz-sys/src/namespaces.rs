//! Namespaces of the calling process, and whose a namespace is.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use rustix::thread::UnshareFlags;

use crate::check;

/// The file system of descriptors of namespaces.
const NSFS: u64 = 0x6e73_6673;

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

/// The user namespace that a namespace belongs to; for a user namespace, the one above it.
///
/// An error for whatever is no namespace, and for an owner that is not the caller's user namespace or
/// beneath it.
pub fn owner(namespace: impl AsFd) -> io::Result<OwnedFd> {
    let namespace = namespace.as_fd();
    // The number of the request may mean something else to another kind of file.
    if u64::try_from(rustix::fs::fstatfs(namespace)?.f_type) != Ok(NSFS) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: takes no argument and returns a new descriptor.
    let owner = check(unsafe { libc::ioctl(namespace.as_raw_fd(), libc::NS_GET_USERNS) }.into())?;
    let owner = RawFd::try_from(owner).map_err(io::Error::other)?;
    // SAFETY: it was just made, nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(owner) })
}

/// Whether two descriptors are of the same namespace.
pub fn same(one: impl AsFd, other: impl AsFd) -> io::Result<bool> {
    let (one, other) = (rustix::fs::fstat(one)?, rustix::fs::fstat(other)?);
    Ok((one.st_dev, one.st_ino) == (other.st_dev, other.st_ino))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn what_is_no_namespace_has_no_owner() {
        assert!(owner(File::open("/dev/null").expect("opens")).is_err());
        assert!(owner(File::open("/proc/self").expect("opens")).is_err());
    }

    #[test]
    fn a_namespace_belongs_to_the_user_namespace_that_it_was_made_in() {
        let user = File::open("/proc/self/ns/user").expect("opens");
        let mount = File::open("/proc/self/ns/mnt").expect("opens");
        assert!(same(&user, File::open("/proc/self/ns/user").expect("opens")).expect("compared"));
        assert!(!same(&user, &mount).expect("compared"));
        // Nobody is told what lies above the caller's own.
        assert!(owner(&user).is_err());
    }
}
