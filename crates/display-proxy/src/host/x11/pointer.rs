//! The pointer: which surface it is over, its buttons and wheels.

use std::collections::HashMap;

use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_pointer::{Axis, AxisSource, ButtonState, WlPointer};
use x11rb::protocol::xinput::{
    self, ButtonPressEvent, ConnectionExt as _, DeviceClassData, EnterEvent, Fp1616, Fp3232,
    PointerEventFlags, ScrollType,
};

use super::State;
use super::surfaces::surface_at;

/// What one notch of a wheel is for those that count in pixels.
const NOTCH: f64 = 15.0;
/// The first button after left, middle and right in evdev's count, and its first in the server's.
const SIDE: u32 = 0x113;

/// Where the pointer is.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    /// The surface that events go to, and its root.
    pub(super) focus: Option<(ObjectId, ObjectId)>,
    /// The serial with which it was entered.
    pub(super) entered: u32,
    pressed: Vec<u32>,
    /// Where the first of them was pressed.
    pressed_at: (f64, f64),
    /// On the screen, in the server's pixels.
    pub(super) at: (f64, f64),
    wheels: HashMap<(u16, u16), Wheel>,
}

/// A wheel, as the server counts its way.
#[derive(Debug, Clone, Copy)]
struct Wheel {
    axis: Axis,
    increment: f64,
    last: f64,
}

fn fp16(value: Fp1616) -> f64 {
    f64::from(value) / 65536.0
}

fn fp32(value: Fp3232) -> f64 {
    f64::from(value.integral) + f64::from(value.frac) / 4_294_967_296.0
}

impl Pointer {
    pub(super) fn is_pressed(&self) -> bool {
        !self.pressed.is_empty()
    }
}

impl State {
    pub(super) fn pointer_came(&mut self, pointer: WlPointer) {
        if let Some((surface, (x, y))) = self.pointer_place()
            && let Some(surface) = self.surfaces.get(&surface)
        {
            pointer.enter(self.seat.pointer.entered, &surface.object, x, y);
            frame(&pointer);
        }
        self.seat.pointers.push(pointer);
    }

    /// Notes where a window is: every event says it.
    fn learn_place(&mut self, window: u32, root: (f64, f64), inside: (f64, f64)) {
        self.seat.pointer.at = root;
        let Some(id) = self.surface_of(window) else {
            return;
        };
        let whole = |n: f64| super::surfaces::to_int(n.round());
        if let Some(window) = self.window_mut(&id) {
            window.at = (whole(root.0 - inside.0), whole(root.1 - inside.1));
        }
    }

    /// Where on a root surface a point of the screen is.
    pub(super) fn on_surface(&self, root: &ObjectId, (x, y): (f64, f64)) -> (f64, f64) {
        let Some(window) = self.window(root) else {
            return (x, y);
        };
        let scale = f64::from(self.screen.scale);
        (
            (x - f64::from(window.at.0)) / scale + f64::from(window.part.x),
            (y - f64::from(window.at.1)) / scale + f64::from(window.part.y),
        )
    }

    pub(super) fn pointer_entered(&mut self, event: &EnterEvent) {
        let root = (fp16(event.root_x), fp16(event.root_y));
        self.learn_place(
            event.event,
            root,
            (fp16(event.event_x), fp16(event.event_y)),
        );
        // The wheels may have turned elsewhere.
        self.seat.pointer.wheels = self.wheels();
        let Some(id) = self.surface_of(event.event) else {
            return;
        };
        self.refocus(Some(&id), event.time);
    }

    pub(super) fn pointer_left(&mut self, event: &EnterEvent) {
        let root = (fp16(event.root_x), fp16(event.root_y));
        self.learn_place(
            event.event,
            root,
            (fp16(event.event_x), fp16(event.event_y)),
        );
        let Some(id) = self.surface_of(event.event) else {
            return;
        };
        let ours = self
            .seat
            .pointer
            .focus
            .as_ref()
            .is_some_and(|it| it.1 == id);
        if ours && self.seat.pointer.pressed.is_empty() {
            self.refocus(None, event.time);
        }
    }

    /// Finds the surface under the pointer in a window, and tells who has it and who has it no longer.
    fn refocus(&mut self, root: Option<&ObjectId>, time: u32) {
        if !self.seat.pointer.pressed.is_empty() || (root.is_some() && self.is_dragging()) {
            return;
        }
        let at = self.seat.pointer.at;
        let new = root.and_then(|root| {
            let point = self.on_surface(root, at);
            let window = self.window(root)?;
            if !window.place().contains(at) {
                return None;
            }
            let layer = surface_at(&self.surfaces, root, point)?;
            Some((layer.id, root.clone()))
        });
        if new == self.seat.pointer.focus {
            return;
        }
        let serial = self.next_serial();
        if let Some((old, _)) = self.seat.pointer.focus.take()
            && let Some(surface) = self.surfaces.get(&old)
        {
            for pointer in &self.seat.pointers {
                pointer.leave(serial, &surface.object);
                frame(pointer);
            }
        }
        self.seat.pointer.focus = new;
        self.seat.cursors.forget();
        let Some((surface, point)) = self.pointer_place() else {
            return;
        };
        let serial = self.next_serial();
        self.seat.pointer.entered = serial;
        self.seat.remember(serial, time);
        if let Some(surface) = self.surfaces.get(&surface) {
            for pointer in &self.seat.pointers {
                pointer.enter(serial, &surface.object, point.0, point.1);
                frame(pointer);
            }
        }
    }

    /// The surface that has the pointer, and where on it that is.
    fn pointer_place(&self) -> Option<(ObjectId, (f64, f64))> {
        let (surface, root) = self.seat.pointer.focus.clone()?;
        let (x, y) = self.on_surface(&root, self.seat.pointer.at);
        let (_, at) = self.root_of(&surface);
        Some((surface, (x - f64::from(at.0), y - f64::from(at.1))))
    }

    pub(super) fn pointer_moved(&mut self, event: &ButtonPressEvent) {
        let before = self.seat.pointer.at;
        let root = (fp16(event.root_x), fp16(event.root_y));
        let whole = |n: f64| super::surfaces::to_int(n.round());
        if self.drag_goes_on((whole(root.0), whole(root.1))) {
            self.seat.pointer.at = root;
            return;
        }
        if self.is_dragging() {
            self.seat.pointer.at = root;
            self.drag_to(
                (whole(root.0), whole(root.1)),
                event.time,
                event.mods.effective,
            );
            return;
        }
        if self.moves_locked(root, event.time) {
            self.wheels_turned(event);
            return;
        }
        self.learn_place(
            event.event,
            root,
            (fp16(event.event_x), fp16(event.event_y)),
        );
        let id = self.surface_of(event.event);
        self.refocus(id.as_ref(), event.time);
        self.tell_relative((root.0 - before.0, root.1 - before.1), event.time);
        if root != before
            && let Some((_, (x, y))) = self.pointer_place()
        {
            for pointer in &self.seat.pointers {
                pointer.motion(event.time, x, y);
                frame(pointer);
            }
        }
        self.wheels_turned(event);
    }

    pub(super) fn button(&mut self, event: &ButtonPressEvent, pressed: bool) {
        let root = (fp16(event.root_x), fp16(event.root_y));
        self.learn_place(
            event.event,
            root,
            (fp16(event.event_x), fp16(event.event_y)),
        );
        let id = self.surface_of(event.event);
        if self.is_dragging() {
            // Not at the turn of a wheel.
            if !pressed && !matches!(event.detail, 4..=7) {
                self.drag_let_go(event.time);
                self.refocus(id.as_ref(), event.time);
            }
            return;
        }
        if self.dragged.is_some() && !pressed {
            self.dragged = None;
            self.refocus(id.as_ref(), event.time);
            return;
        }
        if pressed && self.seat.pointer.pressed.is_empty() {
            self.refocus(id.as_ref(), event.time);
            if !self.menus.is_empty() && self.seat.pointer.focus.is_none() {
                self.close_menus();
                return;
            }
            if let Some(id) = &id
                && !self.is_managed()
            {
                self.click_focuses(id);
            }
        }
        let button = match event.detail {
            1 => 0x110,
            2 => 0x112,
            3 => 0x111,
            detail @ 4..=7 => {
                // Turns of wheels that are told as such are told again like this.
                if pressed && !event.flags.contains(PointerEventFlags::POINTER_EMULATED) {
                    self.notch(event.time, detail);
                }
                return;
            }
            detail => SIDE + detail.saturating_sub(8),
        };
        let held = &mut self.seat.pointer.pressed;
        let known = held.contains(&button);
        if pressed == known {
            return;
        }
        if pressed {
            if held.is_empty() {
                self.seat.pointer.pressed_at = root;
            }
            self.seat.pointer.pressed.push(button);
        } else {
            held.retain(|one| *one != button);
        }
        if self.seat.pointer.focus.is_some() {
            let serial = self.next_serial();
            self.seat.remember(serial, event.time);
            let state = if pressed {
                ButtonState::Pressed
            } else {
                ButtonState::Released
            };
            for pointer in &self.seat.pointers {
                pointer.button(serial, event.time, button, state);
                frame(pointer);
            }
        }
        if !pressed && self.seat.pointer.pressed.is_empty() {
            self.refocus(id.as_ref(), event.time);
        }
    }

    /// Without a window manager nobody else gives the keyboard to a window.
    fn click_focuses(&self, id: &ObjectId) {
        let mut id = id.clone();
        while let Some(popup) = self.shells.get(&id).and_then(|shell| shell.popup()) {
            if popup.parent == id {
                return;
            }
            id = popup.parent.clone();
        }
        if let Some(window) = self.window(&id) {
            self.raise_and_focus(window.id);
        }
    }

    /// One notch of a wheel of which only that is known.
    fn notch(&self, time: u32, button: u32) {
        let (axis, turns) = match button {
            4 => (Axis::VerticalScroll, -1.0),
            5 => (Axis::VerticalScroll, 1.0),
            6 => (Axis::HorizontalScroll, -1.0),
            _ => (Axis::HorizontalScroll, 1.0),
        };
        self.scroll(time, &[(axis, turns)]);
    }

    fn wheels_turned(&mut self, event: &ButtonPressEvent) {
        let numbers = (0_u16..).zip(
            event
                .valuator_mask
                .iter()
                .flat_map(|word| (0..32).map(move |bit| word & (1 << bit) != 0)),
        );
        let told = numbers.filter(|(_, told)| *told).map(|(number, _)| number);
        let mut turns = Vec::new();
        for (number, value) in told.zip(&event.axisvalues) {
            let Some(wheel) = self.seat.pointer.wheels.get_mut(&(event.sourceid, number)) else {
                continue;
            };
            let value = fp32(*value);
            let turned = (value - wheel.last) / wheel.increment;
            wheel.last = value;
            if turned != 0.0 {
                turns.push((wheel.axis, turned));
            }
        }
        if !turns.is_empty() {
            self.scroll(event.time, &turns);
        }
    }

    fn scroll(&self, time: u32, turns: &[(Axis, f64)]) {
        if self.seat.pointer.focus.is_none() {
            return;
        }
        for pointer in &self.seat.pointers {
            if pointer.version() >= 5 {
                pointer.axis_source(AxisSource::Wheel);
            }
            for (axis, turned) in turns {
                if pointer.version() >= 8 {
                    let value = super::surfaces::to_int((turned * 120.0).round());
                    pointer.axis_value120(*axis, value);
                } else if pointer.version() >= 5 && turned.fract() == 0.0 {
                    pointer.axis_discrete(*axis, super::surfaces::to_int(*turned));
                }
                pointer.axis(time, *axis, turned * NOTCH);
            }
            frame(pointer);
        }
    }

    /// Which valuators of which devices are wheels, and where they are now.
    fn wheels(&self) -> HashMap<(u16, u16), Wheel> {
        let all = xinput::Device::ALL;
        let devices = self.screen.conn.xinput_xi_query_device(all);
        let Some(devices) = devices.ok().and_then(|cookie| cookie.reply().ok()) else {
            return HashMap::new();
        };
        let mut wheels = HashMap::new();
        for info in &devices.infos {
            let value = |number: u16| {
                info.classes.iter().find_map(|class| match &class.data {
                    DeviceClassData::Valuator(it) if it.number == number => Some(fp32(it.value)),
                    _ => None,
                })
            };
            for class in &info.classes {
                let DeviceClassData::Scroll(scroll) = &class.data else {
                    continue;
                };
                let increment = fp32(scroll.increment);
                if increment == 0.0 {
                    continue;
                }
                let axis = if scroll.scroll_type == ScrollType::HORIZONTAL {
                    Axis::HorizontalScroll
                } else {
                    Axis::VerticalScroll
                };
                let wheel = Wheel {
                    axis,
                    increment,
                    last: value(scroll.number).unwrap_or(0.0),
                };
                wheels.insert((info.deviceid, scroll.number), wheel);
            }
        }
        wheels
    }

    /// The window manager takes the pointer: where it is, and which button is held.
    pub(super) fn let_go_of_pointer(&mut self) -> Option<((i32, i32), u32)> {
        let button = match self.seat.pointer.pressed.first() {
            Some(0x112) => 2,
            Some(0x111) => 3,
            Some(_) => 1,
            None => 0,
        };
        let at = self.take_pointer()?;
        let device = self.seat.pointer_device;
        let conn = &self.screen.conn;
        let _ = conn.xinput_xi_ungrab_device(x11rb::CURRENT_TIME, device);
        Some((at, button))
    }

    /// The app has the pointer no longer, whatever is pressed; where that was.
    pub(super) fn take_pointer(&mut self) -> Option<(i32, i32)> {
        let pointer = &mut self.seat.pointer;
        let was_pressed = !std::mem::take(&mut pointer.pressed).is_empty();
        pointer.focus.as_ref()?;
        // Not where it is now: it was the place of the press that the user took hold of.
        let (x, y) = if was_pressed {
            pointer.pressed_at
        } else {
            pointer.at
        };
        self.refocus(None, self.seat.time);
        let whole = super::surfaces::to_int;
        Some((whole(x), whole(y)))
    }

    /// A surface is gone; nothing goes to it any more.
    pub(super) fn pointer_lost(&mut self, id: &ObjectId) {
        let focus = &self.seat.pointer.focus;
        if focus.as_ref().is_some_and(|it| it.0 == *id || it.1 == *id) {
            self.seat.pointer.focus = None;
            self.seat.pointer.pressed.clear();
        }
    }

    /// A window is gone, its surface is not.
    pub(super) fn pointer_left_window(&mut self, id: &ObjectId) {
        let focus = &self.seat.pointer.focus;
        if focus.as_ref().is_some_and(|it| it.1 == *id) {
            self.seat.pointer.pressed.clear();
            self.refocus(None, self.seat.time);
        }
    }
}

pub(super) fn frame(pointer: &WlPointer) {
    if pointer.version() >= 5 {
        pointer.frame();
    }
}
