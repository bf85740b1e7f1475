//! Which compositor the windows of a launch go to.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::plan::{Plan, Service};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::failure::{Failure, Kind, Result};

/// Finds the caller's compositor for a plan with a display. Without one that answers, an app
/// with a profile is refused, and a bare command has no display.
pub(super) fn settle(
    plan: &mut Plan,
    session: &BTreeMap<String, String>,
    required: bool,
) -> Result<Option<PathBuf>> {
    if plan.display.is_none() {
        return Ok(None);
    }
    let found = socket(session).and_then(|path| match answers(&path) {
        Ok(()) => Ok(path),
        Err(error) => Err(Failure::new(
            Kind::NoDisplay,
            format!(
                "the compositor at {} does not answer: {error}",
                OsBytes::from(path.as_path())
            ),
            "Start the app from within a Wayland session that runs",
        )),
    });
    match found {
        Ok(path) => Ok(Some(path)),
        Err(failure) if required => Err(failure),
        Err(_) => {
            tracing::info!("no compositor: the command has no display");
            plan.display = None;
            plan.listeners
                .retain(|listener| listener.service != Service::Wayland);
            plan.environment.remove("WAYLAND_DISPLAY");
            Ok(None)
        }
    }
}

/// Where the session says that its compositor listens.
fn socket(session: &BTreeMap<String, String>) -> Result<PathBuf> {
    let missing = || {
        Failure::new(
            Kind::NoDisplay,
            "the session has no Wayland compositor: WAYLAND_DISPLAY is not set",
            "Start the app from within a Wayland session",
        )
    };
    let display = session
        .get("WAYLAND_DISPLAY")
        .filter(|name| !name.is_empty());
    let display = Path::new(display.ok_or_else(missing)?);
    if display.is_absolute() {
        return Ok(display.to_owned());
    }
    let runtime = session.get("XDG_RUNTIME_DIR").map(Path::new);
    let runtime = runtime
        .filter(|path| path.is_absolute())
        .ok_or_else(missing)?;
    Ok(runtime.join(display))
}

/// Whether somebody accepts there, without waiting for it.
pub(crate) fn answers(path: &Path) -> io::Result<()> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    Ok(rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?)
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

    #[test]
    fn the_socket_is_where_the_session_says() {
        let both = session(&[
            ("WAYLAND_DISPLAY", "wayland-1"),
            ("XDG_RUNTIME_DIR", "/run/user/7"),
        ]);
        assert_eq!(
            socket(&both).expect("found"),
            Path::new("/run/user/7/wayland-1")
        );
        let absolute = session(&[("WAYLAND_DISPLAY", "/tmp/w")]);
        assert_eq!(socket(&absolute).expect("found"), Path::new("/tmp/w"));
        for incomplete in [
            session(&[]),
            session(&[("WAYLAND_DISPLAY", "")]),
            session(&[("WAYLAND_DISPLAY", "w")]),
        ] {
            assert_eq!(
                socket(&incomplete).expect_err("nowhere").kind,
                Kind::NoDisplay
            );
        }
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
