//! Motion without a place, and a pointer that stays where it is: what games turn their view by. X knows neither. Somebody who
//! locks the pointer has it held, and put back after each motion; how far it was is the motion.
//!
//! Only the surface that has pointer and keyboard can lock it, and the keyboard is never held: the lock ends with the focus, which
//! the user can always take away. A pointer is not confined to a region here, which the protocol allows.

use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_confined_pointer_v1::ZwpConfinedPointerV1;
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_locked_pointer_v1::{
    self, ZwpLockedPointerV1,
};
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_pointer_constraints_v1::{
    self, Lifetime, ZwpPointerConstraintsV1,
};
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_manager_v1::{
    self, ZwpRelativePointerManagerV1,
};
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_v1::ZwpRelativePointerV1;
use wayland_server::backend::{ClientId, ObjectId};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use x11rb::protocol::xinput::{self, ConnectionExt as _, GrabOwner};
use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode};

use super::State;
use super::compositor::known;
use super::surfaces::to_int;

/// What clients have asked for, and what is so.
#[derive(Debug, Default)]
pub(super) struct Constraints {
    relative: Vec<ZwpRelativePointerV1>,
    locks: Vec<Lock>,
    held: Option<Held>,
}

/// A wish that the pointer stays where it is while it is on a surface.
#[derive(Debug)]
struct Lock {
    object: ZwpLockedPointerV1,
    surface: ObjectId,
    /// It takes effect once.
    once: bool,
    over: bool,
    /// Where the app shows the pointer, which is where it is to be afterwards.
    hint: Option<(f64, f64)>,
}

/// The lock that is in effect.
#[derive(Debug)]
struct Held {
    object: ObjectId,
    /// Where on the screen the pointer is put back to, in the server's pixels.
    anchor: (i32, i32),
    /// Where it was seen last.
    last: (f64, f64),
}

impl State {
    /// Lets a lock take effect or end, as those have the pointer and the keyboard now.
    pub(super) fn constrain(&mut self) {
        let wanted = self.wanted_lock();
        let held = self.constraints.held.as_ref().map(|held| &held.object);
        if held == wanted.as_ref() {
            return;
        }
        self.unlock(false);
        if let Some(wanted) = wanted {
            self.lock(wanted);
        }
    }

    fn wanted_lock(&self) -> Option<ObjectId> {
        let (surface, root) = self.seat.pointer.focus.as_ref()?;
        let has_keyboard = self.seat.keyboard.focus.as_ref() == Some(root);
        if !has_keyboard || !self.menus.is_empty() || self.is_dragging() || self.dragged.is_some() {
            return None;
        }
        let mut locks = self.constraints.locks.iter();
        let lock = locks.find(|lock| lock.surface == *surface && !lock.over)?;
        Some(lock.object.id())
    }

    fn lock(&mut self, object: ObjectId) {
        let root = self.seat.pointer.focus.as_ref().map(|(_, root)| root);
        let Some(window) = root.and_then(|root| self.window(root)).map(|it| it.id) else {
            return;
        };
        let mask = xinput::XIEventMask::MOTION
            | xinput::XIEventMask::BUTTON_PRESS
            | xinput::XIEventMask::BUTTON_RELEASE;
        let conn = &self.screen.conn;
        let sent = conn.xinput_xi_grab_device(
            window,
            x11rb::CURRENT_TIME,
            x11rb::NONE,
            self.seat.pointer_device,
            GrabMode::ASYNC,
            GrabMode::ASYNC,
            GrabOwner::NO_OWNER,
            &[mask.into()],
        );
        let _ = sent.map(x11rb::cookie::Cookie::discard_reply_and_errors);
        let at = self.seat.pointer.at;
        let locks = &mut self.constraints.locks;
        if let Some(lock) = locks.iter().find(|lock| lock.object.id() == object) {
            lock.object.locked();
            self.constraints.held = Some(Held {
                object,
                anchor: (to_int(at.0), to_int(at.1)),
                last: at,
            });
        }
    }

    /// Ends the lock. If the app has done so itself, the pointer is where the app has shown it.
    fn unlock(&mut self, by_app: bool) {
        let Some(held) = self.constraints.held.take() else {
            return;
        };
        let device = self.seat.pointer_device;
        let conn = &self.screen.conn;
        let _ = conn.xinput_xi_ungrab_device(x11rb::CURRENT_TIME, device);
        self.seat.pointer.at = (held.anchor.0.into(), held.anchor.1.into());
        let mut locks = self.constraints.locks.iter_mut();
        let Some(lock) = locks.find(|lock| lock.object.id() == held.object) else {
            return;
        };
        lock.over = lock.once;
        let (surface, hint) = (lock.surface.clone(), lock.hint);
        if !by_app {
            lock.object.unlocked();
        } else if let Some(to) = hint.and_then(|hint| self.on_screen(&surface, hint)) {
            self.warp(to);
        }
    }

    /// Where on the screen a point of a surface is; none if it is not on it, or somebody else has the pointer.
    fn on_screen(&self, surface: &ObjectId, (x, y): (f64, f64)) -> Option<(i32, i32)> {
        let (focus, root) = self.seat.pointer.focus.as_ref()?;
        let (width, height) = self.surfaces.get(surface)?.size();
        let is_on = (0.0..f64::from(width)).contains(&x) && (0.0..f64::from(height)).contains(&y);
        let window = self.window(root).filter(|_| is_on && focus == surface)?;
        let (_, at) = self.root_of(surface);
        let scale = f64::from(self.screen.scale);
        let place = |point: f64, within: i32, part: i32, window: i32| {
            window.saturating_add(to_int((point + f64::from(within - part)) * scale))
        };
        Some((
            place(x, at.0, window.part.x, window.at.0),
            place(y, at.1, window.part.y, window.at.1),
        ))
    }

    fn warp(&self, (x, y): (i32, i32)) {
        let (x, y) = (super::screen::short(x), super::screen::short(y));
        let conn = &self.screen.conn;
        let _ = conn.warp_pointer(x11rb::NONE, self.screen.root, 0, 0, 0, 0, x, y);
    }

    /// Whether a motion was one of a pointer that stays where it is.
    pub(super) fn moves_locked(&mut self, at: (f64, f64), time: u32) -> bool {
        let Some(held) = &mut self.constraints.held else {
            return false;
        };
        let anchor = held.anchor;
        let last = std::mem::replace(&mut held.last, at);
        // That is where it was put back to.
        if at != (anchor.0.into(), anchor.1.into()) {
            self.tell_relative((at.0 - last.0, at.1 - last.1), time);
            self.warp(anchor);
        }
        true
    }

    /// The pointer has moved by so many of the server's pixels.
    pub(super) fn tell_relative(&self, (x, y): (f64, f64), time: u32) {
        if (x, y) == (0.0, 0.0) || self.seat.pointer.focus.is_none() {
            return;
        }
        let scale = f64::from(self.screen.scale);
        let (x, y) = (x / scale, y / scale);
        // Microseconds, in two words.
        let [high, low] = {
            let time = u64::from(time) * 1000;
            [time >> 32, time & u64::from(u32::MAX)].map(|word| u32::try_from(word).unwrap_or(0))
        };
        for relative in &self.constraints.relative {
            relative.relative_motion(high, low, x, y, x, y);
        }
        for pointer in &self.seat.pointers {
            super::pointer::frame(pointer);
        }
    }
}

impl Dispatch<ZwpRelativePointerManagerV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _manager: &ZwpRelativePointerManagerV1,
        request: zwp_relative_pointer_manager_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let zwp_relative_pointer_manager_v1::Request::GetRelativePointer { id, .. } = request {
            let relative = data_init.init(id, ());
            state.constraints.relative.push(relative);
        }
    }
}

impl Dispatch<ZwpRelativePointerV1, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _relative: &ZwpRelativePointerV1,
        _request: <ZwpRelativePointerV1 as Resource>::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Destruction is the only request.
    }

    fn destroyed(state: &mut Self, _client: ClientId, gone: &ZwpRelativePointerV1, (): &()) {
        state.constraints.relative.retain(|one| one != gone);
    }
}

impl Dispatch<ZwpPointerConstraintsV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _constraints: &ZwpPointerConstraintsV1,
        request: zwp_pointer_constraints_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        use zwp_pointer_constraints_v1::Request;
        match request {
            Request::LockPointer {
                id,
                surface,
                lifetime,
                ..
            } => {
                let object = data_init.init(id, ());
                state.constraints.locks.push(Lock {
                    object,
                    surface: surface.id(),
                    once: known(lifetime) == Some(Lifetime::Oneshot),
                    over: false,
                    hint: None,
                });
            }
            Request::ConfinePointer { id, .. } => {
                data_init.init(id, ());
            }
            _ => {}
        }
    }
}

impl Dispatch<ZwpLockedPointerV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        object: &ZwpLockedPointerV1,
        request: zwp_locked_pointer_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        if let zwp_locked_pointer_v1::Request::SetCursorPositionHint {
            surface_x,
            surface_y,
        } = request
            && let Some(lock) = (state.constraints.locks.iter_mut()).find(|it| it.object == *object)
        {
            lock.hint = Some((surface_x, surface_y));
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, gone: &ZwpLockedPointerV1, (): &()) {
        let held = state.constraints.held.as_ref();
        if held.is_some_and(|held| held.object == gone.id()) {
            state.unlock(true);
        }
        state.constraints.locks.retain(|lock| lock.object != *gone);
    }
}

impl Dispatch<ZwpConfinedPointerV1, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &ZwpConfinedPointerV1,
        _request: <ZwpConfinedPointerV1 as Resource>::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // It never takes effect.
    }
}
