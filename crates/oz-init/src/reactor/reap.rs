//! Burying the dead: every orphan of the sandbox is a child of init.

use oz_core::wire::init::ExitStatus;
use rustix::process::{WaitOptions, WaitStatus};

use super::Reactor;

impl Reactor {
    /// Waits for all that have ended.
    pub(super) fn bury(&mut self) {
        // Whoever ends after this makes the descriptor readable again.
        let mut signals = [0; 1024];
        let _ = rustix::io::read(&self.children, &mut signals);
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            let status = end(status);
            self.program_ended(pid, status);
            self.helper_ended(pid, status);
        }
        self.check_life();
    }
}

fn end(status: WaitStatus) -> ExitStatus {
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => ExitStatus::Code(byte(code)),
        (None, Some(signal)) => ExitStatus::Signal(byte(signal)),
        (None, None) => ExitStatus::Code(u8::MAX),
    }
}
