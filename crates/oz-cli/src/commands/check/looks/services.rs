//! Sockets of the session: what lies at their paths inside, if anything, must be another socket.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use oz_core::report::Wall;

use super::{Look, Seen, shown};
use crate::commands::check::view::View;

pub(super) const LOOKS: &[Look] = &[Look {
    wall: Wall::Services,
    claim: "no socket of the session or of the system is there",
    run: |view| {
        let sockets = sockets();
        let shows: Vec<String> = sockets
            .iter()
            .filter(|path| is_shown(view, path))
            .map(|path| shown(path))
            .collect();
        match shows.as_slice() {
            [] => Seen::good(format!("none of {}", sockets.len())),
            some => Seen::nothing(some),
        }
    },
}];

/// Directories in which services of a session and of the system listen.
fn directories() -> Vec<PathBuf> {
    let fixed = [
        "/tmp/.X11-unix",
        "/tmp/.ICE-unix",
        "/run",
        "/run/dbus",
        "/run/systemd",
    ];
    let mut all: Vec<PathBuf> = fixed.iter().map(PathBuf::from).collect();
    if let Some(runtime) = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from) {
        for below in [
            "", "pulse", "keyring", "gnupg", "systemd", "at-spi", "gvfsd", "p11-kit",
        ] {
            all.push(runtime.join(below));
        }
    }
    all
}

/// Those that exist, and those that variables name.
fn sockets() -> Vec<PathBuf> {
    let entries = directories()
        .into_iter()
        .flat_map(|directory| fs::read_dir(directory).into_iter().flatten().flatten());
    let found = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket()))
        .map(|entry| entry.path());
    let named = ["SSH_AUTH_SOCK", "WAYLAND_DISPLAY", "SWAYSOCK", "I3SOCK"]
        .iter()
        .filter_map(|name| std::env::var_os(name).map(PathBuf::from))
        .filter(|path| path.is_absolute());
    let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
    let bus = bus.strip_prefix("unix:path=").map(|rest| {
        let end = rest.find([',', ';']).unwrap_or(rest.len());
        PathBuf::from(&rest[..end])
    });
    let mut all: Vec<PathBuf> = found.chain(named).chain(bus).collect();
    all.sort();
    all.dedup();
    all
}

fn is_shown(view: &View, path: &Path) -> bool {
    match (fs::metadata(path), view.inside(path)) {
        (Ok(host), Ok(inside)) => (host.dev(), host.ino()) == (inside.dev(), inside.ino()),
        _ => false,
    }
}
