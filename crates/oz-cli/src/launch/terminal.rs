//! The user's terminal, and the program's inside the sandbox.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::FileType;
use rustix::termios::{OptionalActions, Termios, Winsize};
use tokio::signal::unix::{SignalKind, signal};

use super::pump::{Input, Pumps};
use crate::error::{Error, Result};

/// Whether the terminal belongs to us now.
pub(super) fn in_foreground() -> bool {
    let group = rustix::termios::tcgetpgrp(io::stdin());
    group.is_ok_and(|group| group == rustix::process::getpgrp())
}

/// Rows and columns.
pub(super) fn size() -> (u16, u16) {
    let size = rustix::termios::tcgetwinsize(io::stdin());
    size.map_or((24, 80), |size| (size.ws_row, size.ws_col))
}

/// The next change of the user's terminal's size.
pub(super) async fn resized() {
    match signal(SignalKind::window_change()) {
        Ok(mut changes) => drop(changes.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// Keys go in, output comes out, until it is dropped; then the user's terminal is as before.
pub(super) struct Relay {
    theirs: OwnedFd,
    output: Pumps,
    _input: Input,
    _ours: Raw,
}

impl Relay {
    /// Takes the end of the program's terminal that came out of the sandbox.
    pub(super) fn start(theirs: OwnedFd) -> Result<Self> {
        let kind = rustix::fs::fstat(&theirs).map(|stat| FileType::from_raw_mode(stat.st_mode));
        if kind != Ok(FileType::CharacterDevice) {
            return Err(Error::failed(
                "what the sandbox calls a terminal is none.",
                "Look at the daemon's log.",
            ));
        }
        let start = || -> io::Result<Self> {
            let ours = Raw::set()?;
            let input = Input::start(theirs.try_clone()?)?;
            let out = io::stdout().as_fd().try_clone_to_owned()?;
            let output = Pumps::start([(theirs.try_clone()?, out)])?;
            Ok(Self {
                theirs,
                output,
                _input: input,
                _ours: ours,
            })
        };
        let relay = start().map_err(|error| {
            Error::failed(
                format!("cannot use the terminal: {error}."),
                "Run it in another one.",
            )
        })?;
        // It may have changed since the request.
        relay.resize();
        Ok(relay)
    }

    /// Passes the present size on; the kernel tells the program.
    pub(super) fn resize(&self) {
        let (ws_row, ws_col) = size();
        let size = Winsize {
            ws_row,
            ws_col,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let _ = rustix::termios::tcsetwinsize(&self.theirs, size);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.output.finish();
    }
}

/// The user's terminal in raw mode.
struct Raw(Termios);

impl Raw {
    fn set() -> io::Result<Self> {
        let before = rustix::termios::tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        rustix::termios::tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}
