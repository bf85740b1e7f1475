//! xdg_wm_base: windows and popups, and the configures between them and the host.

use std::sync::Mutex;

use wayland_protocols::xdg::shell::server::xdg_popup::{self, XdgPopup};
use wayland_protocols::xdg::shell::server::xdg_positioner::{self, XdgPositioner};
use wayland_protocols::xdg::shell::server::xdg_surface::{self, XdgSurface};
use wayland_protocols::xdg::shell::server::xdg_toplevel::{self, XdgToplevel};
use wayland_protocols::xdg::shell::server::xdg_wm_base::{self, XdgWmBase};
use wayland_server::backend::{ClientId, ObjectId};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use super::State;
use super::compositor::known;
use super::popups::Popup;
use super::positioner::Positioner;
use super::rect::Rect;
use super::surfaces::Role;
use super::toplevels::Toplevel;
use super::windows::Window;

/// A surface of the desktop: a window or a popup.
#[derive(Debug)]
pub(super) struct Shell {
    pub(super) object: XdgSurface,
    pub(super) kind: Kind,
    /// What it is of X, while it shows something.
    pub(super) window: Option<Window>,
    /// The last configure that was sent, and the last that was acknowledged.
    pub(super) sent: u32,
    pub(super) acked: u32,
    /// Whether it was told its size at all.
    pub(super) configured: bool,
}

/// Which of the two.
#[derive(Debug)]
pub(super) enum Kind {
    None,
    Toplevel(Toplevel),
    Popup(Popup),
}

impl Shell {
    pub(super) fn toplevel(&self) -> Option<&Toplevel> {
        match &self.kind {
            Kind::Toplevel(toplevel) => Some(toplevel),
            _ => None,
        }
    }

    pub(super) fn toplevel_mut(&mut self) -> Option<&mut Toplevel> {
        match &mut self.kind {
            Kind::Toplevel(toplevel) => Some(toplevel),
            _ => None,
        }
    }

    pub(super) fn popup(&self) -> Option<&Popup> {
        match &self.kind {
            Kind::Popup(popup) => Some(popup),
            _ => None,
        }
    }

    /// Ends a configure.
    pub(super) fn configure(&mut self, serial: u32) {
        self.sent = serial;
        self.configured = true;
        self.object.configure(serial);
    }

    /// Whether it shows what it was last told.
    pub(super) fn is_settled(&self) -> bool {
        self.sent == self.acked
    }
}

impl Dispatch<XdgWmBase, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _base: &XdgWmBase,
        request: xdg_wm_base::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            xdg_wm_base::Request::CreatePositioner { id } => {
                data_init.init(id, Mutex::new(Positioner::default()));
            }
            xdg_wm_base::Request::GetXdgSurface { id, surface } => {
                let object = data_init.init(id, surface.id());
                if let Some(surface) = state.surfaces.get_mut(&surface.id()) {
                    surface.role = Role::Shell;
                    surface.geometry = None;
                }
                let shell = Shell {
                    object,
                    kind: Kind::None,
                    window: None,
                    sent: 0,
                    acked: 0,
                    configured: false,
                };
                state.shells.insert(surface.id(), shell);
            }
            xdg_wm_base::Request::Pong { serial } => state.pong(serial),
            _ => {}
        }
    }
}

impl Dispatch<XdgPositioner, Mutex<Positioner>> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &XdgPositioner,
        request: xdg_positioner::Request,
        data: &Mutex<Positioner>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use xdg_positioner::Request;
        let Ok(mut positioner) = data.lock() else {
            return;
        };
        match request {
            Request::SetSize { width, height } => positioner.size = (width, height),
            Request::SetAnchorRect {
                x,
                y,
                width,
                height,
            } => positioner.anchor_rect = Rect::new(x, y, width, height),
            Request::SetAnchor { anchor } => {
                positioner.anchor = known(anchor).unwrap_or(positioner.anchor);
            }
            Request::SetGravity { gravity } => {
                positioner.gravity = known(gravity).unwrap_or(positioner.gravity);
            }
            Request::SetConstraintAdjustment {
                constraint_adjustment,
            } => positioner.adjust = known(constraint_adjustment).unwrap_or(positioner.adjust),
            Request::SetOffset { x, y } => positioner.offset = (x, y),
            _ => {}
        }
    }
}

fn positioner(object: &XdgPositioner) -> Positioner {
    let data = object.data::<Mutex<Positioner>>();
    data.and_then(|data| data.lock().ok().map(|positioner| *positioner))
        .unwrap_or_default()
}

impl Dispatch<XdgSurface, ObjectId> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &XdgSurface,
        request: xdg_surface::Request,
        id: &ObjectId,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            xdg_surface::Request::GetToplevel { id: new } => {
                let object = data_init.init(new, id.clone());
                if let Some(shell) = state.shells.get_mut(id) {
                    shell.kind = Kind::Toplevel(Toplevel::new(object));
                }
            }
            xdg_surface::Request::GetPopup {
                id: new,
                parent,
                positioner: object,
            } => {
                let rules = positioner(&object);
                let object = data_init.init(new, id.clone());
                let parent = parent.and_then(|parent| parent.data::<ObjectId>().cloned());
                if let (Some(shell), Some(parent)) = (state.shells.get_mut(id), parent) {
                    shell.kind = Kind::Popup(Popup::new(object, parent, rules));
                } else {
                    object.popup_done();
                }
            }
            xdg_surface::Request::SetWindowGeometry {
                x,
                y,
                width,
                height,
            } => {
                if let Some(surface) = state.surfaces.get_mut(id) {
                    surface.pending.geometry = Some(Rect::new(x, y, width, height));
                }
            }
            xdg_surface::Request::AckConfigure { serial } => {
                if let Some(shell) = state.shells.get_mut(id) {
                    shell.acked = serial;
                }
            }
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, _object: &XdgSurface, id: &ObjectId) {
        state.shell_gone(id);
    }
}

impl Dispatch<XdgToplevel, ObjectId> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &XdgToplevel,
        request: xdg_toplevel::Request,
        id: &ObjectId,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use xdg_toplevel::Request;
        match request {
            Request::SetParent { parent } => {
                let parent = parent.and_then(|parent| parent.data::<ObjectId>().cloned());
                state.set_parent(id, parent);
            }
            Request::SetTitle { title } => state.set_title(id, title),
            Request::SetAppId { app_id } => state.set_app_id(id, app_id),
            Request::ShowWindowMenu { x, y, .. } => state.show_menu(id, (x, y)),
            Request::Move { .. } => state.move_or_resize(id, 8),
            Request::Resize { edges, .. } => {
                if let Some(direction) = direction(edges.into()) {
                    state.move_or_resize(id, direction);
                }
            }
            Request::SetMaxSize { width, height } => {
                if let Some(surface) = state.surfaces.get_mut(id) {
                    surface.pending.max = Some((width, height));
                }
            }
            Request::SetMinSize { width, height } => {
                if let Some(surface) = state.surfaces.get_mut(id) {
                    surface.pending.min = Some((width, height));
                }
            }
            Request::SetMaximized => state.set_maximized(id, true),
            Request::UnsetMaximized => state.set_maximized(id, false),
            Request::SetFullscreen { .. } => state.set_fullscreen(id, true),
            Request::UnsetFullscreen => state.set_fullscreen(id, false),
            Request::SetMinimized => state.minimize(id),
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, _object: &XdgToplevel, id: &ObjectId) {
        state.unmap(id);
        if let Some(shell) = state.shells.get_mut(id) {
            shell.kind = Kind::None;
        }
    }
}

/// The edge that is dragged, as window managers count.
/// <https://specifications.freedesktop.org/wm-spec/1.5/ar01s04.html>
fn direction(edges: u32) -> Option<u32> {
    Some(match edges {
        1 => 1,
        2 => 5,
        4 => 7,
        5 => 0,
        6 => 6,
        8 => 3,
        9 => 2,
        10 => 4,
        _ => return None,
    })
}

impl Dispatch<XdgPopup, ObjectId> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &XdgPopup,
        request: xdg_popup::Request,
        id: &ObjectId,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        match request {
            xdg_popup::Request::Grab { serial, .. } => state.popup_grabs(id, serial),
            xdg_popup::Request::Reposition {
                positioner: object,
                token,
            } => state.reposition(id, positioner(&object), token),
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, _object: &XdgPopup, id: &ObjectId) {
        state.unmap(id);
        if let Some(shell) = state.shells.get_mut(id) {
            shell.kind = Kind::None;
        }
        state.grabs_changed();
    }
}

impl State {
    /// A window or popup has committed.
    pub(super) fn shell_committed(&mut self, id: &ObjectId) {
        let shows = self
            .surfaces
            .get(id)
            .is_some_and(|surface| surface.shown.is_some());
        let Some(shell) = self.shells.get(id) else {
            return;
        };
        let toplevel = match &shell.kind {
            Kind::Toplevel(_) => true,
            Kind::Popup(_) => false,
            Kind::None => return,
        };
        match (shows, shell.window.is_some(), shell.configured) {
            (false, false, false) if toplevel => self.first_configure(id),
            (false, false, false) => self.place_popup(id, None),
            (false, false, true) => {}
            (false, true, _) => {
                self.unmap(id);
                if let Some(shell) = self.shells.get_mut(id) {
                    shell.configured = false;
                }
            }
            (true, false, _) if toplevel => self.map_toplevel(id),
            (true, false, _) => self.map_popup(id),
            (true, true, _) if toplevel => self.toplevel_committed(id),
            (true, true, _) => self.popup_committed(id),
        }
    }

    pub(super) fn shell_gone(&mut self, id: &ObjectId) {
        self.unmap(id);
        if self.shells.remove(id).is_some() {
            self.grabs_changed();
        }
    }
}
