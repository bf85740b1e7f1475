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

use super::{Offered, TYPES, Type};
use crate::host::x11::State;
use crate::host::x11::surfaces::surface_at;

/// The version of the protocol that is spoken here, and the oldest that is understood.
const VERSION: u32 = 5;
const OLDEST: u32 = 3;

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
    dropped: bool,
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
        self.selections.drag = Some(Drag {
            number,
            source,
            over,
            types,
            surface: None,
            wanted: false,
            action: DndAction::empty(),
            suggested: self.screen.atoms.XdndActionCopy,
            dropped: false,
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
                    offer.source_actions(DndAction::Copy | DndAction::Move);
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
        } else if drag.action.contains(DndAction::Move) {
            atoms.XdndActionMove
        } else {
            atoms.XdndActionCopy
        };
        // 2: every further position is to be told.
        let data = [drag.over, u32::from(takes) | 2, 0, 0, action];
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
            true if drag.action.contains(DndAction::Move) => atoms.XdndActionMove,
            true => atoms.XdndActionCopy,
        };
        let data = [drag.over, u32::from(taken), action, 0, 0];
        self.tell_source(drag.source, atoms.XdndFinished, data);
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
        let moves = self.screen.atoms.XdndActionMove;
        let Some(drag) = self.drag_of(number) else {
            return;
        };
        let suggested = if drag.suggested == moves {
            DndAction::Move
        } else {
            DndAction::Copy
        };
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
        let Some(drag) = self.drag_of(number) else {
            return;
        };
        let target = drag.types.iter().find(|(one, _)| one == mime);
        if let Some(target) = target.map(|(_, atom)| *atom) {
            self.read_from(self.screen.atoms.XdndSelection, target, to);
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
