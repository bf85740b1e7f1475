//! How a proxy hears how the gate stands.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use oz_core::plan::Gate;
use oz_core::wire::audio::{Microphone, Told, Watched};
use tokio::sync::watch;

use super::super::Sandbox;

/// How long a proxy may take to read what it was told; one that does not may let a microphone
/// through that the user has turned off.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to the proxy that runs, if one does.
#[derive(Default)]
pub(crate) struct Control {
    pipe: Mutex<Option<File>>,
    told: watch::Sender<()>,
}

impl Control {
    pub(super) fn connect(&self, pipe: OwnedFd) {
        *self.lock() = Some(pipe.into());
    }

    pub(super) fn disconnect(&self) {
        *self.lock() = None;
    }

    /// Says how the gate stands now, and whether anybody looks. Two callers say it one after the other, and the later one
    /// says what is so then.
    pub(super) fn tell(&self, sandbox: &Sandbox) {
        let mut pipe = self.lock();
        let (Some(file), Some(gate)) = (pipe.as_mut(), sandbox.published().sound.gate) else {
            return;
        };
        let levels = sandbox.watchers.any();
        for told in [Told::Gate(gate), Told::Watched(Watched { levels })] {
            let line = serde_json::to_string(&told).map(|json| json + "\n");
            // A line is shorter than PIPE_BUF: it is written as a whole or not at all.
            let written = line.is_ok_and(|line| file.write_all(line.as_bytes()).is_ok());
            if !written {
                tracing::warn!("the audio proxy cannot be told how the gate stands");
            }
        }
        drop(pipe);
        self.told.send_replace(());
    }

    /// Returns when the proxy does not read what it was told.
    pub(super) async fn hangs(&self) {
        let mut told = self.told.subscribe();
        // The sender is ours, so this does not fail.
        while told.changed().await.is_ok() {
            tokio::time::sleep(PATIENCE).await;
            if self.unread() > 0 {
                return;
            }
        }
    }

    /// Returns when the user has said what becomes of the microphone.
    pub(super) async fn decided(&self, sandbox: &Sandbox) {
        let asks = |gate: Option<Gate>| gate.is_some_and(|gate| gate.microphone == Microphone::Ask);
        let mut told = self.told.subscribe();
        while asks(sandbox.published().sound.gate) && told.changed().await.is_ok() {}
    }

    fn unread(&self) -> u64 {
        let pipe = self.lock();
        let unread = pipe.as_ref().map(rustix::io::ioctl_fionread);
        // Of a pipe this cannot fail.
        unread.and_then(Result::ok).unwrap_or(0)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<File>> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
