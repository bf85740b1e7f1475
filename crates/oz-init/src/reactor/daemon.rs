//! The daemon: what it says, what it is told, and how one that comes later is known.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Instant;

use oz_core::wire::frame::Frame;
use oz_core::wire::init::{FromInit, Nonce, ToInit};
use rustix::net::SocketFlags;

use super::Reactor;
use super::connection::{Connection, Lost};
use crate::program::Explain;

impl Reactor {
    /// Tells the daemon, if there is one.
    pub(super) fn tell(&mut self, message: &FromInit, fds: Vec<OwnedFd>) {
        if let Some(daemon) = &mut self.daemon
            && daemon.send(message, fds).is_err()
        {
            self.daemon = None;
        }
    }

    pub(super) fn flush(&mut self) {
        if let Some(daemon) = &mut self.daemon
            && daemon.flush().is_err()
        {
            self.daemon = None;
        }
    }

    /// Gives the daemon copies of everything that is served or entered from outside.
    pub(super) fn tell_ready(&mut self) {
        let outside = self.inside.listeners.iter();
        let listeners = outside.clone().map(|listening| listening.service).collect();
        let sockets = outside.map(|listening| &listening.socket);
        let all = self.inside.namespaces.iter().chain(sockets);
        let copies: io::Result<Vec<OwnedFd>> = all.map(OwnedFd::try_clone).collect();
        match copies {
            Ok(fds) => {
                let held = self.inside.held.clone();
                self.tell(&FromInit::Ready { listeners, held }, fds);
            }
            // Out of descriptors: this daemon gets nothing, a later one may.
            Err(_) => self.daemon = None,
        }
    }

    /// Lets somebody connect. There is room for one stranger; the newest is the likeliest.
    pub(super) fn let_in(&mut self) {
        if let Ok(socket) = rustix::net::accept_with(&self.inside.control, SocketFlags::CLOEXEC) {
            self.stranger = Some(Connection::new(socket));
        }
    }

    /// Whoever knows the nonce is the daemon from now on, in place of any other.
    pub(super) fn hear_stranger(&mut self) {
        let Some(mut stranger) = self.stranger.take() else {
            return;
        };
        let first = stranger.receive().and_then(|()| stranger.next());
        match first.map(|frame| frame.map(|frame| frame.decode())) {
            Ok(None) => self.stranger = Some(stranger),
            Ok(Some(Ok(ToInit::Resume { nonce }))) if same(&nonce, &self.inside.nonce) => {
                self.daemon = Some(stranger);
                self.findable = true;
                self.tell_ready();
                self.tell_state();
                // More may have come along.
                self.obey_all();
            }
            Ok(Some(_)) | Err(Lost) => {}
        }
    }

    /// What a daemon that comes later has missed, maybe.
    fn tell_state(&mut self) {
        for (process, status) in self.history.all() {
            self.tell(&FromInit::Exited { process, status }, Vec::new());
        }
        let running = self
            .programs
            .iter()
            .filter(|program| program.report.is_none());
        let running: Vec<_> = running.map(|program| program.process).collect();
        for process in running {
            self.tell(&FromInit::Started { process }, Vec::new());
        }
    }

    pub(super) fn hear_daemon(&mut self) {
        let Some(daemon) = &mut self.daemon else {
            return;
        };
        // What came before the end is still heard.
        let lost = daemon.receive().is_err();
        self.obey_all();
        if lost {
            self.daemon = None;
        }
    }

    /// Whatever has arrived whole.
    pub(super) fn obey_all(&mut self) {
        while let Some(daemon) = &mut self.daemon {
            match daemon.next() {
                Ok(Some(frame)) => self.obey(frame),
                Ok(None) => break,
                Err(Lost) => self.daemon = None,
            }
        }
    }

    fn obey(&mut self, frame: Frame<OwnedFd>) {
        match frame.decode() {
            Ok(ToInit::Run {
                process,
                program,
                stdio,
                executable,
                explained,
                watched,
            }) => {
                let mut fds = frame.fds;
                let explain = if explained { fds.pop() } else { None };
                let explain = explain.map(|socket| Explain { socket, watched });
                let file = if executable { fds.pop() } else { None };
                self.start_program(process, &program, stdio, fds, file, explain);
            }
            Ok(ToInit::Signal { process, signal }) => self.signal(process, signal),
            Ok(ToInit::Stop { grace_ms }) => self.stop(grace_ms, Instant::now()),
            Ok(ToInit::Reach { service }) => self.reach(service),
            Ok(ToInit::Findable) => self.findable = true,
            // Neither can come now.
            Ok(ToInit::Begin { .. } | ToInit::Start { .. } | ToInit::Resume { .. }) | Err(_) => {
                self.daemon = None
            }
        }
    }
}

/// Compares in a time that does not tell where the difference is.
fn same(one: &Nonce, other: &Nonce) -> bool {
    let differences = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(differences) == 0
}
