//! Signals that end a session in order instead of ending us.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

const ENDING: [i32; 3] = [SIGHUP, SIGINT, SIGTERM];

struct State {
    /// The signal that came, or 0.
    came: Arc<AtomicUsize>,
    /// Whether no session runs, so that a signal just ends us.
    idle: Arc<AtomicBool>,
    /// Readable when a signal came or a child ended.
    wake: Mutex<UnixStream>,
}

static STATE: OnceLock<State> = OnceLock::new();

/// While it lives, HUP, INT and TERM are noted; otherwise they end the process as ever.
pub(super) struct Interrupts(&'static State);

impl Interrupts {
    pub(super) fn hold() -> Result<Self> {
        if STATE.get().is_none() {
            let state = register().context("cannot handle signals")?;
            let _ = STATE.set(state);
        }
        let state = STATE.get().context("cannot handle signals")?;
        state.idle.store(false, Ordering::SeqCst);
        Ok(Self(state))
    }

    /// The signal that asks us to end, if one came.
    pub(super) fn came(&self) -> Option<u8> {
        match self.0.came.load(Ordering::SeqCst) {
            0 => None,
            signal => u8::try_from(signal).ok(),
        }
    }

    /// Sleeps until a signal comes, a child ends, or the time is over.
    pub(super) fn sleep(&self, longest: Duration) {
        let Ok(mut wake) = self.0.wake.lock() else {
            return;
        };
        // A zero time-out would mean for ever.
        let longest = longest.max(Duration::from_millis(1));
        if wake.set_read_timeout(Some(longest)).is_ok() {
            let _ = wake.read(&mut [0; 64]);
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.0.idle.store(true, Ordering::SeqCst);
    }
}

fn register() -> std::io::Result<State> {
    let (wake, end) = UnixStream::pair()?;
    let came = Arc::new(AtomicUsize::new(0));
    let idle = Arc::new(AtomicBool::new(true));
    for signal in ENDING {
        let number = usize::try_from(signal).unwrap_or_default();
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, idle.clone())?;
        signal_hook::flag::register_usize(signal, came.clone(), number)?;
        signal_hook::low_level::pipe::register(signal, end.try_clone()?)?;
    }
    signal_hook::low_level::pipe::register(SIGCHLD, end)?;
    Ok(State {
        came,
        idle,
        wake: Mutex::new(wake),
    })
}
