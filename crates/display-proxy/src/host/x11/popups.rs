//! Menus, tooltips and the like: windows that the window manager leaves alone.
//!
//! While a menu is open the pointer is the client's, so that a click elsewhere closes it. Such a hold on the
//! pointer never outlives its menu, the app's answer is not waited for to end it, and the keyboard is not held at
//! all: what the window manager does with keys it can do with a menu open, and the menu goes when the window loses
//! the focus.

use wayland_protocols::xdg::shell::server::xdg_popup::XdgPopup;
use wayland_server::backend::ObjectId;
use x11rb::errors::ReplyOrIdError;
use x11rb::protocol::xinput::{self, ConnectionExt as _, GrabOwner};
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt as _, GrabMode, PropMode, StackMode,
};
use x11rb::wrapper::ConnectionExt as _;

use super::State;
use super::positioner::Positioner;
use super::rect::Rect;
use super::screen::{short, side};
use super::shell::Kind;
use super::windows::{Wanted, Window, input_mask};

/// What an app has said of a popup, and been told.
#[derive(Debug)]
pub(super) struct Popup {
    object: XdgPopup,
    pub(super) parent: ObjectId,
    rules: Positioner,
    /// Beside the parent's window, in the app's units.
    place: Rect,
    /// A click elsewhere closes it.
    pub(super) grabs: bool,
    done: bool,
}

impl Popup {
    pub(super) fn new(object: XdgPopup, parent: ObjectId, rules: Positioner) -> Self {
        Self {
            object,
            parent,
            rules,
            place: Rect::default(),
            grabs: false,
            done: false,
        }
    }

    /// Tells the app that it is closed, once.
    fn dismiss(&mut self) {
        self.grabs = false;
        if !std::mem::replace(&mut self.done, true) {
            self.object.popup_done();
        }
    }
}

impl State {
    /// Where the content of a window or popup begins on the screen, in the server's pixels.
    fn origin(&self, id: &ObjectId) -> (i32, i32) {
        if let Some(window) = self.window(id) {
            return window.at;
        }
        // One that is not shown yet: where it will be.
        match self.shells.get(id).map(|shell| &shell.kind) {
            Some(Kind::Popup(popup)) if popup.parent != *id => {
                self.beside(&popup.parent, popup.place)
            }
            _ => (0, 0),
        }
    }

    fn beside(&self, parent: &ObjectId, place: Rect) -> (i32, i32) {
        let (x, y) = self.origin(parent);
        let scale = self.screen.scale;
        (x + place.x * scale, y + place.y * scale)
    }

    /// Works out where a popup goes and tells the app; `token` is of a popup that is to move.
    pub(super) fn place_popup(&mut self, id: &ObjectId, token: Option<u32>) {
        let Some(popup) = self.shells.get(id).and_then(|shell| shell.popup()) else {
            return;
        };
        let (parent, rules, scale) = (popup.parent.clone(), popup.rules, self.screen.scale);
        self.refresh_origin(&parent);
        let (x, y) = self.origin(&parent);
        // The monitor on which most of what it hangs from is.
        let anchor = rules.anchor_rect.scaled(scale).moved(x, y);
        let area = self.monitors.area_of(anchor).moved(-x, -y);
        let bounds = Rect::new(
            area.x.div_euclid(scale),
            area.y.div_euclid(scale),
            area.w / scale,
            area.h / scale,
        );
        let place = rules.place(bounds);
        let serial = self.next_serial();
        let Some(shell) = self.shells.get_mut(id) else {
            return;
        };
        if let Kind::Popup(popup) = &mut shell.kind {
            popup.place = place;
            if let Some(token) = token {
                popup.object.repositioned(token);
            }
            popup.object.configure(place.x, place.y, place.w, place.h);
        }
        shell.configure(serial);
    }

    pub(super) fn reposition(&mut self, id: &ObjectId, rules: Positioner, token: u32) {
        if let Some(Kind::Popup(popup)) = self.shells.get_mut(id).map(|shell| &mut shell.kind) {
            popup.rules = rules;
        }
        self.place_popup(id, Some(token));
    }

    pub(super) fn map_popup(&mut self, id: &ObjectId) {
        let (Some(part), Some(popup)) = (
            self.surfaces.get(id).map(|surface| surface.window_rect()),
            self.shells.get(id).and_then(|shell| shell.popup()),
        ) else {
            return;
        };
        if popup.done {
            return;
        }
        let (parent, grabs) = (popup.parent.clone(), popup.grabs);
        let at = self.beside(&parent, popup.place);
        let wanted = Wanted {
            look: self.look_of(id),
            at,
            part,
            override_redirect: true,
        };
        let made = Window::create(&self.screen, wanted).and_then(|window| {
            self.announce_popup(&window, &parent, grabs)?;
            Ok(window)
        });
        match made {
            Ok(window) => {
                let _ = self.screen.conn.map_window(window.id);
                self.add_window(id, window);
                self.grabs_changed();
            }
            Err(error) => self.broken(&error),
        }
    }

    fn announce_popup(
        &self,
        window: &Window,
        parent: &ObjectId,
        grabs: bool,
    ) -> Result<(), ReplyOrIdError> {
        let (conn, atoms) = (&self.screen.conn, &self.screen.atoms);
        let kind = if grabs {
            atoms._NET_WM_WINDOW_TYPE_POPUP_MENU
        } else {
            atoms._NET_WM_WINDOW_TYPE_TOOLTIP
        };
        let set = |name: u32, kind: AtomEnum, value: u32| {
            conn.change_property32(PropMode::REPLACE, window.id, name, kind, &[value])
        };
        set(atoms._NET_WM_WINDOW_TYPE, AtomEnum::ATOM, kind)?;
        if let Some(above) = self.window(parent) {
            let name = AtomEnum::WM_TRANSIENT_FOR.into();
            set(name, AtomEnum::WINDOW, above.id)?;
        }
        Ok(())
    }

    /// A popup that is shown commits: its size or place may be another now.
    pub(super) fn popup_committed(&mut self, id: &ObjectId) {
        let Some(part) = self.surfaces.get(id).map(|surface| surface.window_rect()) else {
            return;
        };
        let scale = self.screen.scale;
        let settled = self.shells.get(id).is_some_and(|shell| shell.is_settled());
        let Some(window) = self.window_mut(id) else {
            return;
        };
        let turned = (part.x, part.y) != (window.part.x, window.part.y);
        let size = part.scaled(scale).size();
        let resized = size != window.size;
        (window.part, window.size) = (part, size);
        if turned || resized {
            window.damage_all();
        }
        if settled || resized {
            self.follow(id);
        }
    }

    /// Brings a popup to its place beside its parent.
    fn follow(&mut self, id: &ObjectId) {
        let Some(popup) = self.shells.get(id).and_then(|shell| shell.popup()) else {
            return;
        };
        let at = self.beside(&popup.parent, popup.place);
        let Some(window) = self.window_mut(id) else {
            return;
        };
        window.at = at;
        let (xid, size) = (window.id, window.size);
        let aux = ConfigureWindowAux::new()
            .x(i32::from(short(at.0)))
            .y(i32::from(short(at.1)))
            .width(u32::from(side(size.0)))
            .height(u32::from(side(size.1)))
            .stack_mode(StackMode::ABOVE);
        let _ = self.screen.conn.configure_window(xid, &aux);
    }

    /// A window was moved: what hangs from it goes with it.
    pub(super) fn popups_follow(&mut self, parent: &ObjectId) {
        for id in self.popups_of(parent) {
            if self.window(&id).is_some() {
                self.follow(&id);
            }
            self.popups_follow(&id);
        }
    }

    fn popups_of(&self, parent: &ObjectId) -> Vec<ObjectId> {
        let of = |(id, shell): (&ObjectId, &super::shell::Shell)| {
            let popup = shell.popup()?;
            (popup.parent == *parent && id != parent).then(|| id.clone())
        };
        self.shells.iter().filter_map(of).collect()
    }

    pub(super) fn popup_grabs(&mut self, id: &ObjectId, serial: u32) {
        // One of an input event that was long ago opens no menu.
        let known = self.seat.knows(serial);
        let Some(Kind::Popup(popup)) = self.shells.get_mut(id).map(|shell| &mut shell.kind) else {
            return;
        };
        if known {
            popup.grabs = true;
            self.menus.push(id.clone());
        } else {
            popup.dismiss();
        }
    }

    /// The menu that is open above all others.
    pub(super) fn top_menu(&self) -> Option<&ObjectId> {
        self.menus.iter().rev().find(|id| self.window(id).is_some())
    }

    /// A menu was opened or closed: the pointer is held as long as there are any.
    pub(super) fn grabs_changed(&mut self) {
        let shells = &self.shells;
        self.menus.retain(|id| {
            shells
                .get(id)
                .and_then(|shell| shell.popup())
                .is_some_and(|popup| popup.grabs)
        });
        let top = self.top_menu().and_then(|id| self.window(id)).map(|w| w.id);
        if top == self.held {
            return;
        }
        self.held = top;
        let conn = &self.screen.conn;
        let device = self.seat.pointer_device;
        match top {
            // Events go to whichever window of this client they are over; the rest to this one.
            Some(window) => {
                let _ = conn
                    .xinput_xi_grab_device(
                        window,
                        x11rb::CURRENT_TIME,
                        x11rb::NONE,
                        device,
                        GrabMode::ASYNC,
                        GrabMode::ASYNC,
                        GrabOwner::OWNER,
                        &[grab_mask()],
                    )
                    .map(x11rb::cookie::Cookie::discard_reply_and_errors);
            }
            None => {
                let _ = conn.xinput_xi_ungrab_device(x11rb::CURRENT_TIME, device);
            }
        }
        self.keyboard_goes_to_menu();
    }

    /// Closes all menus: a click elsewhere, or the focus has gone.
    pub(super) fn close_menus(&mut self) {
        for id in std::mem::take(&mut self.menus).into_iter().rev() {
            if let Some(Kind::Popup(popup)) = self.shells.get_mut(&id).map(|shell| &mut shell.kind)
            {
                popup.dismiss();
            }
            // It is gone whatever the app does.
            self.unmap(&id);
        }
        self.grabs_changed();
    }

    /// Escape closes the menu above all others. If that has stayed when it is pressed again, all are closed.
    pub(super) fn escape_pressed(&mut self) {
        let top = self.top_menu().cloned();
        if top.is_some() && top == self.escaped {
            self.escaped = None;
            self.close_menus();
        } else {
            self.escaped = top;
        }
    }
}

fn grab_mask() -> u32 {
    let keys = xinput::XIEventMask::KEY_PRESS
        | xinput::XIEventMask::KEY_RELEASE
        | xinput::XIEventMask::FOCUS_IN
        | xinput::XIEventMask::FOCUS_OUT;
    u32::from(input_mask()) & !u32::from(keys)
}
