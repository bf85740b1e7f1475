//! The codec: capped frames with file descriptors, without IO.
//!
//! Header, 8 bytes, little endian: body length (u32), number of file descriptors (u16), magic
//! (u16). The descriptors of a frame travel with its first byte; a receiver queues descriptors as
//! they arrive and hands a frame the first `fds` of the queue.

use serde::Serialize;
use serde::de::DeserializeOwned;

const MAGIC: u16 = 0x4f5a;

/// Size of the header in bytes.
pub const HEADER: usize = 8;

/// Largest body that a trusted sender may make: a plan.
pub const MAX_PLAN: usize = 1 << 20;

/// Largest body that is accepted from inside a sandbox.
pub const MAX_UNTRUSTED: usize = 64 << 10;

/// Most descriptors on one frame.
pub const MAX_FDS: usize = 16;

/// Why bytes are not a frame.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// The header does not start a frame.
    #[error("the peer does not speak this protocol")]
    Magic,
    /// The body is longer than this side accepts.
    #[error("a message of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// What the header says.
        length: usize,
        /// What is accepted.
        limit: usize,
    },
    /// More descriptors than a frame may carry, or more arrived than frames have claimed.
    #[error("more than {MAX_FDS} file descriptors with one message")]
    TooManyFds,
    /// The frame claims descriptors that did not arrive.
    #[error("a message claims {claimed} file descriptors and {arrived} arrived")]
    MissingFds {
        /// What the header says.
        claimed: usize,
        /// What is queued.
        arrived: usize,
    },
    /// The body is not a message of the expected type, or bytes follow it.
    #[error("a message of {0} bytes does not decode")]
    Body(usize),
}

/// A decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Length of the body in bytes.
    pub length: usize,
    /// Descriptors that belong to it.
    pub fds: usize,
}

impl Header {
    fn decode(bytes: [u8; HEADER], limit: usize) -> Result<Self, FrameError> {
        let [l0, l1, l2, l3, f0, f1, m0, m1] = bytes;
        if u16::from_le_bytes([m0, m1]) != MAGIC {
            return Err(FrameError::Magic);
        }
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        let fds = usize::from(u16::from_le_bytes([f0, f1]));
        if length > limit {
            return Err(FrameError::TooLong { length, limit });
        }
        if fds > MAX_FDS {
            return Err(FrameError::TooManyFds);
        }
        Ok(Self { length, fds })
    }
}

/// The bytes of a message that goes with `fds` descriptors.
pub fn encode<M: Serialize>(message: &M, fds: usize) -> Result<Vec<u8>, FrameError> {
    let body = postcard::to_extend(message, vec![0; HEADER]).map_err(|_| FrameError::Body(0))?;
    let length = body.len() - HEADER;
    let too_long = FrameError::TooLong {
        length,
        limit: MAX_PLAN,
    };
    if length > MAX_PLAN {
        return Err(too_long);
    }
    if fds > MAX_FDS {
        return Err(FrameError::TooManyFds);
    }
    let mut bytes = body;
    let length = u32::try_from(length).map_err(|_| too_long)?;
    let fds = u16::try_from(fds).map_err(|_| FrameError::TooManyFds)?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..6].copy_from_slice(&fds.to_le_bytes());
    bytes[6..8].copy_from_slice(&MAGIC.to_le_bytes());
    Ok(bytes)
}

/// A whole frame with its descriptors, of whatever type the caller carries them in.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<F> {
    body: Vec<u8>,
    /// The descriptors that travelled with it, in order.
    pub fds: Vec<F>,
}

impl<F> Frame<F> {
    /// The message in it; bytes behind the message are an error.
    pub fn decode<M: DeserializeOwned>(&self) -> Result<M, FrameError> {
        match postcard::take_from_bytes::<M>(&self.body) {
            Ok((message, [])) => Ok(message),
            _ => Err(FrameError::Body(self.body.len())),
        }
    }
}

/// Most bytes of room that a reader keeps while it has nothing.
const MAX_IDLE: usize = 4 << 10;

/// Collects what arrives, in pieces of any size, into frames.
#[derive(Debug)]
pub struct Reader<F> {
    limit: usize,
    bytes: Vec<u8>,
    fds: std::collections::VecDeque<F>,
    /// Set by the first error; a stream that broke once is never read again.
    broken: bool,
}

impl<F> Reader<F> {
    /// A reader that accepts bodies of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            bytes: Vec::new(),
            fds: Default::default(),
            broken: false,
        }
    }

    /// Takes what one receive call returned.
    ///
    /// Pull frames with [`next`](Self::next) until it is empty before pushing again: so no more than
    /// one frame and one receive's worth of bytes is ever held.
    pub fn push(&mut self, bytes: &[u8], fds: impl IntoIterator<Item = F>) {
        self.bytes.extend_from_slice(bytes);
        self.fds.extend(fds);
    }

    /// The next whole frame, if there is one.
    #[allow(clippy::should_implement_trait)] // an iterator could not be pushed to between items
    pub fn next(&mut self) -> Result<Option<Frame<F>>, FrameError> {
        if self.broken {
            return Err(FrameError::Magic);
        }
        let result = self.take();
        if result.is_err() {
            self.broken = true;
            self.bytes = Vec::new();
            self.fds.clear();
        }
        result
    }

    fn take(&mut self) -> Result<Option<Frame<F>>, FrameError> {
        let Some(header) = self.bytes.first_chunk::<HEADER>() else {
            return self.hoard();
        };
        let header = Header::decode(*header, self.limit)?;
        let end = HEADER + header.length;
        if self.bytes.len() < end {
            return self.hoard();
        }
        if self.fds.len() < header.fds {
            return Err(FrameError::MissingFds {
                claimed: header.fds,
                arrived: self.fds.len(),
            });
        }
        let body = self.bytes[HEADER..end].to_vec();
        self.bytes.drain(..end);
        // What one large frame took is not kept for small ones.
        if self.bytes.is_empty() && self.bytes.capacity() > MAX_IDLE {
            self.bytes = Vec::new();
        }
        let fds = self.fds.drain(..header.fds).collect();
        Ok(Some(Frame { body, fds }))
    }

    /// An incomplete frame: its sender may not pile up descriptors meanwhile.
    fn hoard(&self) -> Result<Option<Frame<F>>, FrameError> {
        if self.fds.len() > MAX_FDS {
            Err(FrameError::TooManyFds)
        } else {
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn frames_survive_any_chunking(
            messages in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), 0usize..4), 0..8),
            chunk in 1usize..64,
        ) {
            let mut stream = Vec::new();
            for (message, fds) in &messages {
                stream.push((encode(message, *fds).expect("encodes"), *fds));
            }
            let mut reader = Reader::new(MAX_UNTRUSTED);
            let mut seen = Vec::new();
            for (bytes, fds) in stream {
                let mut fds = Some(vec![(); fds]);
                for piece in bytes.chunks(chunk) {
                    reader.push(piece, fds.take().unwrap_or_default());
                    while let Some(frame) = reader.next().expect("valid") {
                        seen.push((frame.decode::<Vec<u8>>().expect("decodes"), frame.fds.len()));
                    }
                }
            }
            prop_assert_eq!(seen, messages);
        }

        #[test]
        fn no_bytes_panic_or_allocate_beyond_the_limit(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut reader = Reader::<()>::new(1024);
            reader.push(&bytes, []);
            while let Ok(Some(frame)) = reader.next() {
                prop_assert!(frame.body.len() <= 1024);
            }
        }
    }

    #[test]
    fn an_over_long_frame_is_refused_by_its_header_alone() {
        let mut bytes = encode(&(), 0).expect("encodes");
        bytes[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        let mut reader = Reader::<()>::new(MAX_UNTRUSTED);
        reader.push(&bytes, []);
        assert!(matches!(reader.next(), Err(FrameError::TooLong { .. })));
        reader.push(&encode(&(), 0).expect("encodes"), []);
        assert!(reader.next().is_err(), "a broken stream stays broken");
    }

    #[test]
    fn descriptors_cannot_be_piled_up() {
        let mut reader = Reader::new(MAX_UNTRUSTED);
        reader.push(&[0], [(); MAX_FDS + 1]);
        assert_eq!(reader.next(), Err(FrameError::TooManyFds));
    }

    #[test]
    fn bytes_behind_a_message_are_an_error() {
        let mut bytes = encode(&(7u8, 8u8), 0).expect("encodes");
        bytes[0] = 2;
        let mut reader = Reader::<()>::new(MAX_UNTRUSTED);
        reader.push(&bytes, []);
        let frame = reader.next().expect("valid").expect("whole");
        assert_eq!(frame.decode::<u8>(), Err(FrameError::Body(2)));
    }
}
