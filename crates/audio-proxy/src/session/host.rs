//! What the host answers, and what it says by itself.

use super::pending::Pending;
use super::{Offence, Phase, Session, Turn};
use crate::rules::{self, Code, Event, Host};
use crate::wire::command;
use crate::wire::tags::{Malformed, Out, Tags};

impl Session {
    pub(super) fn host_packet(
        &mut self,
        turn: &mut Turn<'_>,
        payload: &[u8],
    ) -> Result<(), Offence> {
        let mut tags = Tags::new(payload);
        let (command, tag) = (tags.u32()?, tags.u32()?);
        let body = &payload[tags.position()..];
        let tags = Tags::new(body);
        let Some(Host::Take(event)) = rules::of(command).map(|rule| rule.host) else {
            return Ok(());
        };
        match event {
            Event::Reply => {
                if let Some(pending) = self.pending.remove(&tag) {
                    self.answered(turn, pending, body)?;
                }
            }
            Event::Error => {
                if let Some(pending) = self.pending.remove(&tag) {
                    let code = Code(tags.clone().u32()?);
                    self.failed(turn, pending, code)?;
                }
            }
            Event::Playback | Event::PlaybackSuspended | Event::PlaybackBuffer => {
                self.playback_event(payload, tags)?;
            }
            Event::PlaybackKilled => {
                let channel = tags.clone().u32()?;
                self.playback_event(payload, tags)?;
                self.playback_deleted(turn.shared, channel);
            }
            Event::PlaybackMoved => self.playback_moved(tags, command)?,
            Event::PlaybackEvent => self.stream_event(tags, command, |session, channel| {
                session.plays(channel).then_some(channel)
            })?,
            Event::RecordKilled => self.record_killed(turn.shared, tags, command)?,
            Event::RecordMoved => self.record_moved(tags)?,
            Event::RecordSuspended | Event::RecordBuffer => {
                self.record_event(command, tags, body)?;
            }
            Event::RecordEvent => self.stream_event(tags, command, Self::channel_of)?,
            Event::Subscription => self.host_news(turn.shared, tags)?,
        }
        Ok(())
    }

    fn answered(
        &mut self,
        turn: &mut Turn<'_>,
        pending: Pending,
        body: &[u8],
    ) -> Result<(), Malformed> {
        let tags = Tags::new(body);
        match pending {
            Pending::Pass { tag } => self.reply(tag, |out| {
                out.raw(body);
            }),
            Pending::Ours => {}
            Pending::Auth { tag } => self.authenticated(tag, tags)?,
            Pending::ClientName { tag } => self.client_named(turn.shared, tag, tags)?,
            Pending::ServerInfo { tag } => self.server_known(turn.shared, tag, tags)?,
            Pending::Sink { tag, .. } => self.sink_known(tag, tags)?,
            Pending::SinkInputs { tag } => self.sink_inputs(turn.shared, tag, tags)?,
            Pending::Clients { tag } => self.clients(turn.shared, tag, tags)?,
            Pending::CreatePlayback { tag } => self.playback_created(turn.shared, tag, tags)?,
            Pending::DeletePlayback { tag, channel } => {
                self.playback_deleted(turn.shared, channel);
                self.reply(tag, |_| {});
            }
            Pending::DefaultSource(purpose) => self.default_source(turn, purpose, Some(tags))?,
            Pending::Sources(purpose) => self.sources(turn, purpose, tags)?,
            Pending::CreateRecord {
                channel,
                source,
                corked,
            } => self.record_created(turn, channel, (source, corked), tags)?,
            Pending::DeleteRecord { channel } => self.record_deleted(turn, channel),
            Pending::Verify { channel, source } => {
                self.verified(turn, channel, source, Some(tags))?;
            }
            Pending::RecordLatency { tag, base } => self.record_latency_known(tag, base, tags)?,
        }
        Ok(())
    }

    fn failed(
        &mut self,
        turn: &mut Turn<'_>,
        pending: Pending,
        code: Code,
    ) -> Result<(), Malformed> {
        match pending {
            Pending::CreatePlayback { .. } => {
                turn.shared.playback = turn.shared.playback.saturating_sub(1);
            }
            // What cannot be ended is gone already.
            Pending::DeletePlayback { channel, .. } => self.playback_deleted(turn.shared, channel),
            Pending::Auth { .. } => self.phase = Phase::New,
            Pending::DefaultSource(purpose) => self.default_source(turn, purpose, None)?,
            Pending::Sources(purpose) => self.found_source(turn, purpose, None),
            Pending::CreateRecord { channel, .. } => {
                self.record_failed(turn.shared, channel, code);
            }
            Pending::DeleteRecord { channel } => self.record_deleted(turn, channel),
            Pending::Verify { channel, source } => self.verified(turn, channel, source, None)?,
            // A list is not an error when there is nothing to list.
            Pending::Sink { tag, list: true } => {
                self.reply(tag, |_| {});
                return Ok(());
            }
            _ => {}
        }
        if let Some(tag) = pending.tag() {
            let mut out = Out::command(command::ERROR, tag);
            out.u32(code.0);
            self.to_app.packet(&out.0);
        }
        Ok(())
    }
}
