//! More files than a message of the bus can carry come through a socket of their own.

use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};

use super::options::Options;
use crate::failure::{Failure, Kind, Result};

/// Most files of one request.
const MOST: usize = 4096;
/// How long the caller may take to send what it has counted.
const DEADLINE: Duration = Duration::from_secs(5);

/// The files of a request.
pub(super) struct Handed {
    /// For the first of them, which arguments they are.
    pub(super) arguments: Vec<usize>,
    /// How many of those behind are only shown; the rest can be changed.
    pub(super) read: usize,
    pub(super) fds: Vec<OwnedFd>,
}

/// Takes them out of the request, wherever they are.
pub(super) async fn take(options: &mut Options) -> Result<Handed> {
    let named = options.arguments.take().unwrap_or_default();
    let read = options.read.take().unwrap_or_default();
    let write = options.write.take().unwrap_or_default();
    let Some(socket) = options.files.take() else {
        let (arguments, named): (Vec<u32>, Vec<zbus::OwnedFd>) = named.into_iter().unzip();
        return Ok(Handed {
            arguments: arguments.into_iter().map(|index| index as usize).collect(),
            read: read.len(),
            fds: named
                .into_iter()
                .chain(read)
                .chain(write)
                .map(OwnedFd::from)
                .collect(),
        });
    };
    let arguments = options.file_arguments.take().unwrap_or_default();
    let (reads, writes) = options.file_counts.take().unwrap_or_default();
    let count = arguments.len() + reads as usize + writes as usize;
    if count > MOST || !(named.is_empty() && read.is_empty() && write.is_empty()) {
        return Err(invalid("the files of the request do not go together"));
    }
    let received = tokio::task::spawn_blocking(move || receive(&socket.into(), count));
    let fds = match received.await {
        Ok(Ok(fds)) => fds,
        Ok(Err(_)) => return Err(invalid("the files of the request did not arrive")),
        Err(error) => return Err(Failure::new(Kind::Host, error.to_string(), "")),
    };
    Ok(Handed {
        arguments: arguments.into_iter().map(|index| index as usize).collect(),
        read: reads as usize,
        fds,
    })
}

fn receive(socket: &OwnedFd, count: usize) -> std::io::Result<Vec<OwnedFd>> {
    let flags = rustix::fs::fcntl_getfl(socket)? & !rustix::fs::OFlags::NONBLOCK;
    rustix::fs::fcntl_setfl(socket, flags)?;
    set_socket_timeout(socket, Timeout::Recv, Some(DEADLINE))?;
    let mut all = Vec::new();
    while all.len() < count {
        let (length, fds) = oz_sys::socket::recv(socket, &mut [0; 1])?;
        if length == 0 || fds.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        all.extend(fds);
    }
    if all.len() > count {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    Ok(all)
}

fn invalid(what: &str) -> Failure {
    Failure::new(Kind::InvalidArgument, what, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn exactly_those_that_were_counted_are_received() {
        let file = std::fs::File::open("/").expect("opens");
        let send = |count: usize| {
            let (ours, theirs) = UnixStream::pair().expect("a pair");
            for _ in 0..count {
                oz_sys::socket::send_frame(&ours, &[0], &[file.as_fd(), file.as_fd()])
                    .expect("sent");
            }
            theirs.into()
        };
        assert_eq!(receive(&send(20), 40).expect("received").len(), 40);
        assert!(receive(&send(2), 5).is_err(), "fewer");
        assert!(receive(&send(3), 5).is_err(), "more");
    }
}
