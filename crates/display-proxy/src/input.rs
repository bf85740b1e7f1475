//! What the user did in this client's windows, as far as decisions hang on it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use wayland_protocols::wp::text_input::zv3::server::zwp_text_input_v3::ZwpTextInputV3;
use wayland_server::Resource;
use wayland_server::protocol::wl_keyboard::WlKeyboard;
use wayland_server::protocol::wl_pointer::WlPointer;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::protocol::wl_touch::WlTouch;

use crate::session::Session;

/// How long after a key or button a clipboard read counts as the user's wish.
const ACTION_LASTS: Duration = Duration::from_secs(2);

/// How old the input event may be whose serial starts a selection. Longer than for reading:
/// some toolkits fetch and convert what is to be copied first.
const SELECTION_LASTS: Duration = Duration::from_secs(10);

/// Serials remembered. A grab or a move names one of the latest.
const REMEMBERED: usize = 128;

/// The input events that were delivered to one client.
#[derive(Debug, Default)]
pub(crate) struct InputLog {
    serials: VecDeque<(u32, Instant)>,
    last_action: Option<Instant>,
    focused_keyboards: u32,
}

impl InputLog {
    /// A key, button or touch: something that a person did.
    pub(crate) fn action(&mut self, serial: u32) {
        let now = Instant::now();
        if self.serials.len() == REMEMBERED {
            self.serials.pop_front();
        }
        self.serials.push_back((serial, now));
        self.last_action = Some(now);
    }

    /// Whether a request that needs the user's doing names a real event.
    pub(crate) fn knows(&self, serial: u32) -> bool {
        self.serials.iter().any(|(known, _)| *known == serial)
    }

    /// The serial of the last thing that the user did.
    pub(crate) fn latest(&self) -> Option<u32> {
        self.serials.back().map(|(serial, _)| *serial)
    }

    /// Whether the event that a selection names is real and recent.
    pub(crate) fn allows_selection(&self, serial: u32) -> bool {
        self.serials
            .iter()
            .any(|(known, at)| *known == serial && at.elapsed() < SELECTION_LASTS)
    }

    /// Whether the user has just done something in a window of this client.
    pub(crate) fn is_acting(&self) -> bool {
        self.last_action
            .is_some_and(|at| at.elapsed() < ACTION_LASTS)
    }

    /// Whether a window of this client has the keyboard.
    pub(crate) fn is_focused(&self) -> bool {
        self.focused_keyboards > 0
    }

    pub(crate) fn keyboard_entered(&mut self) {
        self.focused_keyboards += 1;
    }

    pub(crate) fn keyboard_left(&mut self) {
        self.focused_keyboards = self.focused_keyboards.saturating_sub(1);
        if self.focused_keyboards == 0 {
            // What was typed before the user turned away says nothing about now.
            self.last_action = None;
        }
    }
}

/// What of the user's devices is on which surface of a client.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) keyboards: On<WlKeyboard>,
    pub(crate) pointers: On<WlPointer>,
    pub(crate) texts: On<ZwpTextInputV3>,
    /// Touch screens that are touched.
    pub(crate) touches: Vec<WlTouch>,
}

/// Where each device of a kind is.
#[derive(Debug)]
pub(crate) struct On<D> {
    there: Vec<(D, WlSurface)>,
    /// Those that have left a surface that went. Some hosts say so later, and some never.
    left: Vec<D>,
}

impl Places {
    /// A touch has begun. That it has ended is not noted: one too many is cancelled, which says nothing then.
    pub(crate) fn touched(&mut self, touch: &WlTouch) {
        self.touches
            .retain(|known| known != touch && known.is_alive());
        self.touches.push(touch.clone());
    }
}

impl<D> Default for On<D> {
    fn default() -> Self {
        Self {
            there: Vec::new(),
            left: Vec::new(),
        }
    }
}

impl<D: Resource + PartialEq> On<D> {
    pub(crate) fn enter(&mut self, device: &D, surface: &WlSurface) {
        self.leave(device);
        self.there.push((device.clone(), surface.clone()));
    }

    /// The host says that a device has left what it was on; false if that is known already.
    pub(crate) fn leave(&mut self, device: &D) -> bool {
        self.there
            .retain(|(known, _)| known != device && known.is_alive());
        let known = self.left.len();
        self.left.retain(|left| left != device && left.is_alive());
        self.left.len() == known
    }

    /// Those that are on a surface, on which they are no more.
    fn take_from(&mut self, surface: &WlSurface) -> impl Iterator<Item = D> + use<D> {
        let from = |on: &mut (D, WlSurface)| on.1 == *surface;
        let all: Vec<_> = self.there.extract_if(.., from).collect();
        let devices = all.into_iter().map(|(device, _)| device);
        let alive: Vec<D> = devices.filter(Resource::is_alive).collect();
        self.left.extend(alive.iter().cloned());
        alive.into_iter()
    }

    /// Those that are there still, which nothing is on any more.
    fn take(&mut self) -> impl Iterator<Item = (D, WlSurface)> + use<D> {
        self.left.clear();
        let all = std::mem::take(&mut self.there).into_iter();
        all.filter(|(device, surface)| device.is_alive() && surface.is_alive())
    }
}

impl Session {
    /// A surface is about to go. What the host says of that comes when nobody can be told any more what was left.
    pub(crate) fn leave_surface(&mut self, surface: &WlSurface) {
        let serial = self.input.latest().unwrap_or(0);
        for keyboard in self.places.keyboards.take_from(surface) {
            keyboard.leave(serial, surface);
            self.lose_keyboard();
        }
        for pointer in self.places.pointers.take_from(surface) {
            leave(&pointer, serial, surface);
        }
        for text in self.places.texts.take_from(surface) {
            text.leave(surface);
        }
    }

    /// A keyboard is on no window of this client any more.
    pub(crate) fn lose_keyboard(&mut self) {
        self.input.keyboard_left();
        self.x11_lost_keyboard();
        self.selections_lose_focus();
    }

    /// The host is gone, and so the user's devices: nothing is held any more, and nothing repeated.
    pub(crate) fn lose_input(&mut self) {
        let serial = self.input.latest().unwrap_or(0);
        for (keyboard, surface) in self.places.keyboards.take() {
            keyboard.leave(serial, &surface);
        }
        for (pointer, surface) in self.places.pointers.take() {
            leave(&pointer, serial, &surface);
        }
        for (text, surface) in self.places.texts.take() {
            text.leave(&surface);
        }
        for touch in std::mem::take(&mut self.places.touches) {
            if touch.is_alive() {
                touch.cancel();
            }
        }
        self.typing = None;
        self.grips.lose_host();
        // The events of one host mean nothing to another.
        self.input = InputLog::default();
        self.selections_lose_focus();
    }
}

fn leave(pointer: &WlPointer, serial: u32, surface: &WlSurface) {
    pointer.leave(serial, surface);
    if pointer.version() >= 5 {
        pointer.frame();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_allowed_before_any_input() {
        let log = InputLog::default();
        assert!(!log.is_acting());
        assert!(!log.knows(1));
        assert!(!log.allows_selection(0));
    }

    #[test]
    fn an_action_counts_for_its_own_serial_only() {
        let mut log = InputLog::default();
        log.action(7);
        assert!(log.is_acting() && log.knows(7) && log.allows_selection(7));
        assert!(!log.knows(8));
    }

    #[test]
    fn losing_the_focus_ends_the_permission_to_read() {
        let mut log = InputLog::default();
        log.keyboard_entered();
        log.action(7);
        log.keyboard_left();
        assert!(!log.is_acting());
    }

    #[test]
    fn old_serials_are_forgotten() {
        let mut log = InputLog::default();
        for serial in 0..=REMEMBERED {
            log.action(u32::try_from(serial).unwrap());
        }
        assert!(!log.knows(0));
        assert!(log.knows(1));
    }
}
