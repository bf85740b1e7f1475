//! The process before init: one for each launch, and the next launch's is started before it is wanted.
//!
//! It is a program of the host that waits for a plan: it is in no namespace of its own and holds nothing but
//! its socket, so it costs little to have and nothing to lose. It ends when the daemon does.

use std::fs::Metadata;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::child::Child;
use crate::daemon::Daemon;
use crate::failure::Result;
use crate::sandbox::proxy::KillOnDrop;
use crate::sandbox::spawn;

/// The one that waits.
#[derive(Default)]
pub(crate) struct Stages(Mutex<Option<Waiting>>);

struct Waiting {
    stage: Stage,
    /// What it was started from.
    program: Identity,
}

/// One that waits or is about to, and the socket on which it is told what to build.
pub(super) struct Stage {
    pub(super) process: KillOnDrop,
    pub(super) socket: OwnedFd,
}

/// Device, inode and time of the last change of a file: it is replaced by an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64, i64, i64);

impl Stages {
    /// The one that waits, or one that is just started.
    pub(super) fn take(daemon: &Daemon) -> Result<Stage> {
        let waiting = daemon.stages.lock().take();
        let path = program(daemon);
        match waiting {
            Some(Waiting { stage, program }) if stage.process.lives() && program.is(&path) => {
                Ok(stage)
            }
            _ => start(&path, "--control"),
        }
    }

    /// Starts the next one, unless there is one.
    pub(super) fn prepare(daemon: &Daemon) {
        let mut waiting = daemon.stages.lock();
        if waiting
            .as_ref()
            .is_some_and(|one| one.stage.process.lives())
        {
            return;
        }
        let path = program(daemon);
        // Before it is started: what is put there in between is noticed later.
        let Ok(program) = Identity::of(&path) else {
            return;
        };
        match start(&path, "--next") {
            Ok(stage) => *waiting = Some(Waiting { stage, program }),
            // The next launch tries again and says why not.
            Err(failure) => tracing::debug!(failure = failure.line(), "no process waits"),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn program(daemon: &Daemon) -> PathBuf {
    daemon.directories.program("oz-init")
}

/// What `how` says is only for whoever lists processes.
fn start(program: &Path, how: &str) -> Result<Stage> {
    let arguments = [how, "3"].map(String::from);
    let (process, socket): (Child, OwnedFd) = spawn::with_socket(program, &arguments)?;
    Ok(Stage {
        process: KillOnDrop::new(process),
        socket,
    })
}

impl Identity {
    fn of(path: &Path) -> io::Result<Self> {
        let of = |file: Metadata| Self(file.dev(), file.ino(), file.ctime(), file.ctime_nsec());
        std::fs::metadata(path).map(of)
    }

    fn is(self, path: &Path) -> bool {
        Self::of(path).is_ok_and(|now| now == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_replaced_is_another() {
        let directory = tempfile::tempdir().expect("a directory");
        let (path, new) = (directory.path().join("init"), directory.path().join("new"));
        std::fs::write(&path, "old").expect("written");
        let known = Identity::of(&path).expect("there");
        assert!(known.is(&path));
        std::fs::write(&new, "new").expect("written");
        std::fs::rename(&new, &path).expect("replaced");
        assert!(!known.is(&path));
        std::fs::remove_file(&path).expect("removed");
        assert!(!known.is(&path));
    }
}
