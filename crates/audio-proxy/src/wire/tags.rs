//! Tagged values: what packets are made of. Each value is a byte that says what it is, then
//! the value in network order.
//!
//! [`Tags`] never allocates for a length that it has not checked, and never panics. [`Out`]
//! writes the same values.

use super::props::Props;
use super::sample::{CHANNELS_MAX, RawSpec};

/// A packet is not made of the values that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a packet is malformed")]
pub struct Malformed;

/// What `index` is when it is nothing.
pub const INVALID: u32 = u32::MAX;

/// Positions of the channels, none checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelMap {
    channels: u8,
    positions: [u8; CHANNELS_MAX as usize],
}

impl ChannelMap {
    /// So many channels that are just numbered; one is mono and two are stereo.
    #[must_use]
    pub fn numbered(channels: u8) -> Self {
        let mut positions = [0; CHANNELS_MAX as usize];
        match channels {
            1 => {}
            2 => positions[..2].copy_from_slice(&[1, 2]),
            // The first of the 32 auxiliary positions has number 12.
            _ => {
                for (number, position) in (12..).zip(&mut positions) {
                    *position = number;
                }
            }
        }
        Self {
            channels: channels.min(CHANNELS_MAX),
            positions,
        }
    }

    /// How many.
    #[must_use]
    pub fn channels(&self) -> u8 {
        self.channels
    }
}

/// A volume for each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volumes {
    channels: u8,
    values: [u32; CHANNELS_MAX as usize],
}

impl Volumes {
    /// The volume at which nothing is changed.
    pub const NORMAL: u32 = 0x1_0000;

    /// Every channel at its normal volume.
    #[must_use]
    pub fn normal(channels: u8) -> Self {
        Self {
            channels: channels.min(CHANNELS_MAX),
            values: [Self::NORMAL; CHANNELS_MAX as usize],
        }
    }

    /// The first volume for so many channels.
    #[must_use]
    pub fn repeated(&self, channels: u8) -> Self {
        Self {
            channels: channels.min(CHANNELS_MAX),
            values: [self.values[0]; CHANNELS_MAX as usize],
        }
    }

    /// How many.
    #[must_use]
    pub fn channels(&self) -> u8 {
        self.channels
    }
}

/// A format that a stream can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatInfo {
    /// 1 is PCM; the others are compressed.
    pub encoding: u8,
    /// Rate, channels and so on, as JSON in strings.
    pub props: Props,
}

impl FormatInfo {
    /// Samples as they are.
    pub const PCM: u8 = 1;
}

/// Reads the values of a packet.
#[derive(Debug, Clone)]
pub struct Tags<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Tags<'a> {
    /// Reads from the start.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// How far it was read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Whether all was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at >= self.data.len()
    }

    /// Says that nothing may follow.
    ///
    /// # Errors
    /// When something does.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let rest = self.data.get(self.at..).ok_or(Malformed)?;
        let bytes = rest.get(..count).ok_or(Malformed)?;
        self.at += count;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let bytes = self.bytes(N)?;
        bytes.try_into().map_err(|_| Malformed)
    }

    fn tag(&mut self, tag: u8) -> Result<(), Malformed> {
        if self.array()? == [tag] {
            Ok(())
        } else {
            Err(Malformed)
        }
    }

    /// A number of 32 bits.
    ///
    /// # Errors
    /// Like every reading function here: when the next value is another one.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.tag(b'L')?;
        self.array().map(u32::from_be_bytes)
    }

    /// A byte.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.tag(b'B')?;
        self.array().map(|[byte]| byte)
    }

    /// A truth value.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn bool(&mut self) -> Result<bool, Malformed> {
        match self.array()? {
            [b'1'] => Ok(true),
            [b'0'] => Ok(false),
            _ => Err(Malformed),
        }
    }

    /// A signed number of 64 bits.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn i64(&mut self) -> Result<i64, Malformed> {
        self.tag(b'r')?;
        self.array().map(i64::from_be_bytes)
    }

    /// Microseconds.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn usec(&mut self) -> Result<u64, Malformed> {
        self.tag(b'U')?;
        self.array().map(u64::from_be_bytes)
    }

    /// Seconds and microseconds.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn time(&mut self) -> Result<(u32, u32), Malformed> {
        self.tag(b'T')?;
        let seconds = self.array().map(u32::from_be_bytes)?;
        let micros = self.array().map(u32::from_be_bytes)?;
        Ok((seconds, micros))
    }

    /// A string without its end, or nothing.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn string(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.array()? {
            [b'N'] => Ok(None),
            [b't'] => {
                let rest = self.data.get(self.at..).ok_or(Malformed)?;
                let length = rest.iter().position(|byte| *byte == 0).ok_or(Malformed)?;
                self.at += length + 1;
                Ok(Some(&rest[..length]))
            }
            _ => Err(Malformed),
        }
    }

    /// Bytes with their length before them.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn blob(&mut self) -> Result<&'a [u8], Malformed> {
        self.tag(b'x')?;
        let length = self.array().map(u32::from_be_bytes)?;
        self.bytes(usize::try_from(length).map_err(|_| Malformed)?)
    }

    /// Format, channels and rate.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn spec(&mut self) -> Result<RawSpec, Malformed> {
        self.tag(b'a')?;
        let [format, channels] = self.array()?;
        let rate = self.array().map(u32::from_be_bytes)?;
        Ok(RawSpec {
            format,
            channels,
            rate,
        })
    }

    fn count(&mut self) -> Result<u8, Malformed> {
        let [channels] = self.array()?;
        if channels <= CHANNELS_MAX {
            Ok(channels)
        } else {
            Err(Malformed)
        }
    }

    /// Positions of up to [`CHANNELS_MAX`] channels.
    ///
    /// # Errors
    /// See [`Self::u32`]; also when there are more.
    pub fn map(&mut self) -> Result<ChannelMap, Malformed> {
        self.tag(b'm')?;
        let channels = self.count()?;
        let mut positions = [0; CHANNELS_MAX as usize];
        for position in &mut positions[..usize::from(channels)] {
            [*position] = self.array()?;
        }
        Ok(ChannelMap {
            channels,
            positions,
        })
    }

    /// Volumes of up to [`CHANNELS_MAX`] channels.
    ///
    /// # Errors
    /// See [`Self::u32`]; also when there are more.
    pub fn volumes(&mut self) -> Result<Volumes, Malformed> {
        self.tag(b'v')?;
        let channels = self.count()?;
        let mut values = [0; CHANNELS_MAX as usize];
        for value in &mut values[..usize::from(channels)] {
            *value = self.array().map(u32::from_be_bytes)?;
        }
        Ok(Volumes { channels, values })
    }

    /// One volume.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn volume(&mut self) -> Result<u32, Malformed> {
        self.tag(b'V')?;
        self.array().map(u32::from_be_bytes)
    }

    /// Properties; of those that are not `wanted` nothing is kept.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn props(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Props, Malformed> {
        self.tag(b'P')?;
        let mut props = Props::default();
        while let Some(key) = self.string()? {
            let length = self.u32()?;
            let value = self.blob()?;
            if usize::try_from(length).ok() != Some(value.len()) {
                return Err(Malformed);
            }
            if let Ok(key) = str::from_utf8(key)
                && wanted(key)
            {
                props.put(key, value);
            }
        }
        Ok(props)
    }

    /// A format with what it says about itself.
    ///
    /// # Errors
    /// See [`Self::u32`].
    pub fn format(&mut self) -> Result<FormatInfo, Malformed> {
        self.tag(b'f')?;
        let encoding = self.u8()?;
        let props = self.props(|key| key.starts_with("format."))?;
        Ok(FormatInfo { encoding, props })
    }
}

/// Writes the values of a packet.
#[derive(Debug, Default)]
pub struct Out(pub Vec<u8>);

impl Out {
    /// A packet starts with its command and its tag.
    #[must_use]
    pub fn command(command: u32, tag: u32) -> Self {
        let mut out = Self(Vec::with_capacity(64));
        out.u32(command);
        out.u32(tag);
        out
    }

    /// Bytes that are values already.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number of 32 bits.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.0.push(b'L');
        self.raw(&value.to_be_bytes())
    }

    /// A byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[b'B', value])
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.0.push(if value { b'1' } else { b'0' });
        self
    }

    /// A signed number of 64 bits.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.0.push(b'r');
        self.raw(&value.to_be_bytes())
    }

    /// Microseconds.
    pub fn usec(&mut self, value: u64) -> &mut Self {
        self.0.push(b'U');
        self.raw(&value.to_be_bytes())
    }

    /// Seconds and microseconds.
    pub fn time(&mut self, (seconds, micros): (u32, u32)) -> &mut Self {
        self.0.push(b'T');
        self.raw(&seconds.to_be_bytes());
        self.raw(&micros.to_be_bytes())
    }

    /// A string, which must not have a NUL in it, or nothing.
    pub fn string(&mut self, value: Option<&[u8]>) -> &mut Self {
        match value {
            None => self.0.push(b'N'),
            Some(value) => {
                debug_assert!(!value.contains(&0));
                self.0.push(b't');
                self.0.extend_from_slice(value);
                self.0.push(0);
            }
        }
        self
    }

    /// Bytes with their length.
    ///
    /// What is longer than 4 GiB cannot be written and never is.
    pub fn blob(&mut self, value: &[u8]) -> &mut Self {
        self.0.push(b'x');
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.raw(&length.to_be_bytes()).raw(value)
    }

    /// Format, channels and rate.
    pub fn spec(&mut self, value: RawSpec) -> &mut Self {
        self.raw(&[b'a', value.format, value.channels]);
        self.raw(&value.rate.to_be_bytes())
    }

    /// Positions of channels.
    pub fn map(&mut self, value: &ChannelMap) -> &mut Self {
        self.raw(&[b'm', value.channels]);
        self.raw(&value.positions[..usize::from(value.channels)])
    }

    /// Volumes of channels.
    pub fn volumes(&mut self, value: &Volumes) -> &mut Self {
        self.raw(&[b'v', value.channels]);
        for volume in &value.values[..usize::from(value.channels)] {
            self.raw(&volume.to_be_bytes());
        }
        self
    }

    /// One volume.
    pub fn volume(&mut self, value: u32) -> &mut Self {
        self.0.push(b'V');
        self.raw(&value.to_be_bytes())
    }

    /// Properties.
    pub fn props(&mut self, props: &Props) -> &mut Self {
        self.0.push(b'P');
        for (key, value) in props.iter() {
            self.string(Some(key.as_bytes()));
            self.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
            self.blob(value);
        }
        self.string(None)
    }

    /// A format.
    pub fn format(&mut self, format: &FormatInfo) -> &mut Self {
        self.0.push(b'f');
        self.u8(format.encoding).props(&format.props)
    }
}

#[cfg(test)]
mod tests;
