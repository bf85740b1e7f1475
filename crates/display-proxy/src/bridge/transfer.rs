//! Transfers of what is copied and dragged: from a pipe of ours into somebody's pipe, without ever waiting.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::FileType;
use rustix::io::Errno;
use rustix::pipe::SpliceFlags;

use super::selection::{Direction, Which};
use crate::policy;
use crate::session::Session;

/// Transfers of one client at a time; a further one ends the oldest.
const AT_ONCE: usize = 16;
/// Bytes moved before others get their turn.
const PER_TURN: usize = 1 << 20;

/// How long neither end may do anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// One transfer under way.
#[derive(Debug)]
pub(crate) struct Transfer {
    from: OwnedFd,
    to: OwnedFd,
    left: u64,
    started: bool,
    /// The reader's pipe is full: wait for it, not for the writer.
    full: bool,
    /// When it is given up.
    until: Instant,
    /// Nothing for a drag, which is not replaced by another.
    origin: Option<Origin>,
}

/// The selection that a transfer serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) which: Which,
    pub(crate) direction: Direction,
    pub(crate) generation: u64,
}

impl Transfer {
    /// Adds the two ends, in this order.
    pub(crate) fn poll<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let (from, to) = if self.full {
            (PollFlags::empty(), PollFlags::OUT)
        } else {
            (PollFlags::IN, PollFlags::empty())
        };
        fds.push(PollFd::new(&self.from, from));
        fds.push(PollFd::new(&self.to, to));
    }

    /// Moves what can be moved. False when it is over, one way or another.
    fn step(&mut self) -> bool {
        let mut moved = 0;
        while moved < PER_TURN {
            let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
            match rustix::pipe::splice(
                &self.from,
                None,
                &self.to,
                None,
                usize::try_from(self.left.min(65_536)).unwrap_or(65_536),
                flags,
            ) {
                Ok(0) => return false,
                Ok(count) => {
                    self.started = true;
                    moved += count;
                    self.until = Instant::now() + PATIENCE;
                    self.left = self.left.saturating_sub(count as u64);
                    if self.left == 0 {
                        return false;
                    }
                }
                Err(Errno::AGAIN) => {
                    self.full = self.has_input();
                    return true;
                }
                Err(Errno::INTR) => {}
                // The reader is gone, or the descriptor never was one to write to.
                Err(_) => return false,
            }
        }
        true
    }

    fn has_input(&self) -> bool {
        let mut fd = [PollFd::from_borrowed_fd(self.from.as_fd(), PollFlags::IN)];
        let now = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        rustix::event::poll(&mut fd, Some(&now)).is_ok_and(|ready| ready > 0)
    }
}

impl Session {
    /// When the first transfer is given up unless something moves.
    pub(crate) fn transfers_deadline(&self) -> Option<Instant> {
        self.transfers.iter().map(|transfer| transfer.until).min()
    }

    /// Gives up those in which nothing has moved for long.
    pub(crate) fn give_up_transfers(&mut self, now: Instant) {
        self.transfers.retain(|transfer| transfer.until > now);
    }

    /// Starts a transfer, or closes both ends if the receiver is no pipe: writing to anything
    /// else could wait for somebody.
    pub(crate) fn transfer(&mut self, from: OwnedFd, to: OwnedFd, origin: Option<Origin>) {
        let is_pipe = rustix::fs::fstat(&to)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Fifo);
        if !is_pipe {
            return;
        }
        if self.transfers.len() >= AT_ONCE {
            self.transfers.remove(0);
        }
        let left = match origin {
            Some(origin) => self.shared.passage(origin.direction).most,
            None => policy::TRANSFER_MAX,
        };
        self.transfers.push(Transfer {
            from,
            to,
            left,
            started: false,
            full: false,
            until: Instant::now() + PATIENCE,
            origin,
        });
    }

    /// Ends all in one direction.
    pub(crate) fn end_transfers(&mut self, direction: Direction) {
        self.transfers.retain(|transfer| {
            let its = transfer.origin.map(|origin| origin.direction);
            its != Some(direction)
        });
    }

    /// Moves bytes where poll saw something.
    pub(crate) fn run_transfers(&mut self, ready: &[PollFlags]) {
        let mut ready = ready.chunks(2);
        self.transfers.retain_mut(|transfer| {
            let idle = ready
                .next()
                .is_none_or(|ends| ends.iter().all(|flags| flags.is_empty()));
            idle || transfer.step()
        });
    }

    /// The selection has changed: what has not begun to flow must not flow any more.
    pub(crate) fn drop_stale_transfers(
        &mut self,
        which: Which,
        direction: Direction,
        current: u64,
    ) {
        self.transfers.retain(|transfer| {
            let Some(Origin {
                which: its,
                direction: way,
                generation,
            }) = transfer.origin
            else {
                return true;
            };
            transfer.started || its != which || way != direction || generation == current
        });
    }
}
