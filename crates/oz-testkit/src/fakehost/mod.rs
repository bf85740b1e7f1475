//! A host compositor without a screen, which writes down what it is asked to show.
//!
//! It runs in a thread of its own, takes connections from a channel, and judges as strictly as
//! real hosts do where the display proxy must not rely on their mercy.

mod activation;
mod data_device;
mod drag;
mod extras;
mod foreign;
mod input;
mod layers;
pub mod linux_dmabuf;
mod others;
mod screens;
mod shell;
mod shm;
mod surface;
pub mod tree;

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use drag::Contents;
use drag::Drag;
pub use shell::Configure;
use rustix::event::{PollFd, PollFlags, Timespec};
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::server::zwp_keyboard_shortcuts_inhibitor_v1::ZwpKeyboardShortcutsInhibitorV1;
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::WpPresentationFeedback;
use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_v3::ZwpTextInputV3;
pub use layers::Layer;
use wayland_protocols::wp::viewporter::server::wp_viewporter::WpViewporter;
use wayland_protocols::xdg::activation::v1::server::xdg_activation_v1::XdgActivationV1;
use wayland_protocols::xdg::foreign::zv1::server::zxdg_exporter_v1::ZxdgExporterV1;
use wayland_protocols::xdg::foreign::zv2::server::zxdg_exporter_v2::ZxdgExporterV2;
use wayland_protocols::xdg::foreign::zv2::server::zxdg_importer_v2::ZxdgImporterV2;
use wayland_protocols::xdg::shell::server::xdg_wm_base::XdgWmBase;
use wayland_server::backend::{ClientData, ClientId, DisconnectReason, GlobalId};
use wayland_server::protocol::wl_compositor::WlCompositor;
use wayland_server::protocol::wl_data_device::WlDataDevice;
use wayland_server::protocol::wl_data_device_manager::WlDataDeviceManager;
use wayland_server::protocol::wl_data_source::WlDataSource;
use wayland_server::protocol::wl_keyboard::WlKeyboard;
use wayland_server::protocol::wl_output::WlOutput;
use wayland_server::protocol::wl_pointer::WlPointer;
use wayland_server::protocol::wl_seat::WlSeat;
use wayland_server::protocol::wl_shm::WlShm;
use wayland_server::protocol::wl_subcompositor::WlSubcompositor;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::protocol::wl_touch::WlTouch;
use tree::{Op, Tree};
use wayland_server::{Client, Display, DisplayHandle, Resource};

/// Something that the host was asked to do, or that happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A client connected.
    Connected,
    /// A client left or was thrown out; the text is the host's complaint, if it had one.
    Left(Option<String>),
    /// A window was made.
    Toplevel,
    /// A popup was made.
    Popup,
    /// A subsurface was made.
    Subsurface,
    /// A window's title.
    Title(String),
    /// A window's application id.
    AppId(String),
    /// A pool of this size.
    Pool(i32),
    /// A commit of a buffer: its size, and its first and last pixel.
    Shown {
        /// Width and height.
        size: (i32, i32),
        /// The first pixel.
        first: u32,
        /// The last pixel of the last row.
        last: u32,
        /// How many damage rectangles came with it.
        damage: usize,
    },
    /// A commit without a buffer.
    Commit,
    /// A commit of a window or popup with subsurfaces.
    Window {
        /// The window's geometry, as the client has said it.
        geometry: Option<[i32; 4]>,
        /// From the lowest to the highest.
        layers: Vec<Layer>,
    },
    /// A window would fill the screen.
    Fullscreen,
    /// A window is in front of another, and whether that has a picture; or of none.
    Parent(Option<bool>),
    /// The least size of a window.
    MinSize(i32, i32),
    /// The size that a popup would have.
    PopupSize(i32, i32),
    /// The place on a window at which a popup would be.
    Anchor([i32; 4]),
    /// An interactive move with this serial.
    Move(u32),
    /// A client owns the clipboard and offers these types.
    Selection(Vec<String>),
    /// A client took back what it offered.
    SourceGone,
    /// A client read the host's clipboard, or what is dragged, as this type.
    Read(String),
    /// A client drags something.
    Drag {
        /// As these types; absent: without a source.
        mimes: Option<Vec<String>>,
        /// With a picture under the pointer.
        icon: bool,
        /// For this press of a button.
        serial: u32,
    },
    /// The window below would take what is dragged as this type, or not at all.
    Accepted(Option<String>),
    /// What the window below would do with it, and would rather.
    Actions(u32, u32),
    /// Who got what was dropped is through with it.
    Finished,
    /// A window got this name.
    Exported(String),
    /// It has lost it.
    Unexported(String),
    /// A window was put in front of the one of this name.
    Before(String),
    /// A window wants the focus by this token.
    Activated(String),
    /// Something of the smaller protocols, in words.
    Extra(String),
}

type Something = Box<dyn FnOnce(&mut Host, &DisplayHandle) + Send>;

/// What a test makes the host do.
enum Order {
    Offer(Vec<String>, String),
    ReadSelection(String, OwnedFd),
    Drag(Vec<(String, Contents)>, u32),
    DragOn,
    DragAway,
    LetGo,
    ReadDrag(String, OwnedFd),
    Release,
    Point(usize, (f64, f64)),
    HoldBuffers,
    /// Anything else.
    Do(Something),
    WindowSize(i32, i32),
    Stop,
}

/// At which version the host has a global, where that is not what it usually is; 0 for one that it lacks.
pub type Versions = &'static [(&'static str, u32)];

/// The running host.
pub struct FakeHost {
    orders: Sender<Order>,
    wake: OwnedFd,
    seen: Arc<Mutex<Vec<Seen>>>,
    thread: Option<JoinHandle<()>>,
}

/// The state of the compositor.
pub(crate) struct Host {
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) serial: u32,
    pub(crate) keyboards: Vec<WlKeyboard>,
    pub(crate) pointers: Vec<WlPointer>,
    pub(crate) touches: Vec<WlTouch>,
    pub(crate) text_inputs: Vec<ZwpTextInputV3>,
    pub(crate) inhibitors: Vec<ZwpKeyboardShortcutsInhibitorV1>,
    /// The surfaces of who made one last.
    pub(crate) newest: Arc<Mutex<Tree>>,
    pub(crate) feedbacks: Vec<WpPresentationFeedback>,
    /// What clients have bound of each screen.
    pub(crate) screens: Vec<(u32, WlOutput)>,
    /// Screens that were added.
    pub(crate) added: Vec<(u32, GlobalId)>,
    /// Surfaces that have something of which there is one, by its interface.
    pub(crate) extras: Vec<(WlSurface, &'static str)>,
    /// What new windows are told to be.
    pub(crate) window_size: (i32, i32),
    pub(crate) devices: Vec<WlDataDevice>,
    pub(crate) focus: Option<WlSurface>,
    pub(crate) selection: Option<WlDataSource>,
    pub(crate) offered: Option<(Vec<String>, String)>,
    /// What a client has begun to drag.
    pub(crate) dragged: Option<WlDataSource>,
    pub(crate) drag: Option<Drag>,
    /// Reads that are never answered.
    pub(crate) unanswered: Vec<OwnedFd>,
    pub(crate) hold_buffers: bool,
    /// What was asked for of a GPU is not answered.
    pub(crate) hold_answers: bool,
    pub(crate) held: Vec<wayland_server::protocol::wl_buffer::WlBuffer>,
}

impl Host {
    pub(crate) fn saw(&self, seen: Seen) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(seen);
    }

    pub(crate) fn next_serial(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }
}

#[derive(Default)]
struct HostClient {
    seen: Arc<Mutex<Vec<Seen>>>,
    surfaces: Arc<Mutex<Tree>>,
}

impl ClientData for HostClient {
    fn disconnected(&self, _client: ClientId, reason: DisconnectReason) {
        let complaint = match reason {
            DisconnectReason::ProtocolError(error) => Some(error.message),
            DisconnectReason::ConnectionClosed => None,
        };
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Seen::Left(complaint));
    }
}

/// The surfaces of a client.
pub(crate) fn surfaces(client: &Client) -> &Arc<Mutex<Tree>> {
    &client
        .get_data::<HostClient>()
        .expect("every client has its data")
        .surfaces
}

/// Has one of a client's surfaces do something, if that is allowed.
pub(crate) fn has(client: &Client, op: &Op) -> bool {
    surfaces(client)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .try_apply(op)
}

impl FakeHost {
    /// Starts a host that takes its connections from `connections`.
    #[must_use]
    pub fn start(connections: Receiver<UnixStream>) -> Self {
        Self::with(connections, &[])
    }

    /// Starts one that has other globals, or at other versions.
    #[must_use]
    pub fn with(connections: Receiver<UnixStream>, versions: Versions) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (orders, inbox) = channel();
        let (woken, wake) = rustix::pipe::pipe().expect("a pipe");
        let log = Arc::clone(&seen);
        let thread = std::thread::spawn(move || run(&connections, &inbox, &woken, log, versions));
        Self {
            orders,
            wake,
            seen,
            thread: Some(thread),
        }
    }

    fn order(&self, order: Order) {
        self.orders.send(order).expect("the host runs");
        rustix::io::write(&self.wake, b"x").expect("the host runs");
    }

    /// Everything seen so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Everything seen since the last time, which is forgotten now.
    #[must_use]
    pub fn forget(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something was seen.
    ///
    /// # Panics
    /// When it does not come within five seconds.
    pub fn wait_for(&self, what: impl Fn(&Seen) -> bool) -> Seen {
        let start = Instant::now();
        loop {
            if let Some(found) = self.seen().into_iter().find(&what) {
                return found;
            }
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "not seen; but: {:?}",
                self.seen()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Does something.
    fn have(&self, something: impl FnOnce(&mut Host, &DisplayHandle) + Send + 'static) {
        self.order(Order::Do(Box::new(something)));
    }

    /// Moves the pointer to a place on one of the surfaces of the newest window, counted from the lowest, and presses.
    pub fn press_button(&self, layer: usize, at: (f64, f64)) {
        self.order(Order::Point(layer, at));
    }

    /// Tells new windows to have this size.
    pub fn size_windows(&self, width: i32, height: i32) {
        self.order(Order::WindowSize(width, height));
    }

    /// Owns the clipboard with `text`, under these types.
    pub fn offer(&self, mimes: &[&str], text: &str) {
        self.order(Order::Offer(
            mimes.iter().map(|mime| (*mime).to_owned()).collect(),
            text.to_owned(),
        ));
    }

    /// Reads what a client offers, as another host application would.
    ///
    /// # Panics
    /// When the reader cannot be set up.
    #[must_use]
    pub fn read_selection(&self, mime: &str) -> String {
        let (read, write) = rustix::pipe::pipe().expect("a pipe");
        self.order(Order::ReadSelection(mime.to_owned(), write));
        let mut text = String::new();
        std::io::Read::read_to_string(&mut std::fs::File::from(read), &mut text).expect("text");
        text
    }

    /// Drags something of the host's over the newest window.
    pub fn drag(&self, all: &[(&str, Contents)], actions: u32) {
        let all = all
            .iter()
            .map(|(mime, contents)| ((*mime).to_owned(), contents.clone()));
        self.order(Order::Drag(all.collect(), actions));
    }

    /// Drags what a client has begun to drag over the newest window.
    pub fn drag_on(&self) {
        self.order(Order::DragOn);
    }

    /// Drags on, away from the window.
    pub fn drag_away(&self) {
        self.order(Order::DragAway);
    }

    /// Lets go of what is dragged.
    pub fn let_go(&self) {
        self.order(Order::LetGo);
    }

    /// Begins to read what a client drags, as another host application would.
    ///
    /// # Panics
    /// When the reader cannot be set up.
    #[must_use]
    pub fn read_drag(&self, mime: &str) -> OwnedFd {
        let (read, write) = rustix::pipe::pipe().expect("a pipe");
        self.order(Order::ReadDrag(mime.to_owned(), write));
        read
    }

    /// The surfaces of the client that made one last.
    ///
    /// # Panics
    /// When the host is gone.
    #[must_use]
    pub fn tree(&self) -> Tree {
        let (answer, tree) = channel();
        self.have(move |host, _| {
            let tree = host.newest.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = answer.send(tree.clone());
        });
        tree.recv().expect("the host runs")
    }

    /// Keeps the buffers that are shown, until [`Self::release`].
    pub fn hold_buffers(&self) {
        self.order(Order::HoldBuffers);
    }

    /// Gives back all buffers that were held, the newest first.
    pub fn release(&self) {
        self.order(Order::Release);
    }
}

impl Drop for FakeHost {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        let _ = rustix::io::write(&self.wake, b"x");
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    connections: &Receiver<UnixStream>,
    orders: &Receiver<Order>,
    woken: &OwnedFd,
    seen: Arc<Mutex<Vec<Seen>>>,
    versions: Versions,
) {
    let mut display = Display::<Host>::new().expect("a display");
    let mut dh = display.handle();
    offer(&dh, versions);
    let mut host = Host {
        seen: Arc::clone(&seen),
        serial: 100,
        keyboards: Vec::new(),
        pointers: Vec::new(),
        touches: Vec::new(),
        text_inputs: Vec::new(),
        inhibitors: Vec::new(),
        newest: Arc::default(),
        feedbacks: Vec::new(),
        screens: Vec::new(),
        added: Vec::new(),
        extras: Vec::new(),
        window_size: (0, 0),
        devices: Vec::new(),
        focus: None,
        selection: None,
        offered: None,
        dragged: None,
        drag: None,
        unanswered: Vec::new(),
        hold_buffers: false,
        hold_answers: false,
        held: Vec::new(),
    };
    loop {
        while let Ok(stream) = connections.try_recv() {
            host.saw(Seen::Connected);
            let _ = dh.insert_client(
                stream,
                Arc::new(HostClient {
                    seen: Arc::clone(&seen),
                    ..HostClient::default()
                }),
            );
        }
        while let Ok(order) = orders.try_recv() {
            if matches!(order, Order::Stop) {
                return;
            }
            host.obey(order, &dh);
        }
        let _ = display.dispatch_clients(&mut host);
        host.tidy();
        host.feedbacks.drain(..).for_each(|one| one.discarded());
        let _ = display.flush_clients();
        let backend = display.backend().poll_fd();
        let mut fds = [
            PollFd::from_borrowed_fd(backend, PollFlags::IN),
            PollFd::from_borrowed_fd(woken.as_fd(), PollFlags::IN),
        ];
        // The channel of connections cannot be polled; a test can wait these milliseconds.
        let _ = rustix::event::poll(
            &mut fds,
            Some(&Timespec {
                tv_sec: 0,
                tv_nsec: 2_000_000,
            }),
        );
        if !fds[1].revents().is_empty() {
            let _ = rustix::io::read(woken, &mut [0; 64]);
        }
    }
}

/// Makes the globals.
fn offer(dh: &DisplayHandle, versions: Versions) {
    macro_rules! globals {
        ($($interface:ty => $version:expr),* $(,)?) => {
            $(
                let name = <$interface as Resource>::interface().name;
                let other = versions.iter().find(|(other, _)| *other == name);
                match other.map_or($version, |(_, version)| *version) {
                    0 => {}
                    version => {
                        dh.create_global::<Host, $interface, _>(version, ());
                    }
                }
            )*
        };
    }
    globals!(
        WlCompositor => 4,
        WlSubcompositor => 1,
        WlShm => 1,
        WlSeat => 7,
        XdgWmBase => 3,
        WlDataDeviceManager => 3,
        WpViewporter => 1,
        XdgActivationV1 => 1,
        ZxdgExporterV1 => 1,
        ZxdgExporterV2 => 1,
        ZxdgImporterV2 => 1,
    );
    screens::offer_first(dh, versions);
    extras::offer(dh, versions);
    others::offer(dh, versions);
    linux_dmabuf::offer(dh, versions);
}

impl Host {
    /// Forgets what is gone, and so what hangs on it.
    fn tidy(&mut self) {
        self.keyboards.retain(Resource::is_alive);
        self.pointers.retain(Resource::is_alive);
        self.touches.retain(Resource::is_alive);
        self.text_inputs.retain(Resource::is_alive);
        self.inhibitors.retain(Resource::is_alive);
        self.screens.retain(|(_, output)| output.is_alive());
        self.extras.retain(|(surface, _)| surface.is_alive());
        self.focus.take_if(|surface| !surface.is_alive());
    }

    fn obey(&mut self, order: Order, dh: &DisplayHandle) {
        match order {
            Order::Do(something) => something(self, dh),
            Order::Point(layer, at) => self.point(layer, at),
            Order::WindowSize(width, height) => self.window_size = (width, height),
            Order::Offer(mimes, text) => {
                self.offered = Some((mimes, text));
                self.selection = None;
                self.announce(dh);
            }
            Order::ReadSelection(mime, fd) => {
                if let Some(source) = &self.selection {
                    source.send(mime, fd.as_fd());
                }
            }
            Order::Drag(all, actions) => self.drag(dh, all, actions),
            Order::DragOn => self.drag_on(dh),
            Order::DragAway => self.drag_away(),
            Order::LetGo => self.let_go(),
            Order::ReadDrag(mime, fd) => {
                if let Some(source) = &self.dragged {
                    source.send(mime, fd.as_fd());
                }
            }
            Order::HoldBuffers => self.hold_buffers = true,
            Order::Release => self
                .held
                .drain(..)
                .rev()
                .for_each(|buffer| buffer.release()),
            Order::Stop => {}
        }
    }

    fn point(&mut self, layer: usize, (x, y): (f64, f64)) {
        use wayland_server::Resource;
        use wayland_server::protocol::wl_pointer::ButtonState;
        let Some(focus) = self.focus.clone() else {
            return;
        };
        let Some(surface) = layers::surfaces(&focus).get(layer).cloned() else {
            return;
        };
        for pointer in self.pointers.clone() {
            if pointer.is_alive() && pointer.id().same_client_as(&focus.id()) {
                pointer.enter(self.next_serial(), &surface, x, y);
                pointer.motion(1, x, y);
                pointer.button(self.next_serial(), 1, 0x110, ButtonState::Pressed);
                pointer.button(self.next_serial(), 2, 0x110, ButtonState::Released);
                pointer.leave(self.next_serial(), &surface);
            }
        }
    }
}
