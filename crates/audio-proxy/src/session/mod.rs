//! One client of the sandbox and its connection to the host: bytes in, bytes out, no descriptors.
//!
//! `app` takes what the app sends, `host` what the host does. Every request that is passed on
//! gets a tag of our own, so that our requests and the app's cannot be mistaken for each other.

mod app;
mod clients;
mod devices;
mod host;
mod pending;
mod playback;
mod record;
mod streams;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use tracing::debug;

use crate::quota;
use crate::rules::Code;
use crate::shared::Shared;
use crate::wire::command;
use crate::wire::frame::{FrameError, Outbox, PACKETS, Reader};
use crate::wire::tags::{INVALID, Malformed, Out};

use pending::Pending;
use playback::Playback;
use record::{Held, Record};

/// Why a client loses its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Offence {
    /// What it sends are no frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A packet of it cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It sent what only a server sends, or what was negotiated away.
    #[error("a client sent a command that no client sends")]
    Never,
    /// It did not say who it is.
    #[error("a client did not introduce itself in time")]
    Silent,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client did what it must not.
    Offence(Offence),
    /// The host sent what cannot be understood.
    Host,
}

/// How far the two sides know each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing was said; the host does not know of the client.
    New,
    /// The host was asked.
    Asked,
    /// Both have agreed on a version.
    Ready,
}

/// One client.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    /// When it connected.
    since: Instant,
    version: u32,
    /// What the app calls itself.
    name: Option<String>,
    /// The host's number of the client.
    client: u32,
    from_app: Reader,
    from_host: Reader,
    to_app: Outbox,
    to_host: Outbox,
    pending: HashMap<u32, Pending>,
    next_tag: u32,
    playback: BTreeMap<u32, Playback>,
    record: BTreeMap<u32, Record>,
    next_channel: u32,
    held: Vec<Held>,
    /// What the app wants to hear of.
    subscribed: u32,
    /// Whether the app was told that there is a source; nothing if it does not want to know.
    source_told: Option<bool>,
    /// The host is being asked whether there is a source.
    looking: bool,
    ended: Option<Ended>,
}

/// What a turn of a session is done with.
pub struct Turn<'a> {
    /// What its clients have in common.
    pub shared: &'a mut Shared,
    /// The time.
    pub now: Instant,
}

impl Session {
    /// A client that has just connected.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            phase: Phase::New,
            since: now,
            version: 0,
            name: None,
            client: INVALID,
            from_app: Reader::new(quota::APP_PACKET),
            from_host: Reader::new(quota::HOST_PACKET),
            to_app: Outbox::default(),
            to_host: Outbox::default(),
            pending: HashMap::new(),
            next_tag: 0,
            playback: BTreeMap::new(),
            record: BTreeMap::new(),
            next_channel: 0,
            held: Vec::new(),
            subscribed: 0,
            source_told: None,
            looking: false,
            ended: None,
        }
    }

    /// Where bytes of the app are put.
    pub fn app(&mut self) -> (&mut Reader, &mut Outbox) {
        (&mut self.from_app, &mut self.to_app)
    }

    /// Where bytes of the host are put.
    pub fn host(&mut self) -> (&mut Reader, &mut Outbox) {
        (&mut self.from_host, &mut self.to_host)
    }

    /// Whether something waits to be written to the host.
    #[must_use]
    pub fn host_waits(&self) -> bool {
        !self.to_host.waiting().is_empty()
    }

    /// Whether something waits to be written to the app.
    #[must_use]
    pub fn app_waits(&self) -> bool {
        !self.to_app.waiting().is_empty()
    }

    /// Whether the app is listened to: neither side has too much to read yet.
    #[must_use]
    pub fn hears_app(&self) -> bool {
        self.phase != Phase::Asked
            && self.pending.len() < quota::PENDING
            && self.to_host.waiting().len() < quota::BACKLOG
            && self.to_app.waiting().len() < quota::BACKLOG
    }

    /// Whether the host is listened to: the app does not have too much to read yet.
    #[must_use]
    pub fn hears_host(&self) -> bool {
        self.to_app.waiting().len() < quota::BACKLOG
    }

    /// Whether [`Self::process`] has something to do already: it stopped while there was no room, and
    /// nothing need arrive for it to go on.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.ended.is_none()
            && (self.hears_app() && self.from_app.is_ready()
                || self.hears_host() && self.from_host.is_ready())
    }

    /// Why it is over, if it is.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// How many streams play and record.
    #[must_use]
    pub fn streams(&self) -> (usize, usize) {
        let answered = self.record.values().filter(|record| record.is_answered());
        (self.playback.len(), answered.count())
    }

    /// Whether a stream waits for the user.
    #[must_use]
    pub fn asks(&self) -> bool {
        !self.held.is_empty()
    }

    /// Handles what has arrived, as far as there is room for what comes of it.
    pub fn process(&mut self, turn: &mut Turn<'_>) {
        if self.ended.is_some() {
            return;
        }
        if let Err(offence) = self.process_app(turn) {
            self.ended = Some(Ended::Offence(offence));
        } else if let Err(offence) = self.process_host(turn) {
            debug!(%offence, "the host is not understood");
            self.ended = Some(Ended::Host);
        }
        self.pace(turn);
    }

    fn process_app(&mut self, turn: &mut Turn<'_>) -> Result<(), Offence> {
        let mut reader = std::mem::replace(&mut self.from_app, Reader::new(0));
        let mut result = Ok(());
        while result.is_ok() && self.hears_app() {
            result = match reader.frame() {
                Ok(None) => break,
                Ok(Some((head, payload))) if head.channel == PACKETS => {
                    self.app_packet(turn, payload)
                }
                Ok(Some((head, payload))) => {
                    self.play(turn.shared, head, payload);
                    Ok(())
                }
                Err(error) => Err(error.into()),
            };
        }
        self.from_app = reader;
        result
    }

    fn process_host(&mut self, turn: &mut Turn<'_>) -> Result<(), Offence> {
        let mut reader = std::mem::replace(&mut self.from_host, Reader::new(0));
        let mut result = Ok(());
        while result.is_ok() && self.hears_host() {
            result = match reader.frame() {
                Ok(None) => break,
                Ok(Some((head, payload))) if head.channel == PACKETS => {
                    self.host_packet(turn, payload)
                }
                Ok(Some((head, payload))) => {
                    self.recorded(turn.shared, head.channel, payload);
                    Ok(())
                }
                Err(error) => Err(error.into()),
            };
        }
        self.from_host = reader;
        result
    }

    /// The gate stands differently.
    pub fn gate_changed(&mut self, turn: &mut Turn<'_>) {
        self.release_held(turn);
        self.reconcile_all(turn);
        self.look_for_source(turn.shared);
        self.pace(turn);
    }

    /// When [`Self::tick`] has something to do, if nothing else happens.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let introduction = (self.phase == Phase::New).then(|| self.since + quota::INTRODUCTION);
        let held = self.held.iter().map(Held::until);
        let silence = self.record.values().filter_map(Record::due);
        held.chain(silence).chain(introduction).min()
    }

    /// Does what is due.
    pub fn tick(&mut self, turn: &mut Turn<'_>) {
        if self.phase == Phase::New && turn.now >= self.since + quota::INTRODUCTION {
            self.ended = Some(Ended::Offence(Offence::Silent));
        }
        self.give_up_held(turn);
        self.pace(turn);
    }

    /// Tells the app what it wants to hear of.
    pub fn tell(&mut self, event: u32, index: u32) {
        let facility = event & crate::shared::facility::MASK;
        // One that does not read misses something; what it asks then is answered as it is.
        if self.subscribed & 1 << facility == 0 || !self.hears_host() {
            return;
        }
        let mut out = Out::command(command::SUBSCRIBE_EVENT, INVALID);
        out.u32(event).u32(index);
        self.to_app.packet(&out.0);
    }

    /// Forgets what the client had. The connection to the host ends with it, and so do its streams.
    pub fn close(&mut self, shared: &mut Shared) {
        self.forget_playback(shared);
        self.forget_record(shared);
        self.forget_client(shared);
    }

    /// Asks the host for something; the answer is handled as `pending` says.
    fn ask(&mut self, command: u32, pending: Pending, write: impl FnOnce(&mut Out)) {
        let tag = self.next_tag;
        // The highest number means that there is no tag.
        self.next_tag = (tag + 1) & 0x7fff_ffff;
        let mut out = Out::command(command, tag);
        write(&mut out);
        self.to_host.packet(&out.0);
        self.pending.insert(tag, pending);
    }

    /// Answers the app.
    fn reply(&mut self, tag: u32, write: impl FnOnce(&mut Out)) {
        let mut out = Out::command(command::REPLY, tag);
        write(&mut out);
        self.to_app.packet(&out.0);
    }

    /// Answers the app that it got nothing.
    fn refuse(&mut self, tag: u32, code: Code) {
        let mut out = Out::command(command::ERROR, tag);
        out.u32(code.0);
        self.to_app.packet(&out.0);
    }
}
