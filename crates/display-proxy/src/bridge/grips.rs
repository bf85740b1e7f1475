//! What a person does with a border: it moves and resizes its window. The app hears nothing of it.

use std::collections::{HashMap, HashSet};

use wayland_client::Proxy;
use wayland_client::WEnum;
use wayland_client::protocol::wl_pointer::{self, WlPointer as HostPointer};
use wayland_client::protocol::wl_seat::WlSeat as HostSeat;
use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_protocols::wp::cursor_shape::v1::client::wp_cursor_shape_device_v1::Shape as Cursor;
use wayland_protocols::xdg::shell::client::xdg_toplevel::{
    ResizeEdge, XdgToplevel as HostToplevel,
};
use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_pointer::WlPointer;
use wayland_server::protocol::wl_seat::WlSeat;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::protocol::wl_touch::WlTouch;

use super::border::PartOf;
use super::surfaces::Role;
use crate::mark::places::Grip;
use crate::peer::host_of;
use crate::session::Session;

/// Two presses within these milliseconds are one double press.
const DOUBLE: u32 = 400;
/// `BTN_LEFT` and `BTN_RIGHT` of `linux/input-event-codes.h`.
const LEFT: u32 = 0x110;
const RIGHT: u32 = 0x111;

/// Who is on a border.
#[derive(Debug, Default)]
pub(crate) struct Grips {
    /// The seat of each pointer and touch screen of the app.
    seats: HashMap<ObjectId, WlSeat>,
    over: HashMap<ObjectId, Over>,
    touches: HashSet<(ObjectId, i32)>,
    /// How far the app's coordinates are from the host's where each pointer is, and each touch.
    shifts: HashMap<ObjectId, (i32, i32)>,
    touch_shifts: HashMap<(ObjectId, i32), (i32, i32)>,
    pressed: Option<(u32, ObjectId)>,
}

#[derive(Debug)]
struct Over {
    part: PartOf,
    serial: u32,
    at: (f64, f64),
    cursor: Option<Cursor>,
}

fn part_of(surface: &HostSurface) -> Option<PartOf> {
    surface
        .data::<PartOf>()
        .filter(|part| part.surface.is_alive())
        .cloned()
}

impl Grips {
    /// The user's devices are gone with the host.
    pub(crate) fn lose_host(&mut self) {
        self.over.clear();
        self.touches.clear();
        self.shifts.clear();
        self.touch_shifts.clear();
        self.pressed = None;
    }

    /// A pointer has come to a surface of the app.
    pub(crate) fn on(&mut self, pointer: &WlPointer, shift: (i32, i32)) {
        self.shifts.insert(pointer.id(), shift);
    }

    /// Where it is, in the app's coordinates.
    pub(crate) fn place(&self, pointer: &WlPointer, at: (f64, f64)) -> (f64, f64) {
        shifted(at, self.shifts.get(&pointer.id()))
    }

    /// A touch has begun on a surface of the app.
    pub(crate) fn touches_at(&mut self, touch: &WlTouch, id: i32, shift: (i32, i32)) {
        if shift != (0, 0) && self.touch_shifts.len() < 64 {
            self.touch_shifts.insert((touch.id(), id), shift);
        } else {
            self.touch_shifts.remove(&(touch.id(), id));
        }
    }

    /// The host has cancelled all touches: the same numbers will be other ones.
    pub(crate) fn forget_touches(&mut self, device: &ObjectId) {
        self.touch_shifts.retain(|(of, _), _| of != device);
        self.touches.retain(|(of, _)| of != device);
    }

    /// Where it is, in the app's coordinates.
    pub(crate) fn touch_place(&self, touch: &WlTouch, id: i32, at: (f64, f64)) -> (f64, f64) {
        if self.touch_shifts.is_empty() {
            return at;
        }
        shifted(at, self.touch_shifts.get(&(touch.id(), id)))
    }
}

fn shifted((x, y): (f64, f64), by: Option<&(i32, i32)>) -> (f64, f64) {
    by.map_or((x, y), |by| (x + f64::from(by.0), y + f64::from(by.1)))
}

impl Session {
    pub(crate) fn device_made(&mut self, device: ObjectId, seat: &WlSeat) {
        self.grips.seats.insert(device, seat.clone());
    }

    /// The host's seat that a device is of.
    fn host_seat(&self, device: &ObjectId) -> Option<HostSeat> {
        host_of(self.grips.seats.get(device)?)
    }

    pub(crate) fn device_gone(&mut self, device: &ObjectId) {
        self.grips.seats.remove(device);
        self.grips.over.remove(device);
        self.grips.shifts.remove(device);
        self.grips.forget_touches(device);
    }

    /// Whether an event was a border's, and none of the app's.
    pub(crate) fn pointer_on_border(
        &mut self,
        host: &HostPointer,
        pointer: &WlPointer,
        event: &wl_pointer::Event,
    ) -> bool {
        use wl_pointer::Event;
        let id = pointer.id();
        match event {
            Event::Enter {
                serial,
                surface,
                surface_x,
                surface_y,
            } => {
                let Some(part) = part_of(surface) else {
                    self.grips.over.remove(&id);
                    return surface.data::<PartOf>().is_some();
                };
                let over = Over {
                    part,
                    serial: *serial,
                    at: (*surface_x, *surface_y),
                    cursor: None,
                };
                self.grips.over.insert(id.clone(), over);
                self.show_cursor(host, &id);
                true
            }
            Event::Leave { surface, .. } => {
                self.grips.over.remove(&id);
                surface.data::<PartOf>().is_some()
            }
            Event::Motion {
                surface_x,
                surface_y,
                ..
            } => {
                let Some(over) = self.grips.over.get_mut(&id) else {
                    return false;
                };
                over.at = (*surface_x, *surface_y);
                self.show_cursor(host, &id);
                true
            }
            Event::Button {
                serial,
                time,
                button,
                state,
            } => {
                if !self.grips.over.contains_key(&id) {
                    return false;
                }
                if *state == WEnum::Value(wl_pointer::ButtonState::Pressed) {
                    self.border_pressed(&id, *serial, *time, *button);
                }
                true
            }
            // Whose frame it is does not matter: an empty one says nothing.
            Event::Frame => false,
            _ => self.grips.over.contains_key(&id),
        }
    }

    /// Whether a touch is on a border; it moves or resizes the window.
    pub(crate) fn touched_border(
        &mut self,
        touch: &WlTouch,
        surface: &HostSurface,
        serial: u32,
        id: i32,
        at: (f64, f64),
    ) -> bool {
        let Some(part) = part_of(surface) else {
            return surface.data::<PartOf>().is_some();
        };
        self.grips.touches.insert((touch.id(), id));
        self.close_popups();
        if let Some(seat) = self.host_seat(&touch.id()) {
            self.take_hold(&part, at, &seat, serial);
        }
        true
    }

    /// Whether a touch began on a border. `ends` says that it ends.
    pub(crate) fn is_border_touch(&mut self, touch: &WlTouch, id: i32, ends: bool) -> bool {
        let key = (touch.id(), id);
        if ends {
            self.grips.touches.remove(&key)
        } else {
            self.grips.touches.contains(&key)
        }
    }

    fn border_pressed(&mut self, pointer: &ObjectId, serial: u32, time: u32, button: u32) {
        let Some(seat) = self.host_seat(pointer) else {
            return;
        };
        let Some(over) = self.grips.over.get(pointer) else {
            return;
        };
        let (part, at) = (over.part.clone(), over.at);
        self.close_popups();
        match button {
            LEFT => {
                let window = part.surface.id();
                let before = self.grips.pressed.replace((time, window.clone()));
                let twice = before
                    .is_some_and(|(then, of)| of == window && time.wrapping_sub(then) < DOUBLE);
                if twice && self.grip(&part, at) == Some(Grip::Move) {
                    self.grips.pressed = None;
                    self.toggle_maximised(&part.surface);
                } else {
                    self.take_hold(&part, at, &seat, serial);
                }
            }
            RIGHT => {
                let place = self.place_in_window(&part, at);
                if let Some((host, _)) = self.host_window(&part.surface) {
                    host.show_window_menu(&seat, serial, place.0, place.1);
                }
            }
            _ => {}
        }
    }

    fn toggle_maximised(&self, surface: &WlSurface) {
        match self.host_window(surface) {
            Some((host, true)) => host.unset_maximized(),
            Some((host, false)) => host.set_maximized(),
            None => {}
        }
    }

    /// The host's window of a surface, whoever has drawn it, and whether it is maximised.
    pub(super) fn host_window(&self, surface: &WlSurface) -> Option<(&HostToplevel, bool)> {
        match &self.surfaces.get(&surface.id())?.role {
            Role::Toplevel(toplevel) => Some((&toplevel.host, toplevel.is_maximised())),
            Role::X11(shown) => Some((shown.toplevel()?, shown.is_maximised())),
            _ => None,
        }
    }

    fn take_hold(&self, part: &PartOf, at: (f64, f64), seat: &HostSeat, serial: u32) {
        let Some((host, _)) = self.host_window(&part.surface) else {
            return;
        };
        match self.grip(part, at) {
            Some(Grip::Move) => host._move(seat, serial),
            Some(Grip::Resize(edge)) => host.resize(seat, serial, edge),
            None => {}
        }
    }

    fn grip(&self, part: &PartOf, at: (f64, f64)) -> Option<Grip> {
        let link = self.surfaces.get(&part.surface.id())?;
        Some(link.fit?.grip(part.side, at))
    }

    /// A place on a side, in the window that the host knows.
    fn place_in_window(&self, part: &PartOf, at: (f64, f64)) -> (i32, i32) {
        let link = self.surfaces.get(&part.surface.id());
        let fit = link.and_then(|link| link.fit);
        let corner = fit.map_or((0, 0), |fit| fit.corner(part.side));
        (corner.0 + pixel(at.0), corner.1 + pixel(at.1))
    }

    /// A press on a border is one beside every menu.
    fn close_popups(&self) {
        for link in self.surfaces.values() {
            if let Role::Popup(popup) = &link.role {
                popup.app.send_popup_done();
            }
        }
    }

    /// The cursor says what a press would do.
    fn show_cursor(&mut self, host: &HostPointer, pointer: &ObjectId) {
        let Some(over) = self.grips.over.get(pointer) else {
            return;
        };
        let cursor = match self.grip(&over.part, over.at) {
            Some(Grip::Resize(edge)) => arrow(edge),
            Some(Grip::Move) | None => Cursor::Default,
        };
        if over.cursor == Some(cursor) {
            return;
        }
        let serial = over.serial;
        if let Some(over) = self.grips.over.get_mut(pointer) {
            over.cursor = Some(cursor);
        }
        if let Some(shapes) = &self.host.cursor_shapes {
            let device = shapes.get_pointer(host, &self.qh, ());
            device.set_shape(serial, cursor);
            device.destroy();
        } else if let Some(picture) = self.cursor() {
            host.set_cursor(serial, Some(&picture), 0, 0);
        }
    }
}

fn arrow(edge: ResizeEdge) -> Cursor {
    match edge {
        ResizeEdge::Top => Cursor::NResize,
        ResizeEdge::Bottom => Cursor::SResize,
        ResizeEdge::Left => Cursor::WResize,
        ResizeEdge::Right => Cursor::EResize,
        ResizeEdge::TopLeft => Cursor::NwResize,
        ResizeEdge::TopRight => Cursor::NeResize,
        ResizeEdge::BottomLeft => Cursor::SwResize,
        ResizeEdge::BottomRight => Cursor::SeResize,
        _ => Cursor::Default,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped first; a float has no checked conversion"
)]
fn pixel(at: f64) -> i32 {
    at.clamp(-65_536.0, 65_536.0) as i32
}
