//! Pipes that do not block, between a proxy and whoever is at their other end.

use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

/// Writes what it can of what waits; how much that was, or none if nobody reads.
pub(crate) fn write(to: impl AsFd, waiting: &mut Vec<u8>) -> Option<usize> {
    let mut done = 0;
    while done < waiting.len() {
        match rustix::io::write(&to, &waiting[done..]) {
            Ok(written) => done += written,
            Err(Errno::AGAIN) => break,
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    waiting.drain(..done);
    Some(done)
}

/// Whether somebody is at the reading end still.
pub(crate) fn is_read(pipe: impl AsFd) -> bool {
    let mut fds = [PollFd::new(&pipe, PollFlags::empty())];
    let now = Timespec::default();
    let _ = rustix::event::poll(&mut fds, Some(&now));
    !fds[0]
        .revents()
        .intersects(PollFlags::ERR | PollFlags::NVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_waits_and_who_is_gone_is_seen() {
        let (from, to) = rustix::pipe::pipe().expect("a pipe");
        rustix::io::ioctl_fionbio(&to, true).expect("set");
        let mut waiting = vec![7; 1 << 20];
        let done = write(&to, &mut waiting).expect("somebody reads");
        assert!(done > 0 && done + waiting.len() == 1 << 20);
        assert_eq!(write(&to, &mut waiting), Some(0));
        assert!(is_read(&to));
        drop(from);
        assert!(!is_read(&to));
        assert_eq!(write(&to, &mut waiting), None);
    }
}
