//! What the app drags: whichever window of the X server is below the pointer is told, and the one that it is dropped on reads it.
//! <https://www.freedesktop.org/wiki/Specifications/XDND/>
//!
//! The button that was pressed holds the pointer; the app hears nothing of that until it is let go of. Windows of the app's own
//! are told by the same messages as those of others.

use std::collections::HashMap;

use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_data_device_manager::DndAction;
use wayland_server::protocol::wl_data_source::WlDataSource;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, PropMode,
};
use x11rb::wrapper::ConnectionExt as _;

use super::{Given, OLDEST, Source, Type, VERSION};
use crate::host::x11::State;
use crate::host::x11::screen::short;

/// Windows in windows that are looked into.
const DEPTH: usize = 32;
/// Modifiers of the core protocol.
const SHIFT: u32 = 1;
const CONTROL: u32 = 4;

/// A drag of the app's.
#[derive(Debug)]
pub(super) struct Dragged {
    source: WlDataSource,
    pub(super) types: Vec<Type>,
    /// What it lets be done with it.
    actions: DndAction,
    /// On whose window the button was pressed that holds the pointer.
    from: Option<ObjectId>,
    /// When it began.
    pub(super) time: u32,
    /// What windows have said of themselves.
    known: HashMap<u32, Option<Taker>>,
    over: Option<Over>,
    dropped: bool,
}

/// A window that takes drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Taker {
    window: u32,
    /// Who hears in its place.
    to: u32,
    version: u32,
}

/// The one that it is over.
#[derive(Debug)]
struct Over {
    taker: Taker,
    /// It has not answered what it was told last.
    waits: bool,
    /// Where the pointer has gone meanwhile.
    newer: Option<Place>,
    wanted: bool,
    action: DndAction,
    /// The user has let go, at that time.
    let_go: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    at: (i32, i32),
    time: u32,
    action: DndAction,
}

impl Dragged {
    pub(super) fn source(&self) -> Source {
        Source::Data(self.source.clone())
    }

    /// What is to be done by what the user holds down.
    fn wished(&self, modifiers: u32) -> DndAction {
        let wishes = [
            (modifiers & SHIFT != 0, DndAction::Move),
            (modifiers & CONTROL != 0, DndAction::Copy),
            (true, DndAction::Copy),
            (true, DndAction::Move),
            (true, DndAction::Ask),
        ];
        let possible = wishes
            .into_iter()
            .find(|(holds, action)| *holds && self.actions.contains(*action));
        possible.map_or(DndAction::empty(), |(_, action)| action)
    }

    /// Tells the app who would take it, and what would be done.
    fn tell_app(&self) {
        let taken = self.over.as_ref().filter(|over| over.wanted);
        let mime = self.types.first().filter(|_| taken.is_some());
        self.source.target(mime.map(|(mime, _)| mime.clone()));
        if self.source.version() >= 3 {
            let action = taken.map_or(DndAction::empty(), |over| over.action);
            self.source.action(action);
        }
    }
}

impl State {
    /// The app begins to drag something, if a button of its is held.
    pub(super) fn begin_drag(&mut self, source: &WlDataSource, serial: u32) {
        let Some((types, actions)) = source.data::<Given>().map(Given::said) else {
            return;
        };
        if !self.seat.knows(serial) || !self.seat.pointer.is_pressed() {
            source.cancelled();
            return;
        }
        self.end_drag(false);
        let focus = self.seat.pointer.focus.as_ref();
        let from = focus.map(|(_, root)| root.clone());
        // The app has the pointer no longer.
        self.take_pointer();
        let types = self.named(types);
        let time = self.seat.time;
        let (window, atoms) = (self.selections.window, self.screen.atoms);
        let conn = &self.screen.conn;
        let _ = conn.set_selection_owner(window, atoms.XdndSelection, time);
        let listed: Vec<u32> = types.iter().map(|(_, atom)| *atom).collect();
        let may = [DndAction::Copy, DndAction::Move, DndAction::Ask];
        let may = may.into_iter().filter(|one| actions.contains(*one));
        let may: Vec<u32> = may.map(|one| self.of_drag_action(one)).collect();
        for (name, words) in [(atoms.XdndTypeList, listed), (atoms.XdndActionList, may)] {
            let (mode, kind) = (PropMode::REPLACE, AtomEnum::ATOM);
            let _ = conn.change_property32(mode, window, name, kind, &words);
        }
        self.selections.dragged = Some(Dragged {
            source: source.clone(),
            types,
            actions,
            from,
            time,
            known: HashMap::new(),
            over: None,
            dropped: false,
        });
    }

    /// Whether the user holds something of the app's.
    pub(in crate::host::x11) fn is_dragging(&self) -> bool {
        let dragged = self.selections.dragged.as_ref();
        dragged.is_some_and(|it| {
            let let_go = it.over.as_ref().is_some_and(|over| over.let_go.is_some());
            !it.dropped && !let_go
        })
    }

    /// A window is gone, and its hold of the pointer with it: nobody would hear when the user lets go.
    pub(in crate::host::x11) fn drag_left_window(&mut self, id: &ObjectId) {
        let dragged = self.selections.dragged.as_ref();
        if self.is_dragging() && dragged.is_some_and(|it| it.from.as_ref() == Some(id)) {
            self.end_drag(false);
        }
    }

    /// The pointer is there.
    pub(in crate::host::x11) fn drag_to(&mut self, at: (i32, i32), time: u32, modifiers: u32) {
        let Some(mut dragged) = self.selections.dragged.take() else {
            return;
        };
        let taker = self.taker_at(at, &mut dragged.known);
        let before = dragged.over.as_ref().map(|over| over.taker);
        if taker != before {
            if let Some(over) = dragged.over.take() {
                let leave = self.screen.atoms.XdndLeave;
                self.tell_taker(over.taker, leave, [0; 4]);
                dragged.tell_app();
            }
            if let Some(taker) = taker {
                self.tell_enter(taker, &dragged.types);
                dragged.over = Some(Over {
                    taker,
                    waits: false,
                    newer: None,
                    wanted: false,
                    action: DndAction::empty(),
                    let_go: None,
                });
            }
        }
        let action = dragged.wished(modifiers);
        let place = Place { at, time, action };
        match &mut dragged.over {
            Some(over) if over.waits => over.newer = Some(place),
            Some(over) => {
                over.waits = true;
                self.tell_place(over.taker, place);
            }
            None => {}
        }
        self.selections.dragged = Some(dragged);
    }

    /// The window below a point that takes drops.
    fn taker_at(
        &self,
        (x, y): (i32, i32),
        known: &mut HashMap<u32, Option<Taker>>,
    ) -> Option<Taker> {
        let conn = &self.screen.conn;
        let root = self.screen.root;
        let mut window = root;
        for _ in 0..DEPTH {
            let taker = *known.entry(window).or_insert_with(|| self.taker(window));
            if let Some(taker) = taker.filter(|_| window != root) {
                return Some(taker);
            }
            let inside = conn.translate_coordinates(root, window, short(x), short(y));
            let reply = inside.ok()?.reply().ok()?;
            if reply.child == x11rb::NONE {
                break;
            }
            window = reply.child;
        }
        // What lies on the desktop is taken by whoever stands for it.
        *known.entry(root).or_insert_with(|| self.taker(root))
    }

    /// What a window says of itself.
    fn taker(&self, window: u32) -> Option<Taker> {
        let (screen, atoms) = (&self.screen, self.screen.atoms);
        let proxy = screen.numbers(window, atoms.XdndProxy).first().copied();
        // One that was left over names itself no more.
        let proxy = proxy.filter(|proxy| screen.numbers(*proxy, atoms.XdndProxy) == [*proxy]);
        let to = proxy.unwrap_or(window);
        let version = screen.numbers(to, atoms.XdndAware).first().copied()?;
        (version >= OLDEST).then_some(Taker {
            window,
            to,
            version: version.min(VERSION),
        })
    }

    fn tell_taker(&self, taker: Taker, what: u32, rest: [u32; 4]) {
        let data = [self.selections.window, rest[0], rest[1], rest[2], rest[3]];
        let message = ClientMessageEvent::new(32, taker.window, what, data);
        let conn = &self.screen.conn;
        let _ = conn.send_event(false, taker.to, EventMask::NO_EVENT, message);
    }

    fn tell_enter(&self, taker: Taker, types: &[Type]) {
        let first = |at: usize| types.get(at).map_or(x11rb::NONE, |(_, atom)| *atom);
        let head = taker.version << 24 | u32::from(types.len() > 3);
        let rest = [head, first(0), first(1), first(2)];
        self.tell_taker(taker, self.screen.atoms.XdndEnter, rest);
    }

    fn tell_place(&self, taker: Taker, place: Place) {
        let word = |n: i32| u32::from(short(n).cast_unsigned());
        let at = word(place.at.0) << 16 | word(place.at.1);
        let action = self.of_drag_action(place.action);
        let rest = [0, at, place.time, action];
        self.tell_taker(taker, self.screen.atoms.XdndPosition, rest);
    }

    /// The window below says what it would do.
    pub(super) fn drag_status(&mut self, data: [u32; 5]) {
        let action = self.drag_action(data[4]);
        let Some(mut dragged) = self.selections.dragged.take() else {
            return;
        };
        let is_it = |over: &&mut Over| over.taker.window == data[0] || over.taker.to == data[0];
        if let Some(over) = dragged.over.as_mut().filter(is_it)
            && !dragged.dropped
        {
            over.waits = false;
            // A window may say what was not asked of it, and a copy is always meant to be possible; not beyond what the app lets
            // be done.
            let action = if dragged.actions.contains(action) {
                action
            } else {
                dragged.actions & DndAction::Copy
            };
            over.wanted = data[1] & 1 != 0 && !action.is_empty();
            over.action = if over.wanted {
                action
            } else {
                DndAction::empty()
            };
            if let Some(place) = over.newer.take() {
                over.waits = true;
                self.tell_place(over.taker, place);
            }
            dragged.tell_app();
        }
        self.selections.dragged = Some(dragged);
        self.drop_if_answered();
    }

    /// The user lets go.
    pub(in crate::host::x11) fn drag_let_go(&mut self, time: u32) {
        let dragged = self.selections.dragged.as_mut();
        match dragged.and_then(|dragged| dragged.over.as_mut()) {
            Some(over) => over.let_go = Some(time),
            None => self.end_drag(false),
        }
        self.drop_if_answered();
    }

    /// Drops it, once the window below has answered what it was told last.
    fn drop_if_answered(&mut self) {
        let Some(dragged) = &mut self.selections.dragged else {
            return;
        };
        let over = dragged.over.as_ref().filter(|over| !over.waits);
        let Some((over, time)) = over.and_then(|over| Some((over, over.let_go?))) else {
            return;
        };
        if dragged.dropped {
            return;
        }
        if !over.wanted {
            self.end_drag(false);
            return;
        }
        dragged.dropped = true;
        let taker = over.taker;
        if dragged.source.version() >= 3 {
            dragged.source.dnd_drop_performed();
        }
        self.tell_taker(taker, self.screen.atoms.XdndDrop, [0, time, 0, 0]);
    }

    /// Who has got it says what has become of it.
    pub(super) fn drag_was_taken(&mut self, data: [u32; 5]) {
        let Some(dragged) = &self.selections.dragged else {
            return;
        };
        let over = dragged.over.as_ref().map(|over| over.taker);
        let taker = over.filter(|it| it.window == data[0] || it.to == data[0]);
        if let Some(taker) = taker.filter(|_| dragged.dropped) {
            // Older ones do not say.
            self.end_drag(taker.version < VERSION || data[1] & 1 != 0);
        }
    }

    /// The drag is over, one way or another, and the app is told.
    pub(in crate::host::x11) fn end_drag(&mut self, taken: bool) {
        let Some(dragged) = self.forget_drag() else {
            return;
        };
        if taken && dragged.source.version() >= 3 {
            dragged.source.dnd_finished();
        } else {
            dragged.source.cancelled();
        }
    }

    /// The same, when the app has ended it.
    pub(super) fn forget_drag(&mut self) -> Option<Dragged> {
        let dragged = self.selections.dragged.take()?;
        if let Some(over) = &dragged.over
            && !dragged.dropped
        {
            self.tell_taker(over.taker, self.screen.atoms.XdndLeave, [0; 4]);
        }
        let selection = self.screen.atoms.XdndSelection;
        let conn = &self.screen.conn;
        let _ = conn.set_selection_owner(x11rb::NONE, selection, dragged.time);
        let _ = conn.flush();
        Some(dragged)
    }
}
