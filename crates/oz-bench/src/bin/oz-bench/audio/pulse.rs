//! A client of the sound server that does nothing beside what is measured.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use audio_proxy::wire::command;
use audio_proxy::wire::frame::{Descriptor, Outbox, PACKETS, Reader};
use audio_proxy::wire::props::Props;
use audio_proxy::wire::sample::{Format, Spec};
use audio_proxy::wire::tags::{ChannelMap, INVALID, Out, Tags, Volumes};

/// The version of the protocol in which everything fits that is measured.
const VERSION: u32 = 13;

const PATIENCE: Duration = Duration::from_secs(20);

const SPEC: Spec = Spec {
    format: Format::S16Le,
    channels: 2,
    rate: 44_100,
};

/// 10 ms.
const PIECE: usize = 1764;

/// A connection.
pub(super) struct Pulse {
    stream: UnixStream,
    reader: Reader,
    tag: u32,
}

/// What arrives.
enum Arrived {
    Packet(Vec<u8>),
    Audio(Vec<u8>),
}

impl Pulse {
    pub(super) fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket)
            .with_context(|| format!("cannot connect to {}", socket.display()))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let reader = Reader::new(1 << 20);
        let mut pulse = Self {
            stream,
            reader,
            tag: 0,
        };
        // The server knows us by our user id.
        pulse.ask(command::AUTH, |out| {
            out.u32(VERSION).blob(&[0; 256]);
        })?;
        pulse.ask(command::SET_CLIENT_NAME, |out| {
            out.props(&Props::default());
        })?;
        Ok(pulse)
    }

    /// Microseconds until the server has said what it is.
    pub(super) fn round_trip(&mut self) -> Result<f64> {
        let start = Instant::now();
        self.ask(command::GET_SERVER_INFO, |_| {})?;
        Ok(start.elapsed().as_secs_f64() * 1e6)
    }

    /// Asks and gives what follows the tag of the answer.
    fn ask(&mut self, command: u32, write: impl FnOnce(&mut Out)) -> Result<Vec<u8>> {
        self.tag += 1;
        let mut packet = Out::command(command, self.tag);
        write(&mut packet);
        let mut out = Outbox::default();
        out.packet(&packet.0);
        self.stream.write_all(out.waiting())?;
        loop {
            let Arrived::Packet(packet) = self.next()? else {
                continue;
            };
            let mut tags = Tags::new(&packet);
            let (answer, tag) = (tags.u32()?, tags.u32()?);
            if tag == self.tag {
                ensure!(answer == command::REPLY, "command {command} was refused");
                return Ok(packet[tags.position()..].to_vec());
            }
        }
    }

    fn next(&mut self) -> Result<Arrived> {
        loop {
            if let Some((head, payload)) = self.reader.frame()? {
                return Ok(if head.channel == PACKETS {
                    Arrived::Packet(payload.to_vec())
                } else {
                    Arrived::Audio(payload.to_vec())
                });
            }
            let count = self.stream.read(self.reader.room())?;
            ensure!(count > 0, "the server closed the connection");
            self.reader.filled(count);
        }
    }

    /// A stream that plays with a short buffer; its channel.
    fn play(&mut self) -> Result<u32> {
        let answer = self.ask(command::CREATE_PLAYBACK_STREAM, |out| {
            out.spec(SPEC.raw()).map(&ChannelMap::numbered(2));
            out.u32(INVALID).string(None).u32(INVALID).bool(false);
            let piece = u32::try_from(PIECE).unwrap_or(0);
            // The target length, one piece to begin with, the least request, in step with nobody. With
            // nothing to begin with the stream would be past what is written.
            out.u32(4 * piece).u32(piece).u32(piece).u32(0);
            out.volumes(&Volumes::normal(2));
            for _ in 0..9 {
                out.bool(false);
            }
            out.props(&Props::default());
        })?;
        Ok(Tags::new(&answer).u32()?)
    }

    /// A stream that hears the sink.
    fn listen(&mut self) -> Result<()> {
        self.ask(command::CREATE_RECORD_STREAM, |out| {
            out.spec(SPEC.raw()).map(&ChannelMap::numbered(2));
            out.u32(INVALID).string(Some(b"@DEFAULT_MONITOR@"));
            let piece = u32::try_from(PIECE).unwrap_or(0);
            out.u32(INVALID).bool(false).u32(piece);
            // Adjust the latency is the last of the nine.
            for _ in 0..8 {
                out.bool(false);
            }
            out.bool(true).props(&Props::default()).u32(INVALID);
        })?;
        Ok(())
    }

    fn write(&mut self, channel: u32, samples: &[u8]) -> Result<()> {
        let mut out = Outbox::default();
        out.push(Descriptor::audio(channel, samples.len()), samples);
        Ok(self.stream.write_all(out.waiting())?)
    }

    /// Waits until something is heard; whether it was.
    fn hears(&mut self, until: Instant) -> Result<bool> {
        while Instant::now() < until {
            if let Arrived::Audio(samples) = self.next()?
                && samples.iter().any(|byte| *byte != 0)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits until nothing has been heard for a while.
    fn hears_nothing(&mut self) -> Result<()> {
        let mut quiet = 0;
        while quiet < 10 {
            if let Arrived::Audio(samples) = self.next()? {
                let silent = samples.iter().all(|byte| *byte == 0);
                quiet = if silent { quiet + 1 } else { 0 };
            }
        }
        Ok(())
    }
}

/// Milliseconds from writing a click at `socket` until it is heard at the monitor of `host`'s sink.
pub(super) fn clicks(socket: &Path, host: &Path, count: usize) -> Result<Vec<f64>> {
    let mut ear = Pulse::connect(host)?;
    ear.listen()?;
    let mut times = Vec::new();
    for _ in 0..count {
        // A stream of its own: then what is written is what comes next.
        let mut mouth = Pulse::connect(socket)?;
        let channel = mouth.play()?;
        ear.hears_nothing()?;
        let start = Instant::now();
        mouth.write(channel, &[0x40; PIECE])?;
        if !ear.hears(start + PATIENCE)? {
            bail!("a click was not heard");
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}
