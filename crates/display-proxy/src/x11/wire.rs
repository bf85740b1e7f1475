//! The window manager's connection to the X server inside. The server is as hostile as the app: nobody waits for it, and what
//! it sends is bounded.
//!
//! X11 Protocol, appendix B: <https://www.x.org/releases/X11R7.7/doc/xproto/x11protocol.html#Encoding>

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use x11rb_protocol::protocol::xproto::Setup;
use x11rb_protocol::x11_utils::{Request, TryParse};

/// Longest message of the server's in bytes: a property as long as this asks for, and its head.
const MESSAGE_MAX: usize = 1 << 20;
/// Bytes that may wait for a server that does not read.
const UNSENT_MAX: usize = 8 << 20;
/// Requests that may wait for their answer.
const UNANSWERED_MAX: usize = 65_536;
/// Bytes that are read in one turn, so that others get theirs.
const TURN: usize = 1 << 20;

/// Why there is no connection any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    /// The server has ended.
    #[error("the X server is gone")]
    Closed,
    /// It does not let its window manager in, or is none.
    #[error("the X server does not begin as one")]
    Setup,
    /// It breaks the protocol.
    #[error("the X server sends more than it may")]
    TooLong,
    /// It does not read, or does not answer.
    #[error("the X server does not keep up")]
    Behind,
}

/// Something whole that the server sent.
#[derive(Debug)]
pub(crate) enum Message<A> {
    /// The connection is made.
    Begun(Box<Setup>),
    /// The answer to what was asked; none if it failed.
    Answer(A, Option<Vec<u8>>),
    /// An event.
    Event(Vec<u8>),
}

/// A connection that remembers of each request with an answer what was asked.
#[derive(Debug)]
pub(crate) struct Wire<A> {
    socket: OwnedFd,
    begun: bool,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    /// The number of the last request.
    sent: u64,
    asked: VecDeque<(u64, A)>,
    overflow: bool,
}

impl<A> Wire<A> {
    /// Begins, with the secret that the server wants.
    pub(crate) fn new(socket: OwnedFd, cookie: &[u8]) -> Self {
        const NAME: &[u8] = b"MIT-MAGIC-COOKIE-1";
        let mut outgoing = Vec::new();
        // The least significant byte comes first; version 11.0.
        let lengths = [11_u16, 0, short(NAME.len()), short(cookie.len()), 0];
        outgoing.extend(*b"l\0");
        outgoing.extend(lengths.iter().flat_map(|number| number.to_le_bytes()));
        for part in [NAME, cookie] {
            outgoing.extend(part);
            outgoing.resize(outgoing.len().next_multiple_of(4), 0);
        }
        Self {
            socket,
            begun: false,
            incoming: Vec::new(),
            outgoing,
            sent: 0,
            asked: VecDeque::new(),
            overflow: false,
        }
    }

    /// To wait for.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Whether something waits to be sent.
    pub(crate) fn is_behind(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Sends a request of the core protocol that has no answer.
    pub(crate) fn send(&mut self, request: impl Request) {
        self.send_to(0, request);
    }

    /// Sends one of an extension.
    pub(crate) fn send_to(&mut self, extension: u8, request: impl Request) {
        let (bytes, _) = request.serialize(extension);
        self.overflow |= self.outgoing.len() + bytes.len() > UNSENT_MAX;
        if !self.overflow {
            self.outgoing.extend(bytes);
            self.sent += 1;
        }
    }

    /// Sends one that has an answer.
    pub(crate) fn ask(&mut self, request: impl Request, what: A) {
        self.send(request);
        self.overflow |= self.asked.len() >= UNANSWERED_MAX;
        self.asked.push_back((self.sent, what));
    }

    /// Sends what fits.
    pub(crate) fn flush(&mut self) -> Result<(), Lost> {
        if self.overflow {
            return Err(Lost::Behind);
        }
        while !self.outgoing.is_empty() {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match rustix::net::send(&self.socket, &self.outgoing, flags) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(_) => return Err(Lost::Closed),
            }
        }
        Ok(())
    }

    /// Reads what is there.
    pub(crate) fn read(&mut self) -> Result<Vec<Message<A>>, Lost> {
        let mut buffer = vec![0; 65_536];
        let mut taken = 0;
        let mut messages = Vec::new();
        while taken < TURN {
            match rustix::net::recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT) {
                Ok((0, _)) if messages.is_empty() => return Err(Lost::Closed),
                Ok((0, _)) | Err(Errno::AGAIN) => break,
                Ok((count, _)) => {
                    taken += count;
                    self.incoming.extend(&buffer[..count]);
                    self.cut(&mut messages)?;
                }
                Err(Errno::INTR) => {}
                Err(_) => return Err(Lost::Closed),
            }
        }
        Ok(messages)
    }

    /// Cuts what has come whole off what has come.
    fn cut(&mut self, messages: &mut Vec<Message<A>>) -> Result<(), Lost> {
        let mut from = 0;
        loop {
            let rest = &self.incoming[from..];
            let length = if self.begun {
                message_length(rest)
            } else {
                setup_length(rest)
            };
            let Some(length) = length else { break };
            if length > MESSAGE_MAX {
                return Err(Lost::TooLong);
            }
            let Some(message) = rest.get(..length) else {
                break;
            };
            let message = message.to_vec();
            from += length;
            if self.begun {
                self.sort(message, messages);
            } else {
                // A refusal begins with another byte than 1.
                let setup = Setup::try_parse(&message).ok().filter(|_| message[0] == 1);
                let (setup, _) = setup.ok_or(Lost::Setup)?;
                self.begun = true;
                messages.push(Message::Begun(Box::new(setup)));
            }
        }
        self.incoming.drain(..from);
        Ok(())
    }

    fn sort(&mut self, message: Vec<u8>, messages: &mut Vec<Message<A>>) {
        const ERROR: u8 = 0;
        const REPLY: u8 = 1;
        if message[0] > REPLY {
            messages.push(Message::Event(message));
            return;
        }
        let number = u64::from(u16::from_le_bytes([message[2], message[3]]));
        // The last request with these low bits.
        let behind = self.sent.wrapping_sub(number) & 0xffff;
        let number = self.sent.saturating_sub(behind);
        while let Some((asked, _)) = self.asked.front() {
            if *asked > number {
                // An error of a request that has no answer, or nonsense.
                break;
            }
            let is_it = *asked == number;
            if let Some((_, what)) = self.asked.pop_front() {
                let answer = (is_it && message[0] != ERROR).then(|| message.clone());
                messages.push(Message::Answer(what, answer));
            }
            if is_it {
                break;
            }
        }
    }
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

fn setup_length(bytes: &[u8]) -> Option<usize> {
    let words = u16::from_le_bytes(bytes.get(6..8)?.try_into().ok()?);
    Some(8 + 4 * usize::from(words))
}

fn message_length(bytes: &[u8]) -> Option<usize> {
    /// An event that can be longer than others.
    const GENERIC: u8 = 35;
    let head = bytes.get(..32)?;
    if matches!(head[0] & 0x7f, 1 | GENERIC) {
        let words = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        return Some(32 + 4 * words as usize);
    }
    Some(32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use x11rb_protocol::protocol::xproto::{GetInputFocusRequest, MapWindowRequest};

    fn pair() -> (Wire<u8>, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut wire = Wire::new(ours.into(), &[7; 16]);
        wire.begun = true;
        (wire, theirs)
    }

    fn head(kind: u8, number: u16, words: u32) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[0] = kind;
        bytes[2..4].copy_from_slice(&number.to_le_bytes());
        bytes[4..8].copy_from_slice(&words.to_le_bytes());
        bytes
    }

    #[test]
    fn each_answer_goes_to_its_question_and_a_failed_one_has_none() {
        let (mut wire, mut server) = pair();
        wire.ask(GetInputFocusRequest, 1);
        wire.send(MapWindowRequest { window: 1 });
        wire.ask(GetInputFocusRequest, 2);
        wire.ask(GetInputFocusRequest, 3);
        // The second request failed, which nobody asked about; the third too; the fourth answers.
        for message in [head(1, 1, 0), head(0, 2, 0), head(0, 3, 0), head(1, 4, 0)] {
            server.write_all(&message).unwrap();
        }
        let answers: Vec<_> = wire.read().unwrap();
        let answers: Vec<_> = answers
            .iter()
            .map(|message| match message {
                Message::Answer(what, answer) => (*what, answer.is_some()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(answers, [(1, true), (2, false), (3, true)]);
        assert!(wire.asked.is_empty());
    }

    #[test]
    fn a_message_that_claims_to_be_huge_takes_no_memory() {
        let (mut wire, mut server) = pair();
        server.write_all(&head(1, 1, u32::MAX)).unwrap();
        assert_eq!(wire.read().unwrap_err(), Lost::TooLong);
    }

    #[test]
    fn messages_come_whole_however_they_are_cut() {
        let (mut wire, mut server) = pair();
        wire.ask(GetInputFocusRequest, 1);
        let mut bytes = head(1, 1, 2).to_vec();
        bytes.extend([9; 8]);
        bytes.extend(head(22, 1, 0));
        let mut got = Vec::new();
        for byte in bytes {
            server.write_all(&[byte]).unwrap();
            got.extend(wire.read().unwrap());
        }
        assert!(
            matches!(&got[..], [Message::Answer(1, Some(answer)), Message::Event(_)] if answer.len() == 40)
        );
    }

    #[test]
    fn a_server_that_does_not_read_is_given_up() {
        let (mut wire, _server) = pair();
        for window in 0..2_000_000 {
            wire.send(MapWindowRequest { window });
        }
        assert_eq!(wire.flush(), Err(Lost::Behind));
    }

    #[test]
    fn a_refusal_is_no_beginning() {
        let (ours, mut server) = UnixStream::pair().unwrap();
        let mut wire = Wire::<u8>::new(ours.into(), &[]);
        server.write_all(&[0, 0, 11, 0, 0, 0, 0, 0]).unwrap();
        assert_eq!(wire.read().unwrap_err(), Lost::Setup);
    }
}
