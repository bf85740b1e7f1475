//! The parts of the desktop: a session bus, a compositor without a screen, a sound server and a seat.

mod gnome;
mod sound;
mod x11;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Pid;

use super::environment::{self, Places};
use super::interrupts::Interrupts;
use super::{Host, Sound, Spec, processes};
use crate::stage;

/// How long the whole desktop may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts everything and returns when all of it answers.
pub(super) fn start(spec: &Spec, interrupts: &Interrupts) -> Result<()> {
    let places = Places(&spec.root);
    let mut parts = Parts {
        spec,
        interrupts,
        started: Vec::new(),
    };
    let end = Instant::now() + PATIENCE;
    parts.bus(&places)?;
    match spec.host {
        Host::Sway => parts.sway(&places)?,
        Host::Gnome | Host::GnomeNewer => parts.gnome(&places, end)?,
        Host::X11 => parts.x11(&places, end)?,
    }
    match spec.audio {
        Some(Sound::Pulseaudio) => parts.pulseaudio(&places)?,
        Some(Sound::Pipewire) => parts.pipewire(&places, end)?,
        None => {}
    }
    parts.answers("dbus-daemon", &places.bus(), end)?;
    match spec.host {
        Host::Sway => {
            parts.answers("sway", &places.wayland(), end)?;
            parts.answers("sway", &places.sway(), end)?;
            parts.seat("serve")?;
            parts.answers("oz-seat", &places.seat(), end)?;
        }
        Host::Gnome | Host::GnomeNewer => parts.answers_gnome(&places, end)?,
        Host::X11 => {
            parts.seat("serve-x11")?;
            parts.answers("oz-seat", &places.seat(), end)?;
        }
    }
    match spec.audio {
        Some(Sound::Pulseaudio) => parts.answers("pulseaudio", &places.pulse(), end)?,
        Some(Sound::Pipewire) => parts.devices_of_pipewire(&places, end)?,
        None => {}
    }
    Ok(())
}

struct Parts<'a> {
    spec: &'a Spec,
    interrupts: &'a Interrupts,
    started: Vec<(&'static str, Child)>,
}

impl Parts<'_> {
    fn bus(&mut self, places: &Places<'_>) -> Result<()> {
        self.bus_at("dbus-daemon", &places.bus())
    }

    fn bus_at(&mut self, name: &'static str, socket: &Path) -> Result<()> {
        let config = self.spec.root.join(format!("{name}.conf"));
        fs::write(&config, bus_config(socket))?;
        let config = format!("--config-file={}", config.display());
        let environment = environment::login(self.spec);
        self.spawn(
            name,
            &["dbus-daemon", "--nofork", "--nopidfile", &config],
            environment,
        )
    }

    fn sway(&mut self, places: &Places<'_>) -> Result<()> {
        let config = self.spec.root.join("sway.conf");
        fs::write(&config, SWAY_CONFIG)?;
        let mut environment = environment::desktop(self.spec);
        // With it set, wlroots would look for a compositor to be a client of.
        environment.remove("WAYLAND_DISPLAY");
        for (name, value) in [
            ("WLR_BACKENDS", "headless"),
            ("WLR_LIBINPUT_NO_DEVICES", "1"),
            ("WLR_RENDERER", "pixman"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        environment.insert(
            "SWAYSOCK".to_owned(),
            places.sway().to_string_lossy().into_owned(),
        );
        self.spawn(
            "sway",
            &["sway", "-c", &config.to_string_lossy()],
            environment,
        )
    }

    fn seat(&mut self, how: &str) -> Result<()> {
        let seat = Places(&self.spec.root)
            .prefix()
            .join(stage::TEST_DIR)
            .join("oz-seat");
        let environment = environment::desktop(self.spec);
        self.spawn("oz-seat", &[&seat.to_string_lossy(), how], environment)
    }

    fn spawn(
        &mut self,
        name: &'static str,
        words: &[&str],
        environment: BTreeMap<String, String>,
    ) -> Result<()> {
        let (program, arguments) = words.split_first().context("no program")?;
        let mut command = self.spec.user.command(program);
        command.args(arguments);
        self.spawn_command(name, command, environment)
    }

    fn spawn_command(
        &mut self,
        name: &'static str,
        mut command: Command,
        environment: BTreeMap<String, String>,
    ) -> Result<()> {
        let log = fs::File::create(Places(&self.spec.root).log(name))?;
        let child = command
            .env_clear()
            .envs(environment)
            .current_dir(Places(&self.spec.root).home())
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log)
            // ^C in the terminal is for the command; the desktop goes when we end it.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        self.started.push((name, child));
        Ok(())
    }

    /// Waits until somebody accepts connections on a socket.
    fn answers(&self, name: &str, socket: &Path, end: Instant) -> Result<()> {
        let listens = || UnixStream::connect(socket).is_ok();
        self.until(
            name,
            &format!("listen on {}", socket.display()),
            end,
            listens,
        )
    }

    /// Waits until a part does what it is there for.
    fn until(&self, name: &str, what: &str, end: Instant, does: impl Fn() -> bool) -> Result<()> {
        while !does() {
            for (pid, status) in processes::reap() {
                if let Some(dead) = self.name_of(pid) {
                    bail!(
                        "{dead} ended at once ({status:?}):\n{}",
                        self.log_tail(dead)
                    );
                }
            }
            if self.interrupts.came().is_some() {
                bail!("interrupted");
            }
            if Instant::now() > end {
                bail!("{name} does not {what}:\n{}", self.log_tail(name));
            }
            self.interrupts.sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn name_of(&self, pid: Pid) -> Option<&'static str> {
        let raw = u32::try_from(pid.as_raw_nonzero().get()).ok()?;
        self.started
            .iter()
            .find(|(_, child)| child.id() == raw)
            .map(|(name, _)| *name)
    }

    fn log_tail(&self, name: &str) -> String {
        log_tail(&Places(&self.spec.root).log(name))
    }
}

/// The last lines of a log.
pub(super) fn log_tail(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    // A machine without a system bus is normal here, and PulseAudio says it a dozen times.
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.contains("connect to system bus"))
        .collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

fn bus_config(socket: &Path) -> String {
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:path={}</listen>
  <auth>EXTERNAL</auth>
  <standard_session_servicedirs/>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_completed_connections">100000</limit>
  <limit name="max_pending_service_starts">10000</limit>
  <limit name="max_match_rules_per_connection">50000</limit>
</busconfig>
"#,
        socket.display()
    )
}

pub(crate) const SWAY_CONFIG: &str = r##"# A desktop that nobody looks at: windows float, and a click focuses.
xwayland disable
output HEADLESS-1 resolution 1600x1000 position 0 0
output HEADLESS-1 background #2e3440 solid_color
font pango:DejaVu Sans 10
default_border normal
default_floating_border normal
focus_follows_mouse no
mouse_warping none
# Without a word on the seat no window may keep the pointer.
seat seat0 fallback true
seat seat0 pointer_constraint enable
floating_maximum_size -1 x -1
for_window [title=".*"] floating enable
for_window [app_id=".*"] floating enable
"##;
