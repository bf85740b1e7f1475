//! Programs that the daemon asked for.

use std::os::fd::OwnedFd;

use oz_core::OsBytes;
use oz_core::wire::init::{ExitStatus, FromInit, ProcessId, Program, Stage, Stdio};
use oz_sys::signals::{self, To};
use rustix::io::Errno;
use rustix::process::Pid;

use super::Reactor;
use crate::failure::Failure;
use crate::program::{Explain, Launch, Launched, News, Report, Streams};

/// A program that has not been waited for: its pid cannot be another's.
pub struct Running {
    pub process: ProcessId,
    pub pid: Pid,
    /// Until it is known whether it was executed.
    pub report: Option<Report>,
    /// The daemon's end of its terminal, until it is sent.
    terminal: Option<OwnedFd>,
}

impl Reactor {
    pub(super) fn start_program(
        &mut self,
        process: ProcessId,
        program: &Program,
        stdio: Stdio,
        fds: Vec<OwnedFd>,
        file: Option<OwnedFd>,
        explain: Option<Explain>,
    ) {
        self.watch.begin();
        match self.launch(program, stdio, fds, file, explain) {
            Ok(Launched {
                pid,
                report,
                terminal,
            }) => self.programs.push(Running {
                process,
                pid,
                report: Some(report),
                terminal,
            }),
            Err(failure) => {
                self.tell(&failure.message(Some(process)), Vec::new());
                self.check_life();
            }
        }
    }

    fn launch(
        &self,
        program: &Program,
        stdio: Stdio,
        fds: Vec<OwnedFd>,
        file: Option<OwnedFd>,
        explain: Option<Explain>,
    ) -> Result<Launched, Failure> {
        if self.stopping.is_some() {
            return Err(Failure {
                stage: Stage::Execute,
                subject: program
                    .argv
                    .first()
                    .cloned()
                    .unwrap_or_else(OsBytes::default),
                errno: Errno::CANCELED.raw_os_error(),
            });
        }
        let streams = Streams::prepare(&self.inside, stdio, fds)?;
        let launch = Launch::program(&self.inside.plan, program, streams, file, explain)?;
        launch.start(&self.inside)
    }

    /// The pipe of a program has something to say.
    pub(super) fn program_report(&mut self, pid: Pid) {
        let Some(running) = self.programs.iter_mut().find(|running| running.pid == pid) else {
            return;
        };
        let process = running.process;
        match running.report.as_ref().map(Report::read) {
            None | Some(News::Pending) => {}
            Some(News::Started) => {
                running.report = None;
                let terminal = running.terminal.take().into_iter().collect();
                self.tell(&FromInit::Started { process }, terminal);
            }
            Some(News::Failed(failure)) => {
                // Its process ends by itself and is nobody's program.
                self.programs.retain(|running| running.pid != pid);
                self.tell(&failure.message(Some(process)), Vec::new());
            }
        }
    }

    /// A child has ended: if it was a program, the daemon is told.
    pub(super) fn program_ended(&mut self, pid: Pid, status: ExitStatus) {
        self.program_report(pid);
        if let Some(index) = self.programs.iter().position(|running| running.pid == pid) {
            let process = self.programs.swap_remove(index).process;
            self.history.add(process, status);
            self.tell(&FromInit::Exited { process, status }, Vec::new());
        }
    }

    /// To the whole group of a program, which is the program alone if it has made no other.
    pub(super) fn signal(&mut self, process: ProcessId, signal: u8) {
        let found = self
            .programs
            .iter()
            .find(|running| running.process == process);
        if let Some(running) = found
            && (1..=64).contains(&signal)
            && signals::send(To::Group(running.pid), signal).is_err()
        {
            // It has not made its group yet; if it is dead, nobody gets it.
            let _ = signals::send(To::Process(running.pid), signal);
        }
    }
}
