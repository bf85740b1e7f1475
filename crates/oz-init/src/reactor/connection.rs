//! One connection to a daemon. Nothing here waits, except at the very end and not for long.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use oz_core::wire::frame::{Frame, FrameError};
use oz_core::wire::init::FromInit;
use oz_core::wire::{Reader, encode, frame};
use rustix::event::{PollFd, PollFlags};

use super::events::timespec;

/// Messages that may wait for a daemon that does not read. One that is further behind counts as dead; it
/// can come back and is told everything again.
const QUEUE: usize = 1024;

/// How long init, at its end, waits for a daemon to take its last messages.
const LAST: Duration = Duration::from_millis(500);

/// A connected socket with what is on its way in both directions.
pub struct Connection {
    socket: OwnedFd,
    reader: Reader<OwnedFd>,
    outgoing: VecDeque<Message>,
}

struct Message {
    bytes: Vec<u8>,
    sent: usize,
    fds: Vec<OwnedFd>,
}

/// The peer is gone, or makes no sense.
#[derive(Debug)]
pub struct Lost;

impl Connection {
    /// A new one.
    pub fn new(socket: OwnedFd) -> Self {
        Self::with(socket, Reader::new(frame::MAX_PLAN))
    }

    /// One from which something has been taken in already.
    pub fn with(socket: OwnedFd, reader: Reader<OwnedFd>) -> Self {
        Self {
            socket,
            reader,
            outgoing: VecDeque::new(),
        }
    }

    /// Whether messages wait for the peer.
    pub fn is_behind(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Sends a message, now or when the peer takes it.
    pub fn send(&mut self, message: &FromInit, fds: Vec<OwnedFd>) -> Result<(), Lost> {
        if self.outgoing.len() >= QUEUE {
            return Err(Lost);
        }
        let bytes = encode(message, fds.len()).map_err(|_: FrameError| Lost)?;
        self.outgoing.push_back(Message {
            bytes,
            sent: 0,
            fds,
        });
        self.flush()
    }

    /// Sends what the peer takes now.
    pub fn flush(&mut self) -> Result<(), Lost> {
        while let Some(message) = self.outgoing.front_mut() {
            let fds: Vec<BorrowedFd> = message.fds.iter().map(AsFd::as_fd).collect();
            match oz_sys::socket::try_send(&self.socket, &message.bytes[message.sent..], &fds) {
                Ok(more) => {
                    message.sent += more;
                    message.fds.clear();
                    if message.sent == message.bytes.len() {
                        self.outgoing.pop_front();
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => break,
                    io::ErrorKind::Interrupted => {}
                    _ => return Err(Lost),
                },
            }
        }
        Ok(())
    }

    /// Takes in what has arrived.
    pub fn receive(&mut self) -> Result<(), Lost> {
        let mut buffer = [0; 16 << 10];
        match oz_sys::socket::try_recv(&self.socket, &mut buffer) {
            Ok((0, _)) => Err(Lost),
            Ok((length, fds)) => {
                self.reader.push(&buffer[..length], fds);
                Ok(())
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(()),
                _ => Err(Lost),
            },
        }
    }

    /// The next whole message of those taken in.
    pub fn next(&mut self) -> Result<Option<Frame<OwnedFd>>, Lost> {
        self.reader.next().map_err(|_: FrameError| Lost)
    }

    /// Gets the last messages out, unless the peer does not take them in time.
    pub fn finish(mut self) {
        while self.flush().is_ok() && self.is_behind() {
            let mut polled = [PollFd::new(&self.socket, PollFlags::OUT)];
            if !matches!(
                rustix::event::poll(&mut polled, Some(&timespec(LAST))),
                Ok(1..)
            ) {
                break;
            }
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
