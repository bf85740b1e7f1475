//! The two connections of one client, and the order in which they are served.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use oz_core::OsBytes;
use rustix::event::{PollFd, PollFlags};
use smithay::wayland::compositor::CompositorState;
use smithay::wayland::shell::xdg::XdgShellState;
use tracing::{debug, error};
use wayland_client::backend::WaylandError;
use wayland_client::protocol::wl_registry::WlRegistry as HostRegistry;
use wayland_client::{Connection, DispatchError, EventQueue};
use wayland_server::Display;
use wayland_server::backend::ClientId;

use crate::held::Open;
use crate::host::backend::Connected;
use crate::host::wayland::registry::{HostGlobals, Listing};
use crate::host::wayland::singletons::Singletons;
use crate::host::x11::Server;
use crate::quota;
use crate::session::{AppClient, Session, Shared};
use crate::turn::Turn;
use crate::x11::density::Density;
use crate::x11::{Begin, X11};

/// How a client's time ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It left.
    Closed,
    /// The host closed its connection without saying why, and is no host that may come back.
    HostClosed,
    /// It broke a rule, or the host says that it did.
    Refused(String),
}

/// A client, from its acceptance to its end.
pub(crate) struct Live {
    /// What is at the other end of the host connection, if that is in this process.
    server: Option<Box<Server>>,
    /// It may have something to do.
    server_due: bool,
    /// When it has lost its host, lately.
    losses: VecDeque<Instant>,
    host_blocked: bool,
    client_blocked: bool,
    is_x11: bool,
    /// Descriptors that it was seen sending and nobody has taken.
    strays: usize,
    stage: Stage,
    ended: Option<Ended>,
}

enum Stage {
    /// It is not let in before the host has said what it has; what it writes waits in its socket.
    Waiting {
        host: Option<Asked>,
        newcomer: Newcomer,
    },
    Serving(Box<Serving>),
    /// Between the two, and after the end.
    Nothing,
}

/// A client that is not let in yet.
struct Newcomer {
    client: UnixStream,
    x11: Option<Begin>,
    shared: Rc<Shared>,
}

/// A connection to a host that is listing its globals.
struct Asked {
    conn: Connection,
    queue: EventQueue<Listing>,
    listing: Box<Listing>,
}

impl Asked {
    fn new(socket: UnixStream, shared: &Shared) -> anyhow::Result<Self> {
        let conn = Connection::from_socket(socket)?;
        let (queue, listing) = Listing::start(&conn, shared.config.gpu);
        Ok(Self {
            conn,
            queue,
            listing: Box::new(listing),
        })
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.queue.as_fd()
    }
}

struct Serving {
    display: Display<Session>,
    client: ClientId,
    gone: Arc<AtomicBool>,
    /// None while there is no host, or it is listing.
    queue: Option<EventQueue<Session>>,
    /// One that came after another was gone.
    next: Option<Asked>,
    session: Session,
    /// Requests since the objects were last counted.
    uncounted: usize,
    /// Something came, or descriptors alone, since somebody looked whether these pile up.
    has_read: bool,
    /// What is open is counted before and after it is read; how many of them are others'.
    watched: Option<(Rc<Open>, usize)>,
    /// How many more there were that no request took, or fewer.
    surplus: isize,
}

/// So often a client may lose its host in this time.
const LOSSES: (usize, Duration) = (5, Duration::from_secs(60));

impl Live {
    /// Starts a client whose host connection was just made, or who waits for one.
    pub(crate) fn new(
        shared: Rc<Shared>,
        client: UnixStream,
        x11: Option<Begin>,
        host: Option<Connected>,
    ) -> anyhow::Result<Self> {
        client.set_nonblocking(true)?;
        let is_x11 = x11.is_some();
        let (socket, server) = match host {
            Some(host) => (Some(host.socket), host.server),
            None => (None, None),
        };
        let stage = Stage::Waiting {
            host: socket
                .map(|socket| Asked::new(socket, &shared))
                .transpose()?,
            newcomer: Newcomer {
                client,
                x11,
                shared,
            },
        };
        Ok(Self {
            losses: VecDeque::new(),
            server,
            server_due: true,
            host_blocked: false,
            client_blocked: false,
            is_x11,
            strays: 0,
            stage,
            ended: None,
        })
    }

    /// How many descriptors [`Self::poll`] adds.
    pub(crate) fn polled(&self) -> usize {
        self.server_polled() + self.bridge_polled()
    }

    fn server_polled(&self) -> usize {
        self.server.as_ref().map_or(0, |server| server.polled())
    }

    fn bridge_polled(&self) -> usize {
        let own = match &self.stage {
            Stage::Serving(serving) => {
                let session = &serving.session;
                let x11 = session.x11.as_ref().map_or(0, |x11| x11.polled());
                1 + x11 + 2 * session.transfers.len() + session.lists.polled()
            }
            _ => 0,
        };
        self.host_polled() + own
    }

    /// The host is, if there is one.
    fn host_polled(&self) -> usize {
        usize::from(self.host_fd().is_some())
    }

    /// Adds what this client waits for.
    pub(crate) fn poll<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        if let Some(server) = &self.server {
            server.poll(fds);
        }
        let backlog = if self.host_blocked {
            PollFlags::OUT
        } else {
            PollFlags::empty()
        };
        // The connection outlives the borrow: it is a field of ours.
        if let Some(host) = self.host_fd() {
            fds.push(PollFd::from_borrowed_fd(host, PollFlags::IN | backlog));
        }
        if let Stage::Serving(serving) = &self.stage {
            // While the host does not keep up the client is not read: that is the back pressure.
            let mut wanted = if self.host_blocked {
                PollFlags::empty()
            } else {
                PollFlags::IN
            };
            if self.client_blocked {
                wanted |= PollFlags::OUT;
            }
            // The backend owns the client's socket; this duplicate is for polling.
            if let Some(turn) = &serving.session.turn {
                fds.push(PollFd::new(turn.socket(), wanted));
            }
            if let Some(x11) = &serving.session.x11 {
                // What it asks for becomes requests to the host as well.
                x11.poll(!self.host_blocked, fds);
            }
            for transfer in &serving.session.transfers {
                transfer.poll(fds);
            }
            serving.session.lists.poll(fds);
        }
    }

    fn host_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.stage {
            Stage::Waiting { host, .. } => host.as_ref().map(Asked::fd),
            Stage::Serving(serving) => match &serving.queue {
                Some(queue) => Some(queue.as_fd()),
                None => serving.next.as_ref().map(Asked::fd),
            },
            Stage::Nothing => None,
        }
    }

    /// Handles what poll saw. A panic is a bug of ours; it costs only this client.
    pub(crate) fn handle(&mut self, ready: &[PollFlags]) {
        if self.ended.is_none() {
            self.guarded(|live| live.handle_inner(ready));
        }
    }

    /// Does something in which a panic costs only this client.
    fn guarded(&mut self, act: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| act(self))).is_err() {
            self.fail();
        }
    }

    /// There was a panic. What the client has may be half done and locked for ever: nobody touches it any more.
    fn fail(&mut self) {
        error!("a client was dropped because of a bug in the proxy");
        self.end("the proxy failed");
        let stage = std::mem::replace(&mut self.stage, Stage::Nothing);
        let server = self.server.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop((stage, server))));
    }

    fn handle_inner(&mut self, ready: &[PollFlags]) {
        self.server_due = true;
        let ready = ready.get(self.server_polled()..).unwrap_or_default();
        let hosts = self.host_polled();
        // First, while the places in `ready` still are those of the transfers.
        if let Stage::Serving(serving) = &mut self.stage {
            let x11 = serving.session.x11.as_ref().map_or(0, |x11| x11.polled());
            let ready = ready.get(hosts + 1 + x11..).unwrap_or_default();
            let (transfers, lists) = ready
                .split_at_checked(2 * serving.session.transfers.len())
                .unwrap_or_default();
            serving.session.run_transfers(transfers);
            serving.session.run_lists(lists);
        }
        if hosts > 0
            && ready.first().is_some_and(|flags| {
                flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR)
            })
        {
            self.read_host();
        }
        if let Stage::Serving(serving) = &mut self.stage
            && !self.host_blocked
        {
            let is_ready = |at: usize| ready.get(at).is_some_and(|flags| !flags.is_empty());
            if is_ready(hosts) {
                serving.read_client();
            }
            if serving.session.x11.is_some() && is_ready(hosts + 1) {
                serving.session.hear_x11();
            }
        }
        if let Stage::Serving(serving) = &mut self.stage {
            serving.session.run_x11_transfers();
        }
    }

    fn read_host(&mut self) {
        let outcome = match &mut self.stage {
            Stage::Waiting {
                host: Some(asked), ..
            } => receive(&mut asked.queue, asked.listing.as_mut()),
            Stage::Serving(serving) => match (&mut serving.queue, &mut serving.next) {
                (Some(queue), _) => receive(queue, &mut serving.session),
                (None, Some(asked)) => receive(&mut asked.queue, asked.listing.as_mut()),
                (None, None) => Ok(()),
            },
            _ => Ok(()),
        };
        match outcome {
            Ok(()) => {}
            // One of another process may be there again.
            Err(Ended::HostClosed) => return self.lose_host(),
            Err(ended) => {
                self.ended.get_or_insert(ended);
                return;
            }
        }
        let is_done =
            |asked: &Option<Asked>| asked.as_ref().is_some_and(|asked| asked.listing.done);
        match &mut self.stage {
            Stage::Waiting { host, .. } if is_done(host) => self.begin(),
            Stage::Serving(serving) if is_done(&serving.next) => {
                if let Err(problem) = serving.begin_again() {
                    error!(error = format!("{problem:#}"), "cannot serve a client");
                    self.end("the host compositor lacks what windows need");
                }
            }
            _ => {}
        }
    }

    /// Its connection is closed. It waits for another.
    fn lose_host(&mut self) {
        self.leave_host();
        let now = Instant::now();
        self.losses
            .retain(|loss| now.duration_since(*loss) < LOSSES.1);
        self.losses.push_back(now);
        if self.losses.len() > LOSSES.0 {
            // Hosts that go with what this client shows, or that do not want to show it.
            self.end("the host closed its connection again and again");
        }
    }

    /// It has no host, and waits for one.
    pub(crate) fn leave_host(&mut self) {
        self.server = None;
        self.guarded(Self::drop_host);
    }

    fn drop_host(&mut self) {
        self.host_blocked = false;
        match &mut self.stage {
            Stage::Waiting { host, .. } => *host = None,
            Stage::Serving(serving) => {
                serving.next = None;
                if serving.queue.take().is_some() {
                    serving.session.lose_host();
                }
            }
            Stage::Nothing => {}
        }
    }

    /// Whether it waits for a connection to a host.
    pub(crate) fn wants_host(&self) -> bool {
        let waits = match &self.stage {
            Stage::Waiting { host, .. } => host.is_none(),
            Stage::Serving(serving) => serving.queue.is_none() && serving.next.is_none(),
            Stage::Nothing => false,
        };
        waits && self.ended.is_none()
    }

    /// A connection to a host that is there again.
    pub(crate) fn found_host(&mut self, host: Connected) -> anyhow::Result<()> {
        (self.server, self.server_due) = (host.server, true);
        match &mut self.stage {
            Stage::Waiting {
                host: asked,
                newcomer,
            } => *asked = Some(Asked::new(host.socket, &newcomer.shared)?),
            Stage::Serving(serving) => {
                serving.next = Some(Asked::new(host.socket, &serving.session.shared)?);
            }
            Stage::Nothing => {}
        }
        Ok(())
    }

    /// The host's globals are known: the client is let in.
    fn begin(&mut self) {
        let Stage::Waiting {
            host: Some(asked),
            newcomer,
        } = std::mem::replace(&mut self.stage, Stage::Nothing)
        else {
            return;
        };
        match Serving::new(&asked.conn, *asked.listing, newcomer) {
            Ok(serving) => self.stage = Stage::Serving(Box::new(serving)),
            Err(problem) => {
                error!(error = format!("{problem:#}"), "cannot serve a client");
                self.end("the host compositor lacks what windows need");
            }
        }
    }

    /// When something of it is given up that has not come by then.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let own = match &self.stage {
            Stage::Serving(serving) => serving.session.deadline(),
            _ => None,
        };
        let server = self.server.as_ref().and_then(|server| server.deadline());
        own.into_iter().chain(server).min()
    }

    /// Other directions are open now.
    pub(crate) fn clipboard_changed(&mut self) {
        if let Stage::Serving(serving) = &mut self.stage {
            serving.session.clipboard_changed();
        }
    }

    /// The user's answer about what was copied; false if this client has not asked.
    pub(crate) fn answered_copy(&mut self, question: u64, yes: bool) -> bool {
        match &mut self.stage {
            Stage::Serving(serving) => serving.session.answered_copy(question, yes),
            _ => false,
        }
    }

    /// The daemon's answer about a list of files; false if this client has not asked.
    pub(crate) fn answered_list(&mut self, list: u64, paths: &[Option<OsBytes>]) -> bool {
        match &mut self.stage {
            Stage::Serving(serving) => serving.session.answered_list(list, paths),
            _ => false,
        }
    }

    /// Brings what this client sees up to date with what others of the sandbox did.
    pub(crate) fn settle(&mut self) {
        if self.ended.is_none() {
            self.guarded(Self::settle_inner);
        }
    }

    fn settle_inner(&mut self) {
        if let Stage::Serving(serving) = &mut self.stage {
            serving.session.give_up();
            serving.session.answer_unshown();
            serving.session.announce_selections();
            serving.session.settle_x11();
            if let Some(reason) = serving.session.verdict() {
                self.ended = Some(Ended::Refused(reason.to_owned()));
            } else if serving.gone.load(Ordering::Acquire) || serving.session.has_left() {
                self.ended = Some(Ended::Closed);
            }
        }
    }

    /// The one flush of this turn.
    pub(crate) fn flush(&mut self) {
        self.guarded(Self::flush_inner);
    }

    fn flush_inner(&mut self) {
        let outcome = match &mut self.stage {
            Stage::Serving(serving) => {
                serving.session.flush_x11();
                // A client that does not read is disconnected when its backlog is full.
                if !serving.session.holds() {
                    let flushed = serving
                        .display
                        .backend()
                        .flush(Some(serving.client.clone()));
                    self.client_blocked =
                        flushed.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
                }
                if serving.session.verdict().is_some() {
                    // Its objects go in any order; the host is spared that.
                    return;
                }
                match &serving.next {
                    Some(asked) => asked.conn.flush(),
                    None => serving.session.flush_host(),
                }
            }
            Stage::Waiting {
                host: Some(asked), ..
            } => asked.conn.flush(),
            _ => Ok(()),
        };
        self.host_blocked = match outcome {
            Ok(()) => false,
            Err(WaylandError::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => true,
            // The next read says what happened.
            Err(_) => false,
        };
        self.serve_host();
    }

    /// Lets the host do its part, if it is here. A panic in it costs only this client too.
    fn serve_host(&mut self) {
        let Some(server) = &mut self.server else {
            return;
        };
        // What the bridge tells it in other turns wakes it by its socket.
        let now = || server.deadline().is_some_and(|at| at <= Instant::now());
        if !std::mem::take(&mut self.server_due) && !now() {
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| server.turn())) {
            Ok(true) => {}
            Ok(false) => self.lose_host(),
            Err(_) => self.fail(),
        }
    }

    /// Whether something of the client was read, since this was asked last.
    pub(crate) fn has_read(&mut self) -> bool {
        match &mut self.stage {
            Stage::Serving(serving) => std::mem::take(&mut serving.has_read),
            _ => false,
        }
    }

    /// In this turn it is seen how many descriptors it sends that nobody takes; so many are rightly others'.
    pub(crate) fn watch(&mut self, open: &Rc<Open>, others: usize) {
        if let Stage::Serving(serving) = &mut self.stage {
            serving.watched = Some((Rc::clone(open), others));
        }
    }

    /// How many descriptors it was seen sending that nobody has taken. What came ahead of its request is taken with that.
    pub(crate) fn strays(&mut self) -> usize {
        if let Stage::Serving(serving) = &mut self.stage {
            let surplus = std::mem::take(&mut serving.surplus);
            self.strays = self.strays.saturating_add_signed(surplus);
        }
        self.strays
    }

    /// What is at the other end of its connection to the host, if that is here.
    pub(crate) fn take_server(&mut self) -> Option<Box<Server>> {
        self.server.take()
    }

    /// Whether it is an X server.
    pub(crate) fn is_x11(&self) -> bool {
        self.is_x11
    }

    pub(crate) fn end(&mut self, reason: &str) {
        self.ended
            .get_or_insert_with(|| Ended::Refused(reason.to_owned()));
    }

    pub(crate) fn ended(&mut self) -> Option<Ended> {
        self.ended.take()
    }

    pub(crate) fn expected_fds(&self) -> usize {
        let server = self
            .server
            .as_ref()
            .map_or(0, |server| server.expected_fds());
        let own = match &self.stage {
            Stage::Serving(serving) => serving.session.expected_fds(),
            _ => 8,
        };
        server + own
    }
}

impl Serving {
    fn new(conn: &Connection, listing: Listing, newcomer: Newcomer) -> anyhow::Result<Self> {
        let Newcomer {
            client,
            x11,
            shared,
        } = newcomer;
        let globals = &listing.globals;
        let (queue, registry, host) = bind(conn, globals)?;
        let qh = queue.handle();

        let display = Display::<Session>::new()?;
        let mut dh = display.handle();
        dh.set_default_max_buffer_size(quota::CLIENT_BACKLOG);
        let compositor = CompositorState::new::<Session>(&dh);
        let xdg = XdgShellState::new::<Session>(&dh);
        let mut session = Session::new(
            shared,
            dh.clone(),
            conn.clone(),
            qh,
            registry,
            host,
            compositor,
            xdg,
        );
        if x11.is_some() && globals.offered("wp_viewporter").is_some() {
            session.density = Density::of(listing.known.screens.values());
        }
        session.offer_globals(globals);
        session.formats.extend(&listing.known.formats);
        session.gpu.announced.extend(&listing.known.layouts);
        session.known = listing.known;
        session.x11 = x11.map(|begin| {
            let offered = |interface| globals.offered(interface);
            let decorations = offered("zxdg_decoration_manager_v1")
                .map(|(name, version)| session.bind(name, version, ()));
            let icons = offered("xdg_toplevel_icon_manager_v1")
                .map(|(name, version)| session.bind(name, version, ()));
            Box::new(X11::new(begin, session.density, decorations, icons))
        });

        session.turn = Some(Turn::of(&client, session.shared.deadline()?)?);
        let data = Arc::new(AppClient::default());
        let gone = Arc::clone(&data.gone);
        let client = dh.insert_client(client, data)?;
        let id = client.id();
        session.client = Some(client);
        Ok(Self {
            display,
            client: id,
            gone,
            queue: Some(queue),
            next: None,
            session,
            uncounted: 0,
            has_read: false,
            watched: None,
            surplus: 0,
        })
    }

    /// Another host's globals are known: all that the client has is made anew there.
    fn begin_again(&mut self) -> anyhow::Result<()> {
        let Some(asked) = self.next.take() else {
            return Ok(());
        };
        let (queue, registry, host) = bind(&asked.conn, &asked.listing.globals)?;
        let (conn, qh) = (&asked.conn, queue.handle());
        self.session
            .find_host(conn, qh, (registry, host), *asked.listing);
        self.queue = Some(queue);
        Ok(())
    }

    /// How many are open beyond those that all rightly make us hold, if that is to be known.
    fn beyond(&self) -> Option<isize> {
        let (open, others) = self.watched.as_ref()?;
        let count = open.count(self.session.turn.as_ref()?.socket()).ok()?;
        Some(count.beyond(others + self.session.expected_fds()))
    }

    fn read_client(&mut self) {
        self.session.new_turn();
        self.has_read = true;
        if let Some(turn) = &mut self.session.turn {
            turn.begin();
        }
        let before = self.beyond();
        let read = self
            .display
            .backend()
            .dispatch_single_client(&mut self.session, self.client.clone());
        if let (Some(before), Some(after)) = (before, self.beyond()) {
            self.surplus += after - before;
        }
        if let Some(turn) = &mut self.session.turn {
            turn.is_over();
        }
        match read {
            Ok(requests) => self.uncounted += requests,
            // Nothing whole came, but descriptors may have.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => self.gone.store(true, Ordering::Release),
        }
        // Registries and syncs are answered inside the backend; only counting all objects of the
        // client shows a hoard of them.
        if self.uncounted > 16_384 {
            self.uncounted = 0;
            let mut objects = 0_usize;
            let handle = self.display.handle().backend_handle();
            let _ = handle.with_all_objects_for(self.client.clone(), |_| objects += 1);
            if objects > 65_536 {
                self.session.end("too many objects");
            }
        }
    }
}

/// Binds what every client needs of a host.
fn bind(
    conn: &Connection,
    globals: &HostGlobals,
) -> anyhow::Result<(EventQueue<Session>, HostRegistry, Singletons)> {
    let queue = conn.new_event_queue::<Session>();
    let qh = queue.handle();
    let registry = conn.display().get_registry(&qh, ());
    let host = Singletons::bind(globals, &registry, &qh)
        .ok_or_else(|| anyhow::anyhow!("the host has no wl_compositor or no xdg_wm_base"))?;
    Ok((queue, registry, host))
}

/// Reads and dispatches what the host sent.
fn receive<S: 'static>(queue: &mut EventQueue<S>, state: &mut S) -> Result<(), Ended> {
    if let Some(guard) = queue.prepare_read() {
        match guard.read() {
            Ok(_) => {}
            Err(error) => host_error(error)?,
        }
    }
    match queue.dispatch_pending(state) {
        Ok(_) => Ok(()),
        Err(DispatchError::Backend(error)) => host_error(error),
        Err(DispatchError::BadMessage { interface, .. }) => Err(Ended::Refused(format!(
            "the host sent a malformed event of {interface}"
        ))),
    }
}

fn host_error(error: WaylandError) -> Result<(), Ended> {
    match error {
        WaylandError::Io(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
        WaylandError::Io(error) => {
            debug!(%error, "host connection closed");
            Err(Ended::HostClosed)
        }
        // Should have been caught on our side; it cost only this client.
        WaylandError::Protocol(error) => {
            tracing::warn!(
                interface = error.object_interface,
                code = error.code,
                message = error.message,
                "host protocol error"
            );
            Err(Ended::Refused(
                "the host ended the connection with a protocol error".to_owned(),
            ))
        }
    }
}
