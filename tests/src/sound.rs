//! The desktop's sound: playing into the microphone, and measuring what is heard.
//!
//! Loudness is the root mean square of samples from -1 to 1. The tone that everything here plays
//! has [`TONE`]; what is not played has nothing at all, since the desktop's devices are exact.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use oz_sound::{Facts, Server};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::run::{Run, Started};
use crate::session::temporary_dir;
use crate::wait;

/// Loudness of a sine at half of the full scale.
pub const TONE: f64 = 0.3535;
/// Moments in a second of what is recorded here.
const RATE: usize = 44_100;
/// Bytes of one: two channels as they were played, since servers do not agree how loud both are in one.
const FRAME: usize = 4;
/// Bytes of one channel's sample in it.
const SAMPLE: usize = 2;

/// Over how long loudness is measured.
const WHILE: Duration = Duration::from_millis(400);

/// How raw sound is recorded by the server's own tools.
pub const RAW: &[&str] = &[
    "--raw",
    "--format=s16le",
    "--rate=44100",
    "--channels=2",
    "--latency-msec=20",
];

/// A file with a tone of so many seconds.
pub fn tone(path: &Path, seconds: u32) -> PathBuf {
    let length = seconds.to_string();
    Run::new("sox", ["-n", "-r", "44100", "-c", "2", "-b", "16"])
        .arg(path)
        .args(["synth", &length, "sine", "1000", "vol", "0.5"])
        .run()
        .ok();
    path.to_owned()
}

/// Plays a tone into the microphone until it is dropped.
pub fn speak() -> Started {
    let tone = tone(&temporary_dir().join("spoken.wav"), 200);
    let speaking = Run::new("paplay", ["--latency-msec=20", "-d", "micfeed"])
        .arg(tone)
        .start();
    Listener::to("micfeed.monitor").wait_for_tone();
    speaking
}

/// A program that writes raw sound to its standard output, while it runs.
pub struct Listener {
    child: Child,
    path: PathBuf,
}

impl Listener {
    /// Listens to a source of the desktop.
    pub fn to(source: &str) -> Self {
        Self::start("parec", RAW.iter().copied().chain(["-d", source]))
    }

    /// Any program that records with [`RAW`], or as raw.
    pub fn start<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = temporary_dir().join(format!("heard-{}-{number}.raw", std::process::id()));
        let file = File::create(&path).expect("a file for what is heard");
        let complaints = File::create(path.with_extension("err")).expect("a file for complaints");
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(complaints)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {program}: {error}"));
        Self { child, path }
    }

    /// For how long it has heard so far.
    pub fn heard(&self) -> Duration {
        let bytes = fs::metadata(&self.path).map_or(0, |file| file.len());
        Duration::from_micros(bytes * 1_000_000 / (RATE * FRAME) as u64)
    }

    /// How loud the last while was; nothing if it has not heard for so long.
    pub fn lately(&self, during: Duration) -> Option<f64> {
        let bytes = fs::read(&self.path).ok()?;
        let whole = bytes.len() - bytes.len() % FRAME;
        let samples = during.as_micros() * RATE as u128 / 1_000_000;
        let wanted = usize::try_from(samples).ok()? * FRAME;
        let start = whole.checked_sub(wanted)?;
        Some(loudness(&bytes[start..whole]))
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it complained about.
    pub fn complaint(&self) -> String {
        fs::read_to_string(self.path.with_extension("err")).unwrap_or_default()
    }

    /// Waits until it hears the tone.
    #[track_caller]
    pub fn wait_for_tone(&self) {
        self.wait_for("the tone", |loud| (loud - TONE).abs() < 0.03);
    }

    /// Waits until it hears something, if not at its full loudness: a busy machine drops some.
    #[track_caller]
    pub fn wait_for_sound(&self) {
        self.wait_for("some sound", |loud| loud > 0.2);
    }

    /// Waits until it hears nothing at all.
    #[track_caller]
    pub fn wait_for_silence(&self) {
        self.wait_for("silence", is_silence);
    }

    /// Waits until it hears something of a loudness.
    #[track_caller]
    pub fn wait_for(&self, what: &str, fits: impl Fn(f64) -> bool) {
        let end = Instant::now() + wait::PATIENCE;
        loop {
            let lately = self.lately(WHILE);
            if lately.is_some_and(&fits) {
                return;
            }
            assert!(
                Instant::now() < end,
                "waited for {what} in vain: {:?} were heard, lately {lately:?}; {}",
                self.heard(),
                self.complaint()
            );
            wait::pause(Duration::from_millis(50));
        }
    }

    /// Hears for so much longer, and nothing.
    #[track_caller]
    pub fn hears_nothing_for(&self, longer: Duration) {
        self.heard_nothing_since(self.heard(), longer);
    }

    /// Hears for so much longer, and has heard nothing since some moment.
    #[track_caller]
    pub fn heard_nothing_since(&self, start: Duration, longer: Duration) {
        let until = self.heard() + longer;
        wait::for_condition("more to be heard", || self.heard() > until);
        let loud = self.lately(self.heard() - start);
        assert!(loud.is_some_and(is_silence), "{loud:?} was heard");
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

fn is_silence(loud: f64) -> bool {
    loud < 0.001
}

/// Of samples of 16 bits, the low byte first.
pub fn loudness(bytes: &[u8]) -> f64 {
    let samples = bytes.chunks_exact(SAMPLE);
    let count = samples.len().max(1);
    let power: f64 = samples
        .map(|pair| f64::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0)
        .map(|sample| sample * sample)
        .sum();
    (power / count as f64).sqrt()
}

/// Of the loudest tenth of a second.
pub fn loudest(bytes: &[u8]) -> f64 {
    let parts = bytes.chunks(RATE / 10 * FRAME).map(loudness);
    parts.fold(0.0, f64::max)
}

/// What the sound server says that there is.
pub fn facts() -> Facts {
    Server::connect(None)
        .and_then(|mut server| server.facts())
        .expect("the desktop has a sound server")
}

/// Whether a sandbox has a stream at the host's microphone, as the host sees it.
pub fn is_recorded_for(sandbox: &str) -> bool {
    facts().recording_of(sandbox).any(|stream| !stream.corked)
}
