//! What the daemon asks: one request and one answer a connection.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use oz_core::wire::files::{Answer, NAMES_MAX, Request};
use oz_core::wire::frame::{Frame, MAX_PLAN};
use oz_core::wire::{Reader, encode};

/// How long somebody who has connected may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request that waits for its answer.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) fds: Vec<OwnedFd>,
    stream: UnixStream,
}

/// The next request; whoever connects and says nothing sensible is sent away.
pub(crate) fn next(listener: &UnixListener) -> io::Result<Asked> {
    loop {
        let (stream, _) = listener.accept()?;
        match receive(&stream) {
            Ok((request, fds)) => {
                return Ok(Asked {
                    request,
                    fds,
                    stream,
                });
            }
            Err(error) => tracing::warn!(%error, "a request is not understood"),
        }
    }
}

impl Asked {
    pub(crate) fn answer(&self, answer: &Answer) -> io::Result<()> {
        let bytes = encode(answer, 0).map_err(io::Error::other)?;
        oz_sys::socket::send_frame(&self.stream, &bytes, &[])
    }
}

fn receive(stream: &UnixStream) -> io::Result<(Request, Vec<OwnedFd>)> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let frame = frame(stream)?;
    let request: Request = frame.decode().map_err(io::Error::other)?;
    let (Request::Serve { names, .. } | Request::Update { names }) = &request;
    let single =
        |name: &[u8]| !name.is_empty() && name != b"." && name != b".." && !name.contains(&b'/');
    if names.len() > NAMES_MAX || !names.iter().all(|one| single(one.name.as_bytes())) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((request, frame.fds))
}

fn frame(stream: &UnixStream) -> io::Result<Frame<OwnedFd>> {
    let mut reader = Reader::new(MAX_PLAN);
    let mut buffer = [0; 4096];
    loop {
        if let Some(frame) = reader.next().map_err(io::Error::other)? {
            return Ok(frame);
        }
        let (count, fds) = oz_sys::socket::recv(stream.as_fd(), &mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        reader.push(&buffer[..count], fds);
    }
}
