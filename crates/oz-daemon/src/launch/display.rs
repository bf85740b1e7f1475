//! Where the windows of a launch go.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::wire::display::{Host, X11, may_serve};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::failure::{Failure, Kind, Result};

/// Finds the caller's compositor or X server. Without one that answers, an app with a profile is refused, and a bare
/// command has no display.
pub(super) fn of_session(
    session: &BTreeMap<String, String>,
    home: &Path,
    required: bool,
) -> Result<Option<Host>> {
    let found = find(session, home).and_then(|host| match answers(host.socket()) {
        Ok(()) => Ok(host),
        Err(error) => Err(silent(&host, &error)),
    });
    match found {
        Ok(host) => Ok(Some(host)),
        Err(failure) if required => Err(failure),
        Err(_) => {
            tracing::debug!("nothing shows windows: the command has no display");
            Ok(None)
        }
    }
}

pub(crate) fn silent(host: &Host, error: &io::Error) -> Failure {
    let (what, kind) = match host {
        Host::Wayland(_) => ("compositor", "a Wayland session"),
        Host::X11(_) => ("X server", "an X11 session"),
    };
    let socket = OsBytes::from(host.socket());
    Failure::new(
        Kind::NoDisplay,
        format!("the {what} at {socket} does not answer: {error}"),
        format!("Start the app from within {kind} that runs"),
    )
}

/// What the session says that shows its windows: its compositor, or without one its X server.
fn find(session: &BTreeMap<String, String>, home: &Path) -> Result<Host> {
    let given = |name: &str| session.get(name).filter(|value| !value.is_empty());
    if let Some(display) = given("WAYLAND_DISPLAY") {
        return wayland(Path::new(display), given("XDG_RUNTIME_DIR")).map(Host::Wayland);
    }
    let Some(display) = given("DISPLAY") else {
        return Err(Failure::new(
            Kind::NoDisplay,
            "the session has neither a Wayland compositor nor an X server: neither WAYLAND_DISPLAY nor DISPLAY is set",
            "Start the app from within a desktop session",
        ));
    };
    let authority = given("XAUTHORITY").map_or_else(|| home.join(".Xauthority"), PathBuf::from);
    let authority = Some(authority).filter(|path| path.is_absolute());
    X11::named(display, authority)
        .map(Host::X11)
        .ok_or_else(|| {
            Failure::new(
                Kind::NoDisplay,
                format!(
                    "the X server {} is not one of this machine",
                    OsBytes::from(display.as_str())
                ),
                "Start the app from within a session of this machine",
            )
        })
}

/// Where a compositor of this name listens.
fn wayland(display: &Path, runtime: Option<&String>) -> Result<PathBuf> {
    if display.is_absolute() {
        return Ok(display.to_owned());
    }
    let runtime = runtime.map(Path::new).filter(|path| path.is_absolute());
    let runtime = runtime.ok_or_else(|| {
        Failure::new(
            Kind::NoDisplay,
            "the session does not say where its Wayland compositor listens: XDG_RUNTIME_DIR is not set",
            "Start the app from within a desktop session",
        )
    })?;
    Ok(runtime.join(display))
}

/// Whether somebody accepts there, without waiting for it.
pub(crate) fn answers(path: &Path) -> io::Result<()> {
    connect(path).map(drop)
}

/// A connection to who listens there, without waiting for it.
pub(crate) fn connect(path: &Path) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

/// The same of a host, if it is its user's. Where an X server was, in a directory that is everybody's, anybody may listen once
/// it has gone.
pub(crate) fn connect_to(host: &Host) -> io::Result<OwnedFd> {
    let connection = connect(host.socket())?;
    if let Host::X11(_) = host {
        let peer = rustix::net::sockopt::socket_peercred(&connection)?;
        let own = rustix::process::geteuid();
        if !may_serve(peer.uid.as_raw(), own.as_raw()) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "somebody else listens there",
            ));
        }
    }
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn found(pairs: &[(&str, &str)]) -> Result<Host> {
        find(&session(pairs), Path::new("/home/u"))
    }

    #[test]
    fn the_socket_is_where_the_session_says() {
        let wayland = |pairs: &[(&str, &str)]| match found(pairs).expect("found") {
            Host::Wayland(socket) => socket,
            Host::X11(server) => panic!("{server:?}"),
        };
        let both = [
            ("WAYLAND_DISPLAY", "wayland-1"),
            ("XDG_RUNTIME_DIR", "/run/user/7"),
            ("DISPLAY", ":1"),
        ];
        assert_eq!(wayland(&both), Path::new("/run/user/7/wayland-1"));
        let absolute = wayland(&[("WAYLAND_DISPLAY", "/tmp/w")]);
        assert_eq!(absolute, Path::new("/tmp/w"));
        for incomplete in [
            &[][..],
            &[("WAYLAND_DISPLAY", ""), ("DISPLAY", "")],
            &[("WAYLAND_DISPLAY", "w")],
            &[("DISPLAY", "elsewhere:0")],
            &[("DISPLAY", "localhost:10.0")],
            &[("DISPLAY", ":x")],
        ] {
            let failure = found(incomplete).expect_err("nowhere");
            assert_eq!(failure.kind, Kind::NoDisplay);
        }
    }

    #[test]
    fn without_a_compositor_it_is_the_x_server_of_this_machine() {
        let x11 = |pairs: &[(&str, &str)]| match found(pairs).expect("found") {
            Host::X11(server) => server,
            Host::Wayland(socket) => panic!("{socket:?}"),
        };
        let usual = x11(&[("DISPLAY", ":3")]);
        assert_eq!(usual.socket, Path::new("/tmp/.X11-unix/X3"));
        assert_eq!((usual.display, usual.screen), (3, 0));
        assert_eq!(
            usual.authority.as_deref(),
            Some(Path::new("/home/u/.Xauthority"))
        );
        let named = x11(&[("DISPLAY", "unix:0.1"), ("XAUTHORITY", "/run/a")]);
        assert_eq!((named.display, named.screen), (0, 1));
        assert_eq!(named.authority.as_deref(), Some(Path::new("/run/a")));
        assert_eq!(named.name(), ":0.1");
    }

    #[test]
    fn a_dead_socket_does_not_answer_and_a_live_one_does() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("wayland-0");
        assert!(answers(&path).is_err());
        let listener = std::os::unix::net::UnixListener::bind(&path).expect("bound");
        assert!(answers(&path).is_ok());
        drop(listener);
        assert!(answers(&path).is_err());
    }
}
