//! How a stream that records begins and ends, on both sides.

use oz_core::wire::audio::Microphone;
use tracing::{debug, warn};

use super::{Held, Live, Record, Side};
use crate::quota;
use crate::rewrite::device::{Device, Kind};
use crate::rewrite::lists::SourceOutput;
use crate::rewrite::playback::Refused;
use crate::rewrite::record::{self, Request};
use crate::rewrite::stamp::Owner;
use crate::rules::Code;
use crate::session::app::Asked;
use crate::session::pending::{Pending, Purpose};
use crate::session::{Offence, Session, Turn};
use crate::shared::{Listed, Shared, facility};
use crate::wire::command;
use crate::wire::tags::{INVALID, Malformed, Out, Tags, Volumes};

const NAME: &str = "create-record-stream";

impl Session {
    pub(in crate::session) fn create_record(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        match Request::read(&mut asked.tags(), self.version, &turn.shared.stamp) {
            Ok(request) => self.start_record(turn, asked.tag, request),
            Err(Refused::Malformed) => return Err(Malformed.into()),
            Err(Refused::Code(code)) => self.deny(turn.shared, NAME, asked.tag, code),
        }
        Ok(())
    }

    /// Does with a new stream what the gate says.
    fn start_record(&mut self, turn: &mut Turn<'_>, tag: u32, request: Request) {
        if turn.shared.record >= quota::RECORD {
            self.deny(turn.shared, NAME, tag, Code::TOO_LARGE);
            return;
        }
        match turn.shared.gate.microphone {
            Microphone::Off => self.deny(turn.shared, NAME, tag, Code::ACCESS),
            Microphone::Ask if self.held.len() >= quota::HELD => {
                self.deny(turn.shared, NAME, tag, Code::ACCESS);
            }
            Microphone::Ask => self.held.push(Held {
                tag,
                request,
                until: turn.now + quota::HELD_FOR,
            }),
            Microphone::Silent | Microphone::On => {
                turn.shared.record += 1;
                let channel = self.next_channel;
                self.next_channel = (channel + 1) & 0x7fff_ffff;
                let record = Record {
                    request,
                    unanswered: Some(tag),
                    agreed: None,
                    index: turn.shared.number(),
                    side: Side::None,
                    failed: false,
                    clock: None,
                    sent: 0,
                };
                self.record.insert(channel, record);
                self.reconcile(turn, channel);
            }
        }
    }

    /// The user has answered: what waited is decided.
    pub(in crate::session) fn release_held(&mut self, turn: &mut Turn<'_>) {
        if turn.shared.gate.microphone != Microphone::Ask {
            for held in std::mem::take(&mut self.held) {
                self.start_record(turn, held.tag, held.request);
            }
        }
    }

    /// The user has not answered: no.
    pub(in crate::session) fn give_up_held(&mut self, turn: &mut Turn<'_>) {
        while let Some(late) = self.held.iter().position(|held| held.until <= turn.now) {
            let held = self.held.remove(late);
            self.deny(turn.shared, NAME, held.tag, Code::ACCESS);
        }
    }

    pub(in crate::session) fn reconcile_all(&mut self, turn: &mut Turn<'_>) {
        let channels: Vec<u32> = self.record.keys().copied().collect();
        for channel in channels {
            if let Some(record) = self.record.get_mut(&channel) {
                record.failed = false;
            }
            self.reconcile(turn, channel);
        }
    }

    /// Takes the next step towards what the gate wants of a stream. Each step ends with an answer
    /// of the host, which takes the next one, so that never more than one is under way.
    fn reconcile(&mut self, turn: &mut Turn<'_>, channel: u32) {
        let open = turn.shared.gate.microphone == Microphone::On;
        let Some(record) = self.record.get_mut(&channel) else {
            return;
        };
        match record.side {
            Side::None if open && !record.failed => {
                record.side = Side::Looking;
                self.find_source(Purpose::Record { channel });
            }
            Side::None if !open => self.settle(turn, channel),
            Side::Live(live) if !open => {
                record.side = Side::Deleting;
                let index = record.index;
                let pending = Pending::DeleteRecord { channel };
                self.ask(command::DELETE_RECORD_STREAM, pending, |out| {
                    out.u32(live.channel);
                });
                self.lost_by_host(turn.shared, index);
                self.settle(turn, channel);
            }
            Side::None | Side::Looking | Side::Creating | Side::Live(_) | Side::Deleting => {}
        }
    }

    /// Answers an app that waits for its stream while the gate is not open.
    fn settle(&mut self, turn: &mut Turn<'_>, channel: u32) {
        let Some(record) = self.record.get_mut(&channel) else {
            return;
        };
        let Some(tag) = record.unanswered else { return };
        match turn.shared.gate.microphone {
            Microphone::Silent => {
                let agreed = record.request.agree();
                self.grant(turn.shared, channel, agreed);
            }
            Microphone::Off => {
                self.drop_record(turn.shared, channel);
                self.deny(turn.shared, NAME, tag, Code::ACCESS);
            }
            Microphone::Ask => {
                if let Some(record) = self.drop_record(turn.shared, channel) {
                    self.start_record(turn, tag, record.request);
                }
            }
            Microphone::On => {}
        }
    }

    /// Gives the app its stream.
    fn grant(&mut self, shared: &mut Shared, channel: u32, agreed: record::Agreed) {
        let Some(record) = self.record.get_mut(&channel) else {
            return;
        };
        let Some(tag) = record.unanswered.take() else {
            return;
        };
        record.agreed = Some(agreed);
        let request = &record.request;
        let name = self.name.as_deref();
        let channels = agreed.spec.channels;
        let volumes = if request.volumes.channels() == channels {
            request.volumes
        } else {
            Volumes::normal(channels)
        };
        let output = SourceOutput {
            client: self.client,
            props: shared.stamp.mark(&request.props, name, Owner::Record),
            spec: agreed.spec,
            map: agreed.map,
            volumes,
            muted: request.muted,
            corked: request.corked,
        };
        let index = record.index;
        let reply = record::reply(tag, self.version, channel, index, &agreed);
        self.to_app.packet(&reply.0);
        let listed = Listed { output, host: None };
        shared.source_outputs.insert(index, listed);
        shared.announce(facility::SOURCE_OUTPUT | facility::NEW, index);
    }

    /// A source was found, or none.
    pub(in crate::session) fn record_from(
        &mut self,
        turn: &mut Turn<'_>,
        channel: u32,
        source: Option<u32>,
    ) {
        let Some(record) = self.record.get_mut(&channel) else {
            return;
        };
        record.side = Side::None;
        if turn.shared.gate.microphone != Microphone::On {
            self.settle(turn, channel);
            return;
        }
        let Some(source) = source else {
            self.record_failed(turn.shared, channel, Code::NO_ENTITY);
            return;
        };
        record.side = Side::Creating;
        let mut request = record.request.clone();
        if let Some(listed) = turn.shared.source_outputs.get(&record.index) {
            request.say(listed.output.volumes, listed.output.muted);
        }
        let agreed = record.agreed;
        let version = self.version;
        let name = self.name.clone();
        let stamp = (&turn.shared.stamp, name.as_deref());
        let pending = Pending::CreateRecord {
            channel,
            source,
            corked: request.corked,
        };
        self.ask(command::CREATE_RECORD_STREAM, pending, |out| {
            request.write(out, version, source, agreed.as_ref(), stamp);
        });
    }

    /// The host cannot give what was asked for: an app that waits is told, another one hears silence.
    pub(in crate::session) fn record_failed(
        &mut self,
        shared: &mut Shared,
        channel: u32,
        code: Code,
    ) {
        let Some(record) = self.record.get_mut(&channel) else {
            return;
        };
        record.side = Side::None;
        record.failed = true;
        debug!(code = code.0, "the host does not record");
        if let Some(tag) = record.unanswered {
            self.drop_record(shared, channel);
            self.refuse(tag, code);
        }
    }

    /// The host has made its stream.
    pub(in crate::session) fn record_created(
        &mut self,
        turn: &mut Turn<'_>,
        channel: u32,
        (source, was_corked): (u32, bool),
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let created = record::answer(&mut tags, self.version)?;
        let Some(record) = self.record.get_mut(&channel) else {
            // The app has ended it meanwhile.
            self.ask(command::DELETE_RECORD_STREAM, Pending::Ours, |out| {
                out.u32(created.channel);
            });
            return Ok(());
        };
        let spec = created.agreed.spec;
        let before = record.agreed.map_or(spec, |agreed| agreed.spec);
        let verified = created.source == source;
        record.side = Side::Live(Live {
            channel: created.channel,
            source: created.source,
            verified,
            base: None,
        });
        if turn.shared.gate.microphone == Microphone::On {
            self.grant(turn.shared, channel, created.agreed);
        }
        let Some(record) = self.record.get(&channel) else {
            return Ok(());
        };
        if let Some(listed) = turn.shared.source_outputs.get_mut(&record.index) {
            listed.host = Some(created.index);
        }
        // What the app has said since the host was asked.
        let corked = record.request.corked;
        if corked != was_corked {
            self.ask(command::CORK_RECORD_STREAM, Pending::Ours, |out| {
                out.u32(created.channel).bool(corked);
            });
        }
        if before.rate != spec.rate {
            let update = command::UPDATE_RECORD_STREAM_SAMPLE_RATE;
            self.ask(update, Pending::Ours, |out| {
                out.u32(created.channel).u32(before.rate);
            });
        }
        if (before.format, before.channels) != (spec.format, spec.channels) {
            warn!("the host records in another format than was asked for");
            self.end_live(turn.shared, channel);
        } else if !verified {
            self.verify(channel, created.source);
        }
        self.reconcile(turn, channel);
        Ok(())
    }

    /// The host has ended its stream, as it was asked to.
    pub(in crate::session) fn record_deleted(&mut self, turn: &mut Turn<'_>, channel: u32) {
        if let Some(record) = self.record.get_mut(&channel)
            && record.side == Side::Deleting
        {
            record.side = Side::None;
            self.reconcile(turn, channel);
        }
    }

    /// The app ends its stream.
    pub(in crate::session) fn delete_record(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let channel = tags.u32()?;
        tags.end()?;
        if !self.has_record(asked.tag, channel) {
            return Ok(());
        }
        match self.drop_record(shared, channel).map(|record| record.side) {
            Some(Side::Live(live)) => {
                self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
                    out.u32(live.channel);
                });
            }
            _ => self.reply(asked.tag, |_| {}),
        }
        Ok(())
    }

    /// Takes a stream out of all books. The host's, if it has one, is the caller's to end.
    fn drop_record(&mut self, shared: &mut Shared, channel: u32) -> Option<Record> {
        let record = self.record.remove(&channel)?;
        shared.record = shared.record.saturating_sub(1);
        if shared.source_outputs.remove(&record.index).is_some() {
            shared.announce(facility::SOURCE_OUTPUT | facility::REMOVE, record.index);
        }
        Some(record)
    }

    fn lost_by_host(&self, shared: &mut Shared, index: u32) {
        if let Some(listed) = shared.source_outputs.get_mut(&index) {
            listed.host = None;
        }
    }

    /// Ends the host's stream without the gate's having been closed; there is silence then.
    fn end_live(&mut self, shared: &mut Shared, channel: u32) {
        let Some(record) = self.record.get_mut(&channel) else {
            return;
        };
        let Side::Live(live) = record.side else {
            return;
        };
        record.side = Side::Deleting;
        record.failed = true;
        let index = record.index;
        let pending = Pending::DeleteRecord { channel };
        self.ask(command::DELETE_RECORD_STREAM, pending, |out| {
            out.u32(live.channel);
        });
        self.lost_by_host(shared, index);
    }

    /// Our number of a stream that the host has.
    pub(in crate::session) fn channel_of(&self, host: u32) -> Option<u32> {
        self.record.iter().find_map(|(channel, record)| {
            let live = matches!(record.side, Side::Live(live) if live.channel == host);
            live.then_some(*channel)
        })
    }

    /// The host has ended its stream unasked: so does ours.
    pub(in crate::session) fn record_killed(
        &mut self,
        shared: &mut Shared,
        mut tags: Tags<'_>,
        event: u32,
    ) -> Result<(), Malformed> {
        let host = tags.u32()?;
        tags.end()?;
        if let Some(channel) = self.channel_of(host) {
            let record = self.drop_record(shared, channel);
            match record.and_then(|record| record.unanswered) {
                Some(tag) => self.refuse(tag, Code::NO_ENTITY),
                None => {
                    let mut out = Out::command(event, INVALID);
                    out.u32(channel);
                    self.to_app.packet(&out.0);
                }
            }
        }
        Ok(())
    }

    /// The host has moved its stream, though it was told not to: nothing passes until it is known
    /// that it does not hear a monitor now.
    pub(in crate::session) fn record_moved(&mut self, mut tags: Tags<'_>) -> Result<(), Malformed> {
        let (host, source) = (tags.u32()?, tags.u32()?);
        let channel = self.channel_of(host);
        let record = channel.and_then(|channel| self.record.get_mut(&channel));
        if let (Some(channel), Some(record)) = (channel, record)
            && let Side::Live(live) = &mut record.side
        {
            live.verified = false;
            live.source = source;
            self.verify(channel, source);
        }
        Ok(())
    }

    fn verify(&mut self, channel: u32, source: u32) {
        let pending = Pending::Verify { channel, source };
        self.ask(command::GET_SOURCE_INFO, pending, |out| {
            out.u32(source).string(None);
        });
    }

    /// What a stream hears now is known.
    pub(in crate::session) fn verified(
        &mut self,
        turn: &mut Turn<'_>,
        channel: u32,
        asked: u32,
        tags: Option<Tags<'_>>,
    ) -> Result<(), Malformed> {
        let source = match tags {
            Some(mut tags) => Some(Device::read(&mut tags, Kind::Source, self.version)?),
            None => None,
        };
        let Some(record) = self.record.get_mut(&channel) else {
            return Ok(());
        };
        let Side::Live(live) = &mut record.side else {
            return Ok(());
        };
        if live.source != asked {
            // It was moved again, and that is being looked at.
        } else if source.is_some_and(|source| source.monitor.is_none()) {
            live.verified = true;
        } else {
            warn!("a stream of the microphone ended up at a monitor");
            self.end_live(turn.shared, channel);
        }
        Ok(())
    }

    pub(in crate::session) fn forget_record(&mut self, shared: &mut Shared) {
        let channels: Vec<u32> = self.record.keys().copied().collect();
        for channel in channels {
            self.drop_record(shared, channel);
        }
        self.held.clear();
    }
}
