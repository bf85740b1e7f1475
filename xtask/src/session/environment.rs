//! The environment of a session: built from nothing, so that it is the same everywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Host, Spec};
use crate::stage;

/// What is carried over from the invoker: how tests and logs speak, and what the terminal is.
const CARRIED: &[&str] = &[
    "CI",
    "COLORTERM",
    "INSTA_UPDATE",
    "OZ_LOG",
    "PROPTEST_CASES",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "TERM",
];

/// The Wayland socket that sway makes in a runtime directory that has none yet, and that others are told to make.
pub(super) const WAYLAND_DISPLAY: &str = "wayland-1";

/// Places in a session's directory.
pub(super) struct Places<'a>(pub(super) &'a Path);

impl Places<'_> {
    pub(super) fn run(&self) -> PathBuf {
        self.0.join("run")
    }
    pub(super) fn home(&self) -> PathBuf {
        self.0.join("home")
    }
    pub(super) fn prefix(&self) -> PathBuf {
        self.0.join("prefix")
    }
    pub(super) fn log(&self, of: &str) -> PathBuf {
        self.0.join("log").join(format!("{of}.log"))
    }
    pub(super) fn bus(&self) -> PathBuf {
        self.run().join("bus")
    }
    pub(super) fn system_bus(&self) -> PathBuf {
        self.run().join("system-bus")
    }
    pub(super) fn wayland(&self) -> PathBuf {
        self.run().join(WAYLAND_DISPLAY)
    }
    pub(super) fn sway(&self) -> PathBuf {
        self.run().join("sway.sock")
    }
    pub(super) fn pulse(&self) -> PathBuf {
        self.run().join("pulse/native")
    }
    /// The file that opens the X server.
    pub(super) fn authority(&self) -> PathBuf {
        self.run().join("xauthority")
    }
    /// The file in which stands how the X server is called.
    pub(super) fn display(&self) -> PathBuf {
        self.run().join("x-display")
    }
    pub(super) fn seat(&self) -> PathBuf {
        self.run().join("oz-seat.sock")
    }
}

/// What every process of the session has: the user's login, so to say.
///
/// The session bus has just this, like a bus that was started before the display: a service that
/// it activates knows neither display nor sound server.
pub(super) fn login(spec: &Spec) -> BTreeMap<String, String> {
    let places = Places(&spec.root);
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let prefix = text(places.prefix());
    let id = spec
        .root
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let test_dir = stage::TEST_DIR;
    let mut all: BTreeMap<String, String> = [
        ("HOME", text(places.home())),
        ("USER", spec.user.name.clone()),
        ("LOGNAME", spec.user.name.clone()),
        ("SHELL", "/bin/bash".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        (
            "PATH",
            format!("{prefix}/bin:{prefix}/{test_dir}:/usr/local/bin:/usr/bin:/bin:/usr/games"),
        ),
        ("TMPDIR", text(spec.root.join("tmp"))),
        ("XDG_RUNTIME_DIR", text(places.run())),
        // What it is anyway, but for a message bus, which takes the home from the list of users.
        ("XDG_DATA_HOME", text(places.home().join(".local/share"))),
        (
            "XDG_DATA_DIRS",
            format!("{prefix}/share:/usr/local/share:/usr/share"),
        ),
        ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
        // What gvfs asks for volumes otherwise is not on this machine, and whoever has it complains of that.
        ("GIO_USE_VOLUME_MONITOR", "unix".to_owned()),
        // Whoever looks for what a session left behind finds it by this.
        ("OZ_SESSION", id),
        ("OZ_SESSION_DIR", text(spec.root.clone())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for name in CARRIED {
        if let Ok(value) = std::env::var(name) {
            all.insert((*name).to_owned(), value);
        }
    }
    all
}

/// What a program that is started on the desktop has.
pub(super) fn desktop(spec: &Spec) -> BTreeMap<String, String> {
    let places = Places(&spec.root);
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let mut all = login(spec);
    let more = [(
        "DBUS_SESSION_BUS_ADDRESS",
        format!("unix:path={}", text(places.bus())),
    )];
    all.extend(more.map(|(name, value)| (name.to_owned(), value)));
    let wayland = || {
        vec![
            ("WAYLAND_DISPLAY", WAYLAND_DISPLAY.to_owned()),
            ("XDG_SESSION_TYPE", "wayland".to_owned()),
        ]
    };
    let x11 = || {
        vec![
            (
                "DISPLAY",
                std::fs::read_to_string(places.display()).unwrap_or_default(),
            ),
            ("XAUTHORITY", text(places.authority())),
            ("XDG_SESSION_TYPE", "x11".to_owned()),
        ]
    };
    let display = match spec.host {
        Host::Sway | Host::Gnome | Host::GnomeNewer => wayland(),
        Host::X11 => x11(),
    };
    let display = display.into_iter();
    all.extend(display.map(|(name, value)| (name.to_owned(), value)));
    let of_host = match spec.host {
        Host::X11 => vec![
            ("OZ_SEAT_SOCKET", text(places.seat())),
            ("XDG_CURRENT_DESKTOP", spec.manager.name().to_owned()),
        ],
        Host::Sway => vec![
            ("SWAYSOCK", text(places.sway())),
            ("OZ_SEAT_SOCKET", text(places.seat())),
            ("XDG_CURRENT_DESKTOP", "sway".to_owned()),
        ],
        Host::Gnome | Host::GnomeNewer => vec![
            (
                "DBUS_SYSTEM_BUS_ADDRESS",
                format!("unix:path={}", text(places.system_bus())),
            ),
            ("XDG_SESSION_DESKTOP", "gnome".to_owned()),
            ("XDG_CURRENT_DESKTOP", "GNOME".to_owned()),
        ],
    };
    let of_host = of_host.into_iter();
    all.extend(of_host.map(|(name, value)| (name.to_owned(), value)));
    if spec.audio.is_some() {
        all.insert(
            "PULSE_SERVER".to_owned(),
            format!("unix:{}", text(places.pulse())),
        );
    }
    all.extend(spec.extra_environment.iter().cloned());
    all
}
