//! Programs inside that serve a socket, started by its first client.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use oz_core::plan::Service;
use oz_core::wire::init::{ExitStatus, FromInit};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::Pid;

use super::Reactor;
use crate::inside::Listening;
use crate::processes::{self, UserNamespace};
use crate::program::{Launch, Launched, News, Report};

/// A helper that was started so often within [`PERIOD`] rests until the first start is that long ago.
const STARTS: usize = 10;
const PERIOD: Duration = Duration::from_secs(60);

/// User namespaces of earlier runs whose orphans may still live.
const NAMESPACES: usize = 16;

/// One socket with its program.
pub struct Helper {
    listening: Listening,
    argv: Vec<String>,
    state: State,
    starts: VecDeque<Instant>,
    namespaces: VecDeque<UserNamespace>,
}

enum State {
    Idle,
    Running { pid: Pid, report: Option<Report> },
    Resting { until: Instant },
}

impl Helper {
    /// Takes the sockets that are served inside out of the list.
    pub fn take(listeners: &mut Vec<Listening>) -> Vec<Self> {
        let inside = listeners.extract_if(.., |listening| listening.helper.is_some());
        inside
            .map(|mut listening| Self {
                argv: listening.helper.take().unwrap_or_default(),
                listening,
                state: State::Idle,
                starts: VecDeque::new(),
                namespaces: VecDeque::new(),
            })
            .collect()
    }

    pub fn socket(&self) -> BorrowedFd<'_> {
        self.listening.socket.as_fd()
    }

    /// Whether the next client starts it.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    pub fn report(&self) -> Option<&Report> {
        match &self.state {
            State::Running { report, .. } => report.as_ref(),
            _ => None,
        }
    }

    pub fn pid(&self) -> Option<Pid> {
        match self.state {
            State::Running { pid, .. } => Some(pid),
            _ => None,
        }
    }

    /// Whether a process descends from a run of this helper.
    pub fn owns(&self, namespace: &UserNamespace) -> bool {
        self.namespaces.contains(namespace)
    }

    pub fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Resting { until } => Some(until),
            _ => None,
        }
    }

    /// Ends a rest that is over.
    pub fn wake(&mut self, now: Instant) {
        if self.deadline().is_some_and(|until| until <= now) {
            self.state = State::Idle;
        }
    }

    /// After an end: idle, or resting if it has ended too often.
    fn rest(&mut self, now: Instant) {
        self.starts
            .retain(|start| now.duration_since(*start) < PERIOD);
        self.state = match self.starts.front() {
            Some(first) if self.starts.len() >= STARTS => State::Resting {
                until: *first + PERIOD,
            },
            _ => State::Idle,
        };
    }

    /// A connection to its socket, as a client has one. Programs can put another socket in its place, and
    /// fill it; neither makes this wait, and what answers is inside in any case.
    fn connect(&self) -> io::Result<OwnedFd> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let stream = SocketType::STREAM;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, stream, flags, None)?;
        rustix::net::connect(&socket, &SocketAddrUnix::new(&self.listening.path)?)?;
        Ok(socket)
    }

    /// What it gets: its socket, and its ends of two connections to whoever shows its windows, who gets the others. One
    /// that goes on without them finds that they are closed.
    fn sockets(&self) -> io::Result<Vec<OwnedFd>> {
        let mut all = vec![self.listening.socket.try_clone()?];
        if let Some(outside) = &self.listening.sends {
            let pair = || {
                let (kind, flags) = (SocketType::STREAM, SocketFlags::CLOEXEC);
                rustix::net::socketpair(AddressFamily::UNIX, kind, flags, None)
            };
            let ((display, to_display), (windows, to_windows)) = (pair()?, pair()?);
            all.extend([to_display, to_windows]);
            // The secret is the end of that file.
            let cookie = std::fs::read(oz_core::plan::layout::X11_COOKIE)?;
            let cookie = cookie
                .last_chunk::<16>()
                .ok_or(io::ErrorKind::InvalidData)?;
            oz_sys::socket::try_send(outside, cookie, &[display.as_fd(), windows.as_fd()])?;
        }
        Ok(all)
    }

    fn service(&self) -> Service {
        self.listening.service
    }
}

impl Reactor {
    pub(super) fn start_helper(&mut self, index: usize) {
        let Some(helper) = self.helpers.get_mut(index) else {
            return;
        };
        helper.starts.push_back(Instant::now());
        let launched = helper.sockets().ok().and_then(|sockets| {
            let launch = Launch::helper(&self.inside.plan, &helper.argv, sockets);
            launch.and_then(|launch| launch.start(&self.inside)).ok()
        });
        match launched {
            Some(Launched { pid, report, .. }) => {
                helper.state = State::Running {
                    pid,
                    report: Some(report),
                };
                let service = helper.service();
                if self.inside.plan.portals && service == Service::Bus {
                    self.reach(service);
                }
            }
            None => {
                helper.rest(Instant::now());
                let service = helper.service();
                self.tell_helper_exited(service, ExitStatus::Code(127));
            }
        }
    }

    pub(super) fn helper_report(&mut self, index: usize) {
        let Some(helper) = self.helpers.get_mut(index) else {
            return;
        };
        if let State::Running { pid, report } = &mut helper.state
            && !matches!(report.as_ref().map(Report::read), Some(News::Pending))
        {
            *report = None;
            if let Some(namespace) = processes::user_namespace(&self.inside.proc, *pid) {
                helper.namespaces.push_back(namespace);
                if helper.namespaces.len() > NAMESPACES {
                    helper.namespaces.pop_front();
                }
            }
        }
    }

    pub(super) fn helper_ended(&mut self, pid: Pid, status: ExitStatus) {
        let found = self
            .helpers
            .iter_mut()
            .find(|helper| helper.pid() == Some(pid));
        if let Some(helper) = found {
            helper.rest(Instant::now());
            let service = helper.service();
            self.tell_helper_exited(service, status);
        }
    }

    /// Gives the daemon a connection to a helper that runs.
    pub(super) fn reach(&mut self, service: Service) {
        let is_it = |helper: &&Helper| helper.service() == service && helper.pid().is_some();
        let helper = self.helpers.iter().find(is_it);
        if let Some(Ok(connection)) = helper.map(Helper::connect) {
            self.tell(&FromInit::Reached { service }, vec![connection]);
        }
    }

    fn tell_helper_exited(&mut self, service: Service, status: ExitStatus) {
        self.tell(&FromInit::HelperExited { service, status }, Vec::new());
    }
}
