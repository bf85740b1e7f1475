//! A sound server and an app that are only bytes, for tests and fuzzing: no sockets, no sound, and
//! the time is whatever the test says.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use oz_core::wire::audio::{Config, Gate};

use crate::session::{Session, Turn};
use crate::shared::Shared;
use crate::wire::command as c;
use crate::wire::frame::{Descriptor, Outbox, PACKETS, Reader};
use crate::wire::props::Props;
use crate::wire::sample::Spec;
use crate::wire::tags::{ChannelMap, FormatInfo, INVALID, Malformed, Out, Tags, Volumes};

/// The version that both sides speak.
pub const VERSION: u32 = 35;

/// The index of the server's sink.
pub const SINK: u32 = 40;
/// The index of the source that hears the sink.
pub const MONITOR: u32 = 41;
/// The index of the microphone.
pub const MICROPHONE: u32 = 42;

/// A server that says yes to everything that can be read.
#[derive(Debug)]
pub struct Host {
    reader: Reader,
    /// Whether it has a microphone.
    pub microphone: bool,
    /// Streams that record, and what they hear.
    pub record: BTreeMap<u32, u32>,
    /// Streams that play.
    pub playback: BTreeMap<u32, ()>,
    /// Every packet that it got: the command and what follows the tag.
    pub got: Vec<(u32, Vec<u8>)>,
    /// Audio that it got.
    pub heard: Vec<u8>,
    next: u32,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            reader: Reader::new(1 << 20),
            microphone: true,
            record: BTreeMap::new(),
            playback: BTreeMap::new(),
            got: Vec::new(),
            heard: Vec::new(),
            next: 100,
        }
    }
}

impl Host {
    /// Takes bytes of the proxy, gives its own.
    ///
    /// # Panics
    /// When the proxy writes what is no frame.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.reader.push(bytes);
        let mut out = Outbox::default();
        loop {
            let (channel, payload) = match self.reader.frame().expect("the proxy writes frames") {
                Some((head, payload)) => (head.channel, payload.to_vec()),
                None => return out.waiting().to_vec(),
            };
            if channel == PACKETS {
                let answer = self.packet(&payload).expect("the proxy writes packets");
                out.packet(&answer.0);
            } else {
                self.heard.extend_from_slice(&payload);
            }
        }
    }

    fn packet(&mut self, payload: &[u8]) -> Result<Out, Malformed> {
        let mut tags = Tags::new(payload);
        let (command, tag) = (tags.u32()?, tags.u32()?);
        self.got
            .push((command, payload[tags.position()..].to_vec()));
        let mut out = Out::command(c::REPLY, tag);
        let found = match command {
            c::AUTH => {
                out.u32(VERSION);
                true
            }
            c::SET_CLIENT_NAME => {
                out.u32(7);
                true
            }
            c::GET_SINK_INFO => {
                device(&mut out, SINK, b"sink", Some(MONITOR));
                true
            }
            c::GET_SOURCE_INFO => self.source(tags.u32()?, &mut out),
            c::GET_SOURCE_INFO_LIST => {
                self.source(MONITOR, &mut out);
                self.source(MICROPHONE, &mut out);
                true
            }
            c::CREATE_PLAYBACK_STREAM => {
                let (raw, map) = (tags.spec()?, tags.map()?);
                self.next += 1;
                self.playback.insert(self.next, ());
                out.u32(self.next).u32(self.next + 1000);
                for size in [0, 4096, 2048, 1024, 512] {
                    out.u32(size);
                }
                let fits = raw.check().is_some();
                out.spec(if fits { raw } else { Spec::DEFAULT.raw() });
                out.map(&if fits { map } else { ChannelMap::numbered(2) });
                out.u32(SINK).string(Some(b"sink")).bool(false).usec(0);
                out.format(&pcm());
                true
            }
            c::CREATE_RECORD_STREAM => {
                let (raw, map, source) = (tags.spec()?, tags.map()?, tags.u32()?);
                self.next += 1;
                self.record.insert(self.next, source);
                out.u32(self.next).u32(self.next + 1000);
                out.u32(65_536).u32(4096);
                let fits = raw.check().is_some();
                out.spec(if fits { raw } else { Spec::DEFAULT.raw() });
                out.map(&if fits { map } else { ChannelMap::numbered(2) });
                out.u32(source).string(Some(b"source")).bool(false).usec(0);
                out.format(&pcm());
                true
            }
            c::DELETE_RECORD_STREAM => self.record.remove(&tags.u32()?).is_some(),
            c::DELETE_PLAYBACK_STREAM => self.playback.remove(&tags.u32()?).is_some(),
            _ => true,
        };
        if !found {
            out = Out::command(c::ERROR, tag);
            out.u32(5);
        }
        Ok(out)
    }

    /// Writes a source; all ones mean the default, which is the monitor if there is no other.
    fn source(&self, index: u32, out: &mut Out) -> bool {
        let default = if self.microphone { MICROPHONE } else { MONITOR };
        match if index == INVALID { default } else { index } {
            MICROPHONE if self.microphone => device(out, MICROPHONE, b"mic", None),
            MONITOR => device(out, MONITOR, b"sink.monitor", Some(SINK)),
            _ => return false,
        }
        true
    }
}

fn pcm() -> FormatInfo {
    FormatInfo {
        encoding: FormatInfo::PCM,
        props: Props::default(),
    }
}

fn device(out: &mut Out, index: u32, name: &[u8], monitor: Option<u32>) {
    let spec = Spec::DEFAULT;
    out.u32(index)
        .string(Some(name))
        .string(Some(b"Analogue of a certain maker"))
        .spec(spec.raw())
        .map(&ChannelMap::numbered(spec.channels))
        .u32(3)
        .volumes(&Volumes::normal(spec.channels))
        .bool(false)
        .u32(monitor.unwrap_or(INVALID))
        .string(None)
        .usec(0)
        .string(Some(b"driver"))
        .u32(0)
        .props(&Props::default())
        .usec(0)
        .volume(Volumes::NORMAL);
    out.u32(0).u32(0).u32(0).u32(0).string(None);
    out.u8(1).format(&pcm());
}

/// A session between an app and [`Host`].
#[derive(Debug)]
pub struct Scene {
    /// The one client.
    pub session: Session,
    /// The sandbox.
    pub shared: Shared,
    /// The server.
    pub host: Host,
    /// Packets for the app: the command, the tag, what follows.
    pub answers: Vec<(u32, u32, Vec<u8>)>,
    /// Audio for the app, by stream.
    pub audio: Vec<(u32, Vec<u8>)>,
    app: Reader,
    start: Instant,
    now: Instant,
    tag: u32,
}

impl Scene {
    /// A client that has said nothing yet.
    #[must_use]
    pub fn new(gate: Gate) -> Self {
        let now = Instant::now();
        let config = Config {
            sandbox: "box".to_owned(),
            app_name: None,
            host_socket: "/none".into(),
            cookie: Some("ab".repeat(256)),
            gate,
        };
        Self {
            session: Session::new(now),
            shared: Shared::new(&config),
            host: Host::default(),
            answers: Vec::new(),
            audio: Vec::new(),
            app: Reader::new(1 << 20),
            start: now,
            now,
            tag: 0,
        }
    }

    /// A client that has introduced itself.
    #[must_use]
    pub fn ready(gate: Gate) -> Self {
        let mut scene = Self::new(gate);
        scene.ask(c::AUTH, |out| {
            out.u32(0xc000_0000 | VERSION).blob(&[0; 256]);
        });
        scene.ask(c::SET_CLIENT_NAME, |out| {
            out.props(&Props::default());
        });
        scene
    }

    fn turn(&mut self, handle: impl FnOnce(&mut Session, &mut Turn<'_>)) {
        let mut turn = Turn {
            shared: &mut self.shared,
            now: self.now,
        };
        handle(&mut self.session, &mut turn);
    }

    /// The app writes bytes.
    pub fn app_writes(&mut self, bytes: &[u8]) {
        self.session.app().0.push(bytes);
        self.turn(Session::process);
    }

    /// The host writes bytes.
    pub fn host_writes(&mut self, bytes: &[u8]) {
        self.session.host().0.push(bytes);
        self.turn(Session::process);
    }

    /// The host says something by itself.
    pub fn host_says(&mut self, command: u32, write: impl FnOnce(&mut Out)) {
        let mut packet = Out::command(command, INVALID);
        write(&mut packet);
        let mut out = Outbox::default();
        out.packet(&packet.0);
        self.host_writes(out.waiting());
    }

    /// The host has recorded.
    pub fn host_records(&mut self, channel: u32, samples: &[u8]) {
        let mut out = Outbox::default();
        out.push(Descriptor::audio(channel, samples.len()), samples);
        self.host_writes(out.waiting());
        self.pump();
    }

    /// The app sends a packet and does not wait; the tag is given.
    pub fn send(&mut self, command: u32, write: impl FnOnce(&mut Out)) -> u32 {
        self.tag += 1;
        let mut packet = Out::command(command, self.tag);
        write(&mut packet);
        let mut out = Outbox::default();
        out.packet(&packet.0);
        self.app_writes(out.waiting());
        self.tag
    }

    /// The app plays.
    pub fn plays(&mut self, channel: u32, samples: &[u8]) {
        let mut out = Outbox::default();
        out.push(Descriptor::audio(channel, samples.len()), samples);
        self.app_writes(out.waiting());
        self.pump();
    }

    /// The app asks; the answer is a command and what follows its tag, if there was one.
    pub fn ask(&mut self, command: u32, write: impl FnOnce(&mut Out)) -> Option<(u32, Vec<u8>)> {
        let tag = self.send(command, write);
        self.pump();
        self.answer(tag)
    }

    /// The answer to a tag, if there was one.
    #[must_use]
    pub fn answer(&self, tag: u32) -> Option<(u32, Vec<u8>)> {
        let mut answers = self.answers.iter();
        let found =
            answers.find(|(command, of, _)| *of == tag && matches!(*command, c::REPLY | c::ERROR));
        found.map(|(command, _, body)| (*command, body.clone()))
    }

    /// One step: what waits reaches the other side, and its answers wait then.
    pub fn step(&mut self) -> bool {
        let to_host = self.session.host().1.waiting().to_vec();
        self.session.host().1.written(to_host.len());
        let from_host = self.host.take(&to_host);
        if !from_host.is_empty() {
            self.host_writes(&from_host);
        }
        let to_app = self.session.app().1.waiting().to_vec();
        self.session.app().1.written(to_app.len());
        self.read(&to_app);
        self.turn(Session::process);
        !(to_host.is_empty() && to_app.is_empty())
    }

    /// Steps until nothing waits.
    ///
    /// # Panics
    /// When that does not end.
    pub fn pump(&mut self) {
        for _ in 0..10_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the two sides talk for ever");
    }

    fn read(&mut self, bytes: &[u8]) {
        self.app.push(bytes);
        while let Some((head, payload)) = self.app.frame().expect("the proxy writes frames") {
            if head.channel != PACKETS {
                self.audio.push((head.channel, payload.to_vec()));
                continue;
            }
            let mut tags = Tags::new(payload);
            let head = tags.u32().and_then(|command| Ok((command, tags.u32()?)));
            let (command, tag) = head.expect("the proxy writes packets");
            self.answers
                .push((command, tag, payload[tags.position()..].to_vec()));
        }
    }

    /// The gate is set.
    pub fn gate(&mut self, gate: Gate) {
        self.shared.gate = gate;
        self.turn(Session::gate_changed);
    }

    /// Time passes.
    pub fn wait(&mut self, time: Duration) {
        // Far enough for any test, and the clock has no end to run into.
        let limit = self.start + Duration::from_secs(1 << 20);
        self.now = (self.now + time).min(limit);
        self.turn(Session::tick);
    }
}

/// Asks to play, as libpulse does.
pub fn playback_request(out: &mut Out, spec: Spec) {
    out.spec(spec.raw())
        .map(&ChannelMap::numbered(spec.channels));
    out.u32(INVALID).string(None).u32(INVALID).bool(false);
    for _ in 0..3 {
        out.u32(INVALID);
    }
    out.u32(0).volumes(&Volumes::normal(spec.channels));
    for _ in 0..9 {
        out.bool(false);
    }
    out.props(&Props::default());
    for _ in 0..7 {
        out.bool(false);
    }
    out.u8(0);
}

/// Asks to record, as libpulse does.
pub fn record_request(out: &mut Out, spec: Spec, direct_on_input: u32) {
    out.spec(spec.raw())
        .map(&ChannelMap::numbered(spec.channels));
    out.u32(INVALID).string(None).u32(INVALID).bool(false);
    out.u32(3528);
    for _ in 0..9 {
        out.bool(false);
    }
    out.props(&Props::default()).u32(direct_on_input);
    for _ in 0..3 {
        out.bool(false);
    }
    out.u8(0).volumes(&Volumes::normal(spec.channels));
    for _ in 0..5 {
        out.bool(false);
    }
}
