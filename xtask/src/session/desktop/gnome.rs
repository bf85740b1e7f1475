//! GNOME Shell with a screen that nobody has.
//!
//! It does not live without a login manager, which neither a container nor a machine for tests need have: the
//! session has a system bus of its own, and on it one that says yes.

use std::time::Instant;

use anyhow::{Result, bail};

use super::Parts;
use crate::session::environment::{self, Places};
use crate::session::newer;
use crate::sh;

/// What the bus hands to services that it starts: a session of GNOME tells it, once there is a display.
const ACTIVATION: [&str; 5] = [
    "DBUS_SYSTEM_BUS_ADDRESS",
    "PULSE_SERVER",
    "WAYLAND_DISPLAY",
    "XDG_CURRENT_DESKTOP",
    "XDG_SESSION_TYPE",
];

impl Parts<'_> {
    pub(super) fn gnome(&mut self, places: &Places<'_>, end: Instant) -> Result<()> {
        self.answers("dbus-daemon", &places.bus(), end)?;
        self.bus_at("system-bus", &places.system_bus())?;
        self.answers("system-bus", &places.system_bus(), end)?;
        let words = [
            "/usr/bin/python3",
            "-m",
            "dbusmock",
            "--system",
            "--template",
            "logind",
        ];
        let mut environment = environment::desktop(self.spec);
        self.spawn("logind", &words, environment.clone())?;
        let owner = [
            "--system",
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus.GetNameOwner",
            "org.freedesktop.login1",
        ];
        self.until("logind", "take its name", end, || {
            self.answer(&owner).is_ok()
        })?;
        // With it set, it would look for a compositor to be a client of.
        environment.remove("WAYLAND_DISPLAY");
        let mut command = match &self.spec.shell_root {
            Some(root) => newer::command(root, &self.spec.user, "gnome-shell")?,
            None => self.spec.user.command("gnome-shell"),
        };
        command.args([
            "--headless",
            "--wayland",
            "--no-x11",
            "--virtual-monitor",
            "1280x800",
            "--wayland-display",
            environment::WAYLAND_DISPLAY,
            // Tests look at it and press its buttons.
            "--unsafe-mode",
        ]);
        self.spawn_command("gnome-shell", command, environment)
    }

    pub(super) fn answers_gnome(&self, places: &Places<'_>, end: Instant) -> Result<()> {
        self.answers("gnome-shell", &places.wayland(), end)?;
        let evaluate = ["--session", "org.gnome.Shell", "/org/gnome/Shell"];
        let evaluate = [&evaluate[..], &["org.gnome.Shell.Eval"]].concat();
        let question = [&evaluate[..], &["Main.layoutManager._startingUp"]].concat();
        self.until("gnome-shell", "come up", end, || {
            self.answer(&question)
                .is_ok_and(|answer| answer == "(true, 'false')")
        })?;
        let mut tell = self.spec.user.command("dbus-update-activation-environment");
        tell.args(ACTIVATION)
            .env_clear()
            .envs(environment::desktop(self.spec));
        sh::run_quietly(&mut tell)
    }

    /// What a call on a bus returns: which bus, destination, object, method, arguments.
    fn answer(&self, call: &[&str]) -> Result<String> {
        let [bus, destination, object, method, arguments @ ..] = call else {
            bail!("that is no call: {call:?}");
        };
        let mut ask = self.spec.user.command("gdbus");
        ask.args(["call", bus, "--dest", destination])
            .args(["--object-path", object, "--method", method])
            .args(arguments)
            .env_clear()
            .envs(environment::desktop(self.spec));
        sh::read_quietly(&mut ask)
    }
}
