//! What the daemon is told when something fails.

use std::io;

use oz_core::OsBytes;
use oz_core::report::Wall;
use oz_core::wire::init::{FromInit, ProcessId, Stage};

/// A failed step: which, on what, and why.
#[derive(Debug, thiserror::Error)]
#[error("{stage}: {subject}: {}", io::Error::from_raw_os_error(*.errno))]
pub struct Failure {
    /// Which step.
    pub stage: Stage,
    /// The path or name at fault.
    pub subject: OsBytes,
    /// The error number, 0 if there is none.
    pub errno: i32,
}

impl Failure {
    /// A wall does not stand, and the launch must not go on without it.
    pub fn of_wall(wall: Wall, why: &dyn std::fmt::Display) -> Self {
        Self {
            stage: Stage::Wall,
            subject: format!("{wall}: {why}").as_str().into(),
            errno: 0,
        }
    }

    /// The message to the daemon, about a program or about the sandbox itself.
    pub fn message(self, process: Option<ProcessId>) -> FromInit {
        FromInit::Failed {
            process,
            stage: self.stage,
            subject: self.subject,
            errno: self.errno,
        }
    }
}

/// Says where an error happened.
pub trait At<T> {
    /// The same with a stage and a subject.
    fn at(self, stage: Stage, subject: impl Into<OsBytes>) -> Result<T, Failure>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, stage: Stage, subject: impl Into<OsBytes>) -> Result<T, Failure> {
        self.map_err(|error| Failure {
            stage,
            subject: subject.into(),
            errno: error.into().raw_os_error().unwrap_or(0),
        })
    }
}
