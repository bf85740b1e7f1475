//! The proxy between a fake host and test clients, all in this process.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

pub mod attacks;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use display_proxy::config::{self, Clipboard, Config, Mark};
use display_proxy::host::{Backend, Hosts};
use display_proxy::report::Report;
use display_proxy::server::Server;
use oz_core::OsBytes;
use oz_core::denied::Denied;
use oz_core::wire::display::{Direction, Event, Tell, answer};
use oz_testkit::fakehost::{FakeHost, Versions, linux_dmabuf};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::MemfdFlags;
use wayland_client::protocol::wl_buffer::{self, WlBuffer};
use wayland_client::protocol::wl_compositor::WlCompositor;
use wayland_client::protocol::wl_data_device::{self, WlDataDevice};
use wayland_client::protocol::wl_data_device_manager::{DndAction, WlDataDeviceManager};
use wayland_client::protocol::wl_data_offer::{self, WlDataOffer};
use wayland_client::protocol::wl_data_source::{self, WlDataSource};
use wayland_client::protocol::wl_keyboard::{self, WlKeyboard};
use wayland_client::protocol::wl_output::{self, WlOutput};
use wayland_client::protocol::wl_pointer::{self, WlPointer};
use wayland_client::protocol::wl_region::WlRegion;
use wayland_client::protocol::wl_registry::{self, WlRegistry};
use wayland_client::protocol::wl_seat::WlSeat;
use wayland_client::protocol::wl_shm::{self, WlShm};
use wayland_client::protocol::wl_shm_pool::WlShmPool;
use wayland_client::protocol::wl_subcompositor::WlSubcompositor;
use wayland_client::protocol::wl_subsurface::WlSubsurface;
use wayland_client::protocol::wl_surface::{self, WlSurface};
use wayland_client::protocol::wl_touch::{self, WlTouch};
use wayland_client::{
    Connection, Dispatch, DispatchError, EventQueue, Proxy, QueueHandle, delegate_noop,
    event_created_child,
};
use wayland_protocols::wp::alpha_modifier::v1::client::wp_alpha_modifier_surface_v1::WpAlphaModifierSurfaceV1;
use wayland_protocols::wp::alpha_modifier::v1::client::wp_alpha_modifier_v1::WpAlphaModifierV1;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_manager_v1::WpContentTypeManagerV1;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_v1::WpContentTypeV1;
use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1;
use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_v1::{
    self, WpFractionalScaleV1,
};
use wayland_protocols::wp::idle_inhibit::zv1::client::zwp_idle_inhibit_manager_v1::ZwpIdleInhibitManagerV1;
use wayland_protocols::wp::idle_inhibit::zv1::client::zwp_idle_inhibitor_v1::ZwpIdleInhibitorV1;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::client::zwp_keyboard_shortcuts_inhibit_manager_v1::ZwpKeyboardShortcutsInhibitManagerV1;
use wayland_protocols::wp::keyboard_shortcuts_inhibit::zv1::client::zwp_keyboard_shortcuts_inhibitor_v1::{
    self, ZwpKeyboardShortcutsInhibitorV1,
};
use wayland_protocols::wp::presentation_time::client::wp_presentation::WpPresentation;
use wayland_protocols::wp::presentation_time::client::wp_presentation_feedback::{
    self, WpPresentationFeedback,
};
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_manager_v3::ZwpTextInputManagerV3;
use wayland_protocols::wp::text_input::zv3::client::zwp_text_input_v3::{self, ZwpTextInputV3};
use wayland_protocols::wp::viewporter::client::wp_viewport::WpViewport;
use wayland_protocols::wp::viewporter::client::wp_viewporter::WpViewporter;
use wayland_protocols::xdg::activation::v1::client::xdg_activation_v1::XdgActivationV1;
use wayland_protocols::xdg::dialog::v1::client::xdg_dialog_v1::XdgDialogV1;
use wayland_protocols::xdg::dialog::v1::client::xdg_wm_dialog_v1::XdgWmDialogV1;
use wayland_protocols::xdg::foreign::zv1::client::zxdg_exported_v1::{self, ZxdgExportedV1};
use wayland_protocols::xdg::foreign::zv1::client::zxdg_exporter_v1::ZxdgExporterV1;
use wayland_protocols::xdg::foreign::zv2::client::zxdg_exported_v2::{self, ZxdgExportedV2};
use wayland_protocols::xdg::foreign::zv2::client::zxdg_exporter_v2::ZxdgExporterV2;
use wayland_protocols::xdg::foreign::zv2::client::zxdg_imported_v2::{self, ZxdgImportedV2};
use wayland_protocols::xdg::foreign::zv2::client::zxdg_importer_v2::ZxdgImporterV2;
use wayland_protocols::xdg::shell::client::xdg_popup::{self, XdgPopup};
use wayland_protocols::xdg::shell::client::xdg_positioner::XdgPositioner;
use wayland_protocols::xdg::shell::client::xdg_surface::{self, XdgSurface};
use wayland_protocols::xdg::shell::client::xdg_toplevel::{self, XdgToplevel};
use wayland_protocols::xdg::shell::client::xdg_wm_base::{self, XdgWmBase};
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_manager_v1::ZxdgOutputManagerV1;
use wayland_protocols::xdg::xdg_output::zv1::client::zxdg_output_v1::{self, ZxdgOutputV1};
use wayland_protocols::xdg::system_bell::v1::client::xdg_system_bell_v1::XdgSystemBellV1;
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_manager_v1::{
    self, XdgToplevelIconManagerV1,
};
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_v1::XdgToplevelIconV1;

/// What names the sandbox of a rig in its drags.
pub const TOKEN: &str = "0123456789abcdef";

static RIGS: AtomicU32 = AtomicU32::new(0);

/// A proxy with its host.
pub struct Rig {
    pub host: Option<FakeHost>,
    hosts: Hosts,
    /// Where the daemon hands over connections.
    handed: UnixDatagram,
    /// Where init hands over X servers.
    pub x11: UnixDatagram,
    path: PathBuf,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
    daemon: Daemon,
}

/// What a test does in the daemon's place.
pub struct Daemon {
    reports: Mutex<BufReader<File>>,
    control: OwnedFd,
}

impl Daemon {
    /// The next question about a list of files.
    pub fn asked(&self) -> (Vec<OsBytes>, Event) {
        let mut paths = Vec::new();
        let mut lines = self.reports.lock().unwrap();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            match serde_json::from_str(&line).unwrap() {
                Event::Files { paths: more, .. } => {
                    paths.extend(more.iter().map(|name| name.path().unwrap()));
                }
                event @ (Event::Dropped { .. } | Event::Leaving { .. }) => return (paths, event),
                _ => {}
            }
        }
    }

    /// The next thing that was refused.
    pub fn denied(&self) -> (Denied, u32) {
        match self.told(|event| matches!(event, Event::Denied { .. })) {
            Event::Denied { what, count } => (what, count),
            other => panic!("{other:?} is nothing that was refused"),
        }
    }

    /// The next report of a kind.
    pub fn told(&self, is: impl Fn(&Event) -> bool) -> Event {
        let mut lines = self.reports.lock().unwrap();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            let event = serde_json::from_str(&line).unwrap();
            if is(&event) {
                return event;
            }
        }
    }

    /// The next question about what was copied, answered: which way it would go.
    pub fn answer_copy(&self, yes: bool) -> Direction {
        let (question, direction) = self.copy_asked();
        self.tell_copy(question, yes);
        direction
    }

    /// Says something.
    pub fn tell(&self, tell: &Tell) {
        let line = serde_json::to_string(tell).unwrap() + "\n";
        rustix::io::write(&self.control, line.as_bytes()).unwrap();
    }

    /// Answers one.
    pub fn tell_copy(&self, question: u64, yes: bool) {
        self.tell(&Tell::Copy { question, yes });
    }

    /// The next question about what was copied.
    pub fn copy_asked(&self) -> (u64, Direction) {
        let mut lines = self.reports.lock().unwrap();
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            if let Event::Copy {
                question,
                direction,
            } = serde_json::from_str(&line).unwrap()
            {
                return (question, direction);
            }
        }
    }

    /// All that was reported since the last time.
    pub fn all_told(&self) -> Vec<Event> {
        let mut lines = self.reports.lock().unwrap();
        let at_once = rustix::event::Timespec::default();
        let mut all = Vec::new();
        loop {
            let mut ready = [PollFd::from_borrowed_fd(
                lines.get_ref().as_fd(),
                PollFlags::IN,
            )];
            let more = rustix::event::poll(&mut ready, Some(&at_once)).unwrap() > 0;
            if !more && lines.buffer().is_empty() {
                return all;
            }
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            all.push(serde_json::from_str(&line).unwrap());
        }
    }

    /// Whether anything was asked.
    pub fn was_asked(&self) -> bool {
        let mut lines = self.reports.lock().unwrap();
        let mut ready = [PollFd::from_borrowed_fd(
            lines.get_ref().as_fd(),
            PollFlags::IN,
        )];
        let at_once = rustix::event::Timespec::default();
        let mut line = String::new();
        while rustix::event::poll(&mut ready, Some(&at_once)).unwrap() > 0
            || !lines.buffer().is_empty()
        {
            line.clear();
            lines.read_line(&mut line).unwrap();
            let asks = ["files", "dropped", "leaving", "copy"];
            if asks.iter().any(|word| line.contains(word)) {
                return true;
            }
            ready = [PollFd::from_borrowed_fd(
                lines.get_ref().as_fd(),
                PollFlags::IN,
            )];
        }
        false
    }

    /// Opens and closes directions.
    pub fn switch(&self, clipboard: Clipboard) {
        self.tell(&Tell::Clipboard { clipboard });
    }

    /// Says what has become of the files of a list.
    pub fn answer(&self, event: &Event, paths: &[Option<&str>]) {
        let (Event::Dropped { list, .. } | Event::Leaving { list }) = event else {
            panic!("{event:?} has no answer")
        };
        let paths: Vec<_> = paths.iter().map(|path| path.map(OsBytes::from)).collect();
        for tell in answer(*list, &paths) {
            self.tell(&tell);
        }
    }
}

impl Rig {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(&[], change)
    }

    /// On a host that has other globals than usual, or at other versions.
    pub fn on(versions: Versions, change: impl FnOnce(&mut Config)) -> Self {
        Self::start(versions, change, |_| {})
    }

    /// With a GPU, for whose memory what the fake host takes for it stands.
    pub fn with_gpu(versions: Versions) -> Self {
        let stand_in = |server: &mut Server| server.take_for_gpu_memory(linux_dmabuf::is_memory);
        Self::start(versions, |config| config.gpu = true, stand_in)
    }

    /// The most general one.
    pub fn start(
        versions: Versions,
        change: impl FnOnce(&mut Config),
        more: impl FnOnce(&mut Server) + Send + 'static,
    ) -> Self {
        let number = RIGS.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("oz-dp-{}-{number}", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        let (hosts, connections) = std::sync::mpsc::channel();
        let mut config = config::for_host(config::Host::Wayland("/none".into()));
        config.drops = true;
        config.token = TOKEN.to_owned();
        // Tests of the mark ask for it.
        config.mark = Mark::None;
        change(&mut config);
        let hosts = Arc::new(Mutex::new(hosts));
        let backend = Backend::Headless(Arc::clone(&hosts));
        let (stopped, stop) = rustix::pipe::pipe().unwrap();
        let (reports, report) = rustix::pipe::pipe().unwrap();
        let (controlled, control) = rustix::pipe::pipe().unwrap();
        let (handed, taken) = UnixDatagram::pair().unwrap();
        let (x11, served) = UnixDatagram::pair().unwrap();
        let thread = std::thread::spawn(move || {
            let mut server =
                Server::new(config, backend, listener, Report::new(Some(report))).unwrap();
            server.hear(controlled).unwrap();
            server.take_hosts(taken.into());
            server.serve_x11(served.into());
            server.stop_on(stopped);
            // Where that is what is tested it is the only one in its process.
            server.count_descriptors(false);
            more(&mut server);
            // Every test runs behind the walls, which are the thread's own.
            display_proxy::confine::confine("/nonexistent".as_ref()).unwrap();
            server.run()
        });
        Self {
            host: Some(FakeHost::with(connections, versions)),
            hosts,
            handed,
            x11,
            path,
            stop: Some(stop),
            thread: Some(thread),
            daemon: Daemon {
                reports: Mutex::new(BufReader::new(reports.into())),
                control,
            },
        }
    }

    pub fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    pub fn host(&self) -> &FakeHost {
        self.host.as_ref().unwrap()
    }

    pub fn socket(&self) -> UnixStream {
        UnixStream::connect(&self.path).unwrap()
    }

    pub fn app(&self) -> App {
        App::new(self.socket())
    }

    /// Ends the host. When this returns, those who had a connection to it have lost it.
    pub fn lose_host(&mut self) {
        self.host = None;
        self.daemon.told(|event| matches!(event, Event::HostLost));
    }

    /// Starts another host.
    pub fn find_host(&mut self, versions: Versions) {
        let (hosts, connections) = std::sync::mpsc::channel();
        *self.hosts.lock().unwrap() = hosts;
        self.host = Some(FakeHost::with(connections, versions));
    }

    /// Ends the host and starts another.
    pub fn change_host(&mut self) {
        self.lose_host();
        self.find_host(&[]);
    }

    /// Hands over a connection to a host, as the daemon does.
    pub fn hand_over(&self, word: &[u8], hosts: &std::sync::mpsc::Sender<UnixStream>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        hosts.send(theirs).unwrap();
        oz_sys::socket::try_send(&self.handed, word, &[ours.as_fd()]).unwrap();
    }

    /// Ends the proxy and says why it ended.
    pub fn stop(mut self) {
        self.stop = None;
        self.thread.take().unwrap().join().unwrap()
    }

    /// Shows that the proxy still serves: a fresh client gets a window.
    pub fn still_serves(&self) {
        let mut app = self.app();
        let mut window = app.window();
        app.draw(&mut window, 0xff11_2233);
        let _ = self.host().wait_for(|seen| {
            matches!(
                seen,
                oz_testkit::fakehost::Seen::Shown {
                    first: 0xff11_2233,
                    ..
                }
            )
        });
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What a client has been told.
#[derive(Default)]
pub struct Told {
    pub globals: Vec<(u32, String, u32)>,
    pub formats: Vec<u32>,
    pub configure: Option<u32>,
    pub keys: Vec<u32>,
    /// Where the pointer was, and what was pressed.
    pub places: Vec<(f64, f64)>,
    pub buttons: Vec<u32>,
    /// What the last window was told to be.
    pub size: (i32, i32),
    /// Where the last popup is.
    pub popup: Option<[i32; 4]>,
    pub keymap: Option<(OwnedFd, u32)>,
    pub released: Vec<u32>,
    /// The last buffer that was asked for and made.
    pub made: Option<WlBuffer>,
    pub offer: Option<WlDataOffer>,
    pub mimes: Vec<String>,
    pub cancelled: bool,
    pub sends: Vec<String>,
    pub text: String,
    /// The drag that is above, with the serial of its coming.
    pub over: Option<(u32, Option<WlDataOffer>)>,
    /// What was dropped here.
    pub dropped: Option<WlDataOffer>,
    pub source_actions: u32,
    pub action: u32,
    /// What a source was told of its drag.
    pub source: Vec<String>,
    pub output_names: Vec<String>,
    /// The name of the window that was exported last, and how many there were.
    pub name: Option<String>,
    pub names: usize,
    /// How many imported windows are none, or none any more.
    pub destroyed: usize,
    /// What came of input devices, text inputs, scales and the like, in words.
    pub heard: Vec<String>,
}

/// A test client.
pub struct App {
    pub conn: Connection,
    pub queue: EventQueue<Told>,
    pub qh: QueueHandle<Told>,
    pub told: Told,
    registry: WlRegistry,
}

pub struct Window {
    pub surface: WlSurface,
    pub xdg: XdgSurface,
    pub toplevel: XdgToplevel,
}

impl App {
    pub fn new(socket: UnixStream) -> Self {
        let conn = Connection::from_socket(socket).unwrap();
        let mut queue = conn.new_event_queue();
        let qh = queue.handle();
        let registry = conn.display().get_registry(&qh, ());
        let mut told = Told::default();
        queue.roundtrip(&mut told).unwrap();
        Self {
            conn,
            queue,
            qh,
            told,
            registry,
        }
    }

    pub fn bind<I>(&self, version: u32) -> I
    where
        I: Proxy + 'static,
        Told: Dispatch<I, ()>,
    {
        let wanted = I::interface().name;
        let (name, _, has) = self
            .told
            .globals
            .iter()
            .find(|(_, interface, _)| interface == wanted)
            .unwrap();
        self.registry.bind(*name, version.min(*has), &self.qh, ())
    }

    pub fn sync(&mut self) -> Result<usize, DispatchError> {
        self.queue.roundtrip(&mut self.told)
    }

    /// Dispatches until something holds.
    pub fn until(&mut self, holds: impl Fn(&Told) -> bool) {
        let start = Instant::now();
        while !holds(&self.told) {
            self.sync().unwrap();
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "it did not come to hold"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Dispatches until this has been heard.
    pub fn until_heard(&mut self, words: &str) {
        self.until(|told| told.heard.iter().any(|heard| heard == words));
    }

    /// Whether the proxy ends this client's connection, within five seconds.
    pub fn is_thrown_out(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if self.sync().is_err() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    pub fn surface(&self) -> WlSurface {
        self.bind::<WlCompositor>(4).create_surface(&self.qh, ())
    }

    pub fn subsurface(&self, parent: &WlSurface) -> (WlSurface, WlSubsurface) {
        let child = self.surface();
        let sub = self
            .bind::<WlSubcompositor>(1)
            .get_subsurface(&child, parent, &self.qh, ());
        (child, sub)
    }

    /// A window that has been configured.
    pub fn window(&mut self) -> Window {
        let surface = self.surface();
        let xdg = self
            .bind::<XdgWmBase>(2)
            .get_xdg_surface(&surface, &self.qh, ());
        let toplevel = xdg.get_toplevel(&self.qh, ());
        surface.commit();
        self.told.configure = None;
        // Exactly one round trip, as many clients do it.
        self.sync().unwrap();
        let serial = self
            .told
            .configure
            .expect("the configure comes before the end of a sync");
        xdg.ack_configure(serial);
        Window {
            surface,
            xdg,
            toplevel,
        }
    }

    pub fn draw(&mut self, window: &mut Window, colour: u32) {
        let memory = memory(MemfdFlags::ALLOW_SEALING, &picture(colour, 16, 16));
        let buffer = self.buffer(&memory, 16, 16);
        window.surface.attach(Some(&buffer), 0, 0);
        match window.surface.version() {
            ..4 => window.surface.damage(0, 0, 16, 16),
            _ => window.surface.damage_buffer(0, 0, 16, 16),
        }
        window.surface.commit();
        self.sync().unwrap();
    }

    pub fn buffer(&self, memory: &OwnedFd, width: i32, height: i32) -> WlBuffer {
        let pool =
            self.bind::<WlShm>(1)
                .create_pool(memory.as_fd(), width * height * 4, &self.qh, ());
        pool.create_buffer(
            0,
            width,
            height,
            width * 4,
            wl_shm::Format::Argb8888,
            &self.qh,
            (),
        )
    }

    pub fn keyboard(&self) -> WlKeyboard {
        self.bind::<WlSeat>(5).get_keyboard(&self.qh, ())
    }

    pub fn pointer(&self) -> WlPointer {
        self.bind::<WlSeat>(5).get_pointer(&self.qh, ())
    }

    pub fn touch(&self, version: u32) -> WlTouch {
        self.bind::<WlSeat>(version).get_touch(&self.qh, ())
    }

    pub fn viewport(&self, surface: &WlSurface) -> WpViewport {
        self.bind::<WpViewporter>(1)
            .get_viewport(surface, &self.qh, ())
    }

    pub fn data_device(&self) -> (WlDataDeviceManager, WlDataDevice) {
        let manager: WlDataDeviceManager = self.bind(3);
        let device = manager.get_data_device(&self.bind(5), &self.qh, ());
        (manager, device)
    }

    /// Says that it would take what is above as this type, and copy or move it; gives the offer.
    pub fn accept(&mut self, mime: &str) -> WlDataOffer {
        self.until(|told| told.over.is_some());
        let (serial, offer) = self.told.over.clone().unwrap();
        let offer = offer.expect("it has a source");
        offer.accept(serial, Some(mime.to_owned()));
        offer.set_actions(DndAction::Copy | DndAction::Move, DndAction::Move);
        self.sync().unwrap();
        offer
    }

    /// Begins to read what is dragged.
    pub fn read(&mut self, offer: &WlDataOffer, mime: &str) -> OwnedFd {
        let (read, write) = rustix::pipe::pipe().unwrap();
        offer.receive(mime.to_owned(), write.as_fd());
        self.sync().unwrap();
        read
    }

    /// Reads the offer as text; an empty string if the proxy closed the pipe.
    pub fn paste(&mut self, mime: &str) -> String {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let offer = self.told.offer.clone().expect("an offer");
        offer.receive(mime.to_owned(), write.as_fd());
        self.sync().unwrap();
        drop(write);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut File::from(read), &mut text).unwrap();
        text
    }
}

/// Pixels of one colour.
pub fn picture(colour: u32, width: usize, height: usize) -> Vec<u8> {
    colour.to_ne_bytes().repeat(width * height)
}

/// A memory file with these contents.
pub fn memory(flags: MemfdFlags, contents: &[u8]) -> OwnedFd {
    let fd = rustix::fs::memfd_create("app", flags | MemfdFlags::CLOEXEC).unwrap();
    rustix::io::pwrite(&fd, contents, 0).unwrap();
    fd
}

delegate_noop!(Told: WlCompositor);
delegate_noop!(Told: ZxdgOutputManagerV1);
delegate_noop!(Told: WlSubcompositor);
delegate_noop!(Told: WlSubsurface);
delegate_noop!(Told: WlRegion);
delegate_noop!(Told: WlShmPool);
delegate_noop!(Told: WlDataDeviceManager);
delegate_noop!(Told: XdgActivationV1);
delegate_noop!(Told: XdgPositioner);
delegate_noop!(Told: WpViewporter);
delegate_noop!(Told: WpViewport);
delegate_noop!(Told: ZxdgExporterV1);
delegate_noop!(Told: ZxdgExporterV2);
delegate_noop!(Told: ZxdgImporterV2);
delegate_noop!(Told: WpAlphaModifierV1);
delegate_noop!(Told: WpAlphaModifierSurfaceV1);
delegate_noop!(Told: WpContentTypeManagerV1);
delegate_noop!(Told: WpContentTypeV1);
delegate_noop!(Told: WpFractionalScaleManagerV1);
delegate_noop!(Told: ZwpIdleInhibitManagerV1);
delegate_noop!(Told: ZwpIdleInhibitorV1);
delegate_noop!(Told: ZwpKeyboardShortcutsInhibitManagerV1);
delegate_noop!(Told: ZwpTextInputManagerV3);
delegate_noop!(Told: XdgDialogV1);
delegate_noop!(Told: XdgWmDialogV1);
delegate_noop!(Told: XdgSystemBellV1);
delegate_noop!(Told: XdgToplevelIconV1);
delegate_noop!(Told: ignore WpPresentation);
delegate_noop!(Told: ignore WlSeat);

/// Implements `Dispatch` for events that are noted down.
macro_rules! note {
    ($interface:ty, |$told:ident, $object:ident, $event:ident| $body:expr) => {
        impl Dispatch<$interface, ()> for Told {
            fn event(
                $told: &mut Self,
                $object: &$interface,
                $event: <$interface as Proxy>::Event,
                (): &(),
                _conn: &Connection,
                _qh: &QueueHandle<Self>,
            ) {
                $body
            }
        }
    };
}

note!(WlRegistry, |told, _registry, event| {
    match event {
        wl_registry::Event::Global {
            name,
            interface,
            version,
        } => told.globals.push((name, interface, version)),
        wl_registry::Event::GlobalRemove { name } => {
            told.globals.retain(|(global, _, _)| *global != name);
        }
        _ => {}
    }
});
note!(ZxdgExportedV1, |told, _exported, event| {
    if let zxdg_exported_v1::Event::Handle { handle } = event {
        told.name = Some(handle);
        told.names += 1;
    }
});
note!(ZxdgExportedV2, |told, _exported, event| {
    if let zxdg_exported_v2::Event::Handle { handle } = event {
        told.name = Some(handle);
        told.names += 1;
    }
});
note!(ZxdgImportedV2, |told, _imported, event| {
    if let zxdg_imported_v2::Event::Destroyed = event {
        told.destroyed += 1;
    }
});
note!(WlShm, |told, _shm, event| {
    if let wl_shm::Event::Format { format } = event {
        told.formats.push(format.into());
    }
});
note!(WlBuffer, |told, buffer, event| {
    if let wl_buffer::Event::Release = event {
        told.released.push(buffer.id().protocol_id());
    }
});
note!(XdgWmBase, |_told, wm_base, event| {
    if let xdg_wm_base::Event::Ping { serial } = event {
        wm_base.pong(serial);
    }
});
note!(XdgSurface, |told, _xdg, event| {
    if let xdg_surface::Event::Configure { serial } = event {
        told.configure = Some(serial);
    }
});
note!(WlKeyboard, |told, _keyboard, event| {
    match event {
        wl_keyboard::Event::Key { serial, .. } => told.keys.push(serial),
        wl_keyboard::Event::Keymap { fd, size, .. } => told.keymap = Some((fd, size)),
        wl_keyboard::Event::Leave { .. } => told.heard.push("keyboard left".to_owned()),
        wl_keyboard::Event::Modifiers {
            mods_locked, group, ..
        } => told.heard.push(format!("modifiers {mods_locked} {group}")),
        wl_keyboard::Event::RepeatInfo { rate, delay } => {
            told.heard.push(format!("repeat {rate} {delay}"));
        }
        _ => {}
    }
});
note!(XdgToplevel, |told, _toplevel, event| {
    use xdg_toplevel::Event;
    let words = |bytes: &[u8]| -> Vec<u32> {
        let word = |word: &[u8]| u32::from_ne_bytes(word.try_into().unwrap());
        let mut words: Vec<u32> = bytes.chunks(4).map(word).collect();
        words.sort_unstable();
        words
    };
    match event {
        Event::Configure {
            width,
            height,
            states,
        } => {
            told.size = (width, height);
            let states = words(&states);
            told.heard
                .push(format!("configure {width} {height} {states:?}"));
        }
        Event::ConfigureBounds { width, height } => {
            told.heard.push(format!("bounds {width} {height}"));
        }
        Event::WmCapabilities { capabilities } => {
            told.heard.push(format!("can {:?}", words(&capabilities)));
        }
        _ => {}
    }
});
note!(XdgPopup, |told, _popup, event| {
    use xdg_popup::Event;
    match event {
        Event::Configure {
            x,
            y,
            width,
            height,
        } => {
            told.popup = Some([x, y, width, height]);
            told.heard.push(format!("popup {x} {y} {width} {height}"));
        }
        Event::Repositioned { token } => told.heard.push(format!("repositioned {token}")),
        Event::PopupDone => told.heard.push("popup done".to_owned()),
        _ => {}
    }
});
note!(WlPointer, |told, _pointer, event| {
    use wl_pointer::Event;
    match event {
        Event::Enter {
            surface_x,
            surface_y,
            ..
        }
        | Event::Motion {
            surface_x,
            surface_y,
            ..
        } => told.places.push((surface_x, surface_y)),
        Event::Leave { .. } => told.heard.push("pointer left".to_owned()),
        Event::Button { serial, .. } => told.buttons.push(serial),
        Event::AxisSource { axis_source } => {
            told.heard
                .push(format!("source {}", u32::from(axis_source)));
        }
        Event::Axis { axis, value, .. } => {
            told.heard.push(format!("axis {} {value}", u32::from(axis)));
        }
        Event::AxisDiscrete { discrete, .. } => told.heard.push(format!("notches {discrete}")),
        Event::AxisValue120 { value120, .. } => told.heard.push(format!("120ths {value120}")),
        Event::AxisRelativeDirection { direction, .. } => {
            told.heard
                .push(format!("direction {}", u32::from(direction)));
        }
        Event::Frame => told.heard.push("frame".to_owned()),
        _ => {}
    }
});
note!(WlTouch, |told, _touch, event| {
    use wl_touch::Event;
    match event {
        Event::Down { id, x, y, .. } => told.heard.push(format!("down {id} {x} {y}")),
        Event::Shape { id, major, minor } => told.heard.push(format!("shape {id} {major} {minor}")),
        Event::Orientation { id, orientation } => {
            told.heard.push(format!("turned {id} {orientation}"));
        }
        Event::Motion { id, x, y, .. } => told.heard.push(format!("motion {id} {x} {y}")),
        Event::Up { id, .. } => told.heard.push(format!("up {id}")),
        Event::Cancel => told.heard.push("cancelled".to_owned()),
        Event::Frame => told.heard.push("frame".to_owned()),
        _ => {}
    }
});
note!(WlSurface, |told, _surface, event| {
    match event {
        wl_surface::Event::Enter { .. } => told.heard.push("on a screen".to_owned()),
        wl_surface::Event::Leave { .. } => told.heard.push("off a screen".to_owned()),
        wl_surface::Event::PreferredBufferScale { factor } => {
            told.heard.push(format!("prefers {factor}"));
        }
        _ => {}
    }
});
note!(WpPresentationFeedback, |told, _feedback, event| {
    if let wp_presentation_feedback::Event::Discarded = event {
        told.heard.push("not shown".to_owned());
    }
});
note!(WpFractionalScaleV1, |told, _scale, event| {
    if let wp_fractional_scale_v1::Event::PreferredScale { scale } = event {
        told.heard.push(format!("scale {scale}"));
    }
});
note!(
    ZwpKeyboardShortcutsInhibitorV1,
    |told, _inhibitor, event| {
        match event {
            zwp_keyboard_shortcuts_inhibitor_v1::Event::Active => {
                told.heard.push("mine".to_owned())
            }
            zwp_keyboard_shortcuts_inhibitor_v1::Event::Inactive => {
                told.heard.push("not mine".to_owned());
            }
            _ => {}
        }
    }
);
note!(XdgToplevelIconManagerV1, |told, _icons, event| {
    match event {
        xdg_toplevel_icon_manager_v1::Event::IconSize { size } => {
            told.heard.push(format!("icons of {size}"));
        }
        _ => told.heard.push("icons, no more".to_owned()),
    }
});
note!(ZwpTextInputV3, |told, _input, event| {
    use zwp_text_input_v3::Event;
    match event {
        Event::Enter { .. } => told.heard.push("text here".to_owned()),
        Event::Leave { .. } => told.heard.push("no text here".to_owned()),
        Event::PreeditString {
            text,
            cursor_begin,
            cursor_end,
        } => told.heard.push(format!(
            "writes {} {cursor_begin} {cursor_end}",
            text.unwrap_or_default()
        )),
        Event::CommitString { text } => {
            told.heard
                .push(format!("wrote {}", text.unwrap_or_default()));
        }
        Event::DeleteSurroundingText {
            before_length,
            after_length,
        } => told
            .heard
            .push(format!("deletes {before_length} {after_length}")),
        Event::Done { serial } => told.heard.push(format!("done {serial}")),
        _ => {}
    }
});
note!(WlOutput, |told, _output, event| {
    match event {
        wl_output::Event::Name { name } => told.output_names.push(name),
        wl_output::Event::Description { description } => told.output_names.push(description),
        wl_output::Event::Geometry { make, model, .. } => told.output_names.extend([make, model]),
        wl_output::Event::Scale { factor } => told.heard.push(format!("screen of scale {factor}")),
        wl_output::Event::Done => told.heard.push("all of the screen".to_owned()),
        _ => {}
    }
});
note!(ZxdgOutputV1, |told, _output, event| {
    match event {
        zxdg_output_v1::Event::LogicalSize { width, height } => {
            told.heard.push(format!("logical size {width}x{height}"));
        }
        zxdg_output_v1::Event::Done => told.heard.push("all of the logical screen".to_owned()),
        _ => {}
    }
});
note!(WlDataOffer, |told, _offer, event| {
    match event {
        wl_data_offer::Event::Offer { mime_type } => told.mimes.push(mime_type),
        wl_data_offer::Event::SourceActions { source_actions } => {
            told.source_actions = source_actions.into();
        }
        wl_data_offer::Event::Action { dnd_action } => told.action = dnd_action.into(),
        _ => {}
    }
});
note!(WlDataSource, |told, _source, event| {
    match event {
        wl_data_source::Event::Send { mime_type, fd } => {
            told.sends.push(mime_type);
            // Whoever reads may have been refused meanwhile.
            let _ = rustix::io::write(&fd, told.text.as_bytes());
        }
        wl_data_source::Event::Cancelled => told.cancelled = true,
        wl_data_source::Event::Target { mime_type } => {
            told.source
                .push(format!("target {}", mime_type.unwrap_or_default()));
        }
        wl_data_source::Event::Action { dnd_action } => {
            told.source
                .push(format!("action {}", u32::from(dnd_action)));
        }
        wl_data_source::Event::DndDropPerformed => told.source.push("dropped".to_owned()),
        wl_data_source::Event::DndFinished => told.source.push("finished".to_owned()),
        _ => {}
    }
});

impl Dispatch<WlDataDevice, ()> for Told {
    fn event(
        told: &mut Self,
        _device: &WlDataDevice,
        event: wl_data_device::Event,
        (): &(),
        _conn: &Connection,
        _qh: &QueueHandle<Self>,
    ) {
        match event {
            wl_data_device::Event::DataOffer { .. } => told.mimes.clear(),
            wl_data_device::Event::Selection { id } => told.offer = id,
            wl_data_device::Event::Enter { serial, id, .. } => told.over = Some((serial, id)),
            wl_data_device::Event::Leave => told.over = None,
            wl_data_device::Event::Drop => {
                let above = told.over.as_ref().and_then(|(_, offer)| offer.clone());
                told.dropped = above.or(told.dropped.take());
            }
            _ => {}
        }
    }

    event_created_child!(Told, WlDataDevice, [
        wl_data_device::EVT_DATA_OFFER_OPCODE => (WlDataOffer, ()),
    ]);
}

note!(
    wayland_client::protocol::wl_callback::WlCallback,
    |_told, _callback, _event| {}
);

/// All that comes through a pipe until its end.
pub fn all(pipe: OwnedFd) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut File::from(pipe), &mut text).unwrap();
    text
}
