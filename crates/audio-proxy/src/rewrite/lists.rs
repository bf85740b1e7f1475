//! Answers that name streams and clients: those of other sandboxes and of the host are left out.

use super::device::INDEX;
use super::stamp::may_read;
use crate::wire::props::Props;
use crate::wire::sample::Spec;
use crate::wire::tags::{ChannelMap, FormatInfo, INVALID, Malformed, Out, Tags, Volumes};

/// Copies those streams that play for which `ours` holds.
///
/// # Errors
/// When the answer cannot be read.
pub fn sink_inputs(
    tags: &mut Tags<'_>,
    version: u32,
    ours: impl Fn(u32) -> bool,
    out: &mut Out,
) -> Result<(), Malformed> {
    while !tags.is_empty() {
        let mut entry = Out::default();
        let index = tags.u32()?;
        entry.u32(index).string(tags.string()?);
        tags.u32()?;
        entry.u32(INVALID).u32(tags.u32()?);
        tags.u32()?;
        entry.u32(INDEX).spec(tags.spec()?).map(&tags.map()?);
        entry.volumes(&tags.volumes()?);
        entry.usec(tags.usec()?).usec(tags.usec()?);
        entry.string(tags.string()?);
        tags.string()?;
        entry.string(Some(b"oz")).bool(tags.bool()?);
        entry.props(&tags.props(may_read)?);
        if version >= 19 {
            entry.bool(tags.bool()?);
        }
        if version >= 20 {
            entry.bool(tags.bool()?).bool(tags.bool()?);
        }
        if version >= 21 {
            entry.format(&tags.format()?);
        }
        if ours(index) {
            out.raw(&entry.0);
        }
    }
    Ok(())
}

/// Copies those clients for which `ours` holds.
///
/// # Errors
/// When the answer cannot be read.
pub fn clients(
    tags: &mut Tags<'_>,
    ours: impl Fn(u32) -> bool,
    out: &mut Out,
) -> Result<(), Malformed> {
    while !tags.is_empty() {
        let mut entry = Out::default();
        let index = tags.u32()?;
        entry.u32(index).string(tags.string()?);
        tags.u32()?;
        tags.string()?;
        entry.u32(INVALID).string(Some(b"oz"));
        entry.props(&tags.props(may_read)?);
        if ours(index) {
            out.raw(&entry.0);
        }
    }
    Ok(())
}

/// A stream that records, as everybody in the sandbox sees it, whether the host has one or not.
#[derive(Debug, Clone)]
pub struct SourceOutput {
    /// The client that has it.
    pub client: u32,
    /// What it is called and so on, stamped.
    pub props: Props,
    /// What its samples are.
    pub spec: Spec,
    /// Which channel is where.
    pub map: ChannelMap,
    /// The volume that the app gave it.
    pub volumes: Volumes,
    /// Whether the app muted it.
    pub muted: bool,
    /// Whether the app stopped it.
    pub corked: bool,
}

impl SourceOutput {
    /// Writes it as a server would.
    pub fn write(&self, out: &mut Out, index: u32, version: u32) {
        let name = self.props.text("media.name").unwrap_or("(null)");
        out.u32(index)
            .string(Some(name.as_bytes()))
            .u32(INVALID)
            .u32(self.client)
            .u32(INDEX)
            .spec(self.spec.raw())
            .map(&self.map)
            .usec(0)
            .usec(0)
            .string(Some(b"copy"))
            .string(Some(b"oz"))
            .props(&self.props);
        if version >= 19 {
            out.bool(self.corked);
        }
        if version >= 22 {
            out.volumes(&self.volumes)
                .bool(self.muted)
                .bool(true)
                .bool(true)
                .format(&FormatInfo {
                    encoding: FormatInfo::PCM,
                    props: Props::default(),
                });
        }
    }
}
