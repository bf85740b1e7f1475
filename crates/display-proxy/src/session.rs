//! One app client with its own display towards the app and its own connection towards the host.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use oz_core::denied::Denied;
use oz_sys::deadline::Deadline;
use smithay::input::SeatState;
use smithay::wayland::compositor::{CompositorClientState, CompositorState};
use smithay::wayland::shell::xdg::XdgShellState;
use tracing::debug;
use wayland_client::protocol::wl_registry::WlRegistry as HostRegistry;
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_client::{Connection, Proxy, QueueHandle};
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::WpPresentationFeedback;
use wayland_protocols::xdg::toplevel_icon::v1::server::xdg_toplevel_icon_v1::XdgToplevelIconV1;
use wayland_server::backend::{ClientData, ClientId, DisconnectReason, ObjectId};
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DisplayHandle, Resource};

use crate::acted::Acted;
use crate::app::Pings;
use crate::app::mirror::Mirrored;
use crate::bridge::activations::Activations;
use crate::bridge::border::Strips;
use crate::bridge::clipboard::{Hub, Selections};
use crate::bridge::copied::Scratch;
use crate::bridge::copies::Copies;
use crate::bridge::drag::{Drags, OwnDrags};
use crate::bridge::gpu::Gpu;
use crate::bridge::grips::Grips;
use crate::bridge::known::Known;
use crate::bridge::lists::Lists;
use crate::bridge::selection::Direction;
use crate::bridge::surfaces::Surface;
use crate::bridge::transfer::Transfer;
use crate::config::{Clipboard, Config, Passage};
use crate::denied::Refusals;
use crate::fds;
use crate::held::Held;
use crate::host::wayland::singletons::Singletons;
use crate::input::{InputLog, Places};
use crate::mark::Marking;
use crate::peer::Links;
use crate::policy;
use crate::quota::{self, Kind, Quota};
use crate::report::Report;
use crate::turn::Turn;
use crate::x11::X11;
use crate::x11::density::Density;

/// What all clients of the sandbox have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) report: Report,
    pub(crate) acted: Acted,
    pub(crate) marking: Marking,
    refusals: Refusals,
    /// Which way what is copied or dragged may pass at this moment.
    pub(crate) clipboard: Cell<Clipboard>,
    /// Who in the sandbox owns which selection.
    pub(crate) hub: RefCell<Hub>,
    /// What its clients drag.
    pub(crate) drags: RefCell<OwnDrags>,
    /// Windows that others can put theirs in front of: the host's names for them, by ours.
    pub(crate) exports: RefCell<BTreeMap<String, String>>,
    names: RandomState,
    /// The start token; the first window takes it.
    pub(crate) activation_token: RefCell<Option<String>>,
    /// Clicks for further windows.
    pub(crate) activations: RefCell<Activations>,
    /// When the desktop's bell was rung last.
    pub(crate) rung: Cell<Option<Instant>>,
    windows: Cell<u64>,
    sessions: Cell<u64>,
    lists: Cell<u64>,
    named: Cell<u64>,
    /// What tells memory of a GPU from other descriptors.
    pub(crate) is_gpu_memory: Cell<fn(BorrowedFd<'_>) -> bool>,
    /// When a turn is over at the latest, once there was a client.
    deadline: RefCell<Option<Rc<Deadline>>>,
}

impl Shared {
    pub(crate) fn new(config: Config, report: Report) -> Rc<Self> {
        let token = config.activation_token.clone();
        Rc::new(Self {
            acted: Acted::open(config.acted.as_deref()),
            marking: Marking::new(&config),
            refusals: Refusals::default(),
            clipboard: Cell::new(config.clipboard),
            config,
            report,
            hub: RefCell::default(),
            drags: RefCell::default(),
            exports: RefCell::default(),
            names: RandomState::new(),
            activation_token: RefCell::new(token),
            activations: RefCell::default(),
            rung: Cell::new(None),
            windows: Cell::new(0),
            sessions: Cell::new(0),
            lists: Cell::new(0),
            named: Cell::new(0),
            is_gpu_memory: Cell::new(fds::is_gpu_memory),
            deadline: RefCell::default(),
        })
    }

    /// The one timer of this thread, where only one turn is at a time.
    pub(crate) fn deadline(&self) -> std::io::Result<Rc<Deadline>> {
        let mut deadline = self.deadline.borrow_mut();
        if let Some(made) = &*deadline {
            return Ok(Rc::clone(made));
        }
        let made = Rc::new(Deadline::of_this_thread()?);
        *deadline = Some(Rc::clone(&made));
        Ok(made)
    }

    /// A client was refused something.
    pub(crate) fn denied(&self, what: Denied) {
        self.refusals.say(&self.report, what);
    }

    pub(crate) fn next_window(&self) -> u64 {
        self.windows.set(self.windows.get() + 1);
        self.windows.get()
    }

    pub(crate) fn next_session(&self) -> u64 {
        self.sessions.set(self.sessions.get() + 1);
        self.sessions.get()
    }

    /// A name for a window that is given to none again, and that nobody finds by trying.
    pub(crate) fn fresh_name(&self) -> String {
        let number = self.named.get();
        self.named.set(number + 1);
        let half = |half: u8| self.names.hash_one((number, half));
        format!("{:016x}{:016x}", half(0), half(1))
    }

    /// What may cross in one direction, if that is open.
    pub(crate) fn passage(&self, direction: Direction) -> &Passage {
        match direction {
            Direction::In => &self.config.clipboard_in,
            Direction::Out => &self.config.clipboard_out,
        }
    }

    /// Whether content of a MIME type may cross in one direction, if that is open.
    pub(crate) fn passes(&self, direction: Direction, mime: &str) -> bool {
        let content = policy::content(mime);
        content.is_some_and(|content| self.passage(direction).types.contains(&content))
    }

    /// A number for what the daemon is asked; none is given twice.
    pub(crate) fn next_list(&self) -> u64 {
        self.lists.set(self.lists.get() + 1);
        self.lists.get()
    }
}

/// The state that both event queues of a client work on.
pub(crate) struct Session {
    pub(crate) id: u64,
    pub(crate) shared: Rc<Shared>,

    pub(crate) dh: DisplayHandle,
    pub(crate) client: Option<Client>,
    pub(crate) compositor: CompositorState,
    pub(crate) xdg: XdgShellState,
    pub(crate) seats: SeatState<Self>,

    /// None while there is no host: what is asked of objects of one that is gone comes to nothing.
    conn: Option<Connection>,
    pub(crate) qh: QueueHandle<Self>,
    pub(crate) registry: HostRegistry,
    pub(crate) host: Singletons,
    /// The app's globals by their number here, which is that of the first host.
    pub(crate) mirrored: BTreeMap<u32, Mirrored>,
    pub(crate) links: Links,

    pub(crate) surfaces: HashMap<ObjectId, Surface>,
    /// How many rectangles each region was built of; smithay keeps them all.
    pub(crate) region_rects: HashMap<ObjectId, u32>,
    /// What borders are made of, once there is one.
    pub(crate) strips: Option<Strips>,
    /// The cursor on borders, once one was needed.
    pub(crate) arrow: Option<HostSurface>,
    pub(crate) grips: Grips,
    /// The window that input methods write into.
    pub(crate) typing: Option<WlSurface>,
    pub(crate) selections: Selections,
    pub(crate) transfers: Vec<Transfer>,
    pub(crate) drags: Drags,
    pub(crate) lists: Lists,
    pub(crate) copies: Copies,
    /// Surfaces that have a viewport; a second one is an error.
    pub(crate) viewports: HashSet<ObjectId>,
    /// Surfaces that have something else of which there is one, by its interface.
    pub(crate) extras: HashSet<(ObjectId, &'static str)>,
    /// Frames that nobody will see, of which that has not been said.
    pub(crate) unshown: Vec<WpPresentationFeedback>,
    /// Icons whose pictures must outlive them.
    pub(crate) icons: Vec<XdgToplevelIconV1>,
    pub(crate) known: Known,
    /// Pixel formats that the host announced.
    pub(crate) formats: HashSet<u32>,
    /// Buffers of a GPU.
    pub(crate) gpu: Gpu,
    pub(crate) input: InputLog,
    pub(crate) places: Places,
    pub(crate) pings: Pings,
    pub(crate) quota: Quota,
    pub(crate) held: Held,

    /// For copying pixels; empty until the first copy.
    pub(crate) scratch: Scratch,
    hold: Hold,
    /// There from the beginning on.
    pub(crate) turn: Option<Turn>,
    requests: u32,
    copied: u64,
    pub(crate) unsent: u32,
    pub(crate) unsent_fds: u32,
    verdict: Option<String>,
    /// It is an X server's, of which this is the window manager.
    pub(crate) x11: Option<Box<X11>>,
    /// How many of its pixels are one of the host's units. Of other clients what they say is in the host's.
    pub(crate) density: Density,
    left: bool,
}

impl Session {
    #[expect(
        clippy::too_many_arguments,
        reason = "called once; these are the parts"
    )]
    pub(crate) fn new(
        shared: Rc<Shared>,
        dh: DisplayHandle,
        conn: Connection,
        qh: QueueHandle<Self>,
        registry: HostRegistry,
        host: Singletons,
        compositor: CompositorState,
        xdg: XdgShellState,
    ) -> Self {
        Self {
            id: shared.next_session(),
            shared,
            dh,
            client: None,
            compositor,
            xdg,
            seats: SeatState::new(),
            conn: Some(conn),
            qh,
            registry,
            host,
            mirrored: BTreeMap::new(),
            links: Links::default(),
            surfaces: HashMap::new(),
            region_rects: HashMap::new(),
            strips: None,
            arrow: None,
            grips: Grips::default(),
            typing: None,
            selections: Selections::default(),
            transfers: Vec::new(),
            drags: Drags::default(),
            lists: Lists::default(),
            copies: Copies::default(),
            viewports: HashSet::new(),
            extras: HashSet::new(),
            unshown: Vec::new(),
            icons: Vec::new(),
            known: Known::default(),
            // Every host has these two, even before it says so.
            formats: HashSet::from([0, 1]),
            gpu: Gpu::default(),
            input: InputLog::default(),
            places: Places::default(),
            pings: Pings::default(),
            quota: Quota::default(),
            held: Held::default(),
            scratch: Scratch::default(),
            hold: Hold::default(),
            turn: None,
            requests: 0,
            copied: 0,
            unsent: 0,
            unsent_fds: 0,
            verdict: None,
            x11: None,
            density: Density::default(),
            left: false,
        }
    }

    /// Its connection is closed: there is nothing to wait for.
    pub(crate) fn close_host(&mut self) {
        self.conn = None;
        self.hold = Hold::Open;
        self.unsent = 0;
        self.unsent_fds = 0;
    }

    /// There is another.
    pub(crate) fn open_host(
        &mut self,
        conn: &Connection,
        qh: QueueHandle<Self>,
        registry: HostRegistry,
        host: Singletons,
    ) {
        self.conn = Some(conn.clone());
        self.qh = qh;
        self.registry = registry;
        self.host = host;
    }

    /// Whether there is a host at this moment.
    pub(crate) fn has_host(&self) -> bool {
        self.conn.is_some()
    }

    /// The user did something in a window of this client.
    pub(crate) fn acted(&mut self, serial: u32) {
        self.input.action(serial);
        self.shared.acted.now();
    }

    /// Binds what the host has behind a global of the app, at the version of the app's object, or at the newest that
    /// the host has. If it has nothing, what is asked of the object is nothing too.
    pub(crate) fn bind<I, U>(&self, number: u32, version: u32, data: U) -> I
    where
        I: Proxy + 'static,
        U: Send + Sync + 'static,
        Self: wayland_client::Dispatch<I, U>,
    {
        let known = self.mirrored.get(&number).and_then(|known| known.host);
        match known {
            Some((name, newest)) => self
                .registry
                .bind(name, version.min(newest), &self.qh, data),
            None => I::inert(self.registry.backend().clone()),
        }
    }

    /// Binds the host's first global of an interface, if it has one.
    pub(crate) fn bind_first<I>(&self) -> Option<I>
    where
        I: Proxy + 'static,
        Self: wayland_client::Dispatch<I, ()>,
    {
        let wanted = I::interface().name;
        let mut known = self.mirrored.values();
        let (name, version) = known.find(|known| known.interface == wanted)?.host?;
        Some(self.registry.bind(name, version, &self.qh, ()))
    }

    /// Counts a request of the app. Every handler calls this first.
    pub(crate) fn tick(&mut self, on: &impl Resource) {
        self.requests += 1;
        self.unsent += 1;
        if self.requests >= quota::REQUESTS_PER_TURN {
            self.end_turn();
        }
        if self.unsent.is_multiple_of(512) {
            self.flush_early(on);
        }
    }

    /// Counts a descriptor that is on its way to the host.
    pub(crate) fn tick_fd(&mut self, on: &impl Resource) {
        self.unsent_fds += 1;
        if self.unsent_fds.is_multiple_of(16) {
            self.flush_early(on);
        }
    }

    /// One turn may bring more than should wait in memory.
    fn flush_early(&mut self, on: &impl Resource) {
        if self.flush_host().is_ok() {
            return;
        }
        if self.unsent > quota::UNSENT_REQUESTS || self.unsent_fds > quota::UNSENT_FDS {
            self.offend(on, "too many requests for a host that does not keep up");
        }
    }

    /// Sends what waits for the host. An error other than "would block" shows at the next read.
    pub(crate) fn flush_host(&mut self) -> Result<(), wayland_client::backend::WaylandError> {
        if let Some(conn) = &self.conn {
            conn.flush()?;
        }
        self.unsent = 0;
        self.unsent_fds = 0;
        Ok(())
    }

    pub(crate) fn new_turn(&mut self) {
        self.requests = 0;
        self.copied = 0;
    }

    fn end_turn(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.end();
        }
    }

    /// Counts what was copied of pictures.
    ///
    /// What a host that has come back is shown is not the client's doing.
    pub(crate) fn count_copied(&mut self, on: &impl Resource) {
        let bytes = self.scratch.moved();
        if self.turn.as_ref().is_some_and(|turn| !turn.is_on()) {
            return;
        }
        if bytes > 0 && self.copied >= quota::COPIED_AT_ONCE {
            self.offend(on, "too much to copy at once");
        }
        self.copied += bytes;
        if self.copied >= quota::COPIED_PER_TURN {
            self.end_turn();
        }
    }

    /// Takes one of a counted kind, or ends the client.
    pub(crate) fn take(&mut self, kind: Kind, on: &impl Resource) -> bool {
        match self.quota.take(kind) {
            Ok(()) => true,
            Err(over) => {
                debug!(session = self.id, ?over, "quota");
                self.offend(on, "too many objects");
                false
            }
        }
    }

    /// Ends the client with a protocol error on one of its objects.
    ///
    /// The code is that of `wl_display.error.implementation`: no interface has one for this.
    pub(crate) fn offend(&mut self, on: &impl Resource, reason: &'static str) {
        // It is told by its own socket. The library reads nothing more of it.
        if let Some(turn) = &mut self.turn {
            turn.is_over();
        }
        on.post_error(3_u32, reason);
        self.end(reason);
    }

    /// Ends the client; the reason is for the log and the daemon.
    pub(crate) fn end(&mut self, reason: impl Into<String>) {
        self.verdict.get_or_insert_with(|| reason.into());
    }

    /// Ends a client that has gone.
    pub(crate) fn leave(&mut self) {
        self.left = true;
    }

    pub(crate) fn has_left(&self) -> bool {
        self.left
    }

    pub(crate) fn verdict(&self) -> Option<&str> {
        self.verdict.as_deref()
    }

    /// A pipe of our own for what is copied or dragged.
    pub(crate) fn own_pipe() -> Option<(OwnedFd, OwnedFd)> {
        rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).ok()
    }

    /// Descriptors that this client rightly makes us hold.
    pub(crate) fn expected_fds(&self) -> usize {
        // The two sockets, the duplicate for polling, the two ends of an empty one, the display's epoll; then the rest.
        let x11 = self.x11.as_ref().map_or(0, |x11| x11.fds());
        let waiting = self.drags.fds() + self.lists.fds() + self.copies.fds() + x11;
        10 + self.held.count() + 4 * self.transfers.len() + waiting + self.unsent_fds as usize
    }
}

impl Session {
    /// When something that waits for others is given up.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let lists = self.lists.deadline();
        let copies = self.copies.deadline();
        let x11 = self.x11.as_ref().and_then(|x11| x11.deadline());
        let waits = lists.into_iter().chain(copies).chain(x11);
        waits.chain(self.transfers_deadline()).min()
    }

    /// Gives up what has waited too long.
    pub(crate) fn give_up(&mut self) {
        // Nearly always there is nothing: this runs every turn.
        let now = self.deadline().map(|first| (first, Instant::now()));
        if let Some((first, now)) = now
            && first <= now
        {
            self.give_up_lists(now);
            self.copies.give_up(now);
            self.give_up_transfers(now);
            self.give_up_x11(now);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What an app of Wayland has copied goes with its objects; what one of X has has none.
        if let Ok(mut hub) = self.shared.hub.try_borrow_mut() {
            hub.leave_all(self.id);
        }
    }
}

/// Whether events wait for the host's answer before they go to the app.
///
/// `wl_display.sync` is answered on this side, at once. An app that commits a new window and
/// then syncs rightly expects the first configure to have come by then. So after a request that
/// the host answers, everything to the app is kept back until the host has answered a sync too.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Hold {
    #[default]
    Open,
    Wanted,
    Asked,
}

impl Session {
    /// The request just relayed has an answer that the app may count on after a sync.
    pub(crate) fn expect_answer(&mut self) {
        if self.hold == Hold::Open && self.has_host() {
            self.hold = Hold::Wanted;
        }
    }

    pub(crate) fn answered(&mut self) {
        if self.hold == Hold::Asked {
            self.hold = Hold::Open;
        }
    }

    /// Whether the app's events must wait. Asks the host for an end to that, once.
    pub(crate) fn holds(&mut self) -> bool {
        if self.hold == Hold::Wanted
            && let Some(conn) = &self.conn
        {
            self.hold = Hold::Asked;
            conn.display().sync(&self.qh, HostAnswered);
        }
        self.hold != Hold::Open
    }
}

/// User data of the host's callback that ends a hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostAnswered;

/// What the server side keeps for a client.
#[derive(Debug, Default)]
pub(crate) struct AppClient {
    pub(crate) compositor: CompositorClientState,
    pub(crate) gone: Arc<AtomicBool>,
}

impl ClientData for AppClient {
    fn disconnected(&self, _client: ClientId, reason: DisconnectReason) {
        match reason {
            DisconnectReason::ConnectionClosed => debug!("client closed"),
            DisconnectReason::ProtocolError(error) => {
                debug!(
                    interface = error.object_interface,
                    code = error.code,
                    "client protocol error"
                );
            }
        }
        self.gone.store(true, Ordering::Release);
    }
}
