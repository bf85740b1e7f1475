//! Which window has the keyboard: the host says it.

use x11rb_protocol::protocol::xproto::{AtomEnum, InputFocus, SetInputFocusRequest};

use super::X11;

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
