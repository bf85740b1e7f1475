//! Looking at a running sandbox from inside: a shell in it that is given scripts.

use std::time::Duration;

use crate::cli::oz;
use crate::run::{Ran, Run};
use crate::wait;

/// A sandbox that runs, seen from inside.
#[derive(Clone, Debug)]
pub struct Inside {
    id: String,
}

impl Inside {
    /// The sandbox of this name.
    pub fn of(id: &str) -> Self {
        Self { id: id.to_owned() }
    }

    /// One of a profile's in which nothing happens by itself.
    #[track_caller]
    pub fn idle(profile: &str) -> Self {
        Self::start(&["--profile", profile, "--", "sleep", "1000"])
    }

    /// Starts a command detached and looks into its sandbox.
    pub fn start(arguments: &[&str]) -> Self {
        let ran = oz(["run", "--detach"]).args(arguments).run().ok();
        Self { id: ran.text() }
    }

    /// The sandbox's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A script in a shell of the sandbox.
    pub fn script(&self, script: &str) -> Run {
        // `exit` makes the status that of the script's last command even if the shell is one that
        // was meant for a terminal.
        oz(["shell", self.id()]).stdin(format!("{script}\nexit\n"))
    }

    /// Runs a script inside.
    pub fn sh(&self, script: &str) -> Ran {
        self.script(script).within(Duration::from_secs(20)).run()
    }

    /// Whether a script succeeds inside.
    pub fn holds(&self, script: &str) -> bool {
        self.sh(script).code == 0
    }

    /// Waits until a script succeeds inside.
    pub fn wait_for(&self, script: &str) {
        wait::for_condition(&format!("inside {}: {script}", self.id), || {
            self.holds(script)
        });
    }

    /// Whether the sandbox still runs.
    pub fn is_running(&self) -> bool {
        crate::cli::is_running(&self.id)
    }

    /// Waits until the sandbox has ended.
    pub fn wait_for_end(&self) {
        wait::for_condition(&format!("the sandbox {} ends", self.id), || {
            !self.is_running()
        });
    }
}
