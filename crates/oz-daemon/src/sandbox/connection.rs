//! Frames over a stream socket in the event loop. What comes in is hostile, what goes out has a
//! deadline. A descriptor that comes in may be of a file system that does not answer, so whoever gets it has to take it
//! out of [`Careful`] first.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use crate::aside::Careful;
use crate::readiness;
use oz_core::wire::{FrameError, Reader, encode, frame};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// How long a peer may leave its socket full.
const SEND_DEADLINE: Duration = Duration::from_secs(5);

/// One peer.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: AsyncFd<OwnedFd>,
    reader: Reader<Careful<OwnedFd>>,
}

/// A message in the bytes that are sent, with its descriptors.
#[derive(Debug)]
pub(crate) struct Encoded {
    bytes: Vec<u8>,
    fds: Vec<OwnedFd>,
}

impl Encoded {
    pub(crate) fn new<M: Serialize>(message: &M, fds: Vec<OwnedFd>) -> Result<Self, FrameError> {
        let bytes = encode(message, fds.len())?;
        Ok(Self { bytes, fds })
    }
}

/// Why nothing more will come from a peer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectionError {
    #[error("the connection was closed")]
    Closed,
    #[error("it did not read what it was sent in time")]
    Stuck,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ConnectionError {
    /// The peer takes nothing more. What it said before can still be received.
    pub(crate) fn is_end(&self) -> bool {
        let ends = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
        matches!(self, Self::Io(error) if ends.contains(&error.kind()))
    }
}

impl Connection {
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        let flags = rustix::fs::fcntl_getfl(&socket)? | rustix::fs::OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&socket, flags)?;
        Ok(Self {
            socket: readiness::watch(socket, Interest::READABLE | Interest::WRITABLE)?,
            reader: Reader::new(frame::MAX_UNTRUSTED),
        })
    }

    /// The next message. Dropping the future loses nothing.
    pub(crate) async fn receive<M: DeserializeOwned>(
        &mut self,
    ) -> Result<(M, Vec<Careful<OwnedFd>>), ConnectionError> {
        loop {
            if let Some(frame) = self.reader.next()? {
                let message = frame.decode()?;
                return Ok((message, frame.fds));
            }
            let mut buffer = [0; 4096];
            let mut guard = self.socket.readable().await?;
            match guard.try_io(|socket| oz_sys::socket::try_recv(socket.get_ref(), &mut buffer)) {
                Ok(Ok((0, _))) => return Err(ConnectionError::Closed),
                Ok(Ok((count, fds))) => {
                    let fds = fds.into_iter().map(Careful::new);
                    self.reader.push(&buffer[..count], fds);
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_would_block) => {}
            }
        }
    }

    /// Sends a whole message.
    pub(crate) async fn send<M: Serialize>(
        &self,
        message: &M,
        fds: &[BorrowedFd<'_>],
    ) -> Result<(), ConnectionError> {
        let bytes = encode(message, fds.len())?;
        self.send_in_time(&bytes, fds).await
    }

    /// Likewise one that is encoded already.
    pub(crate) async fn send_encoded(&self, message: &Encoded) -> Result<(), ConnectionError> {
        let fds: Vec<_> = message.fds.iter().map(AsFd::as_fd).collect();
        self.send_in_time(&message.bytes, &fds).await
    }

    async fn send_in_time(
        &self,
        bytes: &[u8],
        fds: &[BorrowedFd<'_>],
    ) -> Result<(), ConnectionError> {
        match tokio::time::timeout(SEND_DEADLINE, self.send_bytes(bytes, fds)).await {
            Ok(sent) => Ok(sent?),
            Err(_) => Err(ConnectionError::Stuck),
        }
    }

    async fn send_bytes(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        // The socket of a peer that is new has room, which the event loop does not know yet.
        let mut sent = match oz_sys::socket::try_send(self.socket.get_ref(), bytes, fds) {
            Ok(count) => count,
            Err(error) if may_go_on(&error) => 0,
            Err(error) => return Err(error),
        };
        while sent < bytes.len() {
            let fds = if sent == 0 { fds } else { &[] };
            let mut guard = self.socket.writable().await?;
            let part = &bytes[sent..];
            match guard.try_io(|socket| oz_sys::socket::try_send(socket.get_ref(), part, fds)) {
                Ok(Ok(count)) => sent += count,
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error),
                Err(_would_block) => {}
            }
        }
        Ok(())
    }
}

fn may_go_on(error: &io::Error) -> bool {
    let passing = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
    passing.contains(&error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[tokio::test(flavor = "current_thread")]
    async fn messages_and_descriptors_go_through_and_nonsense_ends_it() {
        let (a, b) = UnixStream::pair().expect("a pair");
        let a = Connection::new(a.into()).expect("in the loop");
        let mut c = Connection::new(b.try_clone().expect("cloned").into()).expect("in the loop");
        let file = std::fs::File::open("/").expect("opens");
        let big = vec![7_u8; 50_000];
        let fds = [file.as_fd()];
        let (sent, received) = tokio::join!(a.send(&big, &fds), c.receive::<Vec<u8>>());
        sent.expect("sent");
        let (message, fds) = received.expect("received");
        assert_eq!((message, fds.len()), (big, 1));
        oz_sys::socket::send_frame(a.socket.get_ref(), b"nonsense!", &[]).expect("sent");
        let error = c.receive::<u8>().await.expect_err("nonsense");
        assert!(matches!(error, ConnectionError::Frame(FrameError::Magic)));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_peer_that_never_reads_is_not_waited_for() {
        let (a, _b) = UnixStream::pair().expect("a pair");
        let a = Connection::new(a.into()).expect("in the loop");
        let mut result = Ok(());
        for _ in 0..100 {
            result = a.send(&vec![0_u8; 60_000], &[]).await;
            if result.is_err() {
                break;
            }
        }
        assert!(matches!(result, Err(ConnectionError::Stuck)));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_was_said_before_the_end_can_be_heard_after_a_send_that_failed() {
        let (a, b) = UnixStream::pair().expect("a pair");
        let mut a = Connection::new(a.into()).expect("in the loop");
        let b = Connection::new(b.into()).expect("in the loop");
        a.send(&1_u8, &[]).await.expect("sent, and never read");
        b.send(&2_u8, &[]).await.expect("sent");
        drop(b);
        let error = a.send(&3_u8, &[]).await.expect_err("nobody takes it");
        assert!(error.is_end());
        assert_eq!(a.receive::<u8>().await.expect("received").0, 2);
        a.receive::<u8>().await.expect_err("the end");
    }
}
