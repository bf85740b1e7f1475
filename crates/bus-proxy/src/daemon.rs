//! The connection to the daemon.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::wire::portal::{FromProxy, ToProxy};
use oz_core::wire::{Reader, encode, frame};
use rustix::fs::OFlags;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use crate::requests::Requests;
use crate::settings::Known;

/// Most frames that wait for the daemon.
const QUEUE: usize = 64;

/// A frame, and the descriptor that goes with it.
pub type Outgoing = (FromProxy, Option<OwnedFd>);

/// It ends with its socket.
pub struct Daemon {
    socket: AsyncFd<OwnedFd>,
    reader: Reader<OwnedFd>,
    sender: mpsc::Sender<Outgoing>,
    outgoing: mpsc::Receiver<Outgoing>,
}

/// Watches a descriptor until the result is dropped.
///
/// The function that replaces this one is unsafe because an `AsRawFd` may stop meaning the descriptor while it is
/// watched; an owned one cannot.
#[allow(deprecated)]
pub fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, Interest::READABLE | Interest::WRITABLE)
}

impl Daemon {
    pub fn new(socket: OwnedFd) -> io::Result<Self> {
        let flags = rustix::fs::fcntl_getfl(&socket)? | OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&socket, flags)?;
        let (sender, outgoing) = mpsc::channel(QUEUE);
        Ok(Self {
            socket: watch(socket)?,
            reader: Reader::new(frame::MAX_PLAN),
            sender,
            outgoing,
        })
    }

    /// Where frames for it go; there is room for as many as requests may wait.
    pub fn sender(&self) -> mpsc::Sender<Outgoing> {
        self.sender.clone()
    }

    /// Says and hears until it is gone, which is an error too.
    pub async fn follow(mut self, known: &Known, requests: &Requests) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                message = self.outgoing.recv() => if let Some(message) = message {
                    self.send(message).await?;
                },
                ready = self.socket.readable() => {
                    let mut ready = ready?;
                    let mut buffer = [0; 4096];
                    let received = ready.try_io(|socket| {
                        oz_sys::socket::try_recv(socket.get_ref(), &mut buffer)
                    });
                    match received {
                        Ok(Ok((0, _))) => anyhow::bail!("it has closed the connection"),
                        Ok(Ok((count, fds))) => self.reader.push(&buffer[..count], fds),
                        Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                        Ok(Err(error)) => return Err(error.into()),
                        Err(_would_block) => {}
                    }
                }
            }
            while let Some(frame) = self.reader.next()? {
                match frame.decode()? {
                    ToProxy::Settings(settings) => known.learn(settings),
                    ToProxy::Answer { request, answer } => requests.answer(request, answer),
                }
            }
        }
    }

    /// The daemon is trusted to read.
    async fn send(&self, (message, fd): Outgoing) -> anyhow::Result<()> {
        let fds: Vec<_> = fd.iter().map(AsFd::as_fd).collect();
        let bytes = encode(&message, fds.len())?;
        let mut sent = 0;
        while sent < bytes.len() {
            let mut ready = self.socket.writable().await?;
            let part = &bytes[sent..];
            // They travel with the first byte.
            let fds = if sent == 0 { fds.as_slice() } else { &[] };
            match ready.try_io(|socket| oz_sys::socket::try_send(socket.get_ref(), part, fds)) {
                Ok(Ok(count)) => sent += count,
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error.into()),
                Err(_would_block) => {}
            }
        }
        Ok(())
    }
}
