//! What each fuzz target of the audio proxy does with its bytes; its tests replay the corpus
//! through the same functions. None of them may panic, hang or hold more than the limits.

use std::time::Duration;

use audio_proxy::sim::{Scene, playback_request, record_request};
use audio_proxy::wire::command;
use audio_proxy::wire::frame::{Descriptor, Outbox, Reader};
use audio_proxy::wire::sample::{RawSpec, Spec};
use audio_proxy::wire::tags::{INVALID, Tags};
use oz_core::wire::audio::{Gate, Microphone, Speaker};

/// What a target does.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
#[allow(dead_code)] // each target uses one
pub const TARGETS: &[(&str, Target)] = &[
    ("audio_frame", frame),
    ("audio_tags", tags),
    ("audio_session", session),
];

/// The first byte says into how large pieces the rest is cut; however it is cut, the frames are the same.
pub fn frame(data: &[u8]) {
    let Some((&size, stream)) = data.split_first() else {
        return;
    };
    let read = |size: usize| {
        let mut reader = Reader::new(4096);
        let mut frames = Vec::new();
        for piece in stream.chunks(size.max(1)) {
            reader.push(piece);
            loop {
                match reader.frame() {
                    Ok(Some((head, payload))) => {
                        assert_eq!(head.length, payload.len());
                        frames.push((head, payload.to_vec()));
                    }
                    Ok(None) => break,
                    Err(error) => return (frames, Some(error)),
                }
            }
        }
        (frames, None)
    };
    assert_eq!(read(usize::from(size)), read(stream.len()));
}

/// Whatever comes next, as what it says it is.
pub fn tags(data: &[u8]) {
    let mut tags = Tags::new(data);
    while !tags.is_empty() {
        let at = tags.position();
        let read = match data[at] {
            b'L' => tags.u32().is_ok(),
            b'B' => tags.u8().is_ok(),
            b'r' => tags.i64().is_ok(),
            b'U' => tags.usec().is_ok(),
            b'T' => tags.time().is_ok(),
            b'x' => tags.blob().is_ok(),
            b'a' => tags
                .spec()
                .is_ok_and(|spec| spec.check().is_none_or(|known| known.raw() == spec)),
            b'm' => tags.map().is_ok_and(|map| map.channels() <= 32),
            b'v' => tags.volumes().is_ok_and(|volumes| volumes.channels() <= 32),
            b'V' => tags.volume().is_ok(),
            b'P' => tags
                .props(|_| true)
                .is_ok_and(|props| props.iter().count() <= 32),
            b'f' => tags.format().is_ok(),
            b'0' | b'1' => tags.bool().is_ok(),
            _ => tags.string().is_ok(),
        };
        if !read {
            return;
        }
        assert!(tags.position() > at && tags.position() <= data.len());
    }
}

/// Reads what a scene is made of.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// Up to 255 bytes.
    fn bytes(&mut self) -> &'a [u8] {
        let count = usize::from(self.byte()).min(self.0.len());
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    fn gate(&mut self) -> Gate {
        let byte = self.byte();
        Gate {
            microphone: match byte & 3 {
                0 => Microphone::Off,
                1 => Microphone::Silent,
                2 => Microphone::Ask,
                _ => Microphone::On,
            },
            speaker: match byte >> 2 & 3 {
                0 => Speaker::Off,
                1 => Speaker::Silent,
                _ => Speaker::On,
            },
            microphone_volume: self.byte() % 101,
            speaker_volume: self.byte() % 101,
        }
    }

    fn spec(&mut self) -> Spec {
        let raw = RawSpec {
            format: self.byte() % 13,
            channels: self.byte() % 32 + 1,
            rate: (u32::from(self.byte()) + 1) * 400,
        };
        raw.check().unwrap_or(Spec::DEFAULT)
    }
}

/// A conversation of an app, a server and a person with a switch. As long as the server says only
/// what servers say, a closed gate means that it has no stream of the microphone.
pub fn session(data: &[u8]) {
    let mut script = Script(data);
    let mut scene = Scene::ready(script.gate());
    scene.host.microphone = script.byte() & 1 == 0;
    let mut honest = true;
    for _ in 0..64 {
        if script.0.is_empty() {
            break;
        }
        let choice = script.byte();
        match choice % 16 {
            0 => scene.app_writes(script.bytes()),
            1 => {
                let (command, body) = (u32::from(script.byte()), script.bytes());
                scene.send(command, |out| {
                    out.raw(body);
                });
            }
            2 => {
                let (channel, samples) = (u32::from(script.byte()), script.bytes());
                if !samples.is_empty() {
                    scene.plays(channel, samples);
                }
            }
            3 | 4 => {
                let gate = script.gate();
                scene.gate(gate);
            }
            5 => scene.wait(Duration::from_millis(u64::from(script.byte()) * 10)),
            6 => drop(scene.step()),
            7 => {
                let spec = script.spec();
                scene.send(command::CREATE_PLAYBACK_STREAM, |out| {
                    playback_request(out, spec);
                });
            }
            8 | 9 => {
                let spec = script.spec();
                scene.send(command::CREATE_RECORD_STREAM, |out| {
                    record_request(out, spec, INVALID);
                });
            }
            // A request about a stream: its number and something after it.
            10 | 11 => {
                let (command, channel) = (u32::from(script.byte()), u32::from(script.byte() & 3));
                let body = script.bytes();
                scene.send(command, |out| {
                    out.u32(channel).raw(body);
                });
            }
            12 => {
                let samples = script.bytes();
                let live: Vec<u32> = scene.host.record.keys().copied().collect();
                for channel in live {
                    if !samples.is_empty() {
                        scene.host_records(channel, samples);
                    }
                }
            }
            13 => {
                let at = script.byte();
                let live = scene.host.record.keys().nth(usize::from(at & 7)).copied();
                if let Some(channel) = live {
                    let source = if at & 8 == 0 { 41 } else { 42 };
                    scene.host.record.insert(channel, source);
                    scene.host_says(command::RECORD_STREAM_MOVED, |out| {
                        out.u32(channel).u32(source).string(Some(b"x"));
                        out.bool(false).u32(1).u32(1).usec(1);
                    });
                }
            }
            14 => {
                honest = false;
                let (command, body) = (u32::from(script.byte()), script.bytes());
                scene.host_says(command, |out| {
                    out.raw(body);
                });
            }
            _ => {
                honest = false;
                if choice & 16 == 0 {
                    scene.host_writes(script.bytes());
                } else {
                    let mut out = Outbox::default();
                    let bytes = script.bytes();
                    if !bytes.is_empty() {
                        out.push(Descriptor::audio(script.byte().into(), bytes.len()), bytes);
                    }
                    scene.host_writes(out.waiting());
                }
            }
        }
        // Nobody is listened to who makes it more.
        assert!(scene.session.app().1.waiting().len() < 2 << 20);
        assert!(scene.session.host().1.waiting().len() < 2 << 20);
    }
    if scene.session.ended().is_some() {
        return;
    }
    scene.pump();
    if honest && scene.session.ended().is_none() {
        let open = scene.shared.gate.microphone == Microphone::On;
        assert!(
            open || scene.host.record.is_empty(),
            "the microphone is open"
        );
        assert!(
            scene.host.record.values().all(|source| *source == 42),
            "a monitor is recorded"
        );
        let (playback, record) = scene.session.streams();
        assert_eq!(scene.shared.playback, playback);
        assert_eq!(scene.shared.record, record);
        assert_eq!(scene.shared.source_outputs.len(), record);
    }
}
