//! What can happen, and waiting for it.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::Pid;

use super::Reactor;

/// Everything that can happen to init.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Children have ended.
    Children,
    /// Somebody connects who wants to be the daemon.
    Knock,
    /// The stranger has said something or gone.
    Stranger,
    /// The daemon has said something or gone.
    Daemon,
    /// The daemon takes more.
    Writable,
    /// A program was executed, or not.
    Report(Pid),
    /// A helper was executed, or not.
    HelperReport(usize),
    /// A client of a helper that does not run.
    Client(usize),
    /// A watched process has ended.
    Watched,
}

impl Reactor {
    pub(super) fn wait(&self) -> io::Result<Vec<Event>> {
        let mut events = Vec::new();
        let mut polled = Vec::new();
        let mut add = |event, fd, flags| {
            events.push(event);
            polled.push(PollFd::from_borrowed_fd(fd, flags));
        };
        let readable = PollFlags::IN;
        add(Event::Children, self.children.as_fd(), readable);
        add(Event::Knock, self.inside.control.as_fd(), readable);
        if let Some(stranger) = &self.stranger {
            add(Event::Stranger, stranger.as_fd(), readable);
        }
        if let Some(daemon) = &self.daemon {
            add(Event::Daemon, daemon.as_fd(), readable);
            if daemon.is_behind() {
                add(Event::Writable, daemon.as_fd(), PollFlags::OUT);
            }
        }
        for program in &self.programs {
            if let Some(report) = &program.report {
                add(Event::Report(program.pid), report.as_fd(), readable);
            }
        }
        for (index, helper) in self.helpers.iter().enumerate() {
            if let Some(report) = helper.report() {
                add(Event::HelperReport(index), report.as_fd(), readable);
            } else if helper.is_idle() && self.stopping.is_none() {
                add(Event::Client(index), helper.socket(), readable);
            }
        }
        for watched in self.watch.pidfds() {
            add(Event::Watched, watched, readable);
        }
        let timeout = self.deadline().map(|deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            // Rounded up, so that the deadline has passed afterwards.
            timespec(left + Duration::from_millis(1))
        });
        match rustix::event::poll(&mut polled, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let happened =
            |(event, polled): (Event, PollFd)| (!polled.revents().is_empty()).then_some(event);
        Ok(events
            .into_iter()
            .zip(polled)
            .filter_map(happened)
            .collect())
    }

    fn deadline(&self) -> Option<Instant> {
        let helpers = self.helpers.iter().filter_map(|helper| helper.deadline());
        let others = [
            self.stopping.as_ref().map(|stopping| stopping.deadline),
            self.watch.deadline(),
        ];
        helpers.chain(others.into_iter().flatten()).min()
    }

    pub(super) fn deal_with(&mut self, event: Event) {
        match event {
            Event::Children => self.bury(),
            Event::Knock => self.let_in(),
            Event::Stranger => self.hear_stranger(),
            Event::Daemon => self.hear_daemon(),
            Event::Writable => self.flush(),
            Event::Report(pid) => self.program_report(pid),
            Event::HelperReport(index) => self.helper_report(index),
            Event::Client(index) => self.start_helper(index),
            Event::Watched => self.check_life(),
        }
    }

    pub(super) fn check_deadlines(&mut self, now: Instant) {
        for helper in &mut self.helpers {
            helper.wake(now);
        }
        self.check_settled(now);
        self.check_stop(now);
    }
}

/// For `poll`.
pub fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
