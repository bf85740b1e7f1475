//! The sockets of one client.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};

use crate::session::{Ended, Session, Turn};
use crate::wire::frame::{Outbox, Reader};

/// Why a client is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// It closed its connection.
    App,
    /// The host closed the other one, or could not be reached.
    Host,
    /// Its session is over.
    Session(Ended),
}

/// A client with its sockets.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) session: Session,
    app: UnixStream,
    host: Option<UnixStream>,
    gone: Option<Gone>,
}

impl Client {
    pub(super) fn new(app: UnixStream, now: Instant) -> Self {
        Self {
            session: Session::new(now),
            app,
            host: None,
            gone: None,
        }
    }

    pub(super) fn app_polled(&self) -> (BorrowedFd<'_>, PollFlags) {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.session.hears_app());
        flags.set(PollFlags::OUT, self.session.app_waits());
        (self.app.as_fd(), flags)
    }

    pub(super) fn host_polled(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, self.session.hears_host());
        flags.set(PollFlags::OUT, self.session.host_waits());
        Some((self.host.as_ref()?.as_fd(), flags))
    }

    pub(super) fn app_ready(&mut self, flags: PollFlags) {
        if self.session.hears_app() && flags.intersects(PollFlags::IN | PollFlags::HUP) {
            if !receive(&self.app, self.session.app().0) {
                self.end(Gone::App);
            }
        } else if flags.intersects(PollFlags::HUP | PollFlags::ERR) {
            // Nobody reads any more, so nothing need be written.
            self.end(Gone::App);
        }
    }

    pub(super) fn host_ready(&mut self, flags: PollFlags) {
        let Some(host) = &self.host else { return };
        if self.session.hears_host() && flags.intersects(PollFlags::IN | PollFlags::HUP) {
            if !receive(host, self.session.host().0) {
                self.end(Gone::Host);
            }
        } else if flags.intersects(PollFlags::HUP | PollFlags::ERR) {
            // What the app did not read in time is lost with the server.
            self.end(Gone::Host);
        }
    }

    /// Handles what has arrived and what is due.
    pub(super) fn advance(&mut self, turn: &mut Turn<'_>) {
        self.session.process(turn);
        self.session.tick(turn);
    }

    pub(super) fn wants_host(&self) -> bool {
        self.gone.is_none() && self.host.is_none() && self.session.host_waits()
    }

    pub(super) fn set_host(&mut self, host: UnixStream) {
        self.host = Some(host);
    }

    /// Writes what waits, as far as it goes.
    pub(super) fn flush(&mut self) {
        if !send(&self.app, self.session.app().1) {
            self.end(Gone::App);
        }
        if let Some(host) = &self.host
            && !send(host, self.session.host().1)
        {
            self.end(Gone::Host);
        }
    }

    /// The first reason counts.
    pub(super) fn end(&mut self, gone: Gone) {
        self.gone.get_or_insert(gone);
    }

    pub(super) fn gone(&self) -> Option<Gone> {
        self.gone.or(self.session.ended().map(Gone::Session))
    }
}

/// Reads once; whether the other side is still there. Descriptors that were sent along are never
/// received: without room for them the kernel closes them.
fn receive(socket: &UnixStream, reader: &mut Reader) -> bool {
    let result = rustix::net::recv(socket, reader.room(), RecvFlags::DONTWAIT);
    match result {
        Ok((_, 0)) => false,
        Ok((count, _)) => {
            reader.filled(count);
            true
        }
        Err(Errno::AGAIN | Errno::INTR) => true,
        Err(_) => false,
    }
}

/// Writes once; whether the other side is still there.
fn send(socket: &UnixStream, out: &mut Outbox) -> bool {
    if out.waiting().is_empty() {
        return true;
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    match rustix::net::send(socket, out.waiting(), flags) {
        Ok(count) => {
            out.written(count);
            true
        }
        Err(Errno::AGAIN | Errno::INTR) => true,
        Err(_) => false,
    }
}
