//! The request for a stream that records. It is kept, because the host's stream may have to be made
//! later, or again.

use super::device::{INDEX, Kind};
use super::playback::{Refused, formats};
use super::stamp::{Owner, Stamp, may_say};
use crate::rules::Code;
use crate::wire::command;
use crate::wire::props::Props;
use crate::wire::sample::{Format, RawSpec, Spec};
use crate::wire::tags::{ChannelMap, FormatInfo, INVALID, Malformed, Out, Tags, Volumes};

/// Largest buffer, as servers have it.
const MAXLENGTH: u32 = 4 << 20;

/// What an app asked for when it wanted to record, and has said since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    spec: RawSpec,
    map: ChannelMap,
    /// Largest buffer in bytes; anything too large means the server's own.
    pub maxlength: u32,
    /// Bytes of one piece; all ones mean the server's own.
    pub fragsize: u32,
    /// Whether it starts stopped.
    pub corked: bool,
    no_remap: bool,
    no_remix: bool,
    fix: [bool; 3],
    variable_rate: bool,
    peak_detect: bool,
    /// Whether the device shall be as quick as the piece is short.
    pub adjust_latency: bool,
    /// What the app says about it, cleaned.
    pub props: Props,
    /// Whether pieces shall come as soon as they are there.
    pub early_requests: bool,
    dont_inhibit_auto_suspend: bool,
    fail_on_suspend: bool,
    formats: Vec<FormatInfo>,
    /// The volume that the app gave it.
    pub volumes: Volumes,
    /// Whether the app muted it.
    pub muted: bool,
    volume_set: bool,
    muted_set: bool,
    relative_volume: bool,
}

/// What the samples of a stream are, once that is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// Format, channels, rate.
    pub spec: Spec,
    /// Which channel is where.
    pub map: ChannelMap,
    /// Largest buffer in bytes.
    pub maxlength: u32,
    /// Bytes of one piece.
    pub fragsize: u32,
}

impl Request {
    /// Reads the request of an app behind its tag.
    ///
    /// # Errors
    /// When it cannot be read or asks for what is not given.
    pub fn read(tags: &mut Tags<'_>, version: u32, stamp: &Stamp) -> Result<Self, Refused> {
        let spec = tags.spec()?;
        let map = tags.map()?;
        let (index, device) = (tags.u32()?, tags.string()?);
        if !Kind::Source.is_meant(index, device) {
            return Err(Code::NO_ENTITY.into());
        }
        let (maxlength, corked, fragsize) = (tags.u32()?, tags.bool()?, tags.u32()?);
        let (no_remap, no_remix) = (tags.bool()?, tags.bool()?);
        let fix = [tags.bool()?, tags.bool()?, tags.bool()?];
        tags.bool()?; // Never moved, whatever the app wants.
        let variable_rate = tags.bool()?;
        let (peak_detect, adjust_latency) = (tags.bool()?, tags.bool()?);
        let props = stamp.clean(&tags.props(may_say)?);
        if tags.u32()? != INVALID {
            // What another stream plays, past its sink.
            return Err(Code::ACCESS.into());
        }
        let mut request = Self {
            spec,
            map,
            maxlength,
            fragsize,
            corked,
            no_remap,
            no_remix,
            fix,
            variable_rate,
            peak_detect,
            adjust_latency,
            props,
            early_requests: version >= 14 && tags.bool()?,
            dont_inhibit_auto_suspend: version >= 15 && tags.bool()?,
            fail_on_suspend: version >= 15 && tags.bool()?,
            formats: Vec::new(),
            volumes: Volumes::normal(spec.channels),
            muted: false,
            volume_set: false,
            muted_set: false,
            relative_volume: false,
        };
        if version >= 22 {
            request.formats = formats(tags)?;
            request.volumes = tags.volumes()?;
            request.muted = tags.bool()?;
            request.volume_set = tags.bool()?;
            request.muted_set = tags.bool()?;
            request.relative_volume = tags.bool()?;
            if tags.bool()? {
                return Err(Code::NOT_SUPPORTED.into());
            }
        }
        tags.end()?;
        let channels = spec.channels;
        if request.formats.is_empty()
            && (spec.check().is_none()
                || map.channels() != channels
                || request.volumes.channels() != channels)
        {
            return Err(Code::INVALID.into());
        }
        Ok(request)
    }

    /// What the app has said about its volume since.
    pub fn say(&mut self, volumes: Volumes, muted: bool) {
        (self.volumes, self.volume_set) = (volumes, true);
        (self.muted, self.muted_set) = (muted, true);
    }

    /// What the stream is when there is no host to say so.
    #[must_use]
    pub fn agree(&self) -> Agreed {
        let (spec, map) = match self.formats.first() {
            Some(format) => offered(format),
            None => (self.spec.check().unwrap_or(Spec::DEFAULT), self.map),
        };
        let (maxlength, fragsize) = self.buffer(spec);
        Agreed {
            spec,
            map,
            maxlength,
            fragsize,
        }
    }

    /// The largest buffer and one piece of it, in bytes, as near to the app's wish as makes sense.
    #[must_use]
    pub fn buffer(&self, spec: Spec) -> (u32, u32) {
        let frame = u32::try_from(spec.frame_size()).unwrap_or(1);
        let maxlength = self.maxlength.clamp(frame, MAXLENGTH);
        // A tenth of a second when the app has no wish.
        let wish = match self.fragsize {
            u32::MAX => u32::try_from(spec.bytes_per_second() / 10).unwrap_or(MAXLENGTH),
            wish => wish,
        };
        let fragsize = wish.min(maxlength) / frame * frame;
        (maxlength, fragsize.max(frame))
    }

    /// The request for the host. With something agreed already the host has no choice left.
    pub fn write(
        &self,
        out: &mut Out,
        version: u32,
        source: u32,
        agreed: Option<&Agreed>,
        (stamp, name): (&Stamp, Option<&str>),
    ) {
        let (spec, map) = agreed.map_or((self.spec, self.map), |agreed| {
            (agreed.spec.raw(), agreed.map)
        });
        out.spec(spec).map(&map).u32(source).string(None);
        out.u32(self.maxlength).bool(self.corked).u32(self.fragsize);
        out.bool(self.no_remap).bool(self.no_remix);
        for fix in self.fix {
            out.bool(fix && agreed.is_none());
        }
        // Never moved: a move could end at a monitor.
        out.bool(true).bool(self.variable_rate);
        out.bool(self.peak_detect).bool(self.adjust_latency);
        out.props(&stamp.mark(&self.props, name, Owner::Record));
        out.u32(INVALID);
        if version >= 14 {
            out.bool(self.early_requests);
        }
        if version >= 15 {
            out.bool(self.dont_inhibit_auto_suspend)
                .bool(self.fail_on_suspend);
        }
        if version >= 22 {
            let formats = if agreed.is_some() {
                &[]
            } else {
                self.formats.as_slice()
            };
            out.u8(u8::try_from(formats.len()).unwrap_or(0));
            for format in formats {
                out.format(format);
            }
            let channels = map.channels();
            let fits = self.volumes.channels() == channels;
            let volumes = if fits {
                self.volumes
            } else {
                Volumes::normal(channels)
            };
            out.volumes(&volumes)
                .bool(self.muted)
                .bool(self.volume_set && fits)
                .bool(self.muted_set)
                .bool(self.relative_volume)
                .bool(false);
        }
    }
}

/// What a format says about itself, as far as it does.
fn offered(format: &FormatInfo) -> (Spec, ChannelMap) {
    let json = |key| {
        let value = serde_json::from_str(format.props.text(key)?).ok()?;
        // A choice of several: the first.
        match value {
            serde_json::Value::Array(values) => values.into_iter().next(),
            serde_json::Value::Object(range) => range.get("min").cloned(),
            value => Some(value),
        }
    };
    let number = |key| json(key).and_then(|value| u32::try_from(value.as_u64()?).ok());
    let name = json("format.sample_format");
    let raw = RawSpec {
        format: name
            .and_then(|name| Format::from_name(name.as_str()?))
            .unwrap_or(Spec::DEFAULT.format) as u8,
        channels: number("format.channels")
            .and_then(|channels| u8::try_from(channels).ok())
            .unwrap_or(Spec::DEFAULT.channels),
        rate: number("format.rate").unwrap_or(Spec::DEFAULT.rate),
    };
    let spec = raw.check().unwrap_or(Spec::DEFAULT);
    (spec, ChannelMap::numbered(spec.channels))
}

/// Where a stream that the host made ended up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The host's number of it in frames and requests.
    pub channel: u32,
    /// The host's number of it for everybody.
    pub index: u32,
    /// The host's number of what it hears.
    pub source: u32,
    /// What its samples are.
    pub agreed: Agreed,
}

/// Reads the host's answer behind its tag.
///
/// # Errors
/// When it cannot be read, or the host chose what does not exist.
pub fn answer(tags: &mut Tags<'_>, version: u32) -> Result<Created, Malformed> {
    let (channel, index) = (tags.u32()?, tags.u32()?);
    let (maxlength, fragsize) = (tags.u32()?, tags.u32()?);
    let spec = tags.spec()?.check().ok_or(Malformed)?;
    let map = tags.map()?;
    let source = tags.u32()?;
    tags.string()?;
    tags.bool()?;
    tags.usec()?;
    if version >= 22 {
        tags.format()?;
    }
    tags.end()?;
    Ok(Created {
        channel,
        index,
        source,
        agreed: Agreed {
            spec,
            map,
            maxlength,
            fragsize,
        },
    })
}

/// The answer to the app.
#[must_use]
pub fn reply(tag: u32, version: u32, channel: u32, index: u32, agreed: &Agreed) -> Out {
    let mut out = Out::command(command::REPLY, tag);
    out.u32(channel).u32(index);
    out.u32(agreed.maxlength).u32(agreed.fragsize);
    out.spec(agreed.spec.raw()).map(&agreed.map);
    out.u32(INDEX).string(Some(Kind::Source.name()));
    out.bool(false).usec(latency(agreed));
    if version >= 22 {
        out.format(&FormatInfo {
            encoding: FormatInfo::PCM,
            props: described(&agreed.spec),
        });
    }
    out
}

/// The latency that is told: one piece, in microseconds.
#[must_use]
pub fn latency(agreed: &Agreed) -> u64 {
    u64::from(agreed.fragsize) * 1_000_000 / agreed.spec.bytes_per_second().max(1)
}

/// What a server says about a format that was chosen.
fn described(spec: &Spec) -> Props {
    let mut props = Props::default();
    let format = serde_json::Value::from(spec.format.name());
    props.stamp("format.channels", &spec.channels.to_string());
    props.stamp("format.rate", &spec.rate.to_string());
    props.stamp("format.sample_format", &format.to_string());
    props
}
