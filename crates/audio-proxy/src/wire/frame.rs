//! Frames: a descriptor of five words in network order, then the payload. Channel -1 is a packet
//! of tagged values; any other channel is audio of that stream.

/// Bytes of a descriptor.
pub const DESCRIPTOR: usize = 20;

/// The channel of packets.
pub const PACKETS: u32 = u32::MAX;

/// The bits of the flags that say where audio goes; every other one is about shared memory.
const SEEK_MASK: u32 = 0xff;
/// The largest seek mode: relative to the end.
const SEEK_MAX: u32 = 3;

/// The largest audio frame. Servers take 16 MiB; libpulse sends no more than 64 KiB.
pub const AUDIO_MAX: usize = 1 << 20;

/// What a buffer holds before it grows for a frame that is larger, and to which it goes back.
const KEPT: usize = 32 << 10;

/// Why a stream of bytes is no longer listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Empty or beyond the limit.
    #[error("a frame has a length that is not allowed")]
    Length,
    /// Shared memory was negotiated away, or the seek mode does not exist.
    #[error("a frame has flags that are not allowed")]
    Flags,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Bytes of payload.
    pub length: usize,
    /// [`PACKETS`] or a stream.
    pub channel: u32,
    /// Where the audio goes, with `seek`.
    pub offset: u64,
    /// What `offset` is relative to; 0 for what just follows.
    pub seek: u32,
}

impl Descriptor {
    /// A packet of this many bytes.
    #[must_use]
    pub fn packet(length: usize) -> Self {
        Self {
            length,
            channel: PACKETS,
            offset: 0,
            seek: 0,
        }
    }

    /// Audio that follows what the stream has already.
    #[must_use]
    pub fn audio(channel: u32, length: usize) -> Self {
        Self {
            length,
            channel,
            offset: 0,
            seek: 0,
        }
    }

    fn read(bytes: &[u8; DESCRIPTOR], packet_max: usize) -> Result<Self, FrameError> {
        let word = |index: usize| {
            let at = index * 4;
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let (length, channel, flags) = (word(0), word(1), word(4));
        let allowed = if channel == PACKETS {
            flags == 0
        } else {
            flags & !SEEK_MASK == 0 && flags & SEEK_MASK <= SEEK_MAX
        };
        if !allowed {
            return Err(FrameError::Flags);
        }
        let length = usize::try_from(length).map_err(|_| FrameError::Length)?;
        let limit = if channel == PACKETS {
            packet_max
        } else {
            AUDIO_MAX
        };
        if length == 0 || length > limit {
            return Err(FrameError::Length);
        }
        Ok(Self {
            length,
            channel,
            offset: u64::from(word(2)) << 32 | u64::from(word(3)),
            seek: flags,
        })
    }

    /// The descriptor as it goes over the wire.
    ///
    /// # Panics
    /// Never for a length that was read from the wire.
    #[must_use]
    pub fn bytes(&self) -> [u8; DESCRIPTOR] {
        let length = u32::try_from(self.length).unwrap_or(u32::MAX);
        let mut bytes = [0; DESCRIPTOR];
        bytes[0..4].copy_from_slice(&length.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.channel.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.offset.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.seek.to_be_bytes());
        bytes
    }
}

/// Collects bytes and gives out whole frames. Memory grows with what has arrived, never with
/// what a length promises.
#[derive(Debug)]
pub struct Reader {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    packet_max: usize,
}

impl Reader {
    /// A reader that takes packets of up to `packet_max` bytes.
    #[must_use]
    pub fn new(packet_max: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            packet_max,
        }
    }

    /// Room for what arrives next, never empty; say with [`Self::filled`] how much of it was used.
    pub fn room(&mut self) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            if self.buffer.len() > KEPT {
                self.buffer = Vec::new();
            }
        }
        if self.buffer.is_empty() {
            self.buffer = vec![0; KEPT];
        }
        if self.start > 0 && self.buffer.len() - self.end < KEPT / 2 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            // Full of one frame that has not ended.
            self.buffer.resize(2 * self.end, 0);
        }
        &mut self.buffer[self.end..]
    }

    /// That many bytes of the room were written.
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.buffer.len());
    }

    /// Adds bytes.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = self.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            self.filled(count);
            bytes = &bytes[count..];
        }
    }

    /// Whether [`Self::frame`] has something to say.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let held = &self.buffer[self.start..self.end];
        held.first_chunk::<DESCRIPTOR>().is_some_and(|head| {
            Descriptor::read(head, self.packet_max)
                .is_ok_and(|descriptor| held.len() >= DESCRIPTOR + descriptor.length)
        })
    }

    /// The next whole frame, if it has arrived.
    ///
    /// # Errors
    /// When what comes next cannot be a frame; the connection is of no use then.
    pub fn frame(&mut self) -> Result<Option<(Descriptor, &mut [u8])>, FrameError> {
        let held = &self.buffer[self.start..self.end];
        let Some(head) = held.first_chunk::<DESCRIPTOR>() else {
            return Ok(None);
        };
        let descriptor = Descriptor::read(head, self.packet_max)?;
        let whole = DESCRIPTOR + descriptor.length;
        if held.len() < whole {
            return Ok(None);
        }
        let payload = self.start + DESCRIPTOR..self.start + whole;
        self.start += whole;
        Ok(Some((descriptor, &mut self.buffer[payload])))
    }
}

/// Bytes that wait to be written.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    start: usize,
}

impl Outbox {
    /// Queues a frame.
    pub fn push(&mut self, descriptor: Descriptor, payload: &[u8]) {
        debug_assert_eq!(descriptor.length, payload.len());
        self.bytes.extend_from_slice(&descriptor.bytes());
        self.bytes.extend_from_slice(payload);
    }

    /// Queues a packet.
    pub fn packet(&mut self, payload: &[u8]) {
        self.push(Descriptor::packet(payload.len()), payload);
    }

    /// Queues audio of one value, such as silence.
    pub fn repeated(&mut self, channel: u32, value: u8, length: usize) {
        self.bytes
            .extend_from_slice(&Descriptor::audio(channel, length).bytes());
        self.bytes.resize(self.bytes.len() + length, value);
    }

    /// What waits.
    #[must_use]
    pub fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// That much of it was written.
    pub fn written(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.start = 0;
            self.bytes.clear();
            if self.bytes.capacity() > 4 * KEPT {
                self.bytes = Vec::new();
            }
        } else if self.start > 4 * KEPT {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channel: u32, payload: &[u8]) -> Vec<u8> {
        let mut out = Outbox::default();
        out.push(Descriptor::audio(channel, payload.len()), payload);
        out.waiting().to_vec()
    }

    fn all(reader: &mut Reader) -> Vec<(u32, Vec<u8>)> {
        let mut frames = Vec::new();
        while let Some((descriptor, payload)) = reader.frame().unwrap() {
            frames.push((descriptor.channel, payload.to_vec()));
        }
        frames
    }

    #[test]
    fn short_reads_at_every_byte_give_the_same_frames() {
        let stream = [frame(PACKETS, b"abc"), frame(7, &[5; 100])].concat();
        let expected = vec![(PACKETS, b"abc".to_vec()), (7, vec![5; 100])];
        for cut in 0..=stream.len() {
            let mut reader = Reader::new(1024);
            reader.push(&stream[..cut]);
            let mut frames = all(&mut reader);
            reader.push(&stream[cut..]);
            frames.extend(all(&mut reader));
            assert_eq!(frames, expected, "cut at {cut}");
        }
    }

    #[test]
    fn lengths_beyond_the_limit_are_refused_before_anything_is_held() {
        for (channel, length) in [
            (PACKETS, 0),
            (PACKETS, 1025),
            (PACKETS, u32::MAX),
            (3, 0),
            (3, u32::MAX),
        ] {
            let mut bytes = Descriptor::audio(channel, 1).bytes();
            bytes[..4].copy_from_slice(&length.to_be_bytes());
            let mut reader = Reader::new(1024);
            reader.push(&bytes);
            assert_eq!(reader.frame().unwrap_err(), FrameError::Length);
            assert!(reader.buffer.len() <= KEPT);
        }
    }

    #[test]
    fn every_flag_of_shared_memory_is_refused() {
        for bit in 8..32 {
            for channel in [PACKETS, 0] {
                let mut bytes = frame(channel, b"x");
                bytes[16..20].copy_from_slice(&(1u32 << bit).to_be_bytes());
                let mut reader = Reader::new(64);
                reader.push(&bytes);
                assert_eq!(reader.frame().unwrap_err(), FrameError::Flags, "bit {bit}");
            }
        }
        let mut bytes = frame(0, b"x");
        bytes[19] = 4;
        let mut reader = Reader::new(64);
        reader.push(&bytes);
        assert_eq!(reader.frame().unwrap_err(), FrameError::Flags);
    }

    #[test]
    fn a_large_frame_leaves_no_large_buffer() {
        let mut reader = Reader::new(64);
        reader.push(&frame(1, &vec![1; 1 << 20]));
        assert_eq!(all(&mut reader).len(), 1);
        reader.room();
        assert_eq!(reader.buffer.len(), KEPT);
    }

    #[test]
    fn a_seek_survives() {
        let descriptor = Descriptor {
            length: 1,
            channel: 2,
            offset: (-64i64).cast_unsigned(),
            seek: 1,
        };
        let mut out = Outbox::default();
        out.push(descriptor, b"x");
        let mut reader = Reader::new(64);
        reader.push(out.waiting());
        assert_eq!(reader.frame().unwrap().unwrap().0, descriptor);
    }

    #[test]
    fn what_was_written_is_forgotten() {
        let mut out = Outbox::default();
        out.repeated(1, 0x80, 200_000);
        let all = out.waiting().to_vec();
        out.written(150_000);
        assert_eq!(out.waiting(), &all[150_000..]);
        out.written(usize::MAX / 2);
        assert!(out.waiting().is_empty());
    }
}
