//! A real sound server, the proxy in a thread of the test, and programs on both sides of it.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

pub mod meter;
pub mod program;
pub mod server;

use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use audio_proxy::control::Control;
use audio_proxy::report::Report;
use audio_proxy::server::Server;
use oz_core::wire::audio::{Config, Event, Gate, Levels, Microphone, Speaker, Told, Watched};

use program::Program;
use server::Host;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a condition holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub const OPEN: Gate = Gate {
    microphone: Microphone::On,
    speaker: Speaker::On,
    microphone_volume: 100,
    speaker_volume: 100,
};

/// The gate with the microphone like this.
pub fn microphone(microphone: Microphone) -> Gate {
    Gate { microphone, ..OPEN }
}

/// The gate with the speaker like this.
pub fn speaker(speaker: Speaker) -> Gate {
    Gate { speaker, ..OPEN }
}

/// The proxy of one sandbox.
pub struct Proxy {
    pub socket: PathBuf,
    control: OwnedFd,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Proxy {
    /// A proxy between clients and the server at `host`.
    pub fn start(directory: &Path, sandbox: &str, config: Config, gate: Gate) -> Self {
        let socket = directory.join(format!("{sandbox}.sock"));
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        program::hand_over(&socket);
        let config = Config { gate, ..config };
        let (control_read, control) = rustix::pipe::pipe().unwrap();
        let (report_read, report) = rustix::pipe::pipe().unwrap();
        let (stopped, stop) = rustix::pipe::pipe().unwrap();
        let thread = std::thread::spawn(move || {
            let control = Control::new(Some(control_read));
            let report = Report::new(Some(report));
            let mut server = Server::new(&config, listener, control, report).unwrap();
            server.stop_on(stopped);
            server.run();
        });
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        std::thread::spawn(move || {
            for line in BufReader::new(std::fs::File::from(report_read)).lines() {
                let event = serde_json::from_str(&line.unwrap()).unwrap();
                heard.lock().unwrap().push(event);
            }
        });
        Self {
            socket,
            control,
            stop: Some(stop),
            thread: Some(thread),
            events,
        }
    }

    /// Sets the gate.
    pub fn gate(&self, gate: Gate) {
        let mut line = serde_json::to_vec(&gate).unwrap();
        line.push(b'\n');
        rustix::io::write(&self.control, &line).unwrap();
    }

    /// Looks at how loud it is, or not any more.
    pub fn watch(&self, levels: bool) {
        let mut line = serde_json::to_vec(&Told::Watched(Watched { levels })).unwrap();
        line.push(b'\n');
        rustix::io::write(&self.control, &line).unwrap();
    }

    /// How loud it is, as it was reported last.
    pub fn levels(&self) -> Option<Levels> {
        let events = self.events().into_iter().rev();
        events
            .filter_map(|event| match event {
                Event::Levels(levels) => Some(levels),
                _ => None,
            })
            .next()
    }

    /// What it has reported.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// Waits for a report.
    pub fn until_reported(&self, event: &Event) {
        until(&format!("{event:?}"), || self.events().contains(event));
    }

    /// Whether the microphone is in use, as far as was reported.
    pub fn in_use(&self) -> bool {
        let last = self
            .events()
            .into_iter()
            .rev()
            .find_map(|event| match event {
                Event::MicrophoneInUse { on } => Some(on),
                _ => None,
            });
        last.unwrap_or(false)
    }

    /// Whether it still serves.
    pub fn lives(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the proxy ended in order");
            }
        }
    }
}

/// A server and the proxy of one sandbox called `box`.
pub struct Rig {
    pub proxy: Proxy,
    pub host: Host,
}

impl Rig {
    pub fn pulse(gate: Gate) -> Self {
        Self::new(Host::pulse(), gate)
    }

    pub fn pipewire(gate: Gate) -> Self {
        Self::new(Host::pipewire(), gate)
    }

    fn new(host: Host, gate: Gate) -> Self {
        let proxy = Proxy::start(host.path(), "box", host.config("box"), gate);
        Self { proxy, host }
    }

    /// A program of the sandbox.
    pub fn inside(&self, words: &[&str]) -> Program {
        self.host.at(&self.proxy.socket, words)
    }

    /// Runs a program of the sandbox to its end.
    pub fn run_inside(&self, words: &[&str]) -> Output {
        self.inside(words).output()
    }

    /// The host's list of streams that record, as far as they are of that sandbox.
    pub fn recording_at_host(&self, sandbox: &str) -> Vec<serde_json::Value> {
        self.host.streams("source-outputs", sandbox)
    }
}

/// What a program said when it failed.
pub fn refusal(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "was not refused: {text}");
    text
}
