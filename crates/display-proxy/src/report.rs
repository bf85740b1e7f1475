//! What the daemon hears: one JSON object a line, on a pipe that it may be slow to read.

use std::os::fd::OwnedFd;

use serde::{Deserialize, Serialize};
use tracing::debug;

/// One event for the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Clients are accepted from now on.
    Ready,
    /// A window of the sandbox appeared.
    WindowOpened {
        /// Distinguishes the windows of this proxy.
        window: u64,
    },
    /// A window of the sandbox is gone.
    WindowClosed {
        /// As when it was opened.
        window: u64,
    },
    /// A client was turned away or thrown out.
    ClientRefused {
        /// A sentence of ours; nothing in it comes from the app.
        reason: String,
    },
    /// The host compositor no longer answers; the proxy ends.
    HostGone,
}

/// Writes events and never waits: one that does not fit is dropped.
#[derive(Debug, Default)]
pub struct Report(Option<OwnedFd>);

impl Report {
    /// Reports to `fd`, or to nobody.
    #[must_use]
    pub fn new(fd: Option<OwnedFd>) -> Self {
        if let Some(fd) = &fd {
            // Ours to set: the daemon made this pipe for us.
            if let Err(error) = rustix::io::ioctl_fionbio(fd, true) {
                debug!(%error, "the report pipe may block");
            }
        }
        Self(fd)
    }

    /// Sends one event.
    pub fn send(&self, event: &Event) {
        let Some(fd) = &self.0 else { return };
        let Ok(mut line) = serde_json::to_vec(event) else {
            return;
        };
        line.push(b'\n');
        // Below PIPE_BUF a write is whole or not at all, so lines never tear.
        if let Err(error) = rustix::io::write(fd, &line) {
            debug!(%error, "the daemon does not read its reports");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_lines_of_json() {
        let text = serde_json::to_string(&Event::WindowOpened { window: 3 }).unwrap();
        assert_eq!(text, r#"{"event":"window-opened","window":3}"#);
        assert_eq!(
            serde_json::to_string(&Event::HostGone).unwrap(),
            r#"{"event":"host-gone"}"#
        );
    }
}
