//! As much of an X server as its window manager needs, in the hands of a test.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use oz_testkit::fakehost::Seen;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::MemfdFlags;
use wayland_client::Proxy;
use wayland_client::protocol::wl_surface::WlSurface;
use x11rb_protocol::protocol::xfixes::SelectionNotifyEvent;
use x11rb_protocol::protocol::xproto::{
    CONFIGURE_NOTIFY_EVENT, CREATE_NOTIFY_EVENT, ClientMessageEvent, ConfigureNotifyEvent,
    CreateNotifyEvent, MAP_NOTIFY_EVENT, MapNotifyEvent, Screen, Setup, UNMAP_NOTIFY_EVENT,
    UnmapNotifyEvent,
};
use x11rb_protocol::x11_utils::Serialize;

use super::common::{App, Rig, memory, picture};

const ROOT: u32 = 1;
/// That there is that extension, its number and that of its first event.
const XFIXES: u32 = u32::from_le_bytes([1, 140, SELECTION_CHANGED, 0]);
const SELECTION_CHANGED: u8 = 87;

/// A word of a request, after its head.
fn word(body: &[u8], place: usize) -> u32 {
    u32::from_le_bytes(body[4 * place..][..4].try_into().unwrap())
}

/// Requests by their numbers in the protocol's appendix B.
mod request {
    pub(super) const MAP_WINDOW: u8 = 8;
    pub(super) const UNMAP_WINDOW: u8 = 10;
    pub(super) const INTERN_ATOM: u8 = 16;
    pub(super) const GET_PROPERTY: u8 = 20;
    pub(super) const SET_SELECTION_OWNER: u8 = 22;
    pub(super) const SEND_EVENT: u8 = 25;
    pub(super) const SET_INPUT_FOCUS: u8 = 42;
    pub(super) const GET_INPUT_FOCUS: u8 = 43;
    pub(super) const QUERY_EXTENSION: u8 = 98;
}

/// The server, towards its window manager.
pub struct XServer {
    socket: UnixStream,
    /// The number of the last request.
    number: u16,
    /// Where the keyboard is.
    pub focus: u32,
    /// Questions after that which have no answer yet.
    pub asked: Vec<u16>,
    /// Messages to windows: what kind, and the words.
    pub told: Vec<(u32, [u32; 5])>,
    /// What its windows say of drops, if anything: the version.
    pub aware: Option<u32>,
    /// Windows that its window manager has mapped.
    pub mapped: BTreeSet<u32>,
    atoms: HashMap<String, u32>,
    is_managed: bool,
}

impl XServer {
    /// Starts one; also what it is as a client of Wayland.
    pub fn start(rig: &Rig) -> (Self, App) {
        let (display, theirs) = UnixStream::pair().unwrap();
        let (mut socket, managed) = UnixStream::pair().unwrap();
        let ends = [theirs.as_fd(), managed.as_fd()];
        oz_sys::socket::try_send(&rig.x11, b"a cookie", &ends).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        // The length of a name of 18 bytes and a cookie of 8, with what fills them up.
        socket.read_exact(&mut [0; 12 + 20 + 8]).unwrap();
        let setup = Setup {
            status: 1,
            length: 8 + 10,
            resource_id_base: 0x20_0000,
            resource_id_mask: 0x1f_ffff,
            roots: vec![Screen {
                root: ROOT,
                width_in_pixels: 1600,
                height_in_pixels: 1000,
                ..Screen::default()
            }],
            ..Setup::default()
        };
        socket.write_all(&setup.serialize()).unwrap();
        let mut server = Self {
            socket,
            number: 0,
            focus: 0,
            asked: Vec::new(),
            told: Vec::new(),
            aware: None,
            mapped: BTreeSet::new(),
            atoms: HashMap::new(),
            is_managed: false,
        };
        server.until(|server| server.is_managed);
        (server, App::new(display))
    }

    /// Does what it is asked for until something holds.
    pub fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !holds(self) {
            if self.is_asked() {
                self.serve();
            }
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "it did not come to hold"
            );
        }
    }

    /// Whether there is a request, or comes soon.
    fn is_asked(&self) -> bool {
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        let soon = Timespec {
            tv_sec: 0,
            tv_nsec: 10_000_000,
        };
        rustix::event::poll(&mut fds, Some(&soon)).unwrap() > 0
    }

    /// Serves one request.
    fn serve(&mut self) {
        let mut head = [0; 4];
        self.socket.read_exact(&mut head).unwrap();
        let words = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let mut body = vec![0; 4 * (words - 1)];
        self.socket.read_exact(&mut body).unwrap();
        self.number = self.number.wrapping_add(1);
        match head[0] {
            request::INTERN_ATOM => {
                let atom = 1000 + u32::from(self.number);
                let length = usize::from(u16::from_le_bytes([body[0], body[1]]));
                let name = String::from_utf8(body[4..4 + length].to_vec()).unwrap();
                let atom = *self.atoms.entry(name).or_insert(atom);
                self.answer(self.number, atom);
            }
            request::GET_PROPERTY if word(&body, 1) == self.atom("XdndAware") => {
                self.answer_property(self.aware);
            }
            request::SEND_EVENT => {
                let data = std::array::from_fn(|place| word(&body, 5 + place));
                self.told.push((word(&body, 4), data));
            }
            // The last that its window manager does before clients may come.
            request::SET_SELECTION_OWNER if word(&body, 1) == self.atom("WM_S0") => {
                self.is_managed = true;
            }
            request::MAP_WINDOW => {
                self.mapped.insert(word(&body, 0));
            }
            request::UNMAP_WINDOW => {
                self.mapped.remove(&word(&body, 0));
            }
            request::QUERY_EXTENSION if body[4..].starts_with(b"XFIXES") => {
                self.answer(self.number, XFIXES);
            }
            request::GET_PROPERTY | request::QUERY_EXTENSION => self.answer(self.number, 0),
            request::SET_INPUT_FOCUS => {
                self.focus = word(&body, 0);
            }
            request::GET_INPUT_FOCUS => self.asked.push(self.number),
            _ => {}
        }
    }

    /// The number of a name that was asked for.
    pub fn atom(&self, name: &str) -> u32 {
        self.atoms[name]
    }

    /// The property that was asked for just now has this word, or none.
    fn answer_property(&mut self, has: Option<u32>) {
        const ATOM: u32 = 4;
        let Some(has) = has else {
            self.answer(self.number, 0);
            return;
        };
        let mut bytes = [0; 36];
        bytes[..2].copy_from_slice(&[1, 32]);
        bytes[2..4].copy_from_slice(&self.number.to_le_bytes());
        for (at, word) in [(4, 1), (8, ATOM), (16, 1), (32, has)] {
            bytes[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
        }
        self.socket.write_all(&bytes).unwrap();
    }

    /// One of its clients tells a window something.
    #[allow(dead_code, reason = "not every test has clients that talk")]
    pub fn say(&mut self, window: u32, kind: &str, data: [u32; 5]) {
        let mut event = ClientMessageEvent::new(32, window, self.atom(kind), data);
        event.response_type |= 0x80;
        self.tell(&event.serialize());
    }

    /// Answers a question with a number.
    pub fn answer(&mut self, question: u16, with: u32) {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes[2..4].copy_from_slice(&question.to_le_bytes());
        bytes[8..12].copy_from_slice(&with.to_le_bytes());
        self.socket.write_all(&bytes).unwrap();
    }

    /// One of its clients shows a window.
    pub fn map(&mut self, window: u32, surface: &WlSurface) {
        self.shows(window, surface, None);
    }

    /// The same, of one that manages itself.
    /// Shows a window with that as its first pixel.
    #[allow(dead_code, reason = "a test may want to draw itself")]
    pub fn show(&mut self, rig: &Rig, app: &mut App, window: u32, first: u32) {
        let surface = app.surface();
        app.sync().unwrap();
        self.map(window, &surface);
        let pixels = memory(MemfdFlags::ALLOW_SEALING, &picture(first, 16, 16));
        let buffer = app.buffer(&pixels, 16, 16);
        surface.attach(Some(&buffer), 0, 0);
        surface.damage(0, 0, 16, 16);
        surface.commit();
        app.sync().unwrap();
        let is_it = |seen: &Seen| matches!(seen, Seen::Shown { first: it, .. } if *it == first);
        self.until(|_| rig.host().seen().iter().any(is_it));
    }

    #[allow(dead_code, reason = "not every test has menus")]
    pub fn map_menu(&mut self, window: u32, surface: &WlSurface, at: (i16, i16)) {
        self.shows(window, surface, Some(at));
    }

    fn shows(&mut self, window: u32, surface: &WlSurface, menu: Option<(i16, i16)>) {
        let (x, y) = menu.unwrap_or_default();
        let override_redirect = menu.is_some();
        let created = CreateNotifyEvent {
            response_type: CREATE_NOTIFY_EVENT,
            parent: ROOT,
            window,
            x,
            y,
            width: 16,
            height: 16,
            override_redirect,
            ..CreateNotifyEvent::default()
        };
        let mapped = MapNotifyEvent {
            response_type: MAP_NOTIFY_EVENT,
            event: ROOT,
            window,
            override_redirect,
            ..MapNotifyEvent::default()
        };
        let id = [surface.id().protocol_id(), 0, 0, 0, 0];
        let is_surface = ClientMessageEvent::new(32, window, self.atom("WL_SURFACE_ID"), id);
        self.tell(&created.serialize());
        self.tell(&mapped.serialize());
        self.tell(&is_surface.serialize());
    }

    /// A window takes a selection.
    #[allow(dead_code, reason = "as above")]
    pub fn take_selection(&mut self, selection: &str, owner: u32) {
        let changed = SelectionNotifyEvent {
            response_type: SELECTION_CHANGED,
            owner,
            selection: self.atom(selection),
            timestamp: 1,
            selection_timestamp: 1,
            ..SelectionNotifyEvent::default()
        };
        self.tell(&changed.serialize());
    }

    /// It shows one no longer.
    #[allow(dead_code, reason = "as above")]
    pub fn unmap(&mut self, window: u32) {
        let unmapped = UnmapNotifyEvent {
            response_type: UNMAP_NOTIFY_EVENT,
            event: ROOT,
            window,
            ..UnmapNotifyEvent::default()
        };
        self.tell(&unmapped.serialize());
    }

    /// It moves one that manages itself.
    #[allow(dead_code, reason = "as above")]
    pub fn move_menu(&mut self, window: u32, (x, y): (i16, i16)) {
        let moved = ConfigureNotifyEvent {
            response_type: CONFIGURE_NOTIFY_EVENT,
            event: ROOT,
            window,
            x,
            y,
            width: 16,
            height: 16,
            override_redirect: true,
            ..ConfigureNotifyEvent::default()
        };
        self.tell(&moved.serialize());
    }

    /// An event, filled up to the length that all have.
    fn tell(&mut self, event: &[u8]) {
        let mut bytes = [0; 32];
        bytes[..event.len()].copy_from_slice(event);
        self.socket.write_all(&bytes).unwrap();
    }
}
