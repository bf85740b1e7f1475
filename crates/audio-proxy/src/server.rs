//! The loop: who is connected, who can be read, who can be written to, what the gate says.

mod client;
mod host;

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use oz_core::wire::audio::Config;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use tracing::{debug, info, warn};

use crate::control::Control;
use crate::quota;
use crate::report::{Report, State};
use crate::session::{Ended, Turn};
use crate::shared::Shared;
use client::{Client, Gone};
use host::Host;

/// How long nobody is accepted after no descriptor was left for a client.
const FULL: Duration = Duration::from_secs(1);

/// Most clients that are accepted in one turn: the others have a turn too.
const ACCEPTED: usize = 32;

/// The proxy of one sandbox.
pub struct Server {
    listener: UnixListener,
    host: Host,
    shared: Shared,
    clients: Vec<Client>,
    control: Control,
    report: Report,
    signals: Option<SignalFd>,
    stop: Option<OwnedFd>,
    full: Option<Instant>,
    /// When there is more to report.
    report_at: Option<Instant>,
}

/// What a descriptor that is waited for belongs to.
#[derive(Debug, Clone, Copy)]
enum Source {
    Stop,
    Listener,
    Control,
    /// The connection that shows whether the host's server goes on.
    Watched,
    App(usize),
    Host(usize),
}

impl Server {
    /// Serves the clients that connect to `listener`.
    ///
    /// # Errors
    /// When the listener cannot be set to not wait.
    pub fn new(
        config: &Config,
        listener: UnixListener,
        control: Control,
        report: Report,
    ) -> std::io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            host: Host::new(config.host_socket.clone()),
            shared: Shared::new(config),
            clients: Vec::new(),
            control,
            report,
            signals: None,
            stop: None,
            full: None,
            report_at: None,
        })
    }

    /// Ends in order on SIGTERM and SIGINT. Blocks them for this thread.
    ///
    /// # Errors
    /// When the kernel refuses the signal descriptor.
    pub fn stop_on_signals(&mut self) -> std::io::Result<()> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGTERM);
        set.add(Signal::SIGINT);
        set.thread_block()?;
        self.signals = Some(SignalFd::with_flags(
            &set,
            SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK,
        )?);
        Ok(())
    }

    /// Ends in order when `fd` can be read or is closed at its other end. For tests.
    pub fn stop_on(&mut self, fd: OwnedFd) {
        self.stop = Some(fd);
    }

    /// Serves until asked to stop.
    pub fn run(mut self) {
        self.report.ready();
        while self.turn() {}
        info!(clients = self.clients.len(), "ending");
    }

    /// Waits for something and handles all of it; whether to go on.
    fn turn(&mut self) -> bool {
        let ready = match self.wait() {
            Ok(ready) => ready,
            Err(Errno::INTR) => return true,
            Err(error) => {
                warn!(%error, "poll failed");
                return false;
            }
        };
        let now = Instant::now();
        let mut accept = false;
        let mut closed = false;
        let mut told = self.control.deadline().is_some_and(|at| now >= at);
        for (source, flags) in ready {
            match source {
                Source::Stop => return false,
                Source::Listener => accept = true,
                Source::Control => told = true,
                Source::Watched => closed = true,
                Source::App(index) => self.clients[index].app_ready(flags),
                Source::Host(index) => self.clients[index].host_ready(flags),
            }
        }
        if told {
            let said = self.control.read(now);
            if let Some(gate) = said.gate.filter(|gate| *gate != self.shared.gate) {
                info!(?gate, "the gate");
                self.shared.gate = gate;
                self.each(now, |client, turn| client.session.gate_changed(turn));
            }
            if let Some(watched) = said.watched {
                let levels = self.shared.levels.unwrap_or_default();
                self.shared.levels = watched.levels.then_some(levels);
            }
        }
        self.each(now, Client::advance);
        if accept || self.full.is_some_and(|until| now >= until) {
            self.accept(now);
        }
        self.connect_hosts();
        self.spread_news();
        for client in &mut self.clients {
            client.flush();
        }
        self.host.settle(closed, now);
        self.let_go(now);
        self.tell(now);
        true
    }

    fn each(&mut self, now: Instant, mut handle: impl FnMut(&mut Client, &mut Turn<'_>)) {
        let mut turn = Turn {
            shared: &mut self.shared,
            now,
        };
        for client in &mut self.clients {
            handle(client, &mut turn);
        }
    }

    fn wait(&self) -> Result<Vec<(Source, PollFlags)>, Errno> {
        let mut sources = Vec::with_capacity(5 + 2 * self.clients.len());
        let mut fds = Vec::with_capacity(5 + 2 * self.clients.len());
        let mut add = |source, fd, flags| {
            sources.push(source);
            fds.push(PollFd::from_borrowed_fd(fd, flags));
        };
        let signals = self.signals.as_ref().map(AsFd::as_fd);
        let stop = self.stop.as_ref().map(AsFd::as_fd);
        for fd in [signals, stop].into_iter().flatten() {
            add(Source::Stop, fd, PollFlags::IN);
        }
        if self.full.is_none() {
            add(Source::Listener, self.listener.as_fd(), PollFlags::IN);
        }
        if let Some(fd) = self.control.polled() {
            add(Source::Control, fd, PollFlags::IN);
        }
        if let Some(fd) = self.host.polled() {
            // No flag is needed for the end, and what it says is of no interest.
            add(Source::Watched, fd, PollFlags::empty());
        }
        for (index, client) in self.clients.iter().enumerate() {
            let (fd, flags) = client.app_polled();
            add(Source::App(index), fd, flags);
            if let Some((fd, flags)) = client.host_polled() {
                add(Source::Host(index), fd, flags);
            }
        }
        let busy = self.clients.iter().any(|client| client.session.is_ready());
        let timeout = self
            .deadline()
            .map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = if busy { Some(Duration::ZERO) } else { timeout };
        let timeout = timeout.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        rustix::event::poll(&mut fds, timeout.as_ref())?;
        let flags = fds.iter().map(PollFd::revents);
        let all = sources.into_iter().zip(flags);
        Ok(all.filter(|(_, flags)| !flags.is_empty()).collect())
    }

    fn deadline(&self) -> Option<Instant> {
        let clients = self.clients.iter();
        clients
            .filter_map(|client| client.session.deadline())
            .chain(self.control.deadline())
            .chain(self.full)
            .chain(self.report_at)
            .chain(self.host.deadline())
            .min()
    }

    fn accept(&mut self, now: Instant) {
        self.full = None;
        for _ in 0..ACCEPTED {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    warn!(%error, "cannot accept");
                    self.full = Some(now + FULL);
                    return;
                }
            };
            if self.clients.len() >= quota::CLIENTS {
                self.report.refused("too many clients");
            } else if let Err(error) = stream.set_nonblocking(true) {
                warn!(%error, "a client could not be set up");
            } else {
                self.clients.push(Client::new(stream, now));
            }
        }
    }

    /// Connects to the host for those who have something to say to it. One that was accepted and is
    /// closed again looks to the app like a server that ended.
    fn connect_hosts(&mut self) {
        for client in &mut self.clients {
            if !client.wants_host() {
                continue;
            }
            match self.host.connect() {
                Ok(host) => client.set_host(host),
                Err(error) => {
                    debug!(%error, "no host connection");
                    client.end(Gone::Host);
                }
            }
        }
    }

    /// Tells every client what happened to the others.
    fn spread_news(&mut self) {
        for (event, index) in std::mem::take(&mut self.shared.news) {
            for client in &mut self.clients {
                client.session.tell(event, index);
            }
        }
    }

    /// Lets go of those who are done.
    fn let_go(&mut self, now: Instant) {
        let mut suspect = false;
        let (shared, report) = (&mut self.shared, &mut self.report);
        let before = self.clients.len();
        self.clients.retain_mut(|client| {
            let Some(gone) = client.gone() else {
                return true;
            };
            match gone {
                Gone::App => {}
                Gone::Host => suspect = true,
                Gone::Session(Ended::Host) => {
                    warn!("the host says what cannot be understood");
                    report.refused("the host's server said what cannot be understood");
                }
                Gone::Session(Ended::Offence(offence)) => {
                    // Not louder: an app can do it again and again.
                    debug!(%offence, "a client was thrown out");
                    report.refused(&offence.to_string());
                }
            }
            client.session.close(shared);
            false
        });
        if self.clients.len() != before {
            self.full = None;
            debug!(clients = self.clients.len(), "clients left");
            self.spread_news();
        }
        if suspect {
            self.host.suspect(now);
        }
    }

    fn tell(&mut self, now: Instant) {
        let mut state = State {
            host_gone: self.host.is_gone(),
            ..State::default()
        };
        for client in &self.clients {
            let (playback, record) = client.session.streams();
            state.playback += u32::try_from(playback).unwrap_or(0);
            state.record += u32::try_from(record).unwrap_or(0);
            state.listening |= client.session.listens(&self.shared);
            state.asking |= client.session.asks();
        }
        let shared = &mut self.shared;
        let levels = self.report.levels(shared.levels.as_mut(), now);
        let rest = self.report.update(state, &mut shared.denied, now);
        self.report_at = levels.into_iter().chain(rest).min();
    }
}
