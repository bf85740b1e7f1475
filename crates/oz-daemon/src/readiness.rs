//! Descriptors in the event loop.

use std::io;
use std::os::fd::AsRawFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches a descriptor until the result is dropped.
///
/// The function that replaces this one is unsafe because an `AsRawFd` may stop meaning the
/// descriptor while it is watched; only owned and borrowed descriptors come here, which cannot.
#[allow(deprecated)]
pub(crate) fn watch<T: AsRawFd>(fd: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(fd, interest)
}
