//! Connections: bytes go through as they come, a full side makes the other wait.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use oz_core::plan::forward::Endpoint;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Most connections at once; more wait to be accepted.
const CONNECTIONS: usize = 100;
/// How long the destination may take to accept.
const CONNECT: Duration = Duration::from_secs(20);
/// How long one direction may stay open when the other has ended.
const HALF: Duration = Duration::from_secs(300);
/// Most bytes of one direction that are underway.
const BUFFER: usize = 16 << 10;
/// When accepting fails for want of something, it may be there a moment later.
const AGAIN: Duration = Duration::from_millis(100);

/// Where connections arrive.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Both ends of a connection of either kind.
type Halves = (
    Box<dyn AsyncRead + Send + Unpin>,
    Box<dyn AsyncWrite + Send + Unpin>,
);

impl Listener {
    pub(crate) fn new(fd: OwnedFd) -> io::Result<Self> {
        let family = rustix::net::getsockname(&fd)?.address_family();
        Ok(if family == rustix::net::AddressFamily::UNIX {
            Self::Unix(UnixListener::from_std(fd.into())?)
        } else {
            Self::Tcp(TcpListener::from_std(fd.into())?)
        })
    }

    async fn accept(&self) -> io::Result<Halves> {
        match self {
            Self::Tcp(listener) => listener.accept().await.and_then(|(stream, _)| tcp(stream)),
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| unix(stream)),
        }
    }
}

fn tcp(stream: TcpStream) -> io::Result<Halves> {
    // What was written at once on one side goes out at once on the other.
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    Ok((Box::new(read), Box::new(write)))
}

fn unix(stream: UnixStream) -> Halves {
    let (read, write) = stream.into_split();
    (Box::new(read), Box::new(write))
}

async fn connect(target: &Target) -> io::Result<Halves> {
    match &target.endpoint {
        Endpoint::Tcp(address) => TcpStream::connect(address).await.and_then(tcp),
        // Whatever links there are inside, they lead nowhere else.
        Endpoint::Unix(path) if target.inside => UnixStream::connect(path).await.map(unix),
        Endpoint::Unix(path) => {
            let place = place(path)?;
            UnixStream::connect(&place.name).await.map(unix)
        }
        Endpoint::Udp(_) => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Where each connection leads.
pub(crate) struct Target {
    pub(crate) endpoint: Endpoint,
    /// It is in the sandbox, which this process has entered.
    pub(crate) inside: bool,
}

/// A socket in the file system, held so that it is the one that was looked at.
struct Place {
    name: String,
    _held: OwnedFd,
}

/// No component may be a link: an app that can write there could lead the connection elsewhere.
fn place(path: &str) -> io::Result<Place> {
    use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let held = rustix::fs::openat2(CWD, path, flags, Mode::empty(), resolve)?;
    if FileType::from_raw_mode(rustix::fs::fstat(&held)?.st_mode) != FileType::Socket {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(Place {
        name: format!("/proc/self/fd/{}", held.as_raw_fd()),
        _held: held,
    })
}

/// Serves for ever.
pub(crate) async fn serve(listener: Listener, target: Target) -> Result<()> {
    let target = Arc::new(target);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await?;
        let client = match listener.accept().await {
            Ok(client) => client,
            Err(error) => {
                tracing::debug!(%error, "cannot accept");
                tokio::time::sleep(AGAIN).await;
                continue;
            }
        };
        let target = Arc::clone(&target);
        tokio::spawn(async move {
            match timeout(CONNECT, connect(&target)).await {
                Ok(Ok(server)) => carry(client, server).await,
                Ok(Err(error)) => tracing::debug!(%error, "nobody is there"),
                Err(_) => tracing::debug!("the destination does not answer"),
            }
            drop(place);
        });
    }
}

/// Carries both directions until both have ended.
async fn carry((mut a, mut to_a): Halves, (mut b, mut to_b): Halves) {
    let forth = one_way(&mut a, &mut to_b);
    let back = one_way(&mut b, &mut to_a);
    tokio::pin!(forth, back);
    // Whoever errs has ended both.
    tokio::select! {
        ended = &mut forth => if ended.is_ok() { let _ = timeout(HALF, back).await; },
        ended = &mut back => if ended.is_ok() { let _ = timeout(HALF, forth).await; },
    }
}

async fn one_way(
    from: &mut (impl AsyncRead + Unpin + ?Sized),
    to: &mut (impl AsyncWrite + Unpin + ?Sized),
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A forward between two sockets of this process.
    async fn forward() -> (UnixStream, UnixStream) {
        let (client, ours) = UnixStream::pair().expect("a pair");
        let (theirs, server) = UnixStream::pair().expect("a pair");
        tokio::spawn(carry(unix(ours), unix(theirs)));
        (client, server)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn bytes_arrive_in_order_and_ends_one_direction_at_a_time() {
        let (mut client, mut server) = forward().await;
        let sent: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let expected = sent.clone();
        let send = async {
            client.write_all(&sent).await.expect("sent");
            client.shutdown().await.expect("ended");
            let mut reply = Vec::new();
            client.read_to_end(&mut reply).await.expect("received");
            reply
        };
        let serve = async {
            let mut got = Vec::new();
            server.read_to_end(&mut got).await.expect("received");
            server.write_all(b"thanks").await.expect("sent");
            drop(server);
            got
        };
        let (reply, got) = tokio::join!(send, serve);
        assert_eq!((reply.as_slice(), got), (&b"thanks"[..], expected));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_server_that_never_reads_is_not_read_for() {
        let (client, _server) = forward().await;
        let mut taken = 0;
        let chunk = [0; 4096];
        // Two sockets' buffers and ours; then nothing more.
        while let Ok(Ok(count)) = timeout(Duration::from_millis(300), async {
            client.writable().await?;
            client
                .try_write(&chunk)
                .or_else(|error| match error.kind() {
                    io::ErrorKind::WouldBlock => Ok(0),
                    _ => Err(error),
                })
        })
        .await
        {
            taken += count;
            assert!(taken < 8 << 20, "it hoards");
        }
    }
}
