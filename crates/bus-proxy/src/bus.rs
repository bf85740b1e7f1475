//! The connection to the private bus.
//!
//! What serves that bus is inside the sandbox and may be anything. So the length that a message says it has is
//! looked at before memory is given for it, few descriptors are taken, and a bus that does not read its answers in
//! time has had its last.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::OFlags;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;
use zbus::connection::socket::{ReadHalf, Socket, Split, WriteHalf};
use zbus::export::async_trait::async_trait;

/// Largest message: a dialog with all that it may have is smaller.
const MESSAGE_MAX: u64 = 256 << 10;
/// Most bytes of the handshake.
const GREETING_MAX: usize = 16 << 10;
/// Most messages in a second.
const RATE_MAX: u32 = 500;
/// Most descriptors that come with one message; no portal takes more.
const FDS_MAX: usize = 1;
/// How long the bus may leave what it is told.
const PATIENCE: Duration = Duration::from_secs(5);
/// Length of what begins every message.
const HEADER: usize = 16;

/// Both halves.
#[derive(Debug)]
pub struct Bus(Arc<AsyncFd<OwnedFd>>);

impl Bus {
    pub fn new(socket: OwnedFd) -> io::Result<Self> {
        let flags = rustix::fs::fcntl_getfl(&socket)? | OFlags::NONBLOCK;
        rustix::fs::fcntl_setfl(&socket, flags)?;
        Ok(Self(Arc::new(crate::daemon::watch(socket)?)))
    }
}

impl Socket for Bus {
    type ReadHalf = Reader;
    type WriteHalf = Writer;

    fn split(self) -> Split<Reader, Writer> {
        let reader = Reader {
            raw: Raw {
                socket: Arc::clone(&self.0),
                greeting: Some(GREETING_MAX),
            },
            rate: Rate {
                second: Instant::now(),
                count: 0,
            },
        };
        Split::new(reader, Writer(self.0))
    }
}

/// What comes, without a look at it.
#[derive(Debug)]
struct Raw {
    socket: Arc<AsyncFd<OwnedFd>>,
    /// How much more may come before the first message.
    greeting: Option<usize>,
}

#[async_trait]
impl ReadHalf for Raw {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        let (count, fds) = loop {
            let mut guard = self.socket.readable().await?;
            let received =
                guard.try_io(|socket| oz_sys::socket::try_recv(socket.get_ref(), buffer));
            match received {
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(received) => break received?,
                Err(_would_block) => {}
            }
        };
        if let Some(left) = &mut self.greeting {
            let more = left
                .checked_sub(count)
                .ok_or_else(|| invalid("it greets for ever"))?;
            *left = more;
        }
        Ok((count, fds))
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}

/// What comes, message by message.
#[derive(Debug)]
pub struct Reader {
    raw: Raw,
    rate: Rate,
}

#[async_trait]
impl ReadHalf for Reader {
    async fn receive_message(
        &mut self,
        seq: u64,
        bytes: &mut Vec<u8>,
        fds: &mut Vec<OwnedFd>,
    ) -> zbus::Result<zbus::Message> {
        self.raw.greeting = None;
        self.rate.wait().await;
        let mut buffer = [0; HEADER];
        while bytes.len() < HEADER {
            let (count, more) = self.raw.recvmsg(&mut buffer[bytes.len()..]).await?;
            if count == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let at = bytes.len();
            bytes.extend_from_slice(&buffer[at..at + count]);
            fds.extend(more);
        }
        if let Some(header) = bytes.first_chunk() {
            check_length(header)?;
        }
        if fds.len() > FDS_MAX {
            return Err(invalid("too many descriptors come with a message").into());
        }
        self.raw.receive_message(seq, bytes, fds).await
    }

    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        self.raw.recvmsg(buffer).await
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}

/// How many messages are read in a second; whoever sends more has to wait.
#[derive(Debug)]
struct Rate {
    second: Instant,
    count: u32,
}

impl Rate {
    async fn wait(&mut self) {
        let second = Duration::from_secs(1);
        if self.count >= RATE_MAX {
            tokio::time::sleep_until(self.second + second).await;
        }
        if self.second.elapsed() >= second {
            self.second = Instant::now();
            self.count = 0;
        }
        self.count += 1;
    }
}

/// What goes.
#[derive(Debug)]
pub struct Writer(Arc<AsyncFd<OwnedFd>>);

#[async_trait]
impl WriteHalf for Writer {
    async fn sendmsg(&mut self, buffer: &[u8], _fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        let send = async {
            loop {
                let mut guard = self.0.writable().await?;
                let sent =
                    guard.try_io(|socket| oz_sys::socket::try_send(socket.get_ref(), buffer, &[]));
                match sent {
                    Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(sent) => return sent,
                    Err(_would_block) => {}
                }
            }
        };
        match tokio::time::timeout(PATIENCE, send).await {
            Ok(sent) => sent,
            Err(_) => {
                // Whatever waits for an answer waits for nothing.
                let _ = rustix::net::shutdown(self.0.get_ref(), rustix::net::Shutdown::Both);
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(rustix::net::shutdown(
            self.0.get_ref(),
            rustix::net::Shutdown::Both,
        )?)
    }

    fn can_pass_unix_fd(&self) -> bool {
        true
    }
}

/// Whether the message that begins so is short enough.
/// <https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-messages>
fn check_length(header: &[u8; HEADER]) -> io::Result<()> {
    let [order, _, _, _, b0, b1, b2, b3, _, _, _, _, f0, f1, f2, f3] = *header;
    let number = match order {
        b'l' => u32::from_le_bytes,
        b'B' => u32::from_be_bytes,
        _ => return Err(invalid("it is no message")),
    };
    let (body, fields) = (number([b0, b1, b2, b3]), number([f0, f1, f2, f3]));
    let length = u64::from(body) + u64::from(fields);
    if length > MESSAGE_MAX {
        return Err(invalid("a message is too long"));
    }
    Ok(())
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(order: u8, body: u32, fields: u32) -> [u8; HEADER] {
        let number = |n: u32| {
            if order == b'l' {
                n.to_le_bytes()
            } else {
                n.to_be_bytes()
            }
        };
        let mut header = [order, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
        header[4..8].copy_from_slice(&number(body));
        header[12..].copy_from_slice(&number(fields));
        header
    }

    #[test]
    fn a_message_that_says_it_is_long_is_not_waited_for() {
        for order in [b'l', b'B'] {
            assert!(check_length(&header(order, 1000, 100)).is_ok());
            for (body, fields) in [(128 << 20, 0), (0, 64 << 20), (u32::MAX, u32::MAX)] {
                assert!(check_length(&header(order, body, fields)).is_err());
            }
        }
        assert!(check_length(&header(b'x', 0, 0)).is_err());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_bus_that_greets_for_ever_or_says_nothing_of_a_bus_is_left() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let bus = Bus::new(ours.into()).expect("in the loop");
        let flood = std::thread::spawn(move || {
            let line = [b'x'; 4096];
            while oz_sys::socket::send_frame(&theirs, &line, &[]).is_ok() {}
        });
        let connected = zbus::connection::Builder::socket(bus).build().await;
        assert!(connected.is_err());
        flood.join().expect("its end was noticed");
    }
}
