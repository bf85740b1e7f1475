//! The request for a stream that plays, and its answer.

use super::device::{INDEX, Kind};
use super::stamp::{Owner, Stamp, may_say};
use crate::rules::Code;
use crate::wire::sample::Spec;
use crate::wire::tags::{FormatInfo, INVALID, Malformed, Out, Tags};

/// Why a request for a stream is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It cannot be read: the client is broken or hostile.
    Malformed,
    /// It is answered with an error.
    Code(Code),
}

impl From<Malformed> for Refused {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

/// Most formats that a stream may offer.
const FORMATS_MAX: usize = 16;

/// Formats as they are offered; compressed ones are left out.
///
/// # Errors
/// When they cannot be read, are too many, or all are compressed: what is in them cannot be made silent.
pub(super) fn formats(tags: &mut Tags<'_>) -> Result<Vec<FormatInfo>, Refused> {
    let count = usize::from(tags.u8()?);
    if count > FORMATS_MAX {
        return Err(Code::TOO_LARGE.into());
    }
    let mut formats = Vec::new();
    for _ in 0..count {
        let format = tags.format()?;
        if format.encoding == FormatInfo::PCM {
            formats.push(format);
        }
    }
    if count > 0 && formats.is_empty() {
        return Err(Code::NOT_SUPPORTED.into());
    }
    Ok(formats)
}

/// Reads the request of an app behind its tag and writes the one for the host to `out`.
///
/// # Errors
/// When it cannot be read or asks for what is not given.
pub fn request(
    tags: &mut Tags<'_>,
    version: u32,
    stamp: &Stamp,
    name: Option<&str>,
    out: &mut Out,
) -> Result<(), Refused> {
    let spec = tags.spec()?;
    let map = tags.map()?;
    let (index, device) = (tags.u32()?, tags.string()?);
    if !Kind::Sink.is_meant(index, device) {
        return Err(Code::NO_ENTITY.into());
    }
    // No device: the host takes the default, or what the user chose for this app in a mixer.
    out.spec(spec).map(&map).u32(INVALID).string(None);
    out.u32(tags.u32()?).bool(tags.bool()?);
    // Target length, prebuffering, least request, the stream that it is in step with.
    for _ in 0..4 {
        out.u32(tags.u32()?);
    }
    let volumes = tags.volumes()?;
    out.volumes(&volumes);
    for _ in 0..5 {
        out.bool(tags.bool()?);
    }
    // Which device it is stays the user's choice.
    tags.bool()?;
    out.bool(false);
    // Variable rate, muted, adjust latency.
    for _ in 0..3 {
        out.bool(tags.bool()?);
    }
    let props = tags.props(may_say)?;
    out.props(&stamp.mark(&props, name, Owner::Playback));
    let flags = match version {
        ..14 => 0,
        14 => 2,
        15 | 16 => 5,
        _ => 6,
    };
    for _ in 0..flags {
        out.bool(tags.bool()?);
    }
    if version >= 18 {
        if tags.bool()? {
            return Err(Code::NOT_SUPPORTED.into());
        }
        out.bool(false);
    }
    let mut formats_offered = Vec::new();
    if version >= 21 {
        formats_offered = formats(tags)?;
        out.u8(u8::try_from(formats_offered.len()).unwrap_or(0));
        for format in &formats_offered {
            out.format(format);
        }
    }
    tags.end()?;
    let channels = spec.channels;
    if formats_offered.is_empty()
        && (spec.check().is_none() || map.channels() != channels || volumes.channels() != channels)
    {
        return Err(Code::INVALID.into());
    }
    Ok(())
}

/// What the host's answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The number of the stream in frames and requests.
    pub channel: u32,
    /// The host's number of it for everybody.
    pub index: u32,
    /// What its samples are.
    pub spec: Spec,
}

/// Reads the host's answer behind its tag and writes the app's to `out`.
///
/// # Errors
/// When it cannot be read, or the host chose what does not exist.
pub fn answer(tags: &mut Tags<'_>, version: u32, out: &mut Out) -> Result<Created, Malformed> {
    let (channel, index) = (tags.u32()?, tags.u32()?);
    out.u32(channel).u32(index);
    for _ in 0..5 {
        out.u32(tags.u32()?);
    }
    let spec = tags.spec()?;
    let map = tags.map()?;
    tags.u32()?;
    tags.string()?;
    out.spec(spec).map(&map);
    out.u32(INDEX).string(Some(Kind::Sink.name()));
    out.bool(tags.bool()?).usec(tags.usec()?);
    if version >= 21 {
        out.format(&tags.format()?);
    }
    tags.end()?;
    Ok(Created {
        channel,
        index,
        spec: spec.check().ok_or(Malformed)?,
    })
}

/// Rewrites the event that a stream was moved, from behind its channel: to the app there is one sink.
///
/// # Errors
/// When it cannot be read.
pub fn moved(tags: &mut Tags<'_>, out: &mut Out) -> Result<(), Malformed> {
    tags.u32()?;
    tags.string()?;
    out.u32(INDEX).string(Some(Kind::Sink.name()));
    out.bool(tags.bool()?);
    for _ in 0..4 {
        out.u32(tags.u32()?);
    }
    out.usec(tags.usec()?);
    tags.end()
}
