//! The floor: the least that can stand between a Wayland client and its compositor.
//!
//! It hands bytes and file descriptors on, both ways, and looks at none of them. What any proxy
//! costs beyond this is what it pays for knowing what it relays.
//!
//! Usage: `oz-bench-relay LISTEN_PATH HOST_PATH`

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, send, sendmsg,
};

/// As much as one read takes; libwayland's own buffers hold 4 KiB.
const BYTES: usize = 64 * 1024;
/// The most descriptors that the kernel hands over with one message.
const FDS: usize = 253;

fn main() -> Result<()> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [listen, host] = &paths[..] else {
        bail!("usage: oz-bench-relay LISTEN_PATH HOST_PATH");
    };
    let listener = UnixListener::bind(listen)
        .with_context(|| format!("cannot listen at {}", listen.display()))?;
    for client in listener.incoming() {
        let client = client.context("cannot accept a client")?;
        let host = connect(host)?;
        // A thread each: the clients of a benchmark come one at a time.
        std::thread::spawn(move || relay(&client, &host));
    }
    Ok(())
}

fn connect(path: &Path) -> Result<UnixStream> {
    UnixStream::connect(path).with_context(|| format!("cannot connect to {}", path.display()))
}

/// Relays until either side is gone; the other sees its connection closed.
fn relay(client: &UnixStream, host: &UnixStream) -> Result<(), Errno> {
    let mut bytes = vec![0; BYTES];
    loop {
        let mut fds = [
            PollFd::new(client, PollFlags::IN),
            PollFd::new(host, PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Err(Errno::INTR) => continue,
            other => other?,
        };
        let [from_client, from_host] = [fds[0].revents(), fds[1].revents()];
        if !from_client.is_empty() && !pass(client.as_fd(), host.as_fd(), &mut bytes)? {
            return Ok(());
        }
        if !from_host.is_empty() && !pass(host.as_fd(), client.as_fd(), &mut bytes)? {
            return Ok(());
        }
    }
}

/// Hands on what one read gives; false at the end of the stream.
fn pass(from: BorrowedFd<'_>, to: BorrowedFd<'_>, bytes: &mut [u8]) -> Result<bool, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(
        from,
        &mut [IoSliceMut::new(bytes)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let fds: Vec<OwnedFd> = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        })
        .flatten()
        .collect();
    if received.bytes == 0 {
        return Ok(false);
    }
    let sent = send_with(to, &bytes[..received.bytes], &fds)?;
    send_all(to, &bytes[sent..received.bytes])?;
    Ok(true)
}

/// Sends the descriptors along with the first of the bytes; says how many bytes went.
fn send_with(to: BorrowedFd<'_>, bytes: &[u8], fds: &[OwnedFd]) -> Result<usize, Errno> {
    if fds.is_empty() {
        return send(to, bytes, SendFlags::NOSIGNAL);
    }
    let borrowed: Vec<BorrowedFd<'_>> = fds.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    // It has room for as many as any message that we can have received.
    control.push(SendAncillaryMessage::ScmRights(&borrowed));
    sendmsg(
        to,
        &[IoSlice::new(bytes)],
        &mut control,
        SendFlags::NOSIGNAL,
    )
}

fn send_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        let sent = send(to, bytes, SendFlags::NOSIGNAL)?;
        bytes = &bytes[sent..];
    }
    Ok(())
}
