//! The client itself: who it is, what it wants to hear of.

use super::app::{Asked, keys};
use super::pending::Pending;
use super::{Offence, Phase, Session};
use crate::rewrite::device::Kind;
use crate::rewrite::lists;
use crate::rewrite::stamp::{Owner, readable};
use crate::rules::Code;
use crate::shared::{Shared, facility};
use crate::wire::command;
use crate::wire::tags::{INVALID, Malformed, Out, Tags};

/// Versions of the protocol that are understood.
const OLDEST: u32 = 13;
const NEWEST: u32 = 35;

/// The bits of a version that are one; the others offer shared memory.
const VERSION: u32 = 0xffff;

/// What updates of properties are called.
const SET: u32 = 0;
const REPLACE: u32 = 2;

impl Session {
    pub(super) fn authenticate(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let version = tags.u32()? & VERSION;
        // Whatever the app sends: the host is shown ours.
        tags.blob()?;
        tags.end()?;
        if version < OLDEST {
            self.deny(shared, "auth", asked.tag, Code::VERSION);
            return Ok(());
        }
        self.version = version.min(NEWEST);
        self.phase = Phase::Asked;
        let version = self.version;
        self.ask(command::AUTH, Pending::Auth { tag: asked.tag }, |out| {
            out.u32(version).blob(&shared.cookie);
        });
        Ok(())
    }

    pub(super) fn authenticated(&mut self, tag: u32, mut tags: Tags<'_>) -> Result<(), Malformed> {
        let version = (tags.u32()? & VERSION).min(NEWEST);
        tags.end()?;
        if version < OLDEST {
            self.phase = Phase::New;
            self.refuse(tag, Code::VERSION);
            return Ok(());
        }
        self.version = self.version.min(version);
        self.phase = Phase::Ready;
        self.reply(tag, |out| {
            out.u32(version);
        });
        Ok(())
    }

    pub(super) fn client_name(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let said = tags.props(|_| true)?;
        tags.end()?;
        self.name = said.text("application.name").map(readable);
        let props = shared
            .stamp
            .mark(&said, self.name.as_deref(), Owner::Client);
        let pending = Pending::ClientName { tag: asked.tag };
        self.ask(command::SET_CLIENT_NAME, pending, |out| {
            out.props(&props);
        });
        Ok(())
    }

    pub(super) fn client_named(
        &mut self,
        shared: &mut Shared,
        tag: u32,
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let client = tags.u32()?;
        tags.end()?;
        self.client = client;
        if shared.clients.insert(client) {
            shared.announce(facility::CLIENT | facility::NEW, client);
        }
        self.reply(tag, |out| {
            out.u32(client);
        });
        Ok(())
    }

    pub(super) fn client_props(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let mode = tags.u32()?;
        let said = tags.props(|_| true)?;
        tags.end()?;
        if !(SET..=REPLACE).contains(&mode) {
            self.refuse(asked.tag, Code::INVALID);
            return Ok(());
        }
        if let Some(name) = said.text("application.name") {
            self.name = Some(readable(name));
        }
        let props = shared
            .stamp
            .mark(&said, self.name.as_deref(), Owner::Client);
        self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
            out.u32(mode).props(&props);
        });
        Ok(())
    }

    /// Removes properties of the client, or of a stream that the host knows by `channel`.
    pub(super) fn remove_props(
        &mut self,
        asked: Asked<'_>,
        channel: Option<(u32, Tags<'_>)>,
    ) -> Result<(), Offence> {
        let (channel, mut tags) = match channel {
            Some((channel, tags)) => (Some(channel), tags),
            None => (None, asked.tags()),
        };
        let keys = keys(&mut tags)?;
        self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
            if let Some(channel) = channel {
                out.u32(channel);
            }
            for key in keys {
                out.string(Some(key.as_bytes()));
            }
            out.string(None);
        });
        Ok(())
    }

    pub(super) fn client_info(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
        list: bool,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let index = if list { None } else { Some(tags.u32()?) };
        tags.end()?;
        if index.is_some_and(|index| !shared.clients.contains(&index)) {
            self.refuse(asked.tag, Code::NO_ENTITY);
            return Ok(());
        }
        self.ask(asked.command, Pending::Clients { tag: asked.tag }, |out| {
            out.raw(asked.body);
        });
        Ok(())
    }

    pub(super) fn clients(
        &mut self,
        shared: &Shared,
        tag: u32,
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let mut out = Out::command(command::REPLY, tag);
        lists::clients(&mut tags, |index| shared.clients.contains(&index), &mut out)?;
        self.to_app.packet(&out.0);
        Ok(())
    }

    pub(super) fn server_info(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        asked.tags().end()?;
        self.ask(
            asked.command,
            Pending::ServerInfo { tag: asked.tag },
            |_| {},
        );
        Ok(())
    }

    pub(super) fn server_known(
        &mut self,
        shared: &Shared,
        tag: u32,
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let mut out = Out::command(command::REPLY, tag);
        out.string(tags.string()?).string(tags.string()?);
        tags.string()?;
        tags.string()?;
        out.string(Some(b"user"));
        out.string(Some(shared.stamp.sandbox().as_bytes()));
        out.spec(tags.spec()?);
        tags.string()?;
        tags.string()?;
        out.string(Some(Kind::Sink.name()));
        // Also when there is no microphone to be had: SDL 2 copies both names without looking.
        out.string(Some(Kind::Source.name()));
        // The number by which clients know the server again: that of no server.
        tags.u32()?;
        out.u32(0);
        if self.version >= 15 {
            out.map(&tags.map()?);
        }
        tags.end()?;
        self.to_app.packet(&out.0);
        Ok(())
    }

    pub(super) fn stat(&mut self, asked: Asked<'_>) -> Result<(), Offence> {
        asked.tags().end()?;
        self.reply(asked.tag, |out| {
            for _ in 0..5 {
                out.u32(0);
            }
        });
        Ok(())
    }

    pub(super) fn subscribe(
        &mut self,
        shared: &mut Shared,
        asked: Asked<'_>,
    ) -> Result<(), Offence> {
        let mut tags = asked.tags();
        let mask = tags.u32()?;
        tags.end()?;
        if mask & !facility::ALL != 0 {
            self.refuse(asked.tag, Code::INVALID);
            return Ok(());
        }
        self.subscribed = mask;
        let bit = |facility: u32| 1 << facility;
        let mut seen = mask
            & (bit(facility::SINK_INPUT)
                | bit(facility::SOURCE_OUTPUT)
                | bit(facility::CLIENT)
                | bit(facility::SOURCE)
                | bit(facility::SERVER));
        if mask & (bit(facility::SINK) | bit(facility::SOURCE)) != 0 {
            // Which devices are the default ones is the server's.
            seen |= bit(facility::SERVER);
        }
        self.ask(asked.command, Pending::Pass { tag: asked.tag }, |out| {
            out.u32(seen);
        });
        self.source_told = None;
        self.look_for_source(shared);
        Ok(())
    }

    /// An event of the host, less what the app does not know of.
    pub(super) fn host_news(
        &mut self,
        shared: &Shared,
        mut tags: Tags<'_>,
    ) -> Result<(), Malformed> {
        let (event, index) = (tags.u32()?, tags.u32()?);
        tags.end()?;
        let change = event & !facility::MASK == facility::CHANGE;
        match event & facility::MASK {
            facility::SINK_INPUT if change && shared.sink_inputs.contains(&index) => {
                self.tell(event, index);
            }
            facility::CLIENT if change && shared.clients.contains(&index) => {
                self.tell(event, index);
            }
            facility::SOURCE_OUTPUT if change => {
                if let Some(ours) = shared.ours(index) {
                    self.tell(event, ours);
                }
            }
            facility::SOURCE if !change => self.look_for_source(shared),
            facility::SERVER => {
                self.tell(facility::SERVER | facility::CHANGE, INVALID);
                self.tell(facility::SINK | facility::CHANGE, 0);
                self.look_for_source(shared);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn forget_client(&mut self, shared: &mut Shared) {
        if shared.clients.remove(&self.client) {
            shared.announce(facility::CLIENT | facility::REMOVE, self.client);
        }
    }
}
