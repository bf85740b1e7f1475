//! Leases of files: whether somebody can write to one (fcntl(2), "Leases").

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

use crate::check;

/// As long as it holds, nobody has the file open for writing, nor mapped so; also not by an overlay whose layer it is in.
/// Who opens it for that meanwhile waits until this goes, or until the kernel's patience is over (`lease-break-time`).
#[derive(Debug)]
pub struct Lease<'f> {
    file: &'f File,
    /// None where the file system has no leases.
    held: bool,
}

impl<'f> Lease<'f> {
    /// Takes one of a regular file that is open for reading only and belongs to the user; `None` if somebody has it open for
    /// writing. Where there are no leases it is not known, and what is given always holds.
    ///
    /// From then on the process ignores `SIGIO`, by which the kernel says that somebody waits.
    ///
    /// # Errors
    /// It is another's file.
    pub fn take(file: &'f File) -> io::Result<Option<Self>> {
        // SAFETY: ignoring a signal touches no memory.
        unsafe { libc::signal(libc::SIGIO, libc::SIG_IGN) };
        match control(file.as_raw_fd(), libc::F_SETLEASE, libc::F_RDLCK) {
            Ok(_) => Ok(Some(Self { file, held: true })),
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN) => Ok(None),
                Some(libc::EINVAL | libc::ENOLCK | libc::EOPNOTSUPP) => {
                    Ok(Some(Self { file, held: false }))
                }
                _ => Err(error),
            },
        }
    }

    /// Whether nobody has come to write since it was taken.
    #[must_use]
    pub fn holds(&self) -> bool {
        let lease = || control(self.file.as_raw_fd(), libc::F_GETLEASE, 0);
        !self.held || lease().is_ok_and(|lease| lease == libc::F_RDLCK.into())
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if self.held {
            let _ = control(self.file.as_raw_fd(), libc::F_SETLEASE, libc::F_UNLCK);
        }
    }
}

fn control(fd: RawFd, command: libc::c_int, argument: libc::c_int) -> io::Result<libc::c_long> {
    // SAFETY: the commands for leases take a number and touch no memory.
    check(unsafe { libc::fcntl(fd, command, argument) }.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write;

    #[test]
    fn who_can_write_is_known_and_who_comes_later_is_noticed() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        std::fs::write(&path, "before").expect("written");
        let file = File::open(&path).expect("opened");
        let mut writer = OpenOptions::new().append(true).open(&path).expect("opened");
        assert!(Lease::take(&file).expect("asked").is_none());
        writer.write_all(b"!").expect("written");
        drop(writer);
        let lease = Lease::take(&file).expect("asked").expect("taken");
        assert!(lease.holds());
        std::thread::scope(|threads| {
            let opened = threads.spawn(|| OpenOptions::new().append(true).open(&path).map(drop));
            while lease.holds() {
                std::thread::yield_now();
            }
            drop(lease);
            opened.join().expect("no panic").expect("opened at last");
        });
        assert!(Lease::take(&file).expect("asked").is_some());
    }
}
