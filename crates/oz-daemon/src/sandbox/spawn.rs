//! Starting programs of this installation: init, the mount helper, the proxies.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::child::Child;
use crate::failure::{Failure, Kind, Result};

/// Starts a program with these arguments behind its name, these variables, these descriptors.
pub(crate) fn program(
    path: &Path,
    arguments: &[String],
    variables: &[(&str, String)],
    fds: &[(BorrowedFd<'_>, i32)],
) -> Result<Child> {
    let start = || -> io::Result<Child> {
        let program = CString::new(path.as_os_str().as_bytes())?;
        let mut argv = vec![CString::new(
            path.file_name().unwrap_or_default().as_bytes(),
        )?];
        for argument in arguments {
            argv.push(CString::new(argument.as_bytes())?);
        }
        let mut envp = Vec::new();
        for (name, value) in variables {
            envp.push(CString::new(format!("{name}={value}"))?);
        }
        let spawned = oz_sys::spawn::spawn(&program, &argv, &envp, fds)?;
        Child::new(spawned.pidfd)
    };
    start().map_err(|error| {
        let what = format!("cannot start {}: {error}", path.display());
        Failure::new(
            Kind::Launch,
            what,
            "Install Oz again: a program of it does not run",
        )
    })
}

/// Starts a program that speaks frames on descriptor 3, and returns our end.
pub(crate) fn with_socket(path: &Path, arguments: &[String]) -> Result<(Child, OwnedFd)> {
    let pair = rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    );
    let (ours, theirs) = pair.map_err(|errno| {
        Failure::new(
            Kind::Host,
            format!("cannot make a socket: {}", io::Error::from(errno)),
            "Close some programs, or raise the limit of open files",
        )
    })?;
    let mut fds = vec![(theirs.as_fd(), 3)];
    let stderr = io::stderr();
    if logs_to_stderr() {
        fds.push((stderr.as_fd(), 2));
    }
    let child = program(path, arguments, &log_level(), &fds)?;
    Ok((child, ours))
}

/// Helpers log to where the daemon logs.
pub(crate) fn logs_to_stderr() -> bool {
    rustix::fs::fcntl_getfl(io::stderr()).is_ok()
}

/// The one variable that helpers get from the daemon's own environment.
pub(crate) fn log_level() -> Vec<(&'static str, String)> {
    std::env::var("OZ_LOG")
        .map(|level| vec![("OZ_LOG", level)])
        .unwrap_or_default()
}
