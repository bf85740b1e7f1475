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
mod attention;
pub(crate) mod density;
mod drags;
mod events;
mod focus;
mod icons;
mod place;
mod properties;
pub(crate) mod role;
mod selections;
mod settings;
mod show;
mod start;
pub(crate) mod windows;
mod wire;

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};
use tracing::{debug, trace};
use wayland_protocols::xdg::decoration::zv1::client::zxdg_decoration_manager_v1::ZxdgDecorationManagerV1 as HostDecorations;
use wayland_protocols::xdg::toplevel_icon::v1::client::xdg_toplevel_icon_manager_v1::XdgToplevelIconManagerV1 as HostIcons;
use wayland_server::protocol::wl_seat::WlSeat;
use x11rb_protocol::protocol::xproto::{ClientMessageEvent, EventMask, SendEventRequest};
use x11rb_protocol::x11_utils::ExtensionInformation;

use crate::session::Session;
use atoms::Atoms;
use density::Density;
use drags::Drags;
use focus::Keys;
use properties::Property;
use selections::Selections;
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
    /// What a type is called that a client has copied.
    TypeName(u64, u32),
    /// The atom of a type of what others have copied: of which offer, in which place.
    TypeAtom(u64, usize),
    /// A part of what a client has copied, in a property of a window of ours.
    Part(u32),
    /// Where the keyboard is, which is where it was put.
    Focus,
    /// Something that a drag goes by.
    Drag(drags::Asked),
}

/// The X server, as its window manager knows it.
#[derive(Debug)]
pub(crate) struct X11 {
    wire: Wire<Asked>,
    /// Answers that must come before it can begin.
    unknown: usize,
    atoms: Atoms,
    composite: u8,
    xfixes: Option<ExtensionInformation>,
    /// It is the window manager.
    managing: bool,
    root: u32,
    /// Size of the screen, in pixels.
    screen: (i32, i32),
    density: Density,
    /// A window of ours that has the keyboard while no other has.
    own: u32,
    /// The bits of a window's number that are the same in all of one client.
    client_bits: u32,
    windows: BTreeMap<u32, Window>,
    /// Managed windows that are shown; those that were active later come later.
    order: Vec<u32>,
    active: Option<u32>,
    decorations: Option<HostDecorations>,
    icons: Option<HostIcons>,
    /// The last thing that the user did by which the focus was asked for.
    spent: Option<u32>,
    /// Where input comes from.
    pub(crate) seat: Option<WlSeat>,
    /// The host's question whether the app answers, which a window was asked.
    ping: Option<u32>,
    keys: Keys,
    selections: Selections,
    drags: Drags,
}

impl X11 {
    pub(crate) fn new(
        begin: Begin,
        density: Density,
        decorations: Option<HostDecorations>,
        icons: Option<HostIcons>,
    ) -> Self {
        Self {
            wire: Wire::new(begin.socket, &begin.cookie),
            unknown: 0,
            atoms: Atoms::default(),
            composite: 0,
            xfixes: None,
            managing: false,
            root: 0,
            screen: (0, 0),
            density,
            own: 0,
            client_bits: 0,
            windows: BTreeMap::new(),
            order: Vec::new(),
            active: None,
            decorations,
            icons,
            spent: None,
            seat: None,
            ping: None,
            keys: Keys::default(),
            selections: Selections::default(),
            drags: Drags::default(),
        }
    }

    /// How many descriptors [`Self::poll`] adds.
    pub(crate) fn polled(&self) -> usize {
        1 + self.selections.polled()
    }

    /// When something is given up.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let keys = self.keys.deadline();
        let all = keys.into_iter().chain(self.selections.deadline());
        all.chain(self.drags.deadline()).min()
    }

    /// Adds what is waited for. The server is not heard while the host does not keep up.
    pub(crate) fn poll<'a>(&'a self, hears: bool, fds: &mut Vec<PollFd<'a>>) {
        let interest = match (hears, self.wire.is_behind()) {
            (false, _) => PollFlags::empty(),
            (true, false) => PollFlags::IN,
            (true, true) => PollFlags::IN | PollFlags::OUT,
        };
        fds.push(PollFd::from_borrowed_fd(self.wire.socket(), interest));
        self.selections.poll(fds);
    }

    /// Tells a window something.
    fn message(&mut self, window: u32, kind: u32, data: [u32; 5]) {
        self.message_by(window, window, kind, data);
    }

    /// Tells a window something that is for another.
    fn message_by(&mut self, to: u32, window: u32, kind: u32, data: [u32; 5]) {
        let event = ClientMessageEvent::new(32, window, kind, data);
        self.wire.send(SendEventRequest {
            propagate: false,
            destination: to,
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

    /// Gives up what has waited too long for the X server or its clients.
    pub(crate) fn give_up_x11(&mut self, now: Instant) {
        let Some(x11) = &mut self.x11 else { return };
        if x11.keys.deadline().is_some_and(|until| until <= now) {
            x11.keys.go();
        }
        x11.give_up_selections(now);
        self.give_up_x11_drags(now);
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
            Message::Answer(Asked::TypeName(learning, atom), answer) => {
                self.x11_type_is_called(learning, atom, answer.as_deref());
            }
            Message::Answer(Asked::TypeAtom(offer, place), answer) => {
                x11.type_has_atom(offer, place, answer.as_deref());
            }
            Message::Answer(Asked::Part(window), answer) => {
                self.x11_part(window, answer.as_deref());
            }
            Message::Answer(Asked::Focus, _) => x11.keys.answered(),
            Message::Answer(Asked::Drag(asked), answer) => {
                self.x11_drag_answer(&asked, answer.as_deref());
            }
            Message::Answer(asked, answer) => {
                x11.learn(&asked, answer.as_deref());
                self.join_x11_selections();
            }
            Message::Event(event) => self.x11_event(&event),
        }
    }
}
