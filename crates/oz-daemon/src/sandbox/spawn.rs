//! Starting programs of this installation: init, the mount helper, the proxies.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::LazyLock;

use oz_confine::filter::FilterError;
use oz_confine::helpers;
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

/// Starts a program of ours, which logs to where the daemon logs.
pub(crate) fn logging(
    path: &Path,
    arguments: &[String],
    variables: &[(&str, String)],
    fds: &[(BorrowedFd<'_>, i32)],
) -> Result<Child> {
    let stderr = io::stderr();
    let mut fds = fds.to_vec();
    if rustix::fs::fcntl_getfl(&stderr).is_ok() {
        fds.push((stderr.as_fd(), 2));
    }
    program(path, arguments, variables, &fds)
}

/// What a helper that enters sandboxes may call, compiled once.
pub(crate) struct List(LazyLock<std::result::Result<Vec<u8>, FilterError>>);

/// Of `oz-mount`.
pub(crate) static MOUNT: List = List(LazyLock::new(|| bytes(helpers::mount())));
/// Of `oz-net`.
pub(crate) static NET: List = List(LazyLock::new(|| bytes(helpers::net())));

fn bytes(
    program: std::result::Result<Vec<u64>, FilterError>,
) -> std::result::Result<Vec<u8>, FilterError> {
    Ok(program?.into_iter().flat_map(u64::to_ne_bytes).collect())
}

/// Starts a helper that enters sandboxes, which speaks frames on descriptor 3 and gets its list of system calls as
/// descriptor 4; returns our end.
pub(crate) fn helper(path: &Path, list: &List) -> Result<(Child, OwnedFd)> {
    let failed =
        |why: String| Failure::new(Kind::Host, format!("cannot confine a helper: {why}"), "");
    let list = list.0.as_ref().map_err(|error| failed(error.to_string()))?;
    let list = oz_sys::memory::memfd_sealed(list).map_err(|error| failed(error.to_string()))?;
    with_socket_and(path, &[], &[(list.as_fd(), 4)])
}

/// Starts a program that speaks frames on descriptor 3, and returns our end.
pub(crate) fn with_socket(path: &Path, arguments: &[String]) -> Result<(Child, OwnedFd)> {
    with_socket_and(path, arguments, &[])
}

pub(crate) fn with_socket_and(
    path: &Path,
    arguments: &[String],
    more: &[(BorrowedFd<'_>, i32)],
) -> Result<(Child, OwnedFd)> {
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
    fds.extend_from_slice(more);
    let child = logging(path, arguments, &log_level(), &fds)?;
    Ok((child, ours))
}

/// The one variable that helpers get from the daemon's own environment.
pub(crate) fn log_level() -> Vec<(&'static str, String)> {
    std::env::var("OZ_LOG")
        .map(|level| vec![("OZ_LOG", level)])
        .unwrap_or_default()
}
