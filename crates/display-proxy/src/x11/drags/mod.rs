//! What X's clients drag, and what is dragged over their windows: the XDND protocol, of which the window manager is the other
//! end on both sides.
//!
//! A client that drags finds one window below the pointer, wherever that is: one of ours that nobody sees, over all of the
//! screen. What it says to it becomes a drag of the host's ([`out`]), as for everybody ([`bridge::drag`](crate::bridge::drag)).
//! What the host drags over a window of X is said to that window by the same window of ours ([`over`]), also when it comes from
//! a client of the same X server; only what is dragged these two then pass between themselves, as they could without us.
//!
//! While the host drags it has the pointer, and tells nothing of it. Until that is over the X server believes that it rests,
//! with the button held ([`mod@pointer`]).
//!
//! Every client can send every message, in another's name too. Who does harms those on the same server, as it could without
//! us: nothing is waited for without an end, there is one drag each way, and what is said in one turn is bounded.
//!
//! Drag-and-Drop Protocol for the X Window System, version 5: <https://www.freedesktop.org/wiki/Specifications/XDND/>

mod out;
mod over;
mod pointer;

use std::time::{Duration, Instant};

use x11rb_protocol::protocol::xfixes::SelectionNotifyEvent;
use x11rb_protocol::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, CreateWindowAux, GetPropertyReply, GetPropertyRequest,
    MapWindowRequest, StackMode, UnmapWindowRequest,
};
use x11rb_protocol::x11_utils::TryParse;

use super::atoms::Atoms;
use super::{Asked as AskedOfAll, X11};
use crate::bridge::drag::{ASK, COPY, MOVE, Offer};
use crate::bridge::xtypes::Type;
use crate::session::Session;
use out::Out;
use over::Over;
use pointer::Pointer;

/// The version of the protocol that is spoken, and the oldest that is understood.
const VERSION: u32 = 5;
const OLDEST: u32 = 3;
/// Messages that are heard in one turn; further ones are not.
const MESSAGES: u32 = 256;
/// How long a client may take for an answer that it owes at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the end of a drag may take: the user may be asked about files.
const ENDING: Duration = Duration::from_secs(100);
/// No window, no atom, a time that is now.
const NONE: u32 = 0;

/// A question to the server, of a drag by its number.
#[derive(Debug)]
pub(super) enum Asked {
    /// The types of what a client drags, more than fit into a message.
    Types(u64),
    /// What one is called.
    TypeName(u64, u32),
    /// What the client lets be done with it.
    Actions(u64),
    /// Whether a window takes drops.
    Aware(u64, u32),
    /// Which window takes them in its place.
    Proxy(u64, u32),
    /// The name of a type.
    TypeAtom(u64, usize),
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Drags {
    pointer: Pointer,
    out: Option<Out>,
    over: Option<Over>,
    /// Numbers of drags.
    last: u64,
    /// Who has the selection, and since when.
    owner: u32,
    since: u32,
    /// Messages in this turn.
    heard: u32,
}

impl Drags {
    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// When something is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let out = self.out.as_ref().and_then(|out| out.until);
        let over = self.over.as_ref().and_then(|over| over.until);
        out.into_iter().chain(over).min()
    }

    /// What is dragged over a window, as its client may read it, if that is from elsewhere.
    pub(super) fn given(&self) -> Option<(Offer, Vec<Type>, u32)> {
        let over = self.over.as_ref()?;
        Some((Offer::X11(over.number), over.types.clone(), self.since))
    }

    /// Descriptors that wait.
    pub(super) fn fds(&self) -> usize {
        self.out.as_ref().map_or(0, |out| out.held.len())
    }
}

/// The words of a property, if there are any.
fn words(answer: Option<&[u8]>) -> Vec<u32> {
    let reply = answer.and_then(|bytes| GetPropertyReply::try_parse(bytes).ok());
    let words = reply.and_then(|(reply, _)| Some(reply.value32()?.collect()));
    words.unwrap_or_default()
}

impl Atoms {
    /// The action of an atom. What Wayland has not, a link or something that only the two know, is a copy.
    fn drag_action(&self, atom: u32) -> u32 {
        match atom {
            NONE => 0,
            _ if atom == self.xdnd_action_move => MOVE,
            _ if atom == self.xdnd_action_ask => ASK,
            _ => COPY,
        }
    }

    fn of_drag_action(&self, action: u32) -> u32 {
        match action {
            COPY => self.xdnd_action_copy,
            MOVE => self.xdnd_action_move,
            ASK => self.xdnd_action_ask,
            _ => NONE,
        }
    }
}

impl X11 {
    /// The window of ours that is the other end of every drag. Others of ours end otherwise.
    pub(super) fn drag_window(&self) -> u32 {
        let mask = !self.client_bits;
        (self.own & self.client_bits) | (mask & 2)
    }

    pub(super) fn make_drag_window(&mut self) {
        let window = self.drag_window();
        self.create_unseen(window, CreateWindowAux::new());
        let aware = self.atoms.xdnd_aware;
        self.set_words(window, aware, AtomEnum::ATOM.into(), &[VERSION]);
    }

    /// Puts it over all others, so that whoever drags finds it.
    fn show_drag_window(&mut self) {
        let window = self.drag_window();
        let side = |length: i32| u32::try_from(length).unwrap_or(0).max(1);
        let values = ConfigureWindowAux::new()
            .x(0)
            .y(0)
            .width(side(self.screen.0))
            .height(side(self.screen.1))
            .stack_mode(StackMode::ABOVE);
        self.change(window, values);
        self.wire.send(MapWindowRequest { window });
    }

    fn hide_drag_window(&mut self) {
        let window = self.drag_window();
        self.wire.send(UnmapWindowRequest { window });
    }

    fn ask_drag_words(&mut self, window: u32, property: u32, most: usize, what: Asked) {
        let request = GetPropertyRequest {
            delete: false,
            window,
            property,
            type_: AtomEnum::ANY.into(),
            long_offset: 0,
            long_length: u32::try_from(most).unwrap_or(0),
        };
        self.wire.ask(request, AskedOfAll::Drag(what));
    }

    /// Leaves the selection of drags to nobody, if it is ours.
    fn leave_drag_selection(&mut self) {
        if self.drags.owner == self.own {
            self.give_selection(self.atoms.xdnd_selection, NONE);
        }
    }
}

impl Session {
    /// The selection of drags has an owner, or none.
    pub(super) fn x11_drags_begin(&mut self, event: &SelectionNotifyEvent) {
        let Some(x11) = &mut self.x11 else { return };
        if event.selection != x11.atoms.xdnd_selection {
            return;
        }
        x11.drags.owner = event.owner;
        x11.drags.since = event.selection_timestamp;
        if event.owner != x11.own {
            self.x11_takes_drag(event.owner);
        }
    }

    /// Somebody tells our window something.
    pub(super) fn x11_drag_told(&mut self, kind: u32, data: [u32; 5]) {
        let Some(x11) = &mut self.x11 else { return };
        let atoms = x11.atoms;
        x11.drags.heard += 1;
        if x11.drags.heard > MESSAGES {
            return;
        }
        if kind == atoms.xdnd_enter {
            self.x11_drag_says_types(data);
        } else if kind == atoms.xdnd_position {
            self.x11_drag_is_at(data);
        } else if kind == atoms.xdnd_leave {
            self.x11_drag_turns_away(data[0]);
        } else if kind == atoms.xdnd_drop {
            self.x11_drag_lets_go(data[0], data[2]);
        } else if kind == atoms.xdnd_status {
            self.x11_drop_status(data);
        } else if kind == atoms.xdnd_finished {
            self.x11_drop_finished(data);
        }
    }

    /// The server answers.
    pub(super) fn x11_drag_answer(&mut self, asked: &Asked, answer: Option<&[u8]>) {
        match *asked {
            Asked::Types(number) => self.x11_drag_types(number, words(answer)),
            Asked::TypeName(number, atom) => self.x11_drag_type_is_called(number, atom, answer),
            Asked::Actions(number) => self.x11_drag_actions_are(number, &words(answer)),
            Asked::Aware(number, window) => {
                self.x11_drop_aware(number, window, words(answer).first().copied());
            }
            Asked::Proxy(number, window) => {
                self.x11_drop_proxy(number, window, words(answer).first().copied());
            }
            Asked::TypeAtom(number, place) => self.x11_drop_atom(number, place, answer),
        }
    }

    /// Does what waits for the end of a turn.
    pub(super) fn settle_x11_drags(&mut self) {
        if let Some(x11) = &mut self.x11 {
            x11.drags.heard = 0;
            self.x11_drag_serves();
        }
    }

    /// Gives up what has waited too long.
    pub(super) fn give_up_x11_drags(&mut self, now: Instant) {
        let late = |until: Option<Instant>| until.is_some_and(|until| until <= now);
        let Some(x11) = &self.x11 else { return };
        let (out, over) = (&x11.drags.out, &x11.drags.over);
        let out = out.as_ref().is_some_and(|out| late(out.until));
        let over = over.as_ref().is_some_and(|over| late(over.until));
        if out {
            self.x11_drag_ends();
        }
        if over {
            self.x11_drop_ends(false);
        }
    }

    /// A window is gone.
    pub(super) fn x11_drag_window_gone(&mut self, window: u32) {
        let Some(x11) = &self.x11 else { return };
        let over = x11.drags.over.as_ref();
        if over.is_some_and(|over| over.window == window) {
            self.x11_drop_ends(false);
        }
    }
}
