//! What the display proxy is told while it runs.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use oz_core::wire::display::Tell;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::sync::Mutex;

/// How long a proxy may take to read what it is told.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to the proxy that runs, if one does.
#[derive(Default)]
pub(crate) struct Control(Mutex<Option<pipe::Sender>>);

impl Control {
    pub(super) async fn connect(&self, pipe: OwnedFd) -> io::Result<()> {
        *self.0.lock().await = Some(pipe::Sender::from_owned_fd(pipe)?);
        Ok(())
    }

    pub(super) async fn disconnect(&self) {
        *self.0.lock().await = None;
    }

    /// Says something. A proxy that does not listen does without.
    pub(super) async fn tell(&self, tells: &[Tell]) {
        let mut lines = Vec::new();
        for tell in tells {
            if serde_json::to_writer(&mut lines, tell).is_ok() {
                lines.push(b'\n');
            }
        }
        let mut pipe = self.0.lock().await;
        let Some(open) = pipe.as_mut() else { return };
        let told = tokio::time::timeout(PATIENCE, open.write_all(&lines)).await;
        if !matches!(told, Ok(Ok(()))) {
            tracing::warn!("the display proxy does not listen");
            // It may have half a line, behind which nothing would be understood.
            *pipe = None;
        }
    }
}
