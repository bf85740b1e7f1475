//! The loop: who is connected, who can be read, who gets flushed.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use oz_core::wire::display::{GIVEN_MAX, Given, Opening};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use tracing::{debug, info, warn};

use crate::bridge::live::{Ended, Live};
use crate::config::Config;
use crate::control::{Control, Said};
use crate::held::Open;
use crate::host::backend::Connected;
use crate::host::{self, Backend, ConnectError};
use crate::quota;
use crate::report::{Event, Report};
use crate::session::Shared;
use crate::x11::Begin;

/// Connections that are kept for answers, and until when.
type Leaving = VecDeque<(Box<host::x11::Server>, Instant)>;

/// The proxy of one sandbox.
pub struct Server {
    listener: UnixListener,
    backend: Backend,
    shared: Rc<Shared>,
    clients: Vec<Live>,
    signals: Option<SignalFd>,
    stop: Option<OwnedFd>,
    /// Where an X server of the sandbox comes from.
    x11: Option<OwnedFd>,
    /// What the daemon has to say.
    control: Option<Control>,
    /// No descriptor was left for a new client: wait until one leaves.
    full: bool,
    /// There is no host.
    lost: Option<Lost>,
    open: Rc<Open>,
    /// They are counted.
    counts: bool,
    /// Where connections come from that the proxy cannot make itself.
    hosts: Option<OwnedFd>,
    /// Those that came, with what opens them if they are to an X server.
    given: VecDeque<(UnixStream, Option<Opening>)>,
    /// Those of clients that have gone, which wait for answers of the X server's other clients, and until when.
    leaving: Leaving,
    /// All come from there: it is another host than that of the start, or one that the walls keep away.
    asks: bool,
}

/// A host that is gone.
#[derive(Clone, Copy)]
struct Lost {
    since: Instant,
    /// When it is looked for again.
    look: Instant,
}

impl Lost {
    /// At once.
    fn look_now(before: Option<Self>) -> Self {
        let now = Instant::now();
        let since = before.map_or(now, |lost| lost.since);
        Self { since, look: now }
    }

    fn look_later(self, now: Instant) -> Self {
        let look = now + pause(now.saturating_duration_since(self.since));
        Self { look, ..self }
    }
}

/// Between two looks for a host that has been gone for so long. One that starts takes longer than the first; when nobody has come
/// for a while it is night.
fn pause(gone: Duration) -> Duration {
    (gone / 16).clamp(Duration::from_millis(250), Duration::from_secs(4))
}

/// How long the connection to an X server of a client that has gone is kept for answers to what it has asked there, and how many
/// are: an app can make as many clients as it likes.
const LEAVING: (Duration, usize) = (Duration::from_secs(2), 8);

/// The same at the end of all: by then the daemon still waits.
const ENDING: Duration = Duration::from_millis(700);

/// Lets go of what a client has at the host, whose connection is kept for answers.
fn leave(client: &mut Live, leaving: &mut Leaving, time: Duration) {
    if let Some(mut server) = client.take_server() {
        server.leave();
        leaving.push_back((server, Instant::now() + time));
    }
}

impl Server {
    /// Serves the clients that connect to `listener`.
    ///
    /// # Errors
    /// When the listener cannot be set to not wait.
    pub fn new(
        config: Config,
        backend: Backend,
        listener: UnixListener,
        report: Report,
    ) -> std::io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            backend,
            shared: Shared::new(config, report),
            clients: Vec::new(),
            signals: None,
            stop: None,
            x11: None,
            control: None,
            full: false,
            lost: None,
            open: Rc::new(Open::new()),
            counts: true,
            hosts: None,
            given: VecDeque::new(),
            leaving: VecDeque::new(),
            asks: false,
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

    /// Whether the descriptors of this process are counted, as they are if nothing is said. For tests, in whose process others
    /// open some too.
    pub fn count_descriptors(&mut self, yes: bool) {
        self.counts = yes;
    }

    /// Takes other descriptors for memory of a GPU than the kernel does. For tests where it has none to make.
    pub fn take_for_gpu_memory(&mut self, judge: fn(BorrowedFd<'_>) -> bool) {
        self.shared.is_gpu_memory.set(judge);
    }

    /// Hears what the daemon says on `pipe`.
    ///
    /// # Errors
    /// When the pipe cannot be set to not wait.
    pub fn hear(&mut self, pipe: OwnedFd) -> std::io::Result<()> {
        self.control = Some(Control::new(pipe)?);
        Ok(())
    }

    /// Serves the X servers of the sandbox, one at a time: of each comes, as one message, what it wants to be shown, its
    /// connection as a client, and the one on which this is its window manager.
    pub fn serve_x11(&mut self, channel: OwnedFd) {
        self.x11 = Some(channel);
    }

    /// Takes connections to hosts from the daemon, each as one message.
    pub fn take_hosts(&mut self, socket: OwnedFd) {
        self.hosts = Some(socket);
    }

    /// Serves until asked to stop.
    pub fn run(mut self) {
        self.shared.report.send(&Event::Ready);
        while self.turn() {}
        info!(clients = self.clients.len(), "ending");
        self.signals = None;
        self.stop = None;
        for mut client in std::mem::take(&mut self.clients) {
            leave(&mut client, &mut self.leaving, ENDING);
        }
        let until = Instant::now() + ENDING;
        while !self.leaving.is_empty() && Instant::now() < until && self.turn() {}
    }

    /// Waits for something, handles all of it, flushes once. False when it was asked to stop.
    fn turn(&mut self) -> bool {
        let ready = match self.wait() {
            Ok(ready) => ready,
            Err(Errno::INTR) => return true,
            Err(error) => {
                warn!(%error, "poll failed");
                return false;
            }
        };
        let mut ready = ready.into_iter();
        if ready.next().is_some_and(|flags| !flags.is_empty())
            || ready.next().is_some_and(|flags| !flags.is_empty())
        {
            return false;
        }
        let accept = ready.next().is_some_and(|flags| !flags.is_empty());
        let said = ready.next().is_some_and(|flags| !flags.is_empty());
        if ready.next().is_some_and(|flags| !flags.is_empty()) {
            self.shared.report.flush();
        }
        let x11 = ready.next().is_some_and(|flags| !flags.is_empty());
        let hosts = ready.next().is_some_and(|flags| !flags.is_empty());

        for index in 0..self.clients.len() {
            let wanted = self.clients[index].polled();
            let flags: Vec<PollFlags> = ready.by_ref().take(wanted).collect();
            if flags.iter().any(|flags| !flags.is_empty()) {
                if self.counts {
                    let client = &self.clients[index];
                    let others = self.expected_fds() - client.expected_fds();
                    self.clients[index].watch(&self.open, others);
                }
                self.clients[index].handle(&flags);
                if self.clients[index].has_read() && self.counts {
                    self.count_strays();
                }
            }
        }
        if said {
            // Only now: the places in `ready` were those of what was under way before.
            self.hear_daemon();
        }
        if hosts {
            self.hear_of_hosts();
        }
        if accept {
            self.accept();
        }
        if x11 {
            self.accept_x11();
        }
        self.settle();
        true
    }

    fn wait(&self) -> Result<Vec<PollFlags>, Errno> {
        let mut fds = Vec::with_capacity(4 + 4 * self.clients.len());
        let listener = self.listener.as_fd();
        // Places that are not in use watch the listener for nothing.
        fds.push(match &self.signals {
            Some(signals) => PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN),
            None => PollFd::from_borrowed_fd(listener, PollFlags::empty()),
        });
        fds.push(match &self.stop {
            Some(stop) => PollFd::from_borrowed_fd(stop.as_fd(), PollFlags::IN),
            None => PollFd::from_borrowed_fd(listener, PollFlags::empty()),
        });
        // Who comes while there is no host waits in the queue of the socket.
        let takes = !self.full && self.lost.is_none();
        let accepting = if !takes {
            PollFlags::empty()
        } else {
            PollFlags::IN
        };
        fds.push(PollFd::from_borrowed_fd(listener, accepting));
        fds.push(match &self.control {
            Some(control) => PollFd::from_borrowed_fd(control.pipe(), PollFlags::IN),
            None => PollFd::from_borrowed_fd(listener, PollFlags::empty()),
        });
        let report = &self.shared.report;
        fds.push(match report.pipe().filter(|_| report.is_behind()) {
            Some(pipe) => PollFd::from_borrowed_fd(pipe, PollFlags::OUT),
            None => PollFd::from_borrowed_fd(listener, PollFlags::empty()),
        });
        fds.push(match self.x11.as_ref().filter(|_| takes) {
            Some(x11) => PollFd::from_borrowed_fd(x11.as_fd(), PollFlags::IN),
            None => PollFd::from_borrowed_fd(listener, PollFlags::empty()),
        });
        fds.push(match &self.hosts {
            Some(hosts) => PollFd::from_borrowed_fd(hosts.as_fd(), PollFlags::IN),
            None => PollFd::from_borrowed_fd(listener, PollFlags::empty()),
        });
        for client in &self.clients {
            client.poll(&mut fds);
        }
        for (server, _) in &self.leaving {
            fds.push(PollFd::from_borrowed_fd(server.x_socket(), PollFlags::IN));
        }
        rustix::event::poll(&mut fds, self.patience().as_ref())?;
        Ok(fds.iter().map(PollFd::revents).collect())
    }

    /// How long nothing needs to be done if nothing happens.
    fn patience(&self) -> Option<Timespec> {
        let first = self.clients.iter().filter_map(Live::deadline);
        let leaving = self.leaving.iter().map(|(_, until)| *until);
        let look = self.lost.map(|lost| lost.look);
        let first = first.chain(look).chain(leaving).min()?;
        // A little late rather than too early, which would be in vain.
        let left = first.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        Timespec::try_from(left).ok()
    }

    /// Takes what the daemon says to whom it concerns.
    fn hear_daemon(&mut self) {
        let Some(answers) = self.control.as_mut().map(Control::read) else {
            return;
        };
        let Some(answers) = answers else {
            self.control = None;
            return;
        };
        for said in answers {
            let mut clients = self.clients.iter_mut();
            match said {
                Said::Clipboard(clipboard) => {
                    self.shared.clipboard.set(clipboard);
                    clients.for_each(Live::clipboard_changed);
                }
                Said::Activation(token, host) => {
                    self.shared.activations.borrow_mut().add(token, host);
                }
                Said::Copy(question, yes) => {
                    if !clients.any(|client| client.answered_copy(question, yes)) {
                        debug!("nobody waits for this answer any more");
                    }
                }
                Said::Files(list, paths) => {
                    if !clients.any(|client| client.answered_list(list, &paths)) {
                        debug!("nobody waits for these files any more");
                    }
                }
            }
        }
    }

    fn accept(&mut self) {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    warn!(%error, "cannot accept");
                    self.full = true;
                    return;
                }
            };
            if self.clients.len() >= quota::CLIENTS {
                self.refuse("too many clients");
                continue;
            }
            self.let_in(stream, None);
            if self.clients.last().is_some_and(Live::wants_host) {
                // The others wait until it is there.
                return;
            }
        }
    }

    /// An X server has been started inside.
    fn accept_x11(&mut self) {
        let Some(channel) = self.x11.as_ref() else {
            return;
        };
        let mut cookie = [0; 64];
        let (length, fds) = match oz_sys::socket::try_recv(channel, &mut cookie) {
            Ok((0, _)) => {
                // The sandbox ends.
                self.x11 = None;
                return;
            }
            Ok(received) => received,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
            Err(error) => {
                warn!(%error, "no X server can be heard of");
                self.x11 = None;
                return;
            }
        };
        debug!(length, fds = fds.len(), "an X server has come");
        let Ok([display, socket]) = <[OwnedFd; 2]>::try_from(fds) else {
            self.refuse("what came is no X server");
            return;
        };
        for client in &mut self.clients {
            if client.is_x11() {
                client.end("another X server has come");
            }
        }
        let begin = Begin {
            socket,
            cookie: cookie[..length].to_vec(),
        };
        self.let_in(UnixStream::from(display), Some(begin));
    }

    fn let_in(&mut self, client: UnixStream, x11: Option<Begin>) {
        if let Err(error) = self.connect(client, x11) {
            warn!(error = %error, "no host connection");
            self.refuse("the host did not take another connection");
        }
    }

    fn connect(&mut self, client: UnixStream, x11: Option<Begin>) -> Result<(), ConnectError> {
        let host = match self.connect_host() {
            Ok(host) => Some(host),
            Err(ConnectError::Gone) => None,
            Err(error) => return Err(error),
        };
        match Live::new(Rc::clone(&self.shared), client, x11, host) {
            Ok(live) => self.clients.push(live),
            Err(error) => {
                warn!(%error, "cannot set up a client");
                self.refuse("a client could not be set up");
            }
        }
        Ok(())
    }

    /// Descriptors that somebody rightly makes us hold. Some are the proxy's own.
    fn expected_fds(&self) -> usize {
        let leaving = self.leaving.iter().map(|(server, _)| server.expected_fds());
        let clients = self.clients.iter().map(Live::expected_fds);
        64 + clients.chain(leaving).sum::<usize>()
    }

    /// Descriptors pile up when a client attaches them to requests that take none. Each was seen doing it in its own turns: what others
    /// send, take or let go of says nothing of it.
    fn count_strays(&mut self) {
        let Ok(count) = self.open.count(&self.listener) else {
            let of = |client: &mut Live| client.expected_fds() + client.strays();
            self.end_most("no descriptor is left", of);
            return;
        };
        let strays = count.beyond(self.expected_fds());
        if usize::try_from(strays).is_ok_and(|strays| strays > quota::STRAY_FDS) {
            self.end_most("sent descriptors that no request takes", Live::strays);
        }
    }

    /// Ends the client with most of something, if it is more than comes with one message.
    fn end_most(&mut self, reason: &str, of: impl Fn(&mut Live) -> usize) {
        let most = self.clients.iter_mut().map(|client| (of(client), client));
        if let Some((many, client)) = most.max_by_key(|(many, _)| *many)
            && many > quota::OWN_STRAY_FDS
        {
            client.end(reason);
        }
    }

    fn refuse(&self, reason: &str) {
        self.shared.report.send(&Event::ClientRefused {
            reason: reason.to_owned(),
        });
    }

    /// Lets selections settle, flushes everybody once, and lets go of those who are done.
    fn settle(&mut self) {
        for client in &mut self.clients {
            client.settle();
        }
        for client in &mut self.clients {
            client.flush();
        }
        let before = self.clients.len();
        let shared = Rc::clone(&self.shared);
        let leaving = &mut self.leaving;
        self.clients.retain_mut(|client| {
            let Some(ended) = client.ended() else {
                return true;
            };
            if let Ended::HostClosed = ended {
                return false;
            }
            leave(client, leaving, LEAVING.0);
            if let Ended::Refused(reason) = ended {
                info!(reason, "a client was thrown out");
                shared.report.send(&Event::ClientRefused { reason });
            }
            false
        });
        let now = Instant::now();
        self.leaving
            .retain_mut(|(server, until)| *until > now && server.lingers());
        while self.leaving.len() > LEAVING.1 {
            self.leaving.pop_front();
        }
        if self.clients.len() != before {
            self.full = false;
            debug!(clients = self.clients.len(), "clients left");
            // The selection of one that left is gone; the others must hear of it.
            for client in &mut self.clients {
                client.settle();
                client.flush();
            }
        }
        self.look_for_host();
    }

    /// Connects those anew that have lost their host, once there is one. A host that is about to end may accept and close
    /// again: between two looks is a pause, and each client has so many.
    fn look_for_host(&mut self) {
        if !self.clients.iter().any(Live::wants_host) {
            self.lost = None;
            return;
        }
        let now = Instant::now();
        match self.lost {
            None => {
                if !self.asks {
                    info!("the host is gone");
                    self.shared.report.send(&Event::HostLost);
                }
                self.ask_for_hosts();
                self.lost = Some(Lost::look_now(None).look_later(now));
            }
            Some(lost) if lost.look > now => {}
            Some(lost) => self.lost = self.reconnect().then(|| lost.look_later(now)),
        }
    }

    /// A connection to the host.
    fn connect_host(&mut self) -> Result<Connected, ConnectError> {
        if !self.asks {
            match self.backend.connect() {
                // Landlock tells the socket that was there at the start from one that was made later, and another X server
                // is opened by another cookie.
                Err(ConnectError::Failed(Errno::ACCESS) | ConnectError::Refused)
                    if self.hosts.is_some() =>
                {
                    self.asks = true;
                }
                other => return other,
            }
        }
        let (socket, opening) = self.given.pop_front().ok_or(ConnectError::Gone)?;
        self.backend.adopt(socket, opening.as_ref())
    }

    /// Asks the daemon for what is needed and has not come.
    fn ask_for_hosts(&self) {
        let wanted = self.clients.iter().filter(|client| client.wants_host());
        if self.asks {
            self.shared.report.send(&Event::HostWanted {
                connections: u32::try_from(wanted.count()).unwrap_or(u32::MAX),
            });
        }
    }

    /// Takes connections that the daemon hands over.
    fn hear_of_hosts(&mut self) {
        while let Some(socket) = &self.hosts {
            let mut message = [0; GIVEN_MAX];
            let (length, fds) = match oz_sys::socket::try_recv(socket, &mut message) {
                Ok(received) => received,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    warn!(%error, "no host can be heard of");
                    self.hosts = None;
                    return;
                }
            };
            let Some(said) = Given::read(&message[..length]) else {
                warn!("what is said of a host is not understood");
                continue;
            };
            if said.another {
                info!("windows go to another host");
                self.asks = true;
                self.given.clear();
                self.clients.iter_mut().for_each(Live::leave_host);
            }
            for fd in fds {
                let wanted = self.clients.iter().filter(|client| client.wants_host());
                // What nobody waits for would be old when somebody does.
                if wanted.count() > self.given.len() && rustix::io::ioctl_fionbio(&fd, true).is_ok()
                {
                    let given = (UnixStream::from(fd), said.opening.clone());
                    self.given.push_back(given);
                }
            }
            self.lost = Some(Lost::look_now(self.lost));
        }
    }

    /// Whether the host has still to be looked for.
    fn reconnect(&mut self) -> bool {
        for index in 0..self.clients.len() {
            if !self.clients[index].wants_host() {
                continue;
            }
            let host = match self.connect_host() {
                Ok(host) => host,
                Err(error) => {
                    debug!(%error, "no host yet");
                    self.ask_for_hosts();
                    return true;
                }
            };
            let client = &mut self.clients[index];
            if let Err(error) = client.found_host(host) {
                warn!(%error, "cannot connect a client anew");
                return true;
            }
            client.flush();
        }
        info!("there is a host again");
        self.shared.report.send(&Event::HostFound);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_looked_for_less_often_the_longer_it_is_gone() {
        let seconds = Duration::from_secs;
        assert_eq!(pause(seconds(0)), Duration::from_millis(250));
        assert_eq!(pause(seconds(3)), Duration::from_millis(250));
        assert_eq!(pause(seconds(32)), seconds(2));
        assert_eq!(pause(seconds(1 << 20)), seconds(4));
    }

    #[test]
    fn what_the_daemon_hands_over_is_looked_at_at_once_and_the_next_look_is_as_late_as_before() {
        let long_ago = Instant::now()
            .checked_sub(Duration::from_secs(3600))
            .unwrap();
        let lost = Lost {
            since: long_ago,
            look: Instant::now() + Duration::from_secs(4),
        };
        let now = Lost::look_now(Some(lost));
        assert!(now.look <= Instant::now());
        assert_eq!(
            now.look_later(now.look).look,
            now.look + Duration::from_secs(4)
        );
    }
}
