//! Descriptors in the event loop.

use std::io;
use std::os::fd::AsRawFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

const FULL: i32 = rustix::io::Errno::NOSPC.raw_os_error();

/// Watches a descriptor until the result is dropped.
///
/// The function that replaces this one is unsafe because an `AsRawFd` may stop meaning the
/// descriptor while it is watched; only owned and borrowed descriptors come here, which cannot.
#[allow(deprecated)]
pub(crate) fn watch<T: AsRawFd>(fd: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(fd, interest).map_err(|error| match error.raw_os_error() {
        // The kernel's word for it, which sounds like a full disk.
        Some(FULL) => io::Error::other(
            "the user's programs wait for more descriptors than the kernel allows \
             (fs.epoll.max_user_watches); an app in a sandbox may do so, `oz ps` lists them",
        ),
        _ => error,
    })
}
