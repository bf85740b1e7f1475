//! The proxies of one sandbox: programs outside, each of which serves one socket of it. One is started
//! by the first connection, started again by the next one if it died, and gone with the sandbox.
//!
//! Here is what all of them share; what one is told and what it reports is its own file's.

mod pipe;
mod reports;

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use oz_core::plan::Service;
use rustix::event::{PollFd, PollFlags, Timespec};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::Interest;

use super::fifo::Fifo;
use super::{Command, Sandbox, spawn};
use crate::child::Child;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::readiness;
pub(super) use pipe::Pipe;
pub(super) use reports::follow as follow_reports;

/// So many starts in this time are an app that kills its proxy, or a proxy that does not work.
const STARTS: (usize, Duration) = (5, Duration::from_secs(60));

/// A kind of proxy.
pub(super) struct Program {
    pub(super) service: Service,
    /// Its executable.
    pub(super) name: &'static str,
    /// Name of the FIFO for its reports.
    pub(super) reports: &'static str,
}

/// What watches over the proxy of one socket.
pub(super) struct Supervisor {
    program: Program,
    path: PathBuf,
    sandbox: Arc<Sandbox>,
    listener: OwnedFd,
    /// Another way to be wanted, which the proxy gets as well: an X server inside sends there what it needs.
    x11: Option<OwnedFd>,
    reports: Fifo,
    /// One that an earlier daemon started.
    earlier: Option<Child>,
    starts: VecDeque<Instant>,
}

/// The proxy to follow.
pub(super) enum Turn {
    /// One that an earlier daemon started.
    Earlier(Child),
    /// Somebody connects and none runs.
    Wanted,
}

impl Supervisor {
    pub(super) fn new(
        daemon: &Daemon,
        sandbox: Arc<Sandbox>,
        program: Program,
        (listener, x11): (OwnedFd, Option<OwnedFd>),
        earlier: Option<Child>,
    ) -> Self {
        Self {
            path: daemon.directories.program(program.name),
            reports: Fifo::of(&daemon.directories, &sandbox.id, program.reports),
            program,
            sandbox,
            listener,
            x11,
            earlier,
            starts: VecDeque::new(),
        }
    }

    /// Waits until there is a proxy to follow or one to start.
    pub(super) async fn turn(&mut self) -> io::Result<Turn> {
        if let Some(proxy) = self.earlier.take() {
            return Ok(Turn::Earlier(proxy));
        }
        match &self.x11 {
            Some(x11) => tokio::select! {
                wanted = until_readable(&self.listener) => wanted?,
                wanted = until_readable(x11) => wanted?,
            },
            None => until_readable(&self.listener).await?,
        }
        if !may_start(&mut self.starts, Instant::now()) {
            tracing::warn!(
                proxy = self.program.name,
                "it ended too often; it waits a minute"
            );
            tokio::time::sleep(STARTS.1).await;
        }
        Ok(Turn::Wanted)
    }

    /// Starts one with a configuration, and with a control pipe if it takes one.
    /// Likewise with where connections to its host come.
    pub(super) fn start(
        &self,
        config: &impl Serialize,
        control: Option<OwnedFd>,
        hosts: Option<OwnedFd>,
    ) -> Result<Child> {
        let prepare = || -> io::Result<_> {
            let json = serde_json::to_vec(config).map_err(io::Error::other)?;
            Ok((oz_sys::memory::memfd_sealed(&json)?, self.reports.writer()?))
        };
        let (config, reports) = prepare().map_err(|error| self.untold(&error))?;
        let mut arguments = vec!["--config-fd", "3", "--listen-fd", "4", "--report-fd", "5"];
        let mut fds = vec![
            (config.as_fd(), 3),
            (self.listener.as_fd(), 4),
            (reports.as_fd(), 5),
        ];
        if let Some(control) = &control {
            arguments.extend(["--control-fd", "6"]);
            fds.push((control.as_fd(), 6));
        }
        if let Some(hosts) = &hosts {
            arguments.extend(["--hosts-fd", "8"]);
            fds.push((hosts.as_fd(), 8));
        }
        if let Some(x11) = &self.x11 {
            arguments.extend(["--x11-fd", "7"]);
            fds.push((x11.as_fd(), 7));
        }
        let arguments: Vec<_> = arguments.into_iter().map(String::from).collect();
        spawn::logging(&self.path, &arguments, &spawn::log_level(), &fds)
    }

    /// It cannot be told what to do.
    pub(super) fn untold(&self, error: &io::Error) -> Failure {
        Failure::new(
            Kind::Host,
            format!("cannot talk to a {}: {error}", self.program.name),
            "",
        )
    }

    /// Follows what a proxy reports until it ends; its exit code if it is known. When `hangs` says so
    /// it is killed.
    pub(super) async fn follow<E: DeserializeOwned>(
        &self,
        child: Child,
        take: impl FnMut(E) -> bool,
        hangs: impl Future<Output = ()>,
    ) -> Option<i32> {
        let service = self.program.service;
        if let Some(name) = child.name() {
            self.sandbox.publish(|published| {
                published.proxies.insert(service, name);
            });
        }
        let _ = self.sandbox.ask(Command::Save);
        let guard = EndOnDrop(Some(child));
        let child = guard.0.as_ref()?;
        let reported = async {
            match self.reports.reader() {
                Ok(reports) => reports::follow(&self.sandbox, reports, take).await,
                Err(error) => Err(error.into()),
            }
        };
        let code = tokio::select! {
            code = child.wait() => code,
            reported = reported => {
                if let Err(error) = reported {
                    tracing::warn!(proxy = self.program.name, %error, "it breaks its protocol and is killed");
                    child.kill();
                }
                child.wait().await
            }
            () = hangs => {
                tracing::warn!(proxy = self.program.name, "it does not listen and is killed");
                child.kill();
                child.wait().await
            }
        };
        self.sandbox.publish(|published| {
            published.proxies.remove(&service);
        });
        code
    }
}

/// A proxy outlives its supervision only by what it needs to end in order: on an X server programs of the host end when whoever
/// has asked them for something is gone, and with them what the user had copied.
struct EndOnDrop(Option<Child>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Some(child) = self.0.take() {
            crate::child::end(child);
        }
    }
}

/// A helper never outlives its supervision.
pub(crate) struct KillOnDrop(Option<Child>);

impl KillOnDrop {
    pub(crate) fn new(child: Child) -> Self {
        Self(Some(child))
    }

    /// The process, which is no longer killed.
    pub(crate) fn keep(mut self) -> Option<Child> {
        self.0.take()
    }

    /// Whether it has not ended yet.
    pub(crate) fn lives(&self) -> bool {
        self.0.as_ref().is_some_and(Child::lives)
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self) {
        if let Some(child) = &self.0 {
            child.wait().await;
        }
    }

    /// What names it for good.
    pub(super) fn name(&self) -> Option<(i32, u64)> {
        self.0.as_ref().and_then(Child::name)
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(child) = self.0.take() {
            child.kill();
            crate::child::reap(child);
        }
    }
}

/// Waits until somebody connects, or something is sent. The socket leaves the event loop again, because a proxy will
/// read from it.
pub(super) async fn until_readable(socket: &OwnedFd) -> io::Result<()> {
    let waiting = readiness::watch(socket.as_fd(), Interest::READABLE)?;
    loop {
        let mut ready = waiting.readable().await?;
        // What the event loop remembers may be a connection that the last proxy accepted.
        let mut now = [PollFd::new(socket, PollFlags::IN)];
        let at_once = Timespec::default();
        if rustix::event::poll(&mut now, Some(&at_once))? > 0 {
            return Ok(());
        }
        ready.clear_ready();
    }
}

pub(super) fn may_start(starts: &mut VecDeque<Instant>, now: Instant) -> bool {
    let (most, window) = STARTS;
    starts.retain(|start| now.duration_since(*start) < window);
    starts.push_back(now);
    starts.len() <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_dies_all_the_time_is_not_started_all_the_time() {
        let mut starts = VecDeque::new();
        let now = Instant::now();
        for _ in 0..STARTS.0 {
            assert!(may_start(&mut starts, now));
        }
        assert!(!may_start(&mut starts, now));
        assert!(may_start(&mut starts, now + STARTS.1));
    }
}
