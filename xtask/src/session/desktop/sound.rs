//! The sound server of the desktop, with a speaker that nobody hears and a microphone that hears what
//! is played to the sink `micfeed`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::Parts;
use crate::session::environment::{self, Places};

impl Parts<'_> {
    pub(super) fn pulseaudio(&mut self, places: &Places<'_>) -> Result<()> {
        let config = self.spec.root.join("pulse.pa");
        fs::write(&config, PULSE_CONFIG)?;
        let environment = self.with_bus(places);
        let config = config.to_string_lossy();
        let words = [
            "pulseaudio",
            "--daemonize=no",
            "-n",
            "--exit-idle-time=-1",
            "--use-pid-file=yes",
            "-F",
            &config,
        ];
        self.spawn("pulseaudio", &words, environment)
    }

    /// PipeWire, who connects its streams, and its PulseAudio side, in the order in which each finds
    /// the one before.
    pub(super) fn pipewire(&mut self, places: &Places<'_>, end: Instant) -> Result<()> {
        let environment = self.with_bus(places);
        self.spawn("pipewire", &["pipewire"], environment.clone())?;
        self.answers("pipewire", &places.run().join("pipewire-0"), end)?;
        self.spawn("wireplumber", &["wireplumber"], environment.clone())?;
        self.spawn("pipewire-pulse", &["pipewire-pulse"], environment)
    }

    /// Makes its devices. It answers before it can do all that it is asked.
    pub(super) fn devices_of_pipewire(&self, places: &Places<'_>, end: Instant) -> Result<()> {
        self.answers("pipewire-pulse", &places.pulse(), end)?;
        for words in DEVICES {
            while !self.pactl(words)? {
                if self.interrupts.came().is_some() || Instant::now() > end {
                    bail!("PipeWire does not do this: pactl {}", words.join(" "));
                }
                self.interrupts.sleep(Duration::from_millis(50));
            }
        }
        Ok(())
    }

    fn pactl(&self, words: &[&str]) -> Result<bool> {
        let mut command = self.spec.user.command("pactl");
        command
            .args(words)
            .env_clear()
            .envs(environment::desktop(self.spec))
            .current_dir(Path::new("/"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(command.status()?.success())
    }

    fn with_bus(&self, places: &Places<'_>) -> BTreeMap<String, String> {
        let mut environment = environment::login(self.spec);
        let bus = format!("unix:path={}", places.bus().display());
        environment.insert("DBUS_SESSION_BUS_ADDRESS".to_owned(), bus);
        environment
    }
}

/// As [`PULSE_CONFIG`] says it.
const DEVICES: &[&[&str]] = &[
    &["load-module", "module-null-sink", "sink_name=speaker"],
    &["load-module", "module-null-sink", "sink_name=micfeed"],
    &[
        "load-module",
        "module-remap-source",
        "source_name=mic",
        "master=micfeed.monitor",
    ],
    &["set-default-sink", "speaker"],
    &["set-default-source", "mic"],
];

const PULSE_CONFIG: &str = "\
# Without norewinds the null sink renders two seconds ahead and live switches look broken.
load-module module-null-sink sink_name=speaker norewinds=1
load-module module-null-sink sink_name=micfeed norewinds=1
load-module module-remap-source source_name=mic master=micfeed.monitor
set-default-sink speaker
set-default-source mic
load-module module-native-protocol-unix auth-anonymous=0
";
