//! A program that runs while a test looks at it.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

use super::{Session, wait_for};

/// A running program; it and its process group are killed when this is dropped.
#[derive(Debug)]
pub struct App {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Session {
    /// Starts a program; what it prints is kept for [`App::output`].
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(&self, command: &mut Command) -> Result<App> {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = command.get_program().display().to_string();
        let log = self
            .dir
            .join("log")
            .join(format!("app-{}-{number}.log", std::process::id()));
        let file = std::fs::File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stderr(file.try_clone()?)
            .stdout(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(App { child, name, log })
    }
}

impl App {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far, stdout and stderr together.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Whether it has ended, and how.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When the time is over, with what it printed.
    pub fn wait(&mut self, longest: Duration) -> Result<ExitStatus> {
        let (child, name) = (&mut self.child, &self.name);
        let ended = wait_for(&format!("{name} to end"), longest, || {
            child.try_wait().ok().flatten()
        });
        ended.with_context(|| format!("{} printed: {}", self.name, self.output()))
    }

    /// Sends a signal to it and its process group.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended meanwhile.
            let _ = kill_process_group(pid, signal);
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
