//! What the X server says.

use x11rb::connection::Connection as _;
use x11rb::errors::ConnectionError;
use x11rb::protocol::Event;
use x11rb::protocol::sync::ConnectionExt as _;
use x11rb::protocol::xproto::{
    ClientMessageEvent, ConfigureNotifyEvent, ConnectionExt as _, EventMask, ExposeEvent,
    PropertyNotifyEvent,
};

use super::State;
use super::rect::Rect;

impl State {
    /// Takes all that is there; false if there was nothing.
    pub(super) fn read_events(&mut self) -> Result<bool, ConnectionError> {
        let mut any = false;
        let screen = std::rc::Rc::clone(&self.screen);
        while let Some(event) = screen.conn.poll_for_event()? {
            any = true;
            self.take(event);
        }
        Ok(any)
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Error(error) => {
                tracing::debug!(kind = ?error.error_kind, request = ?error.request_name, "X error");
                if error.major_opcode == self.screen.shm_opcode && self.screen.shared_memory.get() {
                    self.no_shared_memory();
                }
            }
            Event::ShmCompletion(_) => self.was_read(),
            Event::PresentCompleteNotify(event) => self.frame_over(&event),
            Event::XinputMotion(event) => self.pointer_moved(&event),
            Event::XinputButtonPress(event) => self.button(&event, true),
            Event::XinputButtonRelease(event) => self.button(&event, false),
            Event::XinputEnter(event) => self.pointer_entered(&event),
            Event::XinputLeave(event) => self.pointer_left(&event),
            Event::XinputKeyPress(event) => self.key(&event, true),
            Event::XinputKeyRelease(event) => self.key(&event, false),
            Event::KeymapNotify(event) => self.keys_are_down(&event),
            Event::XinputFocusIn(event) => self.keyboard_entered(&event),
            Event::XinputFocusOut(event) => self.keyboard_left(&event),
            Event::XkbStateNotify(event) => self.modifiers_changed(&event),
            Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_) => self.keymap_changed(),
            Event::Expose(event) => self.exposed(&event),
            Event::ConfigureNotify(event) => self.configured(&event),
            Event::MapNotify(event) => {
                if let Some(id) = self.surface_of(event.window) {
                    self.visible(&id, true);
                }
            }
            Event::UnmapNotify(event) => {
                if let Some(id) = self.surface_of(event.window) {
                    self.visible(&id, false);
                }
            }
            Event::DestroyNotify(event) if Some(event.window) == self.manager => {
                self.manager_changed();
            }
            Event::PropertyNotify(event) => self.property_changed(&event),
            Event::ClientMessage(event) => self.message(&event),
            Event::RandrScreenChangeNotify(_) | Event::RandrNotify(_) => self.offer_outputs(),
            other => self.selection_event(other),
        }
    }

    fn exposed(&mut self, event: &ExposeEvent) {
        if let Some(id) = self.surface_of(event.window)
            && let Some(window) = self.window_mut(&id)
        {
            let rect = Rect::new(
                event.x.into(),
                event.y.into(),
                event.width.into(),
                event.height.into(),
            );
            window.damage.add(rect);
        }
    }

    fn configured(&mut self, event: &ConfigureNotifyEvent) {
        let Some(id) = self.surface_of(event.window) else {
            return;
        };
        let Some(window) = self.window(&id) else {
            return;
        };
        if self
            .shells
            .get(&id)
            .is_some_and(|shell| shell.popup().is_some())
        {
            return;
        }
        // Only what the window manager says itself is a place on the screen; else it is one in its frame.
        let said = event.response_type & 0x80 != 0;
        let at = if said || event.override_redirect || !self.is_managed() {
            (event.x.into(), event.y.into())
        } else {
            window.at
        };
        let rect = Rect::new(at.0, at.1, event.width.into(), event.height.into());
        self.toplevel_moved(&id, rect);
    }

    /// Asks where a window is, which is known for certain only when the server has said so.
    pub(super) fn refresh_origin(&mut self, id: &wayland_server::backend::ObjectId) {
        let Some(xid) = self
            .shells
            .get(id)
            .filter(|shell| shell.toplevel().is_some())
            .and_then(|shell| shell.window.as_ref())
            .map(|window| window.id)
        else {
            return;
        };
        let screen = &self.screen;
        let place = screen
            .conn
            .translate_coordinates(xid, screen.root, 0, 0)
            .ok()
            .and_then(|cookie| cookie.reply().ok());
        if let (Some(place), Some(window)) = (place, self.window_mut(id)) {
            window.at = (place.dst_x.into(), place.dst_y.into());
        }
    }

    fn property_changed(&mut self, event: &PropertyNotifyEvent) {
        let atoms = self.screen.atoms;
        if event.window == self.screen.root {
            if event.atom == atoms._NET_WORKAREA || event.atom == atoms._NET_CURRENT_DESKTOP {
                let screen = std::rc::Rc::clone(&self.screen);
                self.monitors.ask_work(&screen);
            } else if event.atom == atoms._NET_SUPPORTING_WM_CHECK {
                self.manager_changed();
            }
        } else if event.atom == atoms._NET_WM_STATE {
            if let Some(id) = self.surface_of(event.window) {
                self.states_changed(&id);
            }
        } else {
            self.selection_property(event);
        }
    }

    fn message(&mut self, event: &ClientMessageEvent) {
        let atoms = self.screen.atoms;
        if event.type_ != atoms.WM_PROTOCOLS || event.format != 32 {
            self.selection_message(event);
            return;
        }
        let data = event.data.as_data32();
        let Some(id) = self.surface_of(event.window) else {
            return;
        };
        if data[0] == atoms.WM_DELETE_WINDOW {
            self.close(&id);
        } else if data[0] == atoms._NET_WM_PING {
            self.ping(*event);
        } else if data[0] == atoms._NET_WM_SYNC_REQUEST
            && let Some(window) = self.window_mut(&id)
        {
            let high = i32::from_ne_bytes(data[3].to_ne_bytes());
            window.count = Some(x11rb::protocol::sync::Int64 {
                hi: high,
                lo: data[2],
            });
        }
    }

    /// The window manager asks whether the app is alive; only the app can say.
    fn ping(&mut self, event: ClientMessageEvent) {
        let serial = self.next_serial();
        self.pings.truncate(15);
        self.pings.insert(0, (serial, event));
        match &self.base {
            Some(base) => base.ping(serial),
            None => self.pong(serial),
        }
    }

    pub(super) fn pong(&mut self, serial: u32) {
        let Some(at) = self.pings.iter().position(|(one, _)| *one == serial) else {
            return;
        };
        let (_, mut event) = self.pings.remove(at);
        event.window = self.screen.root;
        let to = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
        let _ = self
            .screen
            .conn
            .send_event(false, self.screen.root, to, event);
    }

    /// Tells the window manager that what it waits for is drawn. A window that has it already counts at once.
    pub(super) fn count(&mut self) {
        for shell in self.shells.values_mut() {
            if shell.is_settled()
                && let Some(window) = &mut shell.window
                && let Some(counter) = window.counter
                && let Some(count) = window.count.take()
            {
                let _ = self.screen.conn.sync_set_counter(counter, count);
            }
        }
    }
}
