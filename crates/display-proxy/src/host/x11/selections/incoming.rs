//! From the host to the app: what an owner answers goes into the pipe that the app reads.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::PollFlags;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, GetPropertyReply, Property, PropertyNotifyEvent,
    SelectionNotifyEvent,
};

use super::{NOTHING, TYPES, Type, Which};
use crate::host::x11::State;
use crate::pipe::{self, is_read};

/// One reading of a selection.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) to: OwnedFd,
    /// The property in which the answer comes.
    place: u32,
    waiting: Vec<u8>,
    /// It comes in parts; each is taken when the one before has gone on.
    parts: bool,
    /// A part is there.
    more: bool,
    over: bool,
}

impl Incoming {
    pub(super) fn wants(&self) -> PollFlags {
        if self.waiting.is_empty() {
            NOTHING
        } else {
            PollFlags::OUT
        }
    }

    /// Writes what it can; false if nobody reads.
    fn write(&mut self) -> bool {
        pipe::write(&self.to, &mut self.waiting).is_some()
    }
}

impl State {
    /// Asks the owner of a selection what it has.
    pub(super) fn ask_types(&mut self, which: Which) {
        let selections = &mut self.selections;
        // The next question comes with another property: of two answers in one, the first that is taken would take the second along.
        selections.questions.rotate_left(1);
        let (window, place) = (selections.window, selections.questions[0]);
        selections.unanswered += 1;
        let selection = selections.one(which);
        selection.asked = place;
        let (atom, targets, time) = (
            selection.atom,
            self.screen.atoms.TARGETS,
            x11rb::CURRENT_TIME,
        );
        let conn = &self.screen.conn;
        drop(conn.convert_selection(window, atom, targets, place, time));
    }

    /// The app reads a selection into a pipe.
    pub(super) fn read_selection(
        &mut self,
        which: Which,
        generation: u64,
        mime: &str,
        to: OwnedFd,
    ) {
        let selection = self.selections.one(which);
        // What it was offered is no longer there.
        if selection.generation != generation {
            return;
        }
        let types = selection.types.iter().flatten();
        let Some(target) = types.clone().find(|(one, _)| one == mime).map(|it| it.1) else {
            return;
        };
        let atom = selection.atom;
        self.read_from((atom, x11rb::CURRENT_TIME), target, to);
    }

    /// Asks the owner of whatever selection for one type of it, as it was at a time.
    pub(super) fn read_from(&mut self, (selection, time): (u32, u32), target: u32, to: OwnedFd) {
        let used = |place: &u32| self.selections.incoming.iter().any(|it| it.place == *place);
        let Some(place) = self.selections.places.iter().find(|it| !used(it)).copied() else {
            return;
        };
        if rustix::io::ioctl_fionbio(to.as_fd(), true).is_err() {
            return;
        }
        self.selections.unanswered += 1;
        let window = self.selections.window;
        let conn = &self.screen.conn;
        let _ = conn.delete_property(window, place);
        let _ = conn.convert_selection(window, selection, target, place, time);
        self.selections.incoming.push(Incoming {
            to,
            place,
            waiting: Vec::new(),
            parts: false,
            more: false,
            over: false,
        });
    }

    /// Takes a property of the helper's, which tells the owner that it has been taken.
    fn take_property(&self, place: u32) -> Option<GetPropertyReply> {
        let window = self.selections.window;
        let most = u32::MAX / 4;
        let cookie = self
            .screen
            .conn
            .get_property(true, window, place, AtomEnum::ANY, 0, most);
        cookie.ok()?.reply().ok()
    }

    pub(super) fn selection_answered(&mut self, event: &SelectionNotifyEvent) {
        if event.requestor != self.selections.window {
            return;
        }
        self.selections.unanswered = self.selections.unanswered.saturating_sub(1);
        if event.target == self.screen.atoms.TARGETS {
            if let Some(which) = self.selections.which(event.selection) {
                let refuses = event.property == x11rb::NONE;
                let reply = if refuses {
                    None
                } else {
                    self.take_property(event.property)
                };
                // A refusal does not say of which question it is: where the types are known, of one before.
                let selection = self.selections.one(which);
                let is_new = if refuses {
                    selection.types.is_none()
                } else {
                    event.property == selection.asked
                };
                if is_new {
                    self.types_came(which, reply.as_ref());
                }
            }
            return;
        }
        let waits = |it: &Incoming| !it.parts && it.place == event.property;
        let Some(at) = self.selections.incoming.iter().position(waits) else {
            if event.property == x11rb::NONE && !self.selections.incoming.is_empty() {
                // It does not say which of those that wait it is; they are answered in order.
                let first = self.selections.incoming.iter().position(|it| !it.parts);
                if let Some(first) = first {
                    self.selections.incoming.remove(first);
                }
            }
            return;
        };
        let reply = self.take_property(event.property);
        let incr = self.screen.atoms.INCR;
        let transfer = &mut self.selections.incoming[at];
        match reply {
            Some(reply) if reply.type_ == incr => transfer.parts = true,
            Some(reply) => {
                transfer.waiting = reply.value;
                transfer.over = true;
            }
            None => transfer.over = true,
        }
    }

    /// The names of types that somebody of X has, as apps of Wayland ask for them.
    pub(super) fn types_of(&self, atoms: &[u32]) -> Vec<Type> {
        let conn = &self.screen.conn;
        let asked: Vec<_> = atoms
            .iter()
            .filter_map(|atom| Some((*atom, conn.get_atom_name(*atom).ok()?)))
            .collect();
        let mut types: Vec<Type> = Vec::new();
        let mut text = None;
        for (atom, cookie) in asked {
            let Ok(reply) = cookie.reply() else { continue };
            let name = String::from_utf8_lossy(&reply.name).into_owned();
            if name == "UTF8_STRING" || (name == "STRING" && text.is_none()) {
                text = Some(atom);
            }
            if name.contains('/') {
                types.push((name, atom));
            }
        }
        // Apps of Wayland ask for text by other names.
        if let Some(atom) = text {
            for mime in ["text/plain;charset=utf-8", "text/plain"] {
                if !types.iter().any(|(one, _)| one == mime) {
                    types.push((mime.to_owned(), atom));
                }
            }
            types.push(("UTF8_STRING".to_owned(), atom));
        }
        types
    }

    fn types_came(&mut self, which: Which, reply: Option<&GetPropertyReply>) {
        let atoms = reply.and_then(GetPropertyReply::value32);
        let atoms: Vec<u32> = atoms.into_iter().flatten().take(TYPES).collect();
        let types = self.types_of(&atoms);
        self.selections.one(which).types = Some(types.clone());
        if self.seat.keyboard.is_here() {
            self.tell_selection(which, (!types.is_empty()).then_some(&types));
        }
    }

    /// A part of something has come, or has been taken by somebody.
    pub(in crate::host::x11) fn selection_property(&mut self, event: &PropertyNotifyEvent) {
        if event.window == self.selections.window {
            if event.state == Property::NEW_VALUE {
                let coming = self.selections.incoming.iter_mut();
                for transfer in coming.filter(|it| it.parts && it.place == event.atom) {
                    transfer.more = true;
                }
            }
        } else if event.state == Property::DELETE {
            self.part_taken(event.window, event.atom);
        }
    }

    pub(super) fn run_incoming(&mut self) {
        let mut all = std::mem::take(&mut self.selections.incoming);
        all.retain_mut(|transfer| {
            if !transfer.write() {
                return false;
            }
            if transfer.more && transfer.waiting.is_empty() {
                transfer.more = false;
                match self.take_property(transfer.place) {
                    Some(reply) if !reply.value.is_empty() => transfer.waiting = reply.value,
                    // An empty part is the end.
                    _ => transfer.over = true,
                }
                if !transfer.write() {
                    return false;
                }
            }
            let idle = transfer.waiting.is_empty();
            !idle || (!transfer.over && is_read(&transfer.to))
        });
        self.selections.incoming.append(&mut all);
    }
}
