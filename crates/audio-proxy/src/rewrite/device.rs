//! Sinks and sources: what is read of the host's, and the one of each that the app sees.

use crate::wire::props::Props;
use crate::wire::sample::{RawSpec, Spec};
use crate::wire::tags::{ChannelMap, FormatInfo, INVALID, Malformed, Out, Tags, Volumes};

/// The index of the one sink, and of the one source.
pub const INDEX: u32 = 0;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Plays.
    Sink,
    /// Records.
    Source,
}

impl Kind {
    /// The name under which the app knows it.
    #[must_use]
    pub fn name(self) -> &'static [u8] {
        match self {
            Self::Sink => b"speaker",
            Self::Source => b"microphone",
        }
    }

    /// What the server calls whichever it is.
    #[must_use]
    pub fn wildcard(self) -> &'static [u8] {
        match self {
            Self::Sink => b"@DEFAULT_SINK@",
            Self::Source => b"@DEFAULT_SOURCE@",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Sink => "Speaker",
            Self::Source => "Microphone",
        }
    }

    /// Whether index and name of a request mean the one device. No index and no name mean the default.
    #[must_use]
    pub fn is_meant(self, index: u32, name: Option<&[u8]>) -> bool {
        match (index, name) {
            (INVALID, None) | (INDEX, None) => true,
            (INVALID, Some(name)) => name == self.name() || name == self.wildcard(),
            _ => false,
        }
    }
}

/// What is known of a device of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The host's number of it.
    pub index: u32,
    /// What it works in.
    pub spec: RawSpec,
    map: ChannelMap,
    /// For a source: the sink that it hears; for a sink: the source that hears it.
    pub monitor: Option<u32>,
    latency: u64,
    requested_latency: u64,
    flags: u32,
    state: u32,
}

/// Flags that say how to work with a device, not what it is: has a latency, is hardware (some apps
/// take no other), counts in decibels, changes its latency.
const FLAGS: u32 = 0x2 | 0x4 | 0x20 | 0x80;

impl Device {
    /// A device when the host has none and silence is given.
    #[must_use]
    pub fn imaginary() -> Self {
        Self {
            index: INVALID,
            spec: Spec::DEFAULT.raw(),
            map: ChannelMap::numbered(Spec::DEFAULT.channels),
            monitor: None,
            latency: 0,
            requested_latency: 0,
            flags: FLAGS,
            state: 2,
        }
    }

    /// Reads one device of an answer.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(tags: &mut Tags<'_>, kind: Kind, version: u32) -> Result<Self, Malformed> {
        let index = tags.u32()?;
        tags.string()?;
        tags.string()?;
        let spec = tags.spec()?;
        let map = tags.map()?;
        tags.u32()?;
        tags.volumes()?;
        tags.bool()?;
        let monitor = tags.u32()?;
        tags.string()?;
        let latency = tags.usec()?;
        tags.string()?;
        let flags = tags.u32()?;
        tags.props(|_| false)?;
        let requested_latency = tags.usec()?;
        let mut state = 0;
        if version >= 15 {
            tags.volume()?;
            state = tags.u32()?;
            tags.u32()?;
            tags.u32()?;
        }
        if version >= 16 {
            for _ in 0..tags.u32()? {
                tags.string()?;
                tags.string()?;
                tags.u32()?;
                if version >= 24 {
                    tags.u32()?;
                }
                if version >= 34 {
                    tags.string()?;
                    tags.u32()?;
                }
            }
            tags.string()?;
        }
        if has_formats(kind, version) {
            for _ in 0..tags.u8()? {
                tags.format()?;
            }
        }
        Ok(Self {
            index,
            spec,
            map,
            monitor: (monitor != INVALID).then_some(monitor),
            latency,
            requested_latency,
            flags,
            state,
        })
    }

    /// Writes it as the one that the app sees.
    pub fn write(&self, out: &mut Out, kind: Kind, version: u32) {
        let mut props = Props::default();
        props.stamp("device.class", "sound");
        props.stamp("device.description", kind.description());
        out.u32(INDEX)
            .string(Some(kind.name()))
            .string(Some(kind.description().as_bytes()))
            .spec(self.spec)
            .map(&self.map)
            .u32(INVALID)
            // The user's volume and mute are not told: nothing could be done about them.
            .volumes(&Volumes::normal(self.map.channels()))
            .bool(false)
            .u32(INVALID)
            .string(None)
            .usec(self.latency)
            .string(Some(b"oz"))
            .u32(self.flags & FLAGS)
            .props(&props)
            .usec(self.requested_latency);
        if version >= 15 {
            // The base volume, the state, the steps of the volume, no card.
            out.volume(Volumes::NORMAL)
                .u32(self.state)
                .u32(Volumes::NORMAL + 1)
                .u32(INVALID);
        }
        if version >= 16 {
            out.u32(0).string(None);
        }
        if has_formats(kind, version) {
            out.u8(1).format(&FormatInfo {
                encoding: FormatInfo::PCM,
                props: Props::default(),
            });
        }
    }
}

fn has_formats(kind: Kind, version: u32) -> bool {
    version >= if kind == Kind::Sink { 21 } else { 22 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_device_can_be_read_in_every_version() {
        for version in 13..=35 {
            for kind in [Kind::Sink, Kind::Source] {
                let mut out = Out::default();
                Device::imaginary().write(&mut out, kind, version);
                let mut tags = Tags::new(&out.0);
                let device = Device::read(&mut tags, kind, version).unwrap();
                assert_eq!(tags.end(), Ok(()), "{kind:?} {version}");
                assert_eq!(device.spec, Spec::DEFAULT.raw());
                assert_eq!(device.monitor, None);
                for length in 0..out.0.len() {
                    let short = &mut Tags::new(&out.0[..length]);
                    assert!(Device::read(short, kind, version).is_err());
                }
            }
        }
    }

    #[test]
    fn only_the_one_device_is_meant() {
        let source = Kind::Source;
        assert!(source.is_meant(INVALID, None) && source.is_meant(0, None));
        assert!(source.is_meant(INVALID, Some(b"microphone")));
        assert!(source.is_meant(INVALID, Some(b"@DEFAULT_SOURCE@")));
        for name in [
            b"@DEFAULT_MONITOR@".as_slice(),
            b"speaker.monitor",
            b"alsa_input",
            b"",
        ] {
            assert!(!source.is_meant(INVALID, Some(name)));
        }
        assert!(!source.is_meant(1, None) && !source.is_meant(0, Some(b"microphone")));
    }
}
