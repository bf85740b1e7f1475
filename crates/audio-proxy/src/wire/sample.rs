//! Formats of samples: how large they are, what silence is, how they are made quieter.

/// Most channels of a stream.
pub const CHANNELS_MAX: u8 = 32;

/// Highest rate in samples a second.
const RATE_MAX: u32 = 48_000 * 16;

/// How a sample is written. The numbers are the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Format {
    /// Unsigned, 8 bits.
    U8 = 0,
    /// A-law.
    Alaw = 1,
    /// µ-law.
    Ulaw = 2,
    /// Signed, 16 bits, little endian.
    S16Le = 3,
    /// Signed, 16 bits, big endian.
    S16Be = 4,
    /// Float, little endian.
    F32Le = 5,
    /// Float, big endian.
    F32Be = 6,
    /// Signed, 32 bits, little endian.
    S32Le = 7,
    /// Signed, 32 bits, big endian.
    S32Be = 8,
    /// Signed, 24 bits in three bytes, little endian.
    S24Le = 9,
    /// Signed, 24 bits in three bytes, big endian.
    S24Be = 10,
    /// Signed, 24 bits in the low part of four bytes, little endian.
    S24In32Le = 11,
    /// Signed, 24 bits in the low part of four bytes, big endian.
    S24In32Be = 12,
}

/// Every format with the name that a format's properties give it.
const FORMATS: [(Format, &str); 13] = [
    (Format::U8, "u8"),
    (Format::Alaw, "aLaw"),
    (Format::Ulaw, "uLaw"),
    (Format::S16Le, "s16le"),
    (Format::S16Be, "s16be"),
    (Format::F32Le, "float32le"),
    (Format::F32Be, "float32be"),
    (Format::S32Le, "s32le"),
    (Format::S32Be, "s32be"),
    (Format::S24Le, "s24le"),
    (Format::S24Be, "s24be"),
    (Format::S24In32Le, "s24-32le"),
    (Format::S24In32Be, "s24-32be"),
];

impl Format {
    /// The format of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        FORMATS.get(usize::from(number)).map(|(format, _)| *format)
    }

    /// The format of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        FORMATS
            .iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(format, _)| *format)
    }

    /// Its name in the properties of a format.
    #[must_use]
    pub fn name(self) -> &'static str {
        FORMATS[self as usize].1
    }

    /// Bytes of one sample.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::Alaw | Self::Ulaw => 1,
            Self::S16Le | Self::S16Be => 2,
            Self::S24Le | Self::S24Be => 3,
            _ => 4,
        }
    }

    /// The byte that silence is made of.
    #[must_use]
    pub fn silence(self) -> u8 {
        match self {
            Self::U8 => 0x80,
            Self::Alaw => 0xd5,
            Self::Ulaw => 0xff,
            _ => 0,
        }
    }
}

/// Format, channels and rate, as a peer said them: perhaps nonsense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawSpec {
    /// A number of [`Format`], or anything.
    pub format: u8,
    /// How many channels.
    pub channels: u8,
    /// Samples a second of each channel.
    pub rate: u32,
}

/// Format, channels and rate that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// How a sample is written.
    pub format: Format,
    /// 1 to [`CHANNELS_MAX`].
    pub channels: u8,
    /// Samples a second of each channel, never 0.
    pub rate: u32,
}

impl RawSpec {
    /// Checks it.
    #[must_use]
    pub fn check(self) -> Option<Spec> {
        let channels = (1..=CHANNELS_MAX).contains(&self.channels);
        let rate = (1..=RATE_MAX).contains(&self.rate);
        Format::from_number(self.format)
            .filter(|_| channels && rate)
            .map(|format| Spec {
                format,
                channels: self.channels,
                rate: self.rate,
            })
    }
}

impl Spec {
    /// What is used when nobody says anything.
    pub const DEFAULT: Self = Self {
        format: Format::S16Le,
        channels: 2,
        rate: 44_100,
    };

    /// Bytes of one sample of every channel.
    #[must_use]
    pub fn frame_size(self) -> usize {
        self.format.size() * usize::from(self.channels)
    }

    /// Bytes of one second.
    #[must_use]
    pub fn bytes_per_second(self) -> u64 {
        u64::from(self.rate) * self.frame_size() as u64
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn raw(self) -> RawSpec {
        RawSpec {
            format: self.format as u8,
            channels: self.channels,
            rate: self.rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_name_the_same_formats() {
        for (number, (format, name)) in (0..).zip(FORMATS) {
            assert_eq!(format as u8, number);
            assert_eq!(Format::from_number(number), Some(format));
            assert_eq!(Format::from_name(name), Some(format));
        }
        assert_eq!(Format::from_number(13), None);
    }

    #[test]
    fn only_what_exists_passes() {
        let good = Spec::DEFAULT.raw();
        assert_eq!(good.check(), Some(Spec::DEFAULT));
        assert_eq!(
            RawSpec {
                format: 255,
                ..good
            }
            .check(),
            None
        );
        for channels in [0, 33, 255] {
            assert_eq!(RawSpec { channels, ..good }.check(), None);
        }
        for rate in [0, 768_001, u32::MAX] {
            assert_eq!(RawSpec { rate, ..good }.check(), None);
        }
    }
}
