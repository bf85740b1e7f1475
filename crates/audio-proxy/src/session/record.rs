//! Streams that record. The app's stream is ours; the host's exists only while the gate is open,
//! and is made and ended behind the app's back.

mod life;
mod requests;

use std::time::Instant;

use oz_core::wire::audio::Microphone;

use super::{Session, Turn};
use crate::gate::clock::Clock;
use crate::gate::volume;
use crate::quota;
use crate::rewrite::record::{Agreed, Request};
use crate::shared::Shared;
use crate::wire::frame::Descriptor;

/// The host's side of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// The host has none.
    None,
    /// A source is being looked for.
    Looking,
    /// The host was asked to make one.
    Creating,
    /// The host has one.
    Live(Live),
    /// The host was asked to end it.
    Deleting,
}

/// A stream that the host has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Live {
    /// The host's number of it in frames and requests.
    channel: u32,
    /// The host's number of what it hears.
    source: u32,
    /// It hears a microphone, not a monitor, as far as is known.
    verified: bool,
    /// Bytes that the app had before the first of this stream, once that has come.
    base: Option<u64>,
}

/// A stream that records.
#[derive(Debug)]
pub(super) struct Record {
    request: Request,
    /// The app's tag while it does not have the stream yet.
    unanswered: Option<u32>,
    /// What the samples are, once the app has it.
    agreed: Option<Agreed>,
    /// Our number of it for everybody.
    index: u32,
    side: Side,
    /// The host could not make one; it is tried again when the gate changes.
    failed: bool,
    /// The pace of silence, while it is given.
    clock: Option<Clock>,
    /// Bytes that the app has had.
    sent: u64,
}

/// A request that waits for the user.
#[derive(Debug)]
pub(super) struct Held {
    tag: u32,
    request: Request,
    until: Instant,
}

impl Held {
    pub(super) fn until(&self) -> Instant {
        self.until
    }
}

impl Record {
    pub(super) fn is_answered(&self) -> bool {
        self.unanswered.is_none()
    }

    /// When the next silence is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.clock.as_ref().map(Clock::due)
    }

    /// The host's stream, if what it hears may reach the app.
    fn live(&self) -> Option<Live> {
        match self.side {
            Side::Live(live) if live.verified => Some(live),
            _ => None,
        }
    }

    /// Whether the app must be given silence, because nothing else comes.
    fn is_silent(&self, shared: &Shared) -> bool {
        let flows = self.live().is_some_and(|live| live.base.is_some());
        let open = shared.gate.microphone == Microphone::On;
        self.is_answered() && !self.request.corked && !(flows && open)
    }
}

impl Session {
    /// Whether what the microphone hears reaches the app.
    #[must_use]
    pub fn listens(&self, shared: &Shared) -> bool {
        shared.gate.microphone == Microphone::On
            && self.record.values().any(|record| {
                record.is_answered() && !record.request.corked && record.live().is_some()
            })
    }

    /// What a stream of the host has heard.
    pub(super) fn recorded(&mut self, shared: &mut Shared, channel: u32, samples: &mut [u8]) {
        if shared.gate.microphone != Microphone::On {
            return;
        }
        let found = self.record.iter_mut().find_map(|(ours, record)| {
            let live = record.live().filter(|live| live.channel == channel)?;
            Some((*ours, record, live))
        });
        let Some((ours, record, live)) = found else {
            return;
        };
        let Some(agreed) = record.agreed.filter(|_| record.is_answered()) else {
            return;
        };
        if live.base.is_none() {
            record.side = Side::Live(Live {
                base: Some(record.sent),
                ..live
            });
            record.clock = None;
        }
        record.sent += samples.len() as u64;
        let percent = shared.gate.microphone_volume;
        volume::scale(agreed.spec.format, samples, percent);
        shared.hear(|levels| &mut levels.microphone, agreed.spec.format, samples);
        self.to_app
            .push(Descriptor::audio(ours, samples.len()), samples);
    }

    /// Starts, gives and stops silence, as each stream needs it.
    pub(super) fn pace(&mut self, turn: &Turn<'_>) {
        for (channel, record) in &mut self.record {
            let Some(agreed) = record.agreed.filter(|_| record.is_silent(turn.shared)) else {
                record.clock = None;
                continue;
            };
            let clock = record
                .clock
                .get_or_insert_with(|| Clock::start(agreed.spec, agreed.fragsize, turn.now));
            let length = clock.take(turn.now);
            // An app that does not read has missed it.
            if length > 0 && self.to_app.waiting().len() < quota::BACKLOG {
                let silence = agreed.spec.format.silence();
                self.to_app.repeated(*channel, silence, length);
                record.sent += length as u64;
            }
        }
    }
}
