//! A tone that does not end, and how loud it is somewhere.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::process::ChildStdin;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::program::Program;
use super::{PATIENCE, until};

const RATE: usize = 44_100;

/// The root mean square of the tone.
pub const LOUD: f64 = 0.3535;

/// A program that plays a sine of 1 kHz at half of the full scale.
pub struct Tone {
    pub program: Program,
    thread: Option<JoinHandle<()>>,
}

impl Tone {
    /// What is run to play it.
    pub fn words(device: Option<&str>) -> Vec<&str> {
        let mut words = vec![
            "/usr/bin/pacat",
            "--playback",
            "--raw",
            "--latency-msec=50",
            "--channels=2",
            "--rate=44100",
            "--format=s16le",
        ];
        words.extend(device.iter().flat_map(|device| ["-d", *device]));
        words
    }

    pub fn start(program: Program) -> Self {
        let (program, stdin, _) = program.start_piped();
        Self {
            program,
            thread: Some(std::thread::spawn(|| play(stdin))),
        }
    }
}

fn play(mut stdin: ChildStdin) {
    // A tenth of a second has whole periods.
    let tone: Vec<u8> = (0..RATE / 10)
        .flat_map(|index| {
            let angle = index as f64 * 1000.0 * std::f64::consts::TAU / RATE as f64;
            #[expect(clippy::cast_possible_truncation, reason = "half of its range")]
            let sample = (angle.sin() * 16_384.0) as i16;
            // The same on both sides: what becomes of one channel is not the same everywhere.
            [sample.to_le_bytes(), sample.to_le_bytes()].concat()
        })
        .collect();
    while stdin.write_all(&tone).is_ok() {}
}

impl Drop for Tone {
    fn drop(&mut self) {
        self.program.kill();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A program that records, and what it has heard lately.
pub struct Meter {
    pub program: Program,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    last: VecDeque<i16>,
    bytes: u64,
}

impl Meter {
    /// What is run to record.
    pub fn words(device: Option<&str>) -> Vec<&str> {
        let mut words = vec![
            "/usr/bin/pacat",
            "--record",
            "--raw",
            "--latency-msec=20",
            "--channels=2",
            "--rate=44100",
            "--format=s16le",
        ];
        words.extend(device.iter().flat_map(|device| ["-d", *device]));
        words
    }

    pub fn start(program: Program) -> Self {
        let (program, _, mut stdout) = program.start_piped();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let writer = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            let mut odd = Vec::new();
            while let Ok(count) = stdout.read(&mut buffer) {
                if count == 0 {
                    break;
                }
                odd.extend_from_slice(&buffer[..count]);
                let mut heard = writer.lock().unwrap();
                heard.bytes += count as u64;
                let (samples, rest) = odd.as_chunks::<2>();
                let samples = samples.iter().map(|sample| i16::from_le_bytes(*sample));
                heard.last.extend(samples);
                odd = rest.to_vec();
                let surplus = heard.last.len().saturating_sub(RATE / 5);
                heard.last.drain(..surplus);
            }
        });
        Self { program, heard }
    }

    /// The root mean square of the last tenth of a second.
    pub fn level(&self) -> f64 {
        let heard = self.heard.lock().unwrap();
        let squares: f64 = heard
            .last
            .iter()
            .map(|sample| (f64::from(*sample) / 32_768.0).powi(2))
            .sum();
        (squares / heard.last.len().max(1) as f64).sqrt()
    }

    /// How much was recorded.
    pub fn bytes(&self) -> u64 {
        self.heard.lock().unwrap().bytes
    }

    /// Waits until it is about so loud.
    pub fn until_level(&self, what: &str, level: f64) {
        let end = Instant::now() + PATIENCE;
        while (self.level() - level).abs() >= 0.02 {
            let (last, bytes) = (self.level(), self.bytes());
            assert!(
                Instant::now() < end,
                "{what}: {last} in the end, {bytes} bytes"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until nothing is heard, and goes on being recorded.
    pub fn until_silent(&self, what: &str) {
        let before = self.bytes();
        until(what, || {
            self.level() == 0.0 && self.bytes() > before + RATE as u64 / 5
        });
    }

    /// Waits until the tone is heard as it was played.
    pub fn until_loud(&self, what: &str) {
        self.until_level(what, LOUD);
    }
}
