//! The host's sound server: PulseAudio or PipeWire, with a sink `speaker`, a source `mic`, and a sink
//! `micfeed` whose sound the source hears.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use oz_core::wire::audio::{Config, Gate};
use serde_json::Value;

use super::meter::{Meter, Tone};
use super::program::{Program, hand_over};
use super::until;

/// `norewinds`: else the sinks are far ahead, and what is switched off is heard for seconds.
const PULSE: &str = "\
load-module module-null-sink sink_name=speaker norewinds=1
load-module module-null-sink sink_name=micfeed norewinds=1
load-module module-remap-source source_name=mic master=micfeed.monitor
set-default-sink speaker
set-default-source mic
load-module module-native-protocol-unix auth-anonymous=0
";

static HOSTS: AtomicU32 = AtomicU32::new(0);

pub struct Host {
    directory: PathBuf,
    servers: Vec<Program>,
}

impl Host {
    fn new() -> Self {
        let number = HOSTS.fetch_add(1, Ordering::Relaxed);
        let name = format!("oz-ap-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir(&directory).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&directory, mode).unwrap();
        hand_over(&directory);
        Self {
            directory,
            servers: Vec::new(),
        }
    }

    pub fn pulse() -> Self {
        let mut host = Self::new();
        std::fs::write(host.directory.join("pulse.pa"), PULSE).unwrap();
        host.start_pulse();
        host
    }

    /// Starts PulseAudio, for the first time or again.
    pub fn start_pulse(&mut self) {
        let script = self.directory.join("pulse.pa");
        let server = self.program(&[
            "/usr/bin/pulseaudio",
            "--daemonize=no",
            "-n",
            "--exit-idle-time=-1",
            "--use-pid-file=yes",
            "-F",
            script.to_str().unwrap(),
        ]);
        self.servers.push(server.start());
        self.await_devices();
    }

    pub fn pipewire() -> Self {
        let mut host = Self::new();
        for (program, socket) in [
            ("/usr/bin/pipewire", "pipewire-0"),
            ("/usr/bin/wireplumber", "pipewire-0"),
            ("/usr/bin/pipewire-pulse", "pulse/native"),
        ] {
            let server = host.program(&["/usr/bin/dbus-run-session", program]);
            host.servers.push(server.start());
            until(program, || host.directory.join(socket).exists());
        }
        until("pipewire-pulse answers", || {
            host.run(&["/usr/bin/pactl", "info"]).is_some()
        });
        for words in [
            [
                "load-module",
                "module-null-sink",
                "sink_name=speaker",
                "norewinds=1",
            ],
            [
                "load-module",
                "module-null-sink",
                "sink_name=micfeed",
                "norewinds=1",
            ],
            [
                "load-module",
                "module-remap-source",
                "source_name=mic",
                "master=micfeed.monitor",
            ],
        ] {
            let all: Vec<&str> = std::iter::once("/usr/bin/pactl").chain(words).collect();
            host.run(&all).expect("the module is there");
        }
        host.await_devices();
        for words in [
            ["set-default-sink", "speaker"],
            ["set-default-source", "mic"],
        ] {
            // Who takes this is there a little later.
            until("a default device can be set", || {
                host.run(&["/usr/bin/pactl", words[0], words[1]]).is_some()
            });
        }
        until("the default devices", || {
            let info = host.run(&["/usr/bin/pactl", "info"]).unwrap_or_default();
            info.contains("Default Sink: speaker") && info.contains("Default Source: mic")
        });
        host
    }

    fn await_devices(&self) {
        until("the sound server has its devices", || {
            let list = self.run(&["/usr/bin/pactl", "list", "short", "sources"]);
            list.is_some_and(|list| list.contains("\tmic\t"))
        });
    }

    /// Ends the server, as a crash would.
    pub fn kill(&mut self) {
        self.servers.clear();
        let _ = std::fs::remove_file(self.socket());
    }

    pub fn path(&self) -> &Path {
        &self.directory
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.join("pulse/native")
    }

    /// What the daemon would tell the proxy.
    pub fn config(&self, sandbox: &str) -> Config {
        let cookie = std::fs::read(self.directory.join(".config/pulse/cookie")).ok();
        let digits = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Config {
            sandbox: sandbox.to_owned(),
            app_name: None,
            host_socket: self.socket(),
            cookie: cookie.map(digits),
            gate: Gate::default(),
        }
    }

    /// A program of the host.
    pub fn program(&self, words: &[&str]) -> Program {
        let home = self.directory.as_path();
        Program::new(words, &[("HOME", home), ("XDG_RUNTIME_DIR", home)])
    }

    /// A program that knows of nothing but one sound server.
    pub fn at(&self, socket: &Path, words: &[&str]) -> Program {
        let home = self.directory.join("inside");
        if !home.exists() {
            std::fs::create_dir(&home).unwrap();
            hand_over(&home);
        }
        Program::new(
            words,
            &[
                ("HOME", &home),
                ("XDG_RUNTIME_DIR", &home),
                (
                    "PULSE_SERVER",
                    Path::new(&format!("unix:{}", socket.display())),
                ),
            ],
        )
    }

    /// What a program of the host says, if it is content.
    pub fn run(&self, words: &[&str]) -> Option<String> {
        let output = self.program(words).output();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    /// What pactl lists.
    pub fn list(&self, kind: &str) -> Vec<Value> {
        let text = self.run(&["/usr/bin/pactl", "--format=json", "list", kind]);
        let list: Value = serde_json::from_str(&text.expect("listed")).unwrap();
        list.as_array().unwrap().clone()
    }

    /// The streams of one sandbox.
    pub fn streams(&self, kind: &str, sandbox: &str) -> Vec<Value> {
        let mut list = self.list(kind);
        list.retain(|stream| stream["properties"]["oz.sandbox"] == *sandbox);
        list
    }

    /// A tone that the microphone hears.
    pub fn microphone_tone(&self) -> Tone {
        Tone::start(self.program(&Tone::words(Some("micfeed"))))
    }

    /// What is heard from the speaker.
    pub fn speaker(&self) -> Meter {
        Meter::start(self.program(&Meter::words(Some("speaker.monitor"))))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.servers.clear();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
