//! Which window has the keyboard: the host says it.
//!
//! The server is told so on the window manager's connection and gets keys on another, and it may take what comes on two in any
//! order. So keys wait until it has answered that it knows for which window they are.

use std::time::{Duration, Instant};

use wayland_server::Resource;
use wayland_server::protocol::wl_keyboard::{Event, WlKeyboard};
use wayland_server::protocol::wl_surface::WlSurface;
use x11rb_protocol::protocol::xproto::{
    AtomEnum, GetInputFocusRequest, InputFocus, SetInputFocusRequest,
};

use super::{Asked, X11};
use crate::session::Session;

/// How long keys wait for a server that does not answer. Keys that come too early are lost to its own apps.
const PATIENCE: Duration = Duration::from_millis(200);
/// Events that wait at most: more than anybody types in that time.
const WAITING_MAX: usize = 256;

/// What is typed before the server knows for which window it is.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Until when that is waited for.
    until: Option<Instant>,
    /// How often it was asked, and has not answered.
    unanswered: u32,
    waiting: Vec<(WlKeyboard, Event<'static>)>,
}

impl Keys {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// The server has answered once. Only the last answer says where the keyboard is now.
    pub(super) fn answered(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
        if self.unanswered == 0 {
            self.go();
        }
    }

    /// What waits is told, in order.
    pub(super) fn go(&mut self) {
        self.until = None;
        for (keyboard, event) in self.waiting.drain(..) {
            tell(&keyboard, event);
        }
    }

    /// What waits is told to nobody.
    pub(super) fn forget(&mut self) {
        self.until = None;
        self.waiting.clear();
    }
}

fn tell(keyboard: &WlKeyboard, event: Event<'static>) {
    // One that is gone hears nothing.
    let _ = keyboard.send_event(event);
}

impl Session {
    /// A surface has the keyboard.
    pub(crate) fn x11_has_keyboard(&mut self, surface: &WlSurface) {
        let Some(x11) = &mut self.x11 else { return };
        let is_it = |window: &&u32| {
            let known = x11.windows.get(*window);
            known.is_some_and(|known| known.surface.as_ref() == Some(surface))
        };
        let Some(window) = x11.order.iter().find(is_it).copied() else {
            return;
        };
        // The host may say only after this that the window is active.
        x11.set_active(window, true);
        x11.wire.ask(GetInputFocusRequest, Asked::Focus);
        x11.keys.unanswered += 1;
        x11.keys.until = Some(Instant::now() + PATIENCE);
    }

    /// Tells a keyboard of a key or of modifiers, as soon as that goes where it belongs.
    pub(crate) fn tell_key(&mut self, keyboard: &WlKeyboard, event: Event<'static>) {
        if let Some(x11) = &mut self.x11
            && x11.keys.until.is_some()
        {
            x11.keys.waiting.push((keyboard.clone(), event));
            if x11.keys.waiting.len() >= WAITING_MAX {
                x11.keys.go();
            }
        } else {
            tell(keyboard, event);
        }
    }

    /// No window has the keyboard any more: what was typed was typed before that.
    pub(crate) fn x11_lost_keyboard(&mut self) {
        if let Some(x11) = &mut self.x11 {
            x11.keys.go();
        }
    }
}

impl X11 {
    /// The host has made a window the active one, or no longer.
    pub(super) fn set_active(&mut self, window: u32, active: bool) {
        if active == (self.active == Some(window)) {
            return;
        }
        self.active = active.then_some(window);
        let property = self.atoms.net_active_window;
        let now = self.active.unwrap_or(0);
        self.set_words(self.root, property, AtomEnum::WINDOW.into(), &[now]);
        if !active {
            self.focus(self.own);
            return;
        }
        if let Some(known) = self.windows.get_mut(&window) {
            known.pointed_out = false;
        }
        self.order.retain(|other| *other != window);
        self.order.push(window);
        self.raise(window);
        self.give_focus(window);
    }

    /// Gives it the keyboard in the way that it wants (ICCCM 4.1.7).
    fn give_focus(&mut self, window: u32) {
        let Some(known) = self.windows.get(&window) else {
            return;
        };
        let (takes, wants) = (known.properties.takes_focus, !known.properties.no_input);
        if wants {
            self.focus(window);
        }
        if takes {
            self.protocol(window, self.atoms.wm_take_focus, 0);
        }
    }

    fn focus(&mut self, window: u32) {
        self.wire.send(SetInputFocusRequest {
            revert_to: InputFocus::POINTER_ROOT,
            focus: window,
            time: 0,
        });
    }
}
