//! Streams that play: the host has one for each, and what goes to it passes the gate.

use oz_core::wire::audio::Speaker;

use super::app::{Asked, check, keys};
use super::pending::Pending;
use super::{Offence, Session};
use crate::gate::volume;
use crate::quota;
use crate::rewrite::playback::{self, Refused};
use crate::rewrite::stamp::{Owner, may_say, readable};
use crate::rules::{Code, Shape};
use crate::shared::{Shared, facility};
use crate::wire::command;
use crate::wire::frame::Descriptor;
use crate::wire::sample::Spec;
use crate::wire::tags::{INVALID, Malformed, Out, Tags};

/// A stream that plays.
#[derive(Debug, Clone, Copy)]
pub(super) struct Playback {
    /// The host's number of it for everybody.
    index: u32,
    spec: Spec,
}

impl Session {
    pub(super) fn create_playback(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut out = Out::default();
        let result = playback::request(
            &mut asked.tags(),
            self.version,
            &shared.stamp,
            self.name.as_deref(),
            &mut out,
        );
        let code = match result {
            Err(Refused::Malformed) => return Err(Malformed.into()),
            Err(Refused::Code(code)) => Some(code),
            Ok(()) if shared.gate.speaker == Speaker::Off => Some(Code::ACCESS),
            Ok(()) if shared.playback >= quota::PLAYBACK => Some(Code::TOO_LARGE),
            Ok(()) => None,
        };
        if let Some(code) = code {
            self.deny(shared, "create-playback-stream", asked.tag, code);
            return Ok(());
        }
        shared.playback += 1;
        let pending = Pending::CreatePlayback { tag: asked.tag };
        self.ask(command::CREATE_PLAYBACK_STREAM, pending, |request| {
            request.raw(&out.0);
        });
        Ok(())
    }

    pub(super) fn playback_created(
        &mut self,
        shared: &mut Shared,
        tag: u32,
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let mut out = Out::command(command::REPLY, tag);
        let created = playback::answer(&mut tags, self.version, &mut out)?;
        let stream = Playback {
            index: created.index,
            spec: created.spec,
        };
        self.playback.insert(created.channel, stream);
        self.to_app.packet(&out.0);
        shared.sink_inputs.insert(created.index);
        shared.announce(facility::SINK_INPUT | facility::NEW, created.index);
        Ok(())
    }

    /// Audio of the app. What names no stream or no whole samples is ignored, as a server does.
    pub(super) fn play(&mut self, shared: &mut Shared, head: Descriptor, samples: &mut [u8]) {
        let Some(stream) = self.playback.get(&head.channel) else {
            return;
        };
        if !samples.len().is_multiple_of(stream.spec.frame_size()) {
            return;
        }
        let percent = match shared.gate.speaker {
            Speaker::On => shared.gate.speaker_volume,
            // The stream goes on at its pace, and nothing is heard.
            Speaker::Silent | Speaker::Off => 0,
        };
        volume::scale(stream.spec.format, samples, percent);
        shared.hear(|levels| &mut levels.speaker, stream.spec.format, samples);
        self.to_host.push(head, samples);
    }

    pub(super) fn delete_playback(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let channel = tags.u32()?;
        tags.end()?;
        if !self.playback.contains_key(&channel) {
            self.refuse(asked.tag, Code::NO_ENTITY);
            return Ok(());
        }
        let pending = Pending::DeletePlayback {
            tag: asked.tag,
            channel,
        };
        self.ask(asked.command, pending, |out| {
            out.u32(channel);
        });
        Ok(())
    }

    pub(super) fn playback_deleted(&mut self, shared: &mut Shared, channel: u32) {
        if let Some(stream) = self.playback.remove(&channel) {
            shared.playback = shared.playback.saturating_sub(1);
            shared.sink_inputs.remove(&stream.index);
            shared.announce(facility::SINK_INPUT | facility::REMOVE, stream.index);
        }
    }

    /// A request about a stream that is passed on as it is.
    pub(super) fn playback_request(
        &mut self,
        asked: Asked<'_>,
        shape: Shape,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let channel = tags.u32()?;
        check(&mut tags, shape, self.version)?;
        if self.is_playing(asked.tag, channel) {
            self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
                out.raw(asked.body);
            });
        }
        Ok(())
    }

    /// Whether there is such a stream; else the request was answered.
    fn is_playing(&mut self, tag: u32, channel: u32) -> bool {
        let there = self.playback.contains_key(&channel);
        if !there {
            self.refuse(tag, Code::NO_ENTITY);
        }
        there
    }

    pub(super) fn playback_name(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (channel, name) = (tags.u32()?, tags.string()?);
        tags.end()?;
        let name = readable(&String::from_utf8_lossy(name.unwrap_or_default()));
        if self.is_playing(asked.tag, channel) {
            self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
                out.u32(channel).string(Some(name.as_bytes()));
            });
        }
        Ok(())
    }

    pub(super) fn playback_props(
        &mut self,
        shared: &Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (channel, mode) = (tags.u32()?, tags.u32()?);
        let said = tags.props(may_say)?;
        tags.end()?;
        let name = self.name.as_deref();
        let props = shared.stamp.mark(&said, name, Owner::Playback);
        if self.is_playing(asked.tag, channel) {
            self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
                out.u32(channel).u32(mode).props(&props);
            });
        }
        Ok(())
    }

    pub(super) fn remove_playback_props(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let channel = tags.u32()?;
        keys(&mut tags.clone())?;
        if self.is_playing(asked.tag, channel) {
            self.remove_props(asked, Some((channel, tags)))?;
        }
        Ok(())
    }

    /// An event that starts with the channel and is passed on as it is.
    pub(super) fn playback_event(
        &mut self,
        payload: &[u8],
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let channel = tags.u32()?;
        if self.playback.contains_key(&channel) {
            self.to_app.packet(payload);
        }
        Ok(())
    }

    pub(super) fn playback_moved(
        &mut self,
        mut tags: Tags<'_>,
        event: u32,
    ) -> Result<(), Malformed> {
        let channel = tags.u32()?;
        let mut out = Out::command(event, INVALID);
        out.u32(channel);
        playback::moved(&mut tags, &mut out)?;
        if self.playback.contains_key(&channel) {
            self.to_app.packet(&out.0);
        }
        Ok(())
    }

    /// The host asks a stream for something; only names that are known are passed on.
    pub(super) fn stream_event(
        &mut self,
        mut tags: Tags<'_>,
        event: u32,
        channel: impl FnOnce(&Self, u32) -> Option<u32>,
    ) -> Result<(), Malformed> {
        const KNOWN: &[&[u8]] = &[b"request-cork", b"request-uncork"];
        let (host, name) = (tags.u32()?, tags.string()?);
        tags.props(|_| false)?;
        tags.end()?;
        if let Some(channel) = channel(self, host)
            && let Some(name) = name
            && KNOWN.contains(&name)
        {
            let mut out = Out::command(event, INVALID);
            out.u32(channel).string(Some(name));
            out.props(&crate::wire::props::Props::default());
            self.to_app.packet(&out.0);
        }
        Ok(())
    }

    /// Whether a stream of this number plays.
    pub(super) fn plays(&self, channel: u32) -> bool {
        self.playback.contains_key(&channel)
    }

    pub(super) fn forget_playback(&mut self, shared: &mut Shared) {
        let channels: Vec<u32> = self.playback.keys().copied().collect();
        for channel in channels {
            self.playback_deleted(shared, channel);
        }
        let being_made = |pending: &&Pending| matches!(pending, Pending::CreatePlayback { .. });
        let count = self.pending.values().filter(being_made).count();
        shared.playback = shared.playback.saturating_sub(count);
    }
}
