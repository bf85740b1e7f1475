//! How loud something is.

use std::time::{Duration, Instant};

use libpulse_binding::def::BufferAttr;
use libpulse_binding::sample::{Format, Spec};
use libpulse_binding::stream::{FlagSet, PeekResult, State, Stream};

use crate::server::{Error, Server};

/// Measured so often in a second.
const RATE: u32 = 50;
/// Bytes of a measurement.
const SAMPLE: u32 = 4;

/// What is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// A source by its name; `SINK.monitor` is what a sink plays.
    Device(&'a str),
    /// One stream that plays: the number of its sink's monitor, and its own.
    Stream {
        /// Name of the monitor of the sink that it plays to.
        monitor: &'a str,
        /// [`crate::Stream::index`].
        index: u32,
    },
}

impl Server {
    /// The loudest moment of a while: 0 is silence, 1 the loudest that can be said.
    pub fn peak(&mut self, source: Source<'_>, during: Duration) -> Result<f32, Error> {
        let spec = Spec {
            format: Format::FLOAT32NE,
            channels: 1,
            rate: RATE,
        };
        let mut stream =
            Stream::new(&mut self.context, "Level", &spec, None).ok_or(Error::Library)?;
        let name = match source {
            Source::Device(name) => name,
            Source::Stream { monitor, index } => {
                let no_such = |_| Error::NoSuchDevice(monitor.to_owned());
                stream.set_monitor_stream(index).map_err(no_such)?;
                monitor
            }
        };
        let missing = || Error::NoSuchDevice(name.to_owned());
        let each = BufferAttr {
            maxlength: u32::MAX,
            tlength: u32::MAX,
            prebuf: u32::MAX,
            minreq: u32::MAX,
            fragsize: SAMPLE,
        };
        // Without DONT_MOVE a source that goes would be replaced by another.
        let flags = FlagSet::PEAK_DETECT | FlagSet::ADJUST_LATENCY | FlagSet::DONT_MOVE;
        stream
            .connect_record(Some(name), Some(&each), flags)
            .map_err(|_| missing())?;
        let end = Instant::now() + during;
        let mut loudest = 0.0_f32;
        loop {
            match self.turn(end) {
                Ok(()) => {}
                Err(Error::Silent) => break,
                Err(error) => return Err(error),
            }
            if matches!(stream.get_state(), State::Failed | State::Terminated) {
                return Err(missing());
            }
            loudest = loudest.max(heard(&mut stream)?);
        }
        let known = stream.get_state() == State::Ready;
        // It is being given up; the server may have done so before.
        let _ = stream.disconnect();
        if known {
            Ok(loudest)
        } else {
            Err(Error::Silent)
        }
    }
}

/// The loudest of what has arrived.
fn heard(stream: &mut Stream) -> Result<f32, Error> {
    let mut loudest = 0.0_f32;
    while stream.get_state() == State::Ready {
        match stream.peek().map_err(|_| Error::Gone)? {
            PeekResult::Empty => break,
            PeekResult::Hole(_) => {}
            PeekResult::Data(bytes) => {
                for sample in bytes.chunks_exact(SAMPLE as usize) {
                    if let Ok(sample) = <[u8; SAMPLE as usize]>::try_from(sample) {
                        loudest = loudest.max(f32::from_ne_bytes(sample).abs());
                    }
                }
            }
        }
        stream.discard().map_err(|_| Error::Gone)?;
    }
    Ok(loudest)
}
