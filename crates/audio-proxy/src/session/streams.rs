//! Streams as everybody in the sandbox sees them: lists, volumes.

use super::app::Asked;
use super::pending::Pending;
use super::{Offence, Session};
use crate::rewrite::lists;
use crate::rules::Code;
use crate::shared::{Shared, facility};
use crate::wire::command;
use crate::wire::tags::{Malformed, Out, Tags, Volumes};

impl Session {
    pub(super) fn sink_input_info(
        &mut self,
        shared: &Shared,
        asked: Asked<'_>,
        list: bool,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let index = if list { None } else { Some(tags.u32()?) };
        tags.end()?;
        if index.is_some_and(|index| !shared.sink_inputs.contains(&index)) {
            self.refuse(asked.tag, Code::NO_ENTITY);
            return Ok(());
        }
        self.ask(
            asked.command,
            Pending::SinkInputs { tag: asked.tag },
            |out| {
                out.raw(asked.body);
            },
        );
        Ok(())
    }

    pub(super) fn sink_inputs(
        &mut self,
        shared: &Shared,
        tag: u32,
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let mut out = Out::command(command::REPLY, tag);
        let ours = |index| shared.sink_inputs.contains(&index);
        lists::sink_inputs(&mut tags, self.version, ours, &mut out)?;
        self.to_app.packet(&out.0);
        Ok(())
    }

    pub(super) fn sink_input_volume(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let index = tags.u32()?;
        tags.volumes()?;
        tags.end()?;
        self.about_sink_input(shared, asked, index, "set-sink-input-volume");
        Ok(())
    }

    pub(super) fn sink_input_mute(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let index = tags.u32()?;
        tags.bool()?;
        tags.end()?;
        self.about_sink_input(shared, asked, index, "set-sink-input-mute");
        Ok(())
    }

    fn about_sink_input(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
        index: u32,
        name: &'static str,
    ) {
        if shared.sink_inputs.contains(&index) {
            self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
                out.raw(asked.body);
            });
        } else {
            self.deny(shared, name, asked.tag, Code::ACCESS);
        }
    }

    pub(super) fn source_output_info(
        &mut self,
        shared: &Shared,
        asked: Asked<'_>,
        list: bool,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let wanted = if list { None } else { Some(tags.u32()?) };
        tags.end()?;
        let version = self.version;
        let mut out = Out::command(command::REPLY, asked.tag);
        let start = out.0.len();
        for (index, listed) in &shared.source_outputs {
            if wanted.is_none_or(|wanted| wanted == *index) {
                listed.output.write(&mut out, *index, version);
            }
        }
        if wanted.is_some() && out.0.len() == start {
            self.refuse(asked.tag, Code::NO_ENTITY);
        } else {
            self.to_app.packet(&out.0);
        }
        Ok(())
    }

    pub(super) fn source_output_volume(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (index, volumes) = (tags.u32()?, tags.volumes()?);
        tags.end()?;
        let Some(listed) = shared.source_outputs.get_mut(&index) else {
            self.deny(shared, "set-source-output-volume", asked.tag, Code::ACCESS);
            return Ok(());
        };
        let channels = listed.output.spec.channels;
        let Some(volumes) = volumes.spread(channels) else {
            self.refuse(asked.tag, Code::INVALID);
            return Ok(());
        };
        listed.output.volumes = volumes;
        self.about_source_output(shared, asked, index, |out| {
            out.volumes(&volumes);
        });
        Ok(())
    }

    pub(super) fn source_output_mute(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (index, muted) = (tags.u32()?, tags.bool()?);
        tags.end()?;
        let Some(listed) = shared.source_outputs.get_mut(&index) else {
            self.deny(shared, "set-source-output-mute", asked.tag, Code::ACCESS);
            return Ok(());
        };
        listed.output.muted = muted;
        self.about_source_output(shared, asked, index, |out| {
            out.bool(muted);
        });
        Ok(())
    }

    /// Passes on what is about a stream that the host has; else it counts when the host has it again.
    fn about_source_output(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
        index: u32,
        write: impl FnOnce(&mut Out),
    ) {
        let host = shared
            .source_outputs
            .get(&index)
            .and_then(|listed| listed.host);
        match host {
            Some(host) => self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
                write(out.u32(host));
            }),
            None => {
                self.reply(asked.tag, |_| {});
                shared.announce(facility::SOURCE_OUTPUT | facility::CHANGE, index);
            }
        }
    }
}

impl Volumes {
    /// One volume for all, or one for each of so many channels.
    fn spread(self, channels: u8) -> Option<Self> {
        match self.channels() {
            count if count == channels => Some(self),
            1 => Some(self.repeated(channels)),
            _ => None,
        }
    }
}
