//! The window manager of the sandbox's own X server, which shows X windows as windows of the host.
//!
//! The server is one of the sandbox's Wayland clients, and its session is this one's: it makes a surface for each X window and
//! says which is which. What a surface of it is for, only the window manager knows. So what the server draws waits until it is
//! known, and until the host has answered.
//!
//! A managed window is a window of the host. One that manages itself, a menu or a hint, is a popup of the window that it belongs
//! to. X has places on a screen and the host tells none: each window lies in the middle of a screen of X, and what belongs to
//! it is placed relative to it.

pub(crate) mod atoms;
mod events;
mod focus;
mod place;
mod properties;
pub(crate) mod role;
mod show;
mod start;
pub(crate) mod windows;
mod wire;

use std::collections::BTreeMap;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::event::PollFlags;
use tracing::{debug, trace};
use wayland_protocols::xdg::decoration::zv1::client::zxdg_decoration_manager_v1::ZxdgDecorationManagerV1 as HostDecorations;
use wayland_server::protocol::wl_seat::WlSeat;
use x11rb_protocol::protocol::xproto::{ClientMessageEvent, EventMask, SendEventRequest};

use crate::session::Session;
use atoms::Atoms;
use properties::Property;
use windows::Window;
use wire::{Lost, Message, Wire};

/// What a session gets that is an X server's.
#[derive(Debug)]
pub(crate) struct Begin {
    /// The window manager's connection.
    pub(crate) socket: OwnedFd,
    /// What the server wants to be shown.
    pub(crate) cookie: Vec<u8>,
}

/// What waits for an answer of the server's.
#[derive(Debug)]
enum Asked {
    Atom(usize),
    Composite,
    Xfixes,
    /// A property of a window.
    Property(u32, Property),
}

/// The X server, as its window manager knows it.
#[derive(Debug)]
pub(crate) struct X11 {
    wire: Wire<Asked>,
    /// Answers that must come before it can begin.
    unknown: usize,
    atoms: Atoms,
    composite: u8,
    xfixes: u8,
    root: u32,
    /// Size of the screen, in pixels.
    screen: (i32, i32),
    /// A window of ours that has the keyboard while no other has.
    own: u32,
    /// The bits of a window's number that are the same in all of one client.
    client_bits: u32,
    windows: BTreeMap<u32, Window>,
    /// Managed windows that are shown; those that were active later come later.
    order: Vec<u32>,
    active: Option<u32>,
    decorations: Option<HostDecorations>,
    /// Where input comes from.
    pub(crate) seat: Option<WlSeat>,
    /// The host's question whether the app answers, which a window was asked.
    ping: Option<u32>,
}

impl X11 {
    pub(crate) fn new(begin: Begin, decorations: Option<HostDecorations>) -> Self {
        Self {
            wire: Wire::new(begin.socket, &begin.cookie),
            unknown: 0,
            atoms: Atoms::default(),
            composite: 0,
            xfixes: 0,
            root: 0,
            screen: (0, 0),
            own: 0,
            client_bits: 0,
            windows: BTreeMap::new(),
            order: Vec::new(),
            active: None,
            decorations,
            seat: None,
            ping: None,
        }
    }

    /// To wait for.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.wire.socket()
    }

    /// What for.
    pub(crate) fn interest(&self) -> PollFlags {
        if self.wire.is_behind() {
            PollFlags::IN | PollFlags::OUT
        } else {
            PollFlags::IN
        }
    }

    /// Tells a window something.
    fn message(&mut self, window: u32, kind: u32, data: [u32; 5]) {
        let event = ClientMessageEvent::new(32, window, kind, data);
        self.wire.send(SendEventRequest {
            propagate: false,
            destination: window,
            event_mask: EventMask::NO_EVENT,
            event: std::borrow::Cow::Owned(event.into()),
        });
    }

    /// Tells a window something that is one of its `WM_PROTOCOLS`; a time of 0 is now.
    fn protocol(&mut self, window: u32, protocol: u32, time: u32) {
        let data = [protocol, time, window, 0, 0];
        self.message(window, self.atoms.wm_protocols, data);
    }
}

impl Session {
    /// Takes what the X server sends.
    pub(crate) fn hear_x11(&mut self) {
        let Some(x11) = &mut self.x11 else { return };
        match x11.wire.read() {
            Ok(messages) => {
                for message in messages {
                    self.x11_message(message);
                }
            }
            Err(lost) => self.end_x11(lost),
        }
    }

    /// Sends what waits for the X server.
    pub(crate) fn flush_x11(&mut self) {
        if let Some(x11) = &mut self.x11
            && let Err(lost) = x11.wire.flush()
        {
            self.end_x11(lost);
        }
    }

    fn end_x11(&mut self, lost: Lost) {
        debug!(session = self.id, %lost, "no X server any more");
        match lost {
            Lost::Closed => self.leave(),
            _ => self.end(lost.to_string()),
        }
    }

    fn x11_message(&mut self, message: Message<Asked>) {
        let Some(x11) = &mut self.x11 else { return };
        trace!(session = self.id, ?message, "from the X server");
        match message {
            Message::Begun(setup) => x11.begin(&setup),
            Message::Answer(Asked::Property(window, property), answer) => {
                self.x11_property(window, property, answer.as_deref());
            }
            Message::Answer(asked, answer) => x11.learn(&asked, answer.as_deref()),
            Message::Event(event) => self.x11_event(&event),
        }
    }
}
