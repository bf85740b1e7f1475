//! Frames with descriptors on unix stream sockets.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};

/// Most descriptors that one message carries; more from a peer are an error.
pub const MAX_FDS: usize = 16;

/// Sends all of `bytes`, the descriptors with the first of them, and waits as long as it takes.
pub fn send_frame(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd]) -> io::Result<()> {
    let mut sent = 0;
    while sent < bytes.len() {
        let fds = if sent == 0 { fds } else { &[] };
        match send(&socket, &bytes[sent..], fds, SendFlags::empty()) {
            Ok(more) => sent += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sends what fits now and says how much that was; `WouldBlock` if it is nothing.
///
/// If the result is not an error the descriptors have gone along.
pub fn try_send(socket: impl AsFd, bytes: &[u8], fds: &[BorrowedFd]) -> io::Result<usize> {
    send(socket, bytes, fds, SendFlags::DONTWAIT)
}

fn send(
    socket: impl AsFd,
    bytes: &[u8],
    fds: &[BorrowedFd],
    flags: SendFlags,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if fds.len() > MAX_FDS {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    if !fds.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(fds));
    }
    let data = [IoSlice::new(bytes)];
    let flags = flags | SendFlags::NOSIGNAL;
    Ok(rustix::net::sendmsg(socket, &data, &mut control, flags)?)
}

/// Waits for bytes and descriptors; no bytes mean that the peer has closed.
///
/// Every descriptor is close-on-exec. That more than [`MAX_FDS`] came is `InvalidData`.
pub fn recv(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    loop {
        match receive(&socket, buffer, RecvFlags::empty()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// As [`recv`], but `WouldBlock` if there is nothing now.
pub fn try_recv(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    receive(socket, buffer, RecvFlags::DONTWAIT)
}

fn receive(
    socket: impl AsFd,
    buffer: &mut [u8],
    flags: RecvFlags,
) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut data = [IoSliceMut::new(buffer)];
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let message = rustix::net::recvmsg(socket, &mut data, &mut control, flags)?;
    let mut fds = Vec::new();
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = part {
            fds.extend(rights);
        }
    }
    if message.flags.contains(ReturnFlags::CTRUNC) || fds.len() > MAX_FDS {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok((message.bytes, fds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    #[test]
    fn descriptors_arrive_with_the_first_byte_and_close_on_exec() {
        let (a, b) = UnixStream::pair().expect("pair");
        send_frame(&a, b"hello", &[a.as_fd(), b.as_fd()]).expect("sent");
        let mut buffer = [0; 1];
        let (n, fds) = recv(&b, &mut buffer).expect("received");
        assert_eq!((n, fds.len()), (1, 2));
        for fd in &fds {
            let flags = rustix::io::fcntl_getfd(fd).expect("flags");
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        }
        let mut rest = [0; 16];
        let (n, fds) = recv(&b, &mut rest).expect("received");
        assert_eq!((&rest[..n], fds.len()), (&b"ello"[..], 0));
    }

    #[test]
    fn nothing_there_is_would_block_and_a_closed_peer_is_no_bytes() {
        let (a, b) = UnixStream::pair().expect("pair");
        let empty = try_recv(&b, &mut [0; 8]).expect_err("nothing there");
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        drop(a);
        assert_eq!(try_recv(&b, &mut [0; 8]).expect("closed").0, 0);
    }

    #[test]
    fn a_peer_that_sends_too_many_descriptors_gets_an_error() {
        let (a, b) = UnixStream::pair().expect("pair");
        let many = vec![a.as_fd(); MAX_FDS + 1];
        assert!(send_frame(&a, b"x", &many).is_err());
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS + 1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&many)));
        let data = [IoSlice::new(b"x")];
        rustix::net::sendmsg(&a, &data, &mut control, SendFlags::empty()).expect("sent");
        let error = recv(&b, &mut [0; 8]).expect_err("too many");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
