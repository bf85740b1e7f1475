//! Programs of one sandbox that were started on request.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;

use oz_core::wire::init::{ExitStatus, ProcessId};
use tokio::sync::oneshot;

use super::status::StatusPipe;
use crate::failure::{Failure, Result};

/// What is known of one.
#[derive(Debug)]
struct Process {
    name: String,
    /// Who waits for its start.
    starting: Option<oneshot::Sender<Result<Option<OwnedFd>>>>,
    status: Option<StatusPipe>,
}

/// Those that init was asked to run and has not reported as ended.
#[derive(Debug, Default)]
pub(super) struct Processes(BTreeMap<ProcessId, Process>);

/// Init spoke of a program that it was never asked to run, or twice of one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("init reports on a program that does not exist")]
pub(super) struct Unknown;

impl Processes {
    pub(super) fn asked(
        &mut self,
        process: ProcessId,
        name: String,
        starting: Option<oneshot::Sender<Result<Option<OwnedFd>>>>,
        status: Option<StatusPipe>,
    ) {
        let process_of = Process {
            name,
            starting,
            status,
        };
        self.0.insert(process, process_of);
    }

    pub(super) fn started(
        &mut self,
        process: ProcessId,
        terminal: Option<OwnedFd>,
    ) -> Result<(), Unknown> {
        let process = self.0.get_mut(&process).ok_or(Unknown)?;
        if let Some(starting) = process.starting.take() {
            let _ = starting.send(Ok(terminal));
        }
        Ok(())
    }

    pub(super) fn ended(&mut self, process: ProcessId, status: ExitStatus) -> Result<(), Unknown> {
        let process = self.0.remove(&process).ok_or(Unknown)?;
        if let Some(pipe) = process.status {
            pipe.ended(status);
        }
        // An end without a start: init was killed in between, or lies. The launcher is told
        // that it ran, and the status says how it went.
        if let Some(starting) = process.starting {
            let _ = starting.send(Ok(None));
        }
        Ok(())
    }

    pub(super) fn failed(&mut self, process: ProcessId, failure: &Failure) -> Result<(), Unknown> {
        let process = self.0.remove(&process).ok_or(Unknown)?;
        process.fail(failure);
        Ok(())
    }

    /// Init tells a later daemon of a program that runs.
    pub(super) fn found(&mut self, process: ProcessId, names: &[(ProcessId, String)]) {
        let name = names.iter().find(|(known, _)| *known == process);
        let name = name.map(|(_, name)| name.clone()).unwrap_or_default();
        self.asked(process, name, None, None);
    }

    pub(super) fn knows(&self, process: ProcessId) -> bool {
        self.0.contains_key(&process)
    }

    /// Whoever waits for one of them waits no longer; they go on until they end.
    pub(super) fn abandon_all(&mut self, failure: &Failure) {
        for process in self.0.values_mut() {
            let told = Process {
                name: String::new(),
                starting: process.starting.take(),
                status: process.status.take(),
            };
            told.fail(failure);
        }
    }

    /// Nothing will be heard of any of them.
    pub(super) fn fail_all(&mut self, failure: &Failure) {
        for process in std::mem::take(&mut self.0).into_values() {
            process.fail(failure);
        }
    }

    /// Init ended in order, and with it all that ran, without saying more of each.
    pub(super) fn end_all(&mut self, status: ExitStatus) {
        for process in self.0.keys().copied().collect::<Vec<_>>() {
            let _ = self.ended(process, status);
        }
    }

    /// For the bus.
    pub(super) fn list(&self) -> Vec<(ProcessId, String)> {
        self.0
            .iter()
            .map(|(id, process)| (*id, process.name.clone()))
            .collect()
    }
}

impl Process {
    fn fail(self, failure: &Failure) {
        match (self.starting, self.status) {
            // Who waits for its start decides what becomes of it, and may try again.
            (Some(starting), _) => drop(starting.send(Err(failure.clone()))),
            (None, Some(pipe)) => pipe.failed(failure),
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_cannot_report_on_what_was_not_asked_nor_twice() {
        let mut processes = Processes::default();
        assert_eq!(processes.started(1, None), Err(Unknown));
        processes.asked(1, "true".into(), None, None);
        assert_eq!(processes.started(1, None), Ok(()));
        assert_eq!(processes.ended(1, ExitStatus::Code(0)), Ok(()));
        assert_eq!(processes.ended(1, ExitStatus::Code(0)), Err(Unknown));
    }
}
