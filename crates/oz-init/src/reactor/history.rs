//! How programs ended, for a daemon that was not there.

use std::collections::VecDeque;

use oz_core::wire::init::{ExitStatus, ProcessId};

/// How many are remembered.
const MOST: usize = 256;

/// The latest ends of programs.
///
/// What a daemon was sent and what it has read before it died cannot be told apart here, so a later one
/// is told all of these.
#[derive(Default)]
pub struct History(VecDeque<(ProcessId, ExitStatus)>);

impl History {
    pub fn add(&mut self, process: ProcessId, status: ExitStatus) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((process, status));
    }

    pub fn all(&self) -> Vec<(ProcessId, ExitStatus)> {
        self.0.iter().copied().collect()
    }
}
