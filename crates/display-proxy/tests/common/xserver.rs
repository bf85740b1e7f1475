//! As much of an X server as its window manager needs, in the hands of a test.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use wayland_client::Proxy;
use wayland_client::protocol::wl_surface::WlSurface;
use x11rb_protocol::protocol::xproto::{
    CONFIGURE_NOTIFY_EVENT, CREATE_NOTIFY_EVENT, ClientMessageEvent, ConfigureNotifyEvent,
    CreateNotifyEvent, MAP_NOTIFY_EVENT, MapNotifyEvent, Screen, Setup, UNMAP_NOTIFY_EVENT,
    UnmapNotifyEvent,
};
use x11rb_protocol::x11_utils::Serialize;

use super::{App, Rig};

const ROOT: u32 = 1;

/// Requests by their numbers in the protocol's appendix B.
mod request {
    pub(super) const INTERN_ATOM: u8 = 16;
    pub(super) const GET_PROPERTY: u8 = 20;
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
    surface_id: u32,
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
            surface_id: 0,
        };
        server.until(|server| server.surface_id != 0);
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
                if body[4..].starts_with(b"WL_SURFACE_ID") {
                    self.surface_id = atom;
                }
                self.answer(self.number, atom);
            }
            request::GET_PROPERTY | request::QUERY_EXTENSION => self.answer(self.number, 0),
            request::SET_INPUT_FOCUS => {
                self.focus = u32::from_le_bytes(body[..4].try_into().unwrap());
            }
            request::GET_INPUT_FOCUS => self.asked.push(self.number),
            _ => {}
        }
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
        let is_surface = ClientMessageEvent::new(32, window, self.surface_id, id);
        self.tell(&created.serialize());
        self.tell(&mapped.serialize());
        self.tell(&is_surface.serialize());
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
