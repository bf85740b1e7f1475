//! The keyboard: which surface has it, its keys and modifiers.

use std::os::fd::{AsFd, OwnedFd};

use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_keyboard::{KeyState, KeymapFormat, WlKeyboard};
use x11rb::protocol::xinput::{EnterEvent, KeyEventFlags, KeyPressEvent, NotifyDetail, NotifyMode};
use x11rb::protocol::xkb::{self, ConnectionExt as _, StateNotifyEvent};
use x11rb::protocol::xproto::KeymapNotifyEvent;

use super::State;
use super::keymap;
use super::screen::Screen;

/// The server's number of a key is so much more than evdev's.
const OFFSET: u32 = 8;
/// evdev's number of the Escape key.
const ESCAPE: u32 = 1;

/// The core keyboard.
pub(super) const CORE: xkb::DeviceSpec = 0x100;

/// Modifiers and layout, as XKB has them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Modifiers {
    base: u32,
    latched: u32,
    locked: u32,
    group: u32,
}

/// Where the keyboard is.
#[derive(Debug)]
pub(super) struct Keyboard {
    /// The window that has it.
    window: Option<ObjectId>,
    /// The surface that is told: a menu of that window, if one is open.
    pub(super) focus: Option<ObjectId>,
    pressed: Vec<u32>,
    /// The keys that were down when the server last said so: it does just before it says that a window has the keyboard.
    down: [u8; 31],
    modifiers: Modifiers,
    keymap: Option<(OwnedFd, u32)>,
    /// Keys a second, and milliseconds before the first.
    repeat: (i32, i32),
}

impl Keyboard {
    pub(super) fn ask(screen: &Screen) -> Self {
        let conn = &screen.conn;
        select(screen);
        let state = conn.xkb_get_state(CORE).ok().and_then(|it| it.reply().ok());
        let modifiers = state.map_or_else(Modifiers::default, |state| Modifiers {
            base: u16::from(state.base_mods).into(),
            latched: u16::from(state.latched_mods).into(),
            locked: u16::from(state.locked_mods).into(),
            group: u8::from(state.group).into(),
        });
        Self {
            window: None,
            focus: None,
            pressed: Vec::new(),
            down: [0; 31],
            modifiers,
            keymap: keymap_file(screen),
            repeat: repeat(screen),
        }
    }

    pub(super) fn has(&self, window: &ObjectId) -> bool {
        self.window.as_ref() == Some(window)
    }

    /// Whether a window of this client has the keyboard.
    pub(super) fn is_here(&self) -> bool {
        self.window.is_some()
    }
}

/// Asks to be told of modifiers and of other keymaps.
fn select(screen: &Screen) {
    let parts = xkb::StatePart::MODIFIER_BASE
        | xkb::StatePart::MODIFIER_LATCH
        | xkb::StatePart::MODIFIER_LOCK
        | xkb::StatePart::GROUP_BASE
        | xkb::StatePart::GROUP_LATCH
        | xkb::StatePart::GROUP_LOCK;
    let keycodes = xkb::NKNDetail::KEYCODES;
    let details = xkb::SelectEventsAux {
        state_notify: Some(xkb::SelectEventsAuxStateNotify {
            affect_state: parts,
            state_details: parts,
        }),
        new_keyboard_notify: Some(xkb::SelectEventsAuxNewKeyboardNotify {
            affect_new_keyboard: keycodes,
            new_keyboard_details: keycodes,
        }),
        ..xkb::SelectEventsAux::default()
    };
    let map = xkb::MapPart::KEY_TYPES | xkb::MapPart::KEY_SYMS | xkb::MapPart::MODIFIER_MAP;
    let none = xkb::EventType::from(0_u16);
    let selected = screen
        .conn
        .xkb_select_events(CORE, none, none, map, map, &details);
    if let Err(error) = selected {
        tracing::debug!(%error, "the keyboard will not say what changes");
    }
}

fn keymap_file(screen: &Screen) -> Option<(OwnedFd, u32)> {
    let text = match keymap::ask(screen) {
        Ok(text) => text,
        Err(error) => {
            tracing::warn!(%error, "the X server's keymap cannot be read");
            return None;
        }
    };
    let size = u32::try_from(text.len() + 1).ok()?;
    let file = crate::fds::own_memory("keymap", size.into()).ok()?;
    crate::fds::write_at(file.as_fd(), text.as_bytes(), 0).ok()?;
    Some((file, size))
}

fn repeat(screen: &Screen) -> (i32, i32) {
    let controls = screen.conn.xkb_get_controls(CORE).ok();
    match controls.and_then(|cookie| cookie.reply().ok()) {
        Some(it) if it.repeat_interval > 0 => (
            1000 / i32::from(it.repeat_interval),
            i32::from(it.repeat_delay),
        ),
        _ => (25, 500),
    }
}

impl State {
    pub(super) fn keyboard_came(&mut self, keyboard: WlKeyboard) {
        self.describe_keyboard(&keyboard);
        if let Some(id) = self.seat.keyboard.focus.clone()
            && let Some(surface) = self.surfaces.get(&id)
        {
            let serial = self.serial.wrapping_add(1);
            keyboard.enter(serial, &surface.object, bytes(&self.seat.keyboard.pressed));
            tell_modifiers(&keyboard, serial, self.seat.keyboard.modifiers);
            self.serial = serial;
        }
        self.seat.keyboards.push(keyboard);
    }

    fn describe_keyboard(&self, keyboard: &WlKeyboard) {
        if let Some((file, size)) = &self.seat.keyboard.keymap {
            keyboard.keymap(KeymapFormat::XkbV1, file.as_fd(), *size);
        }
        if keyboard.version() >= 4 {
            let (rate, delay) = self.seat.keyboard.repeat;
            keyboard.repeat_info(rate, delay);
        }
    }

    /// The user has another keyboard or layout.
    pub(super) fn keymap_changed(&mut self) {
        self.seat.keyboard.keymap = keymap_file(&self.screen);
        self.seat.keyboard.repeat = repeat(&self.screen);
        for keyboard in &self.seat.keyboards {
            self.describe_keyboard(keyboard);
        }
        let (modifiers, serial) = (self.seat.keyboard.modifiers, self.next_serial());
        for keyboard in &self.seat.keyboards {
            tell_modifiers(keyboard, serial, modifiers);
        }
    }

    pub(super) fn modifiers_changed(&mut self, event: &StateNotifyEvent) {
        let modifiers = Modifiers {
            base: u16::from(event.base_mods).into(),
            latched: u16::from(event.latched_mods).into(),
            locked: u16::from(event.locked_mods).into(),
            group: u8::from(event.group).into(),
        };
        if self.seat.keyboard.modifiers == modifiers {
            return;
        }
        self.seat.keyboard.modifiers = modifiers;
        if self.seat.keyboard.focus.is_some() {
            let serial = self.next_serial();
            for keyboard in &self.seat.keyboards {
                tell_modifiers(keyboard, serial, modifiers);
            }
        }
    }

    /// Which keys are down where a window gets the keyboard or the pointer.
    pub(super) fn keys_are_down(&mut self, event: &KeymapNotifyEvent) {
        self.seat.keyboard.down = event.keys;
    }

    pub(super) fn keyboard_entered(&mut self, event: &EnterEvent) {
        if event.detail == NotifyDetail::POINTER {
            return;
        }
        let Some(id) = self.surface_of(event.event) else {
            return;
        };
        if self.seat.keyboard.has(&id) {
            return;
        }
        self.seat.keyboard.window = Some(id.clone());
        // Not what is down now: of a key that was pressed meanwhile the event is still to come, and would say nothing new.
        self.seat.keyboard.pressed = keys(&self.seat.keyboard.down);
        self.seat.time = event.time;
        self.focus_changed(&id, true);
        self.selections_focused();
        self.keyboard_goes_to_menu();
    }

    pub(super) fn keyboard_left(&mut self, event: &EnterEvent) {
        let Some(id) = self.surface_of(event.event) else {
            return;
        };
        if event.detail == NotifyDetail::POINTER || !self.seat.keyboard.has(&id) {
            return;
        }
        // The window manager looks at a key; the window keeps its menus and its look.
        let briefly = event.mode == NotifyMode::GRAB;
        if !briefly {
            self.close_menus();
            self.focus_changed(&id, false);
        }
        self.seat.keyboard.window = None;
        self.keyboard_goes_to_menu();
    }

    /// Tells the surface that has the keyboard now, and the one that had it.
    pub(super) fn keyboard_goes_to_menu(&mut self) {
        let window = self.seat.keyboard.window.clone();
        let new = window.map(|window| self.top_menu().cloned().unwrap_or(window));
        if new == self.seat.keyboard.focus {
            return;
        }
        let serial = self.next_serial();
        if let Some(old) = self.seat.keyboard.focus.take()
            && let Some(surface) = self.surfaces.get(&old)
        {
            for keyboard in &self.seat.keyboards {
                keyboard.leave(serial, &surface.object);
            }
        }
        self.seat.keyboard.focus = new;
        let serial = self.next_serial();
        let keyboard = &self.seat.keyboard;
        if let Some(surface) = keyboard.focus.as_ref().and_then(|id| self.surfaces.get(id)) {
            for one in &self.seat.keyboards {
                one.enter(serial, &surface.object, bytes(&keyboard.pressed));
                tell_modifiers(one, serial, keyboard.modifiers);
            }
        }
    }

    pub(super) fn key(&mut self, event: &KeyPressEvent, pressed: bool) {
        // Apps repeat keys themselves.
        if event.flags.contains(KeyEventFlags::KEY_REPEAT) || event.detail < OFFSET {
            return;
        }
        let key = event.detail - OFFSET;
        let held = &mut self.seat.keyboard.pressed;
        let was_held = held.contains(&key);
        held.retain(|one| *one != key);
        if pressed {
            held.push(key);
        } else if !was_held {
            return;
        }
        if self.seat.keyboard.focus.is_none() {
            return;
        }
        let serial = self.next_serial();
        self.seat.remember(serial, event.time);
        let state = if pressed {
            KeyState::Pressed
        } else {
            KeyState::Released
        };
        for keyboard in &self.seat.keyboards {
            keyboard.key(serial, event.time, key, state);
        }
        if pressed && key == ESCAPE {
            if self.is_dragging() {
                self.end_drag(false);
            }
            self.escape_pressed();
        }
    }

    /// A surface is gone.
    pub(super) fn keyboard_lost(&mut self, id: &ObjectId) {
        let keyboard = &mut self.seat.keyboard;
        if keyboard.focus.as_ref() == Some(id) {
            keyboard.focus = None;
        }
        if keyboard.has(id) {
            keyboard.window = None;
        }
    }

    /// A window is gone, its surface is not.
    pub(super) fn keyboard_left_window(&mut self, id: &ObjectId) {
        if self.seat.keyboard.has(id) {
            self.seat.keyboard.window = None;
        }
        self.keyboard_goes_to_menu();
    }
}

/// The keys of a set that begins with the lowest.
fn keys(set: &[u8; 31]) -> Vec<u32> {
    let bits = set
        .iter()
        .flat_map(|byte| (0..8).map(move |bit| byte & (1 << bit) != 0));
    let keys = (0_u32..).zip(bits);
    keys.filter_map(|(key, is_down)| is_down.then_some(key))
        .collect()
}

fn bytes(keys: &[u32]) -> Vec<u8> {
    keys.iter().flat_map(|key| key.to_ne_bytes()).collect()
}

fn tell_modifiers(keyboard: &WlKeyboard, serial: u32, now: Modifiers) {
    keyboard.modifiers(serial, now.base, now.latched, now.locked, now.group);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_of_a_set_is_the_lowest_that_there_is() {
        let mut set = [0; 31];
        // Of the server's numbers, 8, 17 and 255.
        (set[0], set[1], set[30]) = (1, 2, 0x80);
        assert_eq!(keys(&set), [0, 9, 247]);
    }
}
