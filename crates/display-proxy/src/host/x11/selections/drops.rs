//! What others drag over the app's windows and drop there.
//! <https://www.freedesktop.org/wiki/Specifications/XDND/>
//!
//! The bridge decides what the app may know of it, and reads nothing before it is dropped.

use std::os::fd::OwnedFd;

use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_data_device_manager::DndAction;
use wayland_server::protocol::wl_data_offer::WlDataOffer;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, PropMode,
};
use x11rb::wrapper::ConnectionExt as _;

use super::{OLDEST, Offered, TYPES, Type, VERSION};
use crate::host::x11::State;
use crate::host::x11::surfaces::surface_at;

/// A drag over one of the windows.
#[derive(Debug)]
pub(super) struct Drag {
    /// Tells it from those before.
    number: u64,
    /// The window of whoever drags, and ours that it is over.
    source: u32,
    over: u32,
    types: Vec<Type>,
    /// The surface that it is on, once it has been told.
    surface: Option<ObjectId>,
    /// What the app takes of it, and what is done with it.
    wanted: bool,
    action: DndAction,
    suggested: u32,
    /// What its source lets be done.
    may: DndAction,
    dropped: bool,
    /// When.
    time: u32,
}

impl State {
    /// A window says that things can be dropped on it.
    pub(in crate::host::x11) fn takes_drops(&self, window: u32) {
        let aware = self.screen.atoms.XdndAware;
        let _ = self.screen.conn.change_property32(
            PropMode::REPLACE,
            window,
            aware,
            AtomEnum::ATOM,
            &[VERSION],
        );
    }

    /// A message that may be about a drag.
    pub(in crate::host::x11) fn selection_message(&mut self, event: &ClientMessageEvent) {
        let atoms = self.screen.atoms;
        if event.format != 32 {
            return;
        }
        let data = event.data.as_data32();
        if event.type_ == atoms.XdndEnter {
            self.drag_enters(event.window, data);
        } else if event.type_ == atoms.XdndPosition {
            self.drag_moves(event.window, data);
        } else if event.type_ == atoms.XdndLeave {
            self.drag_leaves();
        } else if event.type_ == atoms.XdndDrop {
            self.drag_drops(event.window, data);
        } else if event.type_ == atoms.XdndStatus {
            self.drag_status(data);
        } else if event.type_ == atoms.XdndFinished {
            self.drag_was_taken(data);
        }
    }

    /// What an action is here; those that Wayland has not are copies.
    pub(super) fn drag_action(&self, atom: u32) -> DndAction {
        let atoms = &self.screen.atoms;
        match atom {
            x11rb::NONE => DndAction::empty(),
            _ if atom == atoms.XdndActionMove => DndAction::Move,
            _ if atom == atoms.XdndActionAsk => DndAction::Ask,
            _ => DndAction::Copy,
        }
    }

    /// And what it is called there.
    pub(super) fn of_drag_action(&self, action: DndAction) -> u32 {
        let atoms = &self.screen.atoms;
        if action.contains(DndAction::Move) {
            atoms.XdndActionMove
        } else if action.contains(DndAction::Ask) {
            atoms.XdndActionAsk
        } else {
            atoms.XdndActionCopy
        }
    }

    fn drag_enters(&mut self, over: u32, data: [u32; 5]) {
        self.drag_leaves();
        let (source, version) = (data[0], data[1] >> 24);
        if !(OLDEST..=VERSION).contains(&version) {
            return;
        }
        let many = data[1] & 1 != 0;
        let atoms = if many {
            self.screen.numbers(source, self.screen.atoms.XdndTypeList)
        } else {
            data[2..].to_vec()
        };
        let atoms = atoms.into_iter().filter(|atom| *atom != x11rb::NONE);
        let types = self.types_of(&atoms.take(TYPES).collect::<Vec<_>>());
        let number = self.next_key();
        let list = self
            .screen
            .numbers(source, self.screen.atoms.XdndActionList);
        let listed = list.iter().map(|atom| self.drag_action(*atom));
        let may = match listed.fold(DndAction::empty(), |all, one| all | one) {
            none if none.is_empty() => DndAction::Copy | DndAction::Move,
            some => some,
        };
        self.selections.drag = Some(Drag {
            number,
            source,
            over,
            types,
            surface: None,
            wanted: false,
            action: DndAction::empty(),
            suggested: self.screen.atoms.XdndActionCopy,
            may,
            dropped: false,
            time: x11rb::CURRENT_TIME,
        });
    }

    fn drag_moves(&mut self, over: u32, data: [u32; 5]) {
        let short = |n: u32| f64::from(n & 0xffff);
        let at = (short(data[2] >> 16), short(data[2]));
        let (time, suggested) = (data[3], data[4]);
        let Some(root) = self.surface_of(over) else {
            return;
        };
        self.refresh_origin(&root);
        let point = self.on_surface(&root, at);
        let layer = surface_at(&self.surfaces, &root, point);
        let Some(drag) = &mut self.selections.drag else {
            return;
        };
        if drag.source != data[0] || drag.over != over || drag.dropped {
            return;
        }
        drag.suggested = suggested;
        let new = layer.as_ref().map(|layer| layer.id.clone());
        let changed = new != drag.surface;
        drag.surface.clone_from(&new);
        if let Some(layer) = layer {
            let (x, y) = (
                point.0 - f64::from(layer.at.0),
                point.1 - f64::from(layer.at.1),
            );
            if changed {
                self.tell_drag(&layer.id, (x, y));
            } else {
                for device in &self.selections.devices {
                    device.motion(time, x, y);
                }
            }
        } else if changed {
            for device in &self.selections.devices {
                device.leave();
            }
        }
        self.answer_drag();
    }

    /// Tells the app's devices of a drag that is over a surface.
    fn tell_drag(&mut self, id: &ObjectId, (x, y): (f64, f64)) {
        let serial = self.next_serial();
        let dh = self.dh.clone();
        let (Some(drag), Some(surface)) = (&mut self.selections.drag, self.surfaces.get(id)) else {
            return;
        };
        drag.wanted = false;
        drag.action = DndAction::empty();
        for device in &self.selections.devices {
            let offer = device.client().and_then(|client| {
                let data = Offered::Drag(drag.number);
                client
                    .create_resource::<WlDataOffer, _, Self>(&dh, device.version(), data)
                    .ok()
            });
            if let Some(offer) = &offer {
                device.data_offer(offer);
                for (mime, _) in &drag.types {
                    offer.offer(mime.clone());
                }
                if offer.version() >= 3 {
                    offer.source_actions(drag.may);
                }
            }
            device.enter(serial, &surface.object, x, y, offer.as_ref());
        }
    }

    /// Tells whoever drags whether it can be dropped here.
    fn answer_drag(&self) {
        let Some(drag) = &self.selections.drag else {
            return;
        };
        let atoms = &self.screen.atoms;
        let takes = drag.wanted && !drag.action.is_empty();
        let action = if !takes {
            x11rb::NONE
        } else {
            self.of_drag_action(drag.action)
        };
        // In no rectangle are further positions not to be told. The flag for that is not set: Qt takes it for a yes.
        let data = [drag.over, u32::from(takes), 0, 0, action];
        self.tell_source(drag.source, atoms.XdndStatus, data);
    }

    fn tell_source(&self, source: u32, what: u32, data: [u32; 5]) {
        let message = ClientMessageEvent::new(32, source, what, data);
        let conn = &self.screen.conn;
        let _ = conn.send_event(false, source, EventMask::NO_EVENT, message);
    }

    fn drag_leaves(&mut self) {
        // What was dropped is the app's until it has finished.
        if let Some(drag) = self.selections.drag.take_if(|drag| !drag.dropped)
            && drag.surface.is_some()
        {
            for device in &self.selections.devices {
                device.leave();
            }
        }
    }

    fn drag_drops(&mut self, over: u32, data: [u32; 5]) {
        let Some(drag) = &mut self.selections.drag else {
            return;
        };
        if drag.source != data[0] || drag.over != over || drag.dropped {
            return;
        }
        self.seat.time = data[2];
        drag.time = data[2];
        if drag.surface.is_some() && drag.wanted {
            drag.dropped = true;
            for device in &self.selections.devices {
                device.drop();
            }
        } else {
            self.finish_drag(false);
            self.drag_leaves();
        }
    }

    /// Tells whoever has dropped something what has become of it.
    fn finish_drag(&self, taken: bool) {
        let Some(drag) = &self.selections.drag else {
            return;
        };
        let atoms = &self.screen.atoms;
        let action = match taken {
            false => x11rb::NONE,
            true => self.of_drag_action(drag.action),
        };
        let data = [drag.over, u32::from(taken), action, 0, 0];
        self.tell_source(drag.source, atoms.XdndFinished, data);
    }

    /// The app has gone: whoever has dropped something, or is dropped on, does not wait for it.
    pub(in crate::host::x11) fn leave_drags(&mut self) {
        if self
            .selections
            .drag
            .as_ref()
            .is_some_and(|drag| drag.dropped)
        {
            self.finish_drag(false);
        }
        self.selections.drag = None;
        self.forget_drag();
    }

    fn drag_of(&mut self, number: u64) -> Option<&mut Drag> {
        self.selections
            .drag
            .as_mut()
            .filter(|it| it.number == number)
    }

    /// The app takes it as a type, or not at all.
    pub(super) fn drag_accepted(&mut self, offer: &WlDataOffer, number: u64, wanted: bool) {
        let Some(drag) = self.drag_of(number) else {
            return;
        };
        drag.wanted = wanted;
        if offer.version() < 3 {
            drag.action = DndAction::Copy;
        }
        self.answer_drag();
    }

    /// The app says what it can do with it.
    pub(super) fn drag_actions(
        &mut self,
        offer: &WlDataOffer,
        number: u64,
        can: DndAction,
        preferred: DndAction,
    ) {
        let suggested = self.selections.drag.as_ref().map(|drag| drag.suggested);
        let suggested = suggested.map_or(DndAction::empty(), |atom| self.drag_action(atom));
        let Some(drag) = self.drag_of(number) else {
            return;
        };
        // It lets be done what it suggests, whatever it has listed.
        let can = can & (drag.may | suggested);
        let first = [suggested, preferred, DndAction::Copy, DndAction::Move];
        let action = first
            .into_iter()
            .find(|one| !one.is_empty() && can.contains(*one));
        drag.action = action.unwrap_or(DndAction::empty());
        offer.action(drag.action);
        self.answer_drag();
    }

    /// The app reads what is dragged.
    pub(super) fn drag_read(&mut self, number: u64, mime: &str, to: OwnedFd) {
        let selection = self.screen.atoms.XdndSelection;
        let Some(drag) = self.drag_of(number) else {
            return;
        };
        let time = drag.time;
        let target = drag.types.iter().find(|(one, _)| one == mime);
        if let Some(target) = target.map(|(_, atom)| *atom) {
            // Some serve only what was dropped, and know it by its time.
            self.read_from((selection, time), target, to);
        }
    }

    /// The app is done with it.
    pub(super) fn drag_done(&mut self, number: u64, taken: bool) {
        if self.drag_of(number).is_some_and(|drag| drag.dropped) {
            self.finish_drag(taken);
            self.selections.drag = None;
        }
    }
}
