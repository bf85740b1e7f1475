//! The descriptor table of a process as a whole.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use crate::check;

/// Takes a descriptor that this process was started with, which becomes close-on-exec.
///
/// An error if there is none of that number. To be called once for each number, before anything
/// else could have opened it: two owners of one number would close each other's files.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_SETFD touches nothing but the flag of the descriptor, if it exists.
    check(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) }.into())?;
    // SAFETY: it exists, and by the contract above nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Makes `source` the descriptor `number`, which a program executed next inherits.
///
/// Meant for the first few in a process that is about to execute a program; whatever was
/// there is closed without its owner being told.
pub fn install(source: &impl AsRawFd, number: RawFd) -> io::Result<()> {
    let source = source.as_raw_fd();
    if source == number {
        // SAFETY: clears the close-on-exec flag of a descriptor that the caller holds.
        check(unsafe { libc::fcntl(number, libc::F_SETFD, 0) }.into())?;
    } else {
        // SAFETY: the caller gives `number` up, see above.
        check(unsafe { libc::dup2(source, number) }.into())?;
    }
    Ok(())
}

/// Makes the descriptor `number` another one for what `source` is, close-on-exec, if it is one for what `now` is; false
/// if it is not.
///
/// Meant for a descriptor whose owner is a library: it goes on owning the number. It may have closed it, though, and the
/// number may be somebody else's.
pub fn replace(number: RawFd, now: BorrowedFd<'_>, source: BorrowedFd<'_>) -> io::Result<bool> {
    replace_raw(number, now.as_raw_fd(), source.as_raw_fd())
}

/// The same of numbers, two of which the caller holds open. Takes no lock and no memory: signal handlers may call it.
pub(crate) fn replace_raw(number: RawFd, now: RawFd, source: RawFd) -> io::Result<bool> {
    match (identity(number), identity(now)) {
        (Ok(there), Ok(expected)) if there == expected => {}
        _ => return Ok(false),
    }
    // SAFETY: both stay open; whoever owns `number` closes what is there then.
    check(unsafe { libc::dup3(source, number, libc::O_CLOEXEC) }.into())?;
    Ok(true)
}

/// The device and inode behind a descriptor.
fn identity(number: RawFd) -> io::Result<(u64, u64)> {
    let mut stat = std::mem::MaybeUninit::<libc::stat>::uninit();
    // SAFETY: writes one `stat`, if it succeeds.
    check(unsafe { libc::fstat(number, stat.as_mut_ptr()) }.into())?;
    // SAFETY: it succeeded.
    let stat = unsafe { stat.assume_init() };
    Ok((stat.st_dev, stat.st_ino))
}

/// Nothing from `first` on is inherited by a program that is executed.
pub fn close_from_on_exec(first: u32) -> io::Result<()> {
    // SAFETY: changes flags, closes nothing now.
    check(unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_descriptor_is_replaced_only_if_it_is_what_it_was() {
        let (mut read, _write) = UnixStream::pair().unwrap();
        let (other, closed) = UnixStream::pair().unwrap();
        drop(closed);
        let same = read.try_clone().unwrap();
        let number = read.as_raw_fd();
        assert!(!replace(number, other.as_fd(), other.as_fd()).unwrap());
        assert!(replace(number, same.as_fd(), other.as_fd()).unwrap());
        assert_eq!(read.read(&mut [0; 1]).unwrap(), 0);
        drop(read);
        assert!(!replace(number, other.as_fd(), same.as_fd()).unwrap());
    }
}
