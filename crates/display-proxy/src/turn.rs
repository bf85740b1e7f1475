//! The end of a turn of one client, though it has written more.
//!
//! The library that serves clients reads until a socket is empty, and whoever writes faster than it reads would never be
//! through. So when a turn is to end the descriptor that it reads is made one of a socket in which nothing is; when it has
//! found that out, it gets its own back, in which the rest waits for the next turn. A library that closes the descriptor
//! meanwhile, because the client is through, has closed the empty one; then there is nothing to give back.
//!
//! Who asks what the library answers by itself is never seen doing it. So a turn ends with its time as well: a timer of this
//! thread does the same then, whatever is going on.

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use oz_sys::deadline::Deadline;
use tracing::warn;

use crate::quota::TIME_PER_TURN;

/// One client's.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The library's descriptor.
    number: RawFd,
    /// The client's socket.
    socket: UnixStream,
    /// Nothing ever comes here; its other end has to be open for that.
    empty: (OwnedFd, OwnedFd),
    state: State,
    deadline: Rc<Deadline>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The library does not read.
    Idle,
    Reads,
    Ended,
}

impl Turn {
    /// Of a client that is about to become the library's.
    pub(crate) fn of(socket: &UnixStream, deadline: Rc<Deadline>) -> std::io::Result<Self> {
        let (empty, other) = UnixStream::pair()?;
        empty.set_nonblocking(true)?;
        // Events that do not wait for the end of the turn must not be lost there: the client is gone then.
        empty.shutdown(std::net::Shutdown::Write)?;
        Ok(Self {
            number: socket.as_raw_fd(),
            socket: socket.try_clone()?,
            empty: (empty.into(), other.into()),
            state: State::Idle,
            deadline,
        })
    }

    /// The client's socket, for polling.
    pub(crate) fn socket(&self) -> &UnixStream {
        &self.socket
    }

    /// Whether the library reads.
    pub(crate) fn is_on(&self) -> bool {
        self.state != State::Idle
    }

    /// The library reads from now on.
    pub(crate) fn begin(&mut self) {
        self.state = State::Reads;
        let (own, empty) = (self.socket.as_fd(), self.empty.0.as_fd());
        if let Err(error) = self.deadline.arm(TIME_PER_TURN, self.number, own, empty) {
            warn!(%error, "a turn has no end");
        }
    }

    /// Nothing more is read in this turn, but for what has been read already.
    pub(crate) fn end(&mut self) {
        if self.state == State::Reads {
            self.put(self.socket.as_fd(), self.empty.0.as_fd());
            self.state = State::Ended;
        }
    }

    /// The library has read.
    pub(crate) fn is_over(&mut self) {
        if self.state == State::Idle {
            return;
        }
        if self.deadline.disarm() || self.state == State::Ended {
            self.put(self.empty.0.as_fd(), self.socket.as_fd());
        }
        self.state = State::Idle;
    }

    fn put(&self, there: std::os::fd::BorrowedFd<'_>, new: std::os::fd::BorrowedFd<'_>) {
        if let Err(error) = oz_sys::descriptors::replace(self.number, there, new) {
            warn!(%error, "a turn cannot be ended");
        }
    }
}
