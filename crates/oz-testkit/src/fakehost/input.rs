//! The seat, and what a person does with it.

use std::os::fd::AsFd;

use wayland_server::protocol::wl_keyboard::{self, KeyState, KeymapFormat, WlKeyboard};
use wayland_server::protocol::wl_pointer::{
    self, Axis, AxisRelativeDirection, AxisSource, ButtonState, WlPointer,
};
use wayland_server::protocol::wl_seat::{self, Capability, WlSeat};
use wayland_server::protocol::wl_touch::{self, WlTouch};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::surface::inert;
use super::{FakeHost, Host, layers, shm};

inert!(WlKeyboard, wl_keyboard::Request);
inert!(WlPointer, wl_pointer::Request);
inert!(WlTouch, wl_touch::Request);

impl FakeHost {
    /// Presses and releases a key in the newest window.
    pub fn press_key(&self) {
        self.have(|host, _| {
            host.with_keyboards(|host, keyboard, focus| {
                keyboard.enter(host.next_serial(), focus, Vec::new());
                keyboard.modifiers(host.next_serial(), 0, 0, 0, 0);
                keyboard.key(host.next_serial(), 1, 30, KeyState::Pressed);
                keyboard.key(host.next_serial(), 2, 30, KeyState::Released);
            });
        });
    }

    /// Presses a key in the newest window and does not let go.
    pub fn hold_key(&self) {
        self.have(|host, _| {
            host.with_keyboards(|host, keyboard, focus| {
                keyboard.enter(host.next_serial(), focus, Vec::new());
                keyboard.key(host.next_serial(), 1, 30, KeyState::Pressed);
            });
        });
    }

    /// Looks at something else.
    pub fn look_away(&self) {
        self.have(|host, _| {
            host.with_keyboards(|host, keyboard, focus| {
                keyboard.leave(host.next_serial(), focus);
            });
        });
    }

    /// Moves the pointer onto the newest window and presses a button, which stays down.
    pub fn hold_button(&self) {
        self.have(|host, _| {
            host.with_pointers(|host, pointer, focus| {
                pointer.enter(host.next_serial(), focus, 1.0, 1.0);
                pointer.button(host.next_serial(), 1, 0x110, ButtonState::Pressed);
            });
        });
    }

    /// Moves it away again, whatever is pressed.
    pub fn point_away(&self) {
        self.have(|host, _| {
            host.with_pointers(|host, pointer, focus| pointer.leave(host.next_serial(), focus));
        });
    }

    /// Switches to another keymap, and in it to its second layout.
    pub fn switch_layout(&self, keymap: &'static str) {
        self.have(move |host, _| {
            host.with_keyboards(|host, keyboard, _| {
                let file = shm::memory(keymap.as_bytes());
                let size = u32::try_from(keymap.len()).expect("a short text");
                keyboard.keymap(KeymapFormat::XkbV1, file.as_fd(), size);
                keyboard.modifiers(host.next_serial(), 0, 0, 2, 1);
            });
        });
    }

    /// Turns the wheel by a part of a notch over the newest window.
    pub fn turn_wheel(&self, value120: i32) {
        self.have(move |host, _| {
            let Some(focus) = host.focus.clone() else {
                return;
            };
            for pointer in host.pointers.clone() {
                if !pointer.is_alive() || !pointer.id().same_client_as(&focus.id()) {
                    continue;
                }
                pointer.enter(host.next_serial(), &focus, 3.0, 4.0);
                pointer.axis_source(AxisSource::Wheel);
                if pointer.version() >= 9 {
                    let direction = AxisRelativeDirection::Inverted;
                    pointer.axis_relative_direction(Axis::VerticalScroll, direction);
                }
                if pointer.version() >= 8 {
                    pointer.axis_value120(Axis::VerticalScroll, value120);
                } else {
                    pointer.axis_discrete(Axis::VerticalScroll, value120 / 120);
                }
                pointer.axis(5, Axis::VerticalScroll, f64::from(value120) / 8.0);
                pointer.frame();
            }
        });
    }

    /// Puts a finger on one of the surfaces of the newest window, counted from the lowest; then makes a gesture of its own
    /// of all touches.
    pub fn touch_and_cancel(&self, layer: usize) {
        self.have(move |host, _| {
            let Some(focus) = host.focus.clone() else {
                return;
            };
            let Some(surface) = layers::surfaces(&focus).get(layer).cloned() else {
                return;
            };
            for touch in host.touches.clone() {
                if touch.is_alive() && touch.id().same_client_as(&focus.id()) {
                    touch.down(host.next_serial(), 3, &surface, 2, 1.0, 1.0);
                    touch.frame();
                    touch.cancel();
                }
            }
        });
    }

    /// Puts a finger on the newest window, turns it, and takes it away.
    pub fn touch(&self) {
        self.have(|host, _| {
            let Some(focus) = host.focus.clone() else {
                return;
            };
            for touch in host.touches.clone() {
                if !touch.is_alive() || !touch.id().same_client_as(&focus.id()) {
                    continue;
                }
                touch.down(host.next_serial(), 7, &focus, 2, 5.0, 6.0);
                if touch.version() >= 6 {
                    touch.shape(2, 9.0, 8.0);
                    touch.orientation(2, 45.0);
                }
                touch.motion(8, 2, 6.0, 6.0);
                touch.frame();
                touch.up(host.next_serial(), 9, 2);
                touch.frame();
            }
        });
    }
}

impl Host {
    fn with_pointers(
        &mut self,
        mut act: impl FnMut(&mut Self, &WlPointer, &wayland_server::protocol::wl_surface::WlSurface),
    ) {
        let Some(focus) = self.focus.clone() else {
            return;
        };
        for pointer in self.pointers.clone() {
            if pointer.is_alive() && pointer.id().same_client_as(&focus.id()) {
                act(self, &pointer, &focus);
            }
        }
    }

    fn with_keyboards(
        &mut self,
        mut act: impl FnMut(&mut Self, &WlKeyboard, &wayland_server::protocol::wl_surface::WlSurface),
    ) {
        let Some(focus) = self.focus.clone() else {
            return;
        };
        for keyboard in self.keyboards.clone() {
            if keyboard.is_alive() && keyboard.id().same_client_as(&focus.id()) {
                act(self, &keyboard, &focus);
            }
        }
    }
}

impl GlobalDispatch<WlSeat, ()> for Host {
    fn bind(
        _host: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WlSeat>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        let seat = data_init.init(resource, ());
        seat.capabilities(Capability::Keyboard | Capability::Pointer | Capability::Touch);
    }
}

impl Dispatch<WlSeat, ()> for Host {
    fn request(
        host: &mut Self,
        _client: &Client,
        _seat: &WlSeat,
        request: wl_seat::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            wl_seat::Request::GetKeyboard { id } => {
                let keyboard = data_init.init(id, ());
                let keymap = shm::memory(b"keymap of the host\0");
                keyboard.keymap(KeymapFormat::XkbV1, keymap.as_fd(), 19);
                if keyboard.version() >= 4 {
                    keyboard.repeat_info(25, 600);
                }
                host.keyboards.push(keyboard);
            }
            wl_seat::Request::GetPointer { id } => host.pointers.push(data_init.init(id, ())),
            wl_seat::Request::GetTouch { id } => host.touches.push(data_init.init(id, ())),
            _ => {}
        }
    }
}
