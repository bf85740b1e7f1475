//! Messages as bytes.

use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};

/// A message that is being written.
pub struct Message {
    bytes: Vec<u8>,
    opcode: u16,
}

impl Message {
    pub fn new(object: u32, opcode: usize) -> Self {
        let mut bytes = object.to_ne_bytes().to_vec();
        bytes.extend([0; 4]);
        Self {
            bytes,
            opcode: u16::try_from(opcode).unwrap(),
        }
    }

    pub fn word(&mut self, word: u32) {
        self.bytes.extend(word.to_ne_bytes());
    }

    /// A string with its end, or an array without one.
    pub fn blob(&mut self, blob: &[u8]) {
        self.word(u32::try_from(blob.len()).unwrap());
        self.bytes.extend(blob);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    /// The bytes, with their length put in, or another one.
    pub fn finish(mut self, length: Option<u16>) -> Vec<u8> {
        let whole = u16::try_from(self.bytes.len()).unwrap();
        let length = u32::from(length.unwrap_or(whole));
        self.bytes[4..8].copy_from_slice(&(length << 16 | u32::from(self.opcode)).to_ne_bytes());
        self.bytes
    }
}

/// Sends bytes with descriptors; false if nobody takes them.
pub fn send(socket: &UnixStream, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> bool {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(28))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(fds)));
    }
    let data = [IoSlice::new(bytes)];
    // What does not go at once is thrown away: a message cut in two is a case of its own.
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    match rustix::net::sendmsg(socket, &data, &mut ancillary, flags) {
        Ok(_) | Err(rustix::io::Errno::AGAIN) => true,
        Err(_) => false,
    }
}

/// What came since the last time; none at the end of the connection.
pub fn receive(socket: &UnixStream, into: &mut Vec<u8>) -> Option<Vec<OwnedFd>> {
    let mut fds = Vec::new();
    loop {
        let mut buffer = [0; 16 * 1024];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(28))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut data = [IoSliceMut::new(&mut buffer)];
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let got = match rustix::net::recvmsg(socket, &mut data, &mut ancillary, flags) {
            Ok(got) => got.bytes,
            Err(error) if std::io::Error::from(error).kind() == ErrorKind::WouldBlock => {
                return Some(fds);
            }
            Err(_) => return None,
        };
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                fds.extend(received);
            }
        }
        if got == 0 {
            return None;
        }
        into.extend(&buffer[..got]);
    }
}

/// Cuts whole messages off the front: sender, opcode, arguments.
pub fn messages(buffer: &mut Vec<u8>) -> Vec<(u32, usize, Vec<u8>)> {
    let mut all = Vec::new();
    let mut at = 0;
    let word = |buffer: &[u8], at: usize| -> Option<u32> {
        let bytes = buffer.get(at..at + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().unwrap()))
    };
    while let (Some(sender), Some(header)) = (word(buffer, at), word(buffer, at + 4)) {
        let length = usize::try_from(header >> 16).unwrap();
        let Some(arguments) = buffer.get(at + 8..at + length) else {
            break;
        };
        let opcode = usize::try_from(header & 0xffff).unwrap();
        all.push((sender, opcode, arguments.to_vec()));
        at += length;
    }
    buffer.drain(..at);
    all
}
