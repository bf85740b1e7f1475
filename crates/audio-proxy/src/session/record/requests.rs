//! What an app asks of a stream that records. The host is asked too if it has the stream; else the
//! answer is ours, and counts when the host has it again.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Record, Side};
use crate::rewrite::record;
use crate::rewrite::stamp::{Owner, may_say, readable};
use crate::rules::Code;
use crate::session::app::{Asked, keys};
use crate::session::pending::Pending;
use crate::session::{Offence, Session, Turn};
use crate::shared::{Shared, facility};
use crate::wire::props::Props;
use crate::wire::sample::RawSpec;
use crate::wire::tags::{Malformed, Out, Tags};

/// What updates of properties are called.
const SET: u32 = 0;
const MERGE: u32 = 1;
const REPLACE: u32 = 2;

impl Session {
    /// Whether the app has such a stream; else the request was answered.
    pub(super) fn has_record(&mut self, tag: u32, channel: u32) -> bool {
        let there = self.record.get(&channel).is_some_and(Record::is_answered);
        if !there {
            self.refuse(tag, Code::NO_ENTITY);
        }
        there
    }

    /// Asks the host about its stream, or answers if it has none.
    fn pass_or_answer(
        &mut self,
        asked: Asked<'_>,
        channel: u32,
        write: impl FnOnce(&mut Out),
        answer: impl FnOnce(&mut Out),
    ) {
        match self.record.get(&channel).map(|record| record.side) {
            Some(Side::Live(live)) => {
                self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
                    write(out.u32(live.channel));
                });
            }
            _ => self.reply(asked.tag, answer),
        }
    }

    pub(in crate::session) fn cork_record(
        &mut self,
        turn: &mut Turn<'_>,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (channel, corked) = (tags.u32()?, tags.bool()?);
        tags.end()?;
        if !self.has_record(asked.tag, channel) {
            return Ok(());
        }
        if let Some(record) = self.record.get_mut(&channel) {
            record.request.corked = corked;
            if let Some(listed) = turn.shared.source_outputs.get_mut(&record.index) {
                listed.output.corked = corked;
            }
            let index = record.index;
            let change = facility::SOURCE_OUTPUT | facility::CHANGE;
            turn.shared.announce(change, index);
        }
        let write = |out: &mut Out| {
            out.bool(corked);
        };
        self.pass_or_answer(asked, channel, write, |_| {});
        Ok(())
    }

    pub(in crate::session) fn flush_record(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let channel = tags.u32()?;
        tags.end()?;
        if self.has_record(asked.tag, channel) {
            self.pass_or_answer(asked, channel, |_| {}, |_| {});
        }
        Ok(())
    }

    pub(in crate::session) fn record_latency(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (channel, time) = (tags.u32()?, tags.time()?);
        tags.end()?;
        if !self.has_record(asked.tag, channel) {
            return Ok(());
        }
        let Some(record) = self.record.get(&channel) else {
            return Ok(());
        };
        let base = record.live().and_then(|live| Some((live, live.base?)));
        if let Some((live, base)) = base {
            let pending = Pending::RecordLatency {
                tag: asked.tag,
                base: i64::try_from(base).unwrap_or(i64::MAX),
            };
            self.ask(asked.command, pending, |out| {
                out.u32(live.channel).time(time);
            });
        } else {
            let sent = i64::try_from(record.sent).unwrap_or(i64::MAX);
            let runs = !record.request.corked;
            self.reply(asked.tag, |out| {
                out.usec(0).usec(0).bool(runs);
                out.time(time).time(now()).i64(sent).i64(sent);
            });
        }
        Ok(())
    }

    /// The host knows how far its stream is; the app had something before.
    pub(in crate::session) fn record_latency_known(
        &mut self,
        tag: u32,
        base: i64,
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let (monitor, source, runs) = (tags.usec()?, tags.usec()?, tags.bool()?);
        let (asked, answered) = (tags.time()?, tags.time()?);
        let (written, read) = (tags.i64()?, tags.i64()?);
        tags.end()?;
        self.reply(tag, |out| {
            out.usec(monitor).usec(source).bool(runs);
            out.time(asked).time(answered);
            out.i64(written.saturating_add(base));
            out.i64(read.saturating_add(base));
        });
        Ok(())
    }

    pub(in crate::session) fn record_buffer(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let channel = tags.u32()?;
        let (maxlength, fragsize) = (tags.u32()?, tags.u32()?);
        let adjust_latency = tags.bool()?;
        let early_requests = self.version >= 14 && tags.bool()?;
        tags.end()?;
        if !self.has_record(asked.tag, channel) {
            return Ok(());
        }
        let Some(record) = self.record.get_mut(&channel) else {
            return Ok(());
        };
        let request = &mut record.request;
        (request.maxlength, request.fragsize) = (maxlength, fragsize);
        request.adjust_latency = adjust_latency;
        request.early_requests = early_requests;
        let Some(agreed) = &mut record.agreed else {
            return Ok(());
        };
        let spec = agreed.spec;
        (agreed.maxlength, agreed.fragsize) = request.buffer(spec);
        record.clock = None;
        let agreed = *agreed;
        let version = self.version;
        let write = |out: &mut Out| {
            out.u32(maxlength).u32(fragsize).bool(adjust_latency);
            if version >= 14 {
                out.bool(early_requests);
            }
        };
        let answer = |out: &mut Out| {
            out.u32(agreed.maxlength).u32(agreed.fragsize);
            out.usec(record::latency(&agreed));
        };
        self.pass_or_answer(asked, channel, write, answer);
        Ok(())
    }

    pub(in crate::session) fn record_rate(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (channel, rate) = (tags.u32()?, tags.u32()?);
        tags.end()?;
        if !self.has_record(asked.tag, channel) {
            return Ok(());
        }
        let record = self.record.get_mut(&channel);
        let spec = record.and_then(|record| {
            let agreed = record.agreed.as_mut()?;
            let raw = agreed.spec.raw();
            agreed.spec = RawSpec { rate, ..raw }.check()?;
            record.clock = None;
            Some((record.index, agreed.spec))
        });
        let Some((index, spec)) = spec else {
            self.refuse(asked.tag, Code::INVALID);
            return Ok(());
        };
        if let Some(listed) = shared.source_outputs.get_mut(&index) {
            listed.output.spec = spec;
        }
        let write = |out: &mut Out| {
            out.u32(rate);
        };
        self.pass_or_answer(asked, channel, write, |_| {});
        Ok(())
    }

    pub(in crate::session) fn record_name(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (channel, name) = (tags.u32()?, tags.string()?);
        tags.end()?;
        if !self.has_record(asked.tag, channel) {
            return Ok(());
        }
        let name = readable(&String::from_utf8_lossy(name.unwrap_or_default()));
        let mut props = Props::default();
        props.put("media.name", format!("{name}\0").as_bytes());
        self.say(shared, channel, |said| said.merge(&props, true));
        let write = |out: &mut Out| {
            out.string(Some(name.as_bytes()));
        };
        self.pass_or_answer(asked, channel, write, |_| {});
        Ok(())
    }

    pub(in crate::session) fn record_props(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let (channel, mode) = (tags.u32()?, tags.u32()?);
        let props = shared.stamp.clean(&tags.props(may_say)?);
        tags.end()?;
        if !self.has_record(asked.tag, channel) {
            return Ok(());
        }
        match mode {
            SET => self.say(shared, channel, |said| *said = props.clone()),
            MERGE | REPLACE => self.say(shared, channel, |said| {
                said.merge(&props, mode == REPLACE);
            }),
            _ => {
                self.refuse(asked.tag, Code::INVALID);
                return Ok(());
            }
        }
        let marked = shared
            .stamp
            .mark(&props, self.name.as_deref(), Owner::Record);
        let write = |out: &mut Out| {
            out.u32(mode).props(&marked);
        };
        self.pass_or_answer(asked, channel, write, |_| {});
        Ok(())
    }

    pub(in crate::session) fn remove_record_props(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let channel = tags.u32()?;
        let keys = keys(&mut tags)?;
        if !self.has_record(asked.tag, channel) {
            return Ok(());
        }
        self.say(shared, channel, |said| {
            for key in &keys {
                said.remove(key);
            }
        });
        let write = |out: &mut Out| {
            for key in &keys {
                out.string(Some(key.as_bytes()));
            }
            out.string(None);
        };
        self.pass_or_answer(asked, channel, write, |_| {});
        Ok(())
    }

    /// Changes what the app says about a stream, here and where the sandbox reads it.
    fn say(&mut self, shared: &mut Shared, channel: u32, change: impl FnOnce(&mut Props)) {
        let Some(record) = self.record.get_mut(&channel) else {
            return;
        };
        change(&mut record.request.props);
        let name = self.name.as_deref();
        let props = shared
            .stamp
            .mark(&record.request.props, name, Owner::Record);
        if let Some(listed) = shared.source_outputs.get_mut(&record.index) {
            listed.output.props = props;
        }
    }

    /// An event that starts with the channel, which is the host's.
    pub(in crate::session) fn record_event(
        &mut self,
        event: u32,
        mut tags: Tags<'_>,
        body: &[u8],
    ) -> Result<(), Malformed> {
        let host = tags.u32()?;
        let rest = body.get(tags.position()..).ok_or(Malformed)?;
        let answered = |channel: &u32| self.record.get(channel).is_some_and(Record::is_answered);
        if let Some(channel) = self.channel_of(host).filter(answered) {
            let mut out = Out::command(event, crate::wire::tags::INVALID);
            out.u32(channel).raw(rest);
            self.to_app.packet(&out.0);
        }
        Ok(())
    }
}

/// The time of day, as the protocol has it.
fn now() -> (u32, u32) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
    (seconds, now.subsec_micros())
}
