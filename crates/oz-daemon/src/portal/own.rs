//! A dialog of ours, where the session has no portal that shows one: the program `oz-dialog`.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::colour::Colour;
use oz_core::wire::dialog::{Asked, FileDialog, FileDialogAnswer, JSON_MAX, Response};
use oz_core::wire::display::Host;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::daemon::Daemon;
use crate::sandbox::proxy::KillOnDrop;
use crate::sandbox::{Sandbox, spawn};

/// Its executable.
const PROGRAM: &str = "oz-dialog";
/// Variables of the session that it gets, and no others: which screen, which language, where looks are.
const SESSION: &[&str] = &[
    "HOME",
    "USER",
    "PATH",
    "XDG_RUNTIME_DIR",
    "XDG_DATA_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CURRENT_DESKTOP",
    "DBUS_SESSION_BUS_ADDRESS",
];
/// Those that are the launching session's, which the plan has.
const LOOKS: &[&str] = &[
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_MESSAGES",
    "XCURSOR_THEME",
    "XCURSOR_SIZE",
];

/// Shows a dialog by a program of ours; it goes when the future is dropped.
pub(super) async fn show(
    daemon: &Daemon,
    sandbox: &Sandbox,
    parent: Option<&str>,
    dialog: &FileDialog,
) -> FileDialogAnswer {
    let ended = || FileDialogAnswer::none(Response::Ended);
    let path = daemon.directories.program(PROGRAM);
    if !path.exists() {
        tracing::warn!("neither the session nor this installation can show a file dialog");
        return ended();
    }
    let asked = Asked {
        sandbox: sandbox.id.to_string(),
        name: Some(sandbox.called().to_owned()),
        colour: Some(Colour::of_profile(&sandbox.plan.profile).to_string()),
        parent: parent.map(str::to_owned),
        dialog: dialog.clone(),
    };
    let prepare = || -> io::Result<(OwnedFd, OwnedFd, OwnedFd)> {
        let json = serde_json::to_vec(&asked).map_err(io::Error::other)?;
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
        Ok((oz_sys::memory::memfd_sealed(&json)?, reader, writer))
    };
    let (input, reader, output) = match prepare() {
        Ok(prepared) => prepared,
        Err(error) => {
            tracing::warn!(%error, "a file dialog cannot be told what to show");
            return ended();
        }
    };
    let fds = [(input.as_fd(), 0), (output.as_fd(), 1)];
    let process = match spawn::logging(&path, &[], &variables(sandbox), &fds) {
        Ok(process) => KillOnDrop::new(process),
        Err(failure) => {
            tracing::warn!(error = failure.line(), "no file dialog");
            return ended();
        }
    };
    drop(output);
    let answer = read(reader).await;
    process.ended().await;
    answer.unwrap_or_else(ended)
}

/// What it says until it closes its output.
async fn read(reader: OwnedFd) -> Option<FileDialogAnswer> {
    let flags = rustix::fs::fcntl_getfl(&reader).ok()? | rustix::fs::OFlags::NONBLOCK;
    rustix::fs::fcntl_setfl(&reader, flags).ok()?;
    let pipe = tokio::net::unix::pipe::Receiver::from_owned_fd(reader).ok()?;
    let mut json = Vec::new();
    let mut pipe = tokio::io::AsyncReadExt::take(pipe, JSON_MAX as u64);
    tokio::io::AsyncReadExt::read_to_end(&mut pipe, &mut json)
        .await
        .ok()?;
    serde_json::from_slice(&json).ok()
}

/// What programs of the host get that are started for a sandbox.
pub(super) fn variables(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    let of_ours = |name: &&'static str| Some((*name, std::env::var(name).ok()?));
    let mut variables: Vec<_> = SESSION.iter().filter_map(of_ours).collect();
    let looks = |name: &&'static str| Some((*name, sandbox.plan.environment.get(*name)?.clone()));
    variables.extend(LOOKS.iter().filter_map(looks));
    match sandbox.host() {
        Some(Host::Wayland(socket)) => {
            // An absolute path is one too.
            variables.push(("WAYLAND_DISPLAY", socket.display().to_string()));
            variables.push(("GDK_BACKEND", "wayland".to_owned()));
        }
        Some(Host::X11(server)) => {
            variables.push(("DISPLAY", server.name()));
            let authority = server.authority.iter();
            let authority = authority.map(|path| ("XAUTHORITY", path.display().to_string()));
            variables.extend(authority);
            variables.push(("GDK_BACKEND", "x11".to_owned()));
        }
        None => {}
    }
    variables
}
