//! An X server as the host.
//!
//! The bridge speaks Wayland to whatever is the host. Here the other end of that connection is in this process: a
//! small compositor without a screen of its own, each of whose surfaces with a window of the X server behind it. There
//! is one for each app client, with an X connection of its own, so that what a client brings about costs it alone.
//!
//! What arrives here is what the bridge has validated. The X server is trusted: its answers are waited for.

mod activation;
mod buffers;
mod compositor;
mod constraints;
mod cursors;
mod events;
mod extras;
mod frames;
mod globals;
mod icons;
mod keyboard;
mod keymap;
mod outputs;
mod paint;
mod place;
mod pointer;
mod popups;
mod positioner;
mod rect;
mod screen;
mod seat;
mod selections;
mod shapes;
mod shell;
mod surfaces;
mod toplevels;
mod unmanaged;
mod windows;

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use oz_core::wire::display::Opening;
use rustix::event::{PollFd, PollFlags};
use wayland_protocols::xdg::shell::server::xdg_wm_base::XdgWmBase;
use wayland_server::backend::{ClientData, ClientId, DisconnectReason, ObjectId};
use wayland_server::{Display, DisplayHandle};
use x11rb::connection::Connection as _;
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, EventMask,
};
use x11rb::rust_connection::RustConnection;

use super::backend::ConnectError;
use activation::Tokens;
use buffers::{Picture, Pool};
use constraints::Constraints;
use outputs::{Monitors, Outputs};
pub use place::Place;
use screen::Screen;
use seat::Seat;
use selections::Selections;
use shell::Shell;
use surfaces::Surfaces;

/// Bytes that may wait for the bridge, which always reads.
const BACKLOG: usize = 8 << 20;

/// The compositor of one app client.
pub(crate) struct Server {
    display: Display<State>,
    client: ClientId,
    /// A duplicate, for polling.
    socket: UnixStream,
    blocked: bool,
    state: State,
}

/// Everything that it knows.
pub(super) struct State {
    place: Arc<Place>,
    screen: Rc<Screen>,
    dh: DisplayHandle,
    surfaces: Surfaces,
    /// By their surface.
    shells: HashMap<ObjectId, Shell>,
    by_window: HashMap<u32, ObjectId>,
    pools: HashMap<u64, Rc<Pool>>,
    pictures: HashMap<u64, Rc<Picture>>,
    /// What the server has been told to read and has not said that it did, in that order.
    reading: VecDeque<Rc<Picture>>,
    keys: u64,
    serial: u32,
    base: Option<XdgWmBase>,
    /// Questions of the window manager that the app has not answered.
    pings: Vec<(u32, ClientMessageEvent)>,
    monitors: Monitors,
    outputs: Outputs,
    seat: Seat,
    constraints: Constraints,
    selections: Selections,
    tokens: Tokens,
    /// The window by which the window manager is known, if there is one.
    manager: Option<u32>,
    /// Without one, what the user drags by its frame.
    dragged: Option<unmanaged::Drag>,
    /// Menus that are open, the last one above the others; which of them holds the pointer; which was open when
    /// Escape was last pressed.
    menus: Vec<ObjectId>,
    held: Option<u32>,
    escaped: Option<ObjectId>,
    next_frame: Option<Instant>,
    scratch: Vec<u8>,
    broken: bool,
}

struct Bridge;

impl ClientData for Bridge {
    fn disconnected(&self, _client: ClientId, reason: DisconnectReason) {
        if let DisconnectReason::ProtocolError(error) = reason {
            tracing::warn!(
                interface = error.object_interface,
                code = error.code,
                message = error.message,
                "the bridge broke a rule"
            );
        }
    }
}

impl Server {
    /// A new one, and the end of its connection for the bridge.
    pub(crate) fn start(place: &Arc<Place>) -> Result<(Box<Self>, UnixStream), ConnectError> {
        Self::on(place, place.connect()?)
    }

    /// The same on a connection that somebody else has made.
    pub(crate) fn start_on(
        place: &Arc<Place>,
        socket: UnixStream,
        opening: &Opening,
    ) -> Result<(Box<Self>, UnixStream), ConnectError> {
        let conn = place::greet(socket, opening)?;
        let screen = usize::try_from(opening.screen).unwrap_or(0);
        Self::on(place, (conn, screen))
    }

    fn on(
        place: &Arc<Place>,
        (conn, number): (RustConnection, usize),
    ) -> Result<(Box<Self>, UnixStream), ConnectError> {
        let screen = Rc::new(Screen::open(conn, number)?);
        let (ours, theirs) = UnixStream::pair().map_err(|_| ConnectError::Busy)?;
        let server = Self::make(place, screen, ours).map_err(|error| {
            tracing::warn!(%error, "cannot set up a screen for a client");
            ConnectError::Busy
        })?;
        theirs
            .set_nonblocking(true)
            .map_err(|_| ConnectError::Busy)?;
        Ok((Box::new(server), theirs))
    }

    fn make(place: &Arc<Place>, screen: Rc<Screen>, ours: UnixStream) -> anyhow::Result<Self> {
        ours.set_nonblocking(true)?;
        let socket = ours.try_clone()?;
        let display = Display::<State>::new()?;
        let mut dh = display.handle();
        dh.set_default_max_buffer_size(BACKLOG);
        let root = screen.root;
        let mask = EventMask::PROPERTY_CHANGE;
        let watch = ChangeWindowAttributesAux::new().event_mask(mask);
        screen.conn.change_window_attributes(root, &watch)?;
        let mask = randr::NotifyMask::SCREEN_CHANGE | randr::NotifyMask::CRTC_CHANGE;
        screen.conn.randr_select_input(root, mask)?;
        let mut state = State {
            place: Arc::clone(place),
            selections: Selections::new(&screen)?,
            seat: Seat::new(&screen),
            manager: unmanaged::manager(&screen),
            dragged: None,
            screen,
            dh: dh.clone(),
            surfaces: Surfaces::new(),
            shells: HashMap::new(),
            by_window: HashMap::new(),
            pools: HashMap::new(),
            pictures: HashMap::new(),
            reading: VecDeque::new(),
            keys: 0,
            serial: 0,
            base: None,
            pings: Vec::new(),
            constraints: Constraints::default(),
            monitors: Monitors::default(),
            outputs: Outputs::default(),
            tokens: Tokens::default(),
            menus: Vec::new(),
            held: None,
            escaped: None,
            next_frame: None,
            scratch: Vec::new(),
            broken: false,
        };
        state.offer();
        let client = dh.insert_client(ours, Arc::new(Bridge))?;
        Ok(Self {
            display,
            client: client.id(),
            socket,
            blocked: false,
            state,
        })
    }

    /// How many descriptors [`Self::poll`] adds.
    pub(crate) fn polled(&self) -> usize {
        2 + self.state.selections.polled()
    }

    /// Adds what it waits for.
    pub(crate) fn poll<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let mut wanted = PollFlags::IN;
        if self.blocked {
            wanted |= PollFlags::OUT;
        }
        fds.push(PollFd::new(&self.socket, wanted));
        fds.push(PollFd::from_borrowed_fd(self.x_socket(), PollFlags::IN));
        self.state.selections.poll(fds);
    }

    /// Its client has gone: nothing of it is shown any more.
    pub(crate) fn leave(&mut self) {
        // While the windows are there of which somebody hears.
        self.state.leave_drags();
        let windows: Vec<ObjectId> = self.state.shells.keys().cloned().collect();
        for id in windows {
            self.state.unmap(&id);
        }
        let _ = self.state.screen.conn.flush();
    }

    /// Whether somebody on the X server is still answering what it has asked. There are programs that end when whoever has asked
    /// them is no longer there, and with them goes what the user has copied.
    pub(crate) fn lingers(&mut self) -> bool {
        self.state.read_events().is_ok() && self.state.selections.is_asking()
    }

    /// By which the X server is heard.
    pub(crate) fn x_socket(&self) -> BorrowedFd<'_> {
        self.state.screen.conn.stream().as_fd()
    }

    /// When something is due without anybody saying so.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.state.frame_deadline()
    }

    /// Descriptors that it has, at most.
    pub(crate) fn expected_fds(&self) -> usize {
        // Both ends of the bridge's connection and the duplicate, the display's epoll, the X connection; a pool
        // has one here and, on its way, one for the server.
        let pools = 2 * (self.state.pools.len() + self.state.pictures.len());
        8 + pools + 2 * self.state.selections.polled()
    }

    /// Takes what the bridge and the X server say, draws, and answers both. False if the X server is gone.
    pub(crate) fn turn(&mut self) -> bool {
        let state = &mut self.state;
        let backend = self.display.backend();
        if let Err(error) = backend.dispatch_single_client(state, self.client.clone())
            && error.kind() != std::io::ErrorKind::WouldBlock
        {
            // The bridge has let go.
            return true;
        }
        let mut painted = false;
        loop {
            match state.read_events() {
                // Who waited for an answer while painting has read events as well, which nobody would tell of again.
                Ok(false) if painted => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "the X server is gone");
                    return false;
                }
            }
            state.run_transfers();
            state.frame_by_clock();
            state.paint();
            painted = true;
        }
        state.constrain();
        state.count();
        if state.screen.conn.flush().is_err() || state.broken {
            return false;
        }
        let flushed = self.display.backend().flush(Some(self.client.clone()));
        self.blocked = flushed.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        true
    }
}

impl State {
    fn next_key(&mut self) -> u64 {
        self.keys += 1;
        self.keys
    }

    fn next_serial(&mut self) -> u32 {
        self.serial = self.serial.wrapping_add(1).max(1);
        self.serial
    }

    /// The X server does not do what it said that it does.
    fn broken(&mut self, error: &x11rb::errors::ReplyOrIdError) {
        tracing::warn!(%error, "the X server makes no window");
        self.broken = true;
    }
}
