//! What the display proxy is told while it runs.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use oz_core::wire::display::Tell;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::sync::{Mutex, watch};

use crate::sandbox::Sandbox;

/// How long a proxy may take to read what it is told.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to the proxy that runs, if one does.
#[derive(Default)]
pub(crate) struct Control {
    pipe: Mutex<Option<pipe::Sender>>,
    told: watch::Sender<()>,
}

impl Control {
    pub(super) async fn connect(&self, pipe: OwnedFd) -> io::Result<()> {
        *self.pipe.lock().await = Some(pipe::Sender::from_owned_fd(pipe)?);
        Ok(())
    }

    pub(super) async fn disconnect(&self) {
        *self.pipe.lock().await = None;
    }

    /// Says something. A proxy that does not listen does without.
    pub(crate) async fn tell(&self, tells: &[Tell]) {
        say(&mut *self.pipe.lock().await, tells).await;
    }

    /// Says which way what is copied or dragged may pass now. Two callers say it one after the other, and the
    /// later one says what is so then.
    pub(super) async fn tell_clipboard(&self, sandbox: &Sandbox) {
        let mut pipe = self.pipe.lock().await;
        if let Some(clipboard) = sandbox.published().clipboard {
            say(&mut pipe, &[Tell::Clipboard { clipboard }]).await;
        }
        drop(pipe);
        self.told.send_replace(());
    }

    /// Returns when the proxy does not read what it was told of the clipboard: it would let through what the user
    /// has closed.
    pub(super) async fn hangs(&self) {
        let mut told = self.told.subscribe();
        // The sender is ours, so this does not fail.
        while told.changed().await.is_ok() {
            let mut waited = 0;
            // What is in the pipe at one moment may be an answer that was just written.
            while !self.is_read().await {
                if waited == PATIENCE.as_secs() {
                    return;
                }
                waited += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Whether the proxy has read all that it was told.
    async fn is_read(&self) -> bool {
        let pipe = self.pipe.lock().await;
        let unread = pipe.as_ref().map(rustix::io::ioctl_fionread);
        matches!(unread, Some(Ok(0)))
    }
}

async fn say(pipe: &mut Option<pipe::Sender>, tells: &[Tell]) {
    let mut lines = Vec::new();
    for tell in tells {
        if serde_json::to_writer(&mut lines, tell).is_ok() {
            lines.push(b'\n');
        }
    }
    let Some(open) = pipe.as_mut() else { return };
    let told = tokio::time::timeout(PATIENCE, open.write_all(&lines)).await;
    if !matches!(told, Ok(Ok(()))) {
        tracing::warn!("the display proxy does not listen");
        // It may have half a line, behind which nothing would be understood.
        *pipe = None;
    }
}
