//! What the daemon hears: one JSON object a line, on a pipe that it may be slow to read.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

pub use oz_core::wire::display::Event;
use rustix::io::Errno;
use tracing::debug;

/// Bytes that may wait for a daemon that does not read.
const BACKLOG: usize = 1 << 20;

/// Writes events and never waits.
#[derive(Debug, Default)]
pub struct Report {
    pipe: Option<OwnedFd>,
    /// Lines that must not be lost, in their order.
    waiting: RefCell<VecDeque<Vec<u8>>>,
}

impl Report {
    /// Reports to `fd`, or to nobody.
    #[must_use]
    pub fn new(fd: Option<OwnedFd>) -> Self {
        if let Some(fd) = &fd {
            // Ours to set: the daemon made this pipe for us.
            if let Err(error) = rustix::io::ioctl_fionbio(fd, true) {
                debug!(%error, "the report pipe may block");
            }
        }
        Self {
            pipe: fd,
            waiting: RefCell::default(),
        }
    }

    /// Sends one event; it is dropped if it does not fit.
    pub fn send(&self, event: &Event) {
        let Some(line) = line(event) else { return };
        if !self.is_behind()
            && let Err(error) = self.write(&line)
        {
            debug!(%error, "the daemon does not read its reports");
        }
    }

    /// Sends events that belong together, when they fit: all or none. False if that will not be.
    pub(crate) fn post(&self, events: &[Event]) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let lines: Vec<_> = events.iter().filter_map(line).collect();
        let size = |lines: &mut dyn Iterator<Item = &Vec<u8>>| lines.map(Vec::len).sum::<usize>();
        let waits = size(&mut waiting.iter()) + size(&mut lines.iter());
        if self.pipe.is_none() || waits > BACKLOG {
            return false;
        }
        waiting.extend(lines);
        drop(waiting);
        self.flush();
        true
    }

    /// Whether something waits for the daemon to read.
    pub(crate) fn is_behind(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// The pipe, to wait for.
    pub(crate) fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Writes what waits, as far as it fits.
    pub(crate) fn flush(&self) {
        let mut waiting = self.waiting.borrow_mut();
        while let Some(line) = waiting.front() {
            match self.write(line) {
                Ok(()) => drop(waiting.pop_front()),
                Err(Errno::AGAIN) => return,
                Err(error) => {
                    debug!(%error, "nobody reads the reports");
                    waiting.clear();
                }
            }
        }
    }

    /// Below PIPE_BUF a write is whole or not at all, so lines never tear.
    fn write(&self, line: &[u8]) -> Result<(), Errno> {
        match &self.pipe {
            Some(pipe) => rustix::io::write(pipe, line).map(drop),
            None => Ok(()),
        }
    }
}

fn line(event: &Event) -> Option<Vec<u8>> {
    let mut line = serde_json::to_vec(event).ok()?;
    line.push(b'\n');
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_lost_waits_until_it_fits() {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let report = Report::new(Some(write));
        let list: Vec<_> = (0..4000).map(|list| Event::Leaving { list }).collect();
        assert!(report.post(&list));
        assert!(report.is_behind());
        // What may be lost does not overtake it.
        report.send(&Event::Ready);
        let mut text = Vec::new();
        while report.is_behind() {
            let mut buffer = [0; 65_536];
            let count = rustix::io::read(&read, &mut buffer).unwrap();
            text.extend_from_slice(&buffer[..count]);
            report.flush();
        }
        drop(report);
        std::io::Read::read_to_end(&mut std::fs::File::from(read), &mut text).unwrap();
        let expected: Vec<u8> = list.iter().filter_map(line).flatten().collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn a_backlog_has_an_end_and_nobody_is_asked_who_is_not_there() {
        let (_read, write) = rustix::pipe::pipe().unwrap();
        let report = Report::new(Some(write));
        let list: Vec<_> = (0..10_000).map(|list| Event::Leaving { list }).collect();
        let taken = (0..10).filter(|_| report.post(&list)).count();
        assert!((1..10).contains(&taken), "{taken}");
        assert!(!Report::new(None).post(&list));
    }
}
