//! Menus, tooltips and the like: the host places them, as the app's positioner asks.

use smithay::wayland::shell::xdg::{PopupSurface, PositionerState};
use wayland_client::Proxy;
use wayland_protocols::xdg::shell::client::xdg_popup::XdgPopup as HostPopup;
use wayland_protocols::xdg::shell::client::xdg_positioner::{
    ConstraintAdjustment, XdgPositioner as HostPositioner,
};
use wayland_protocols::xdg::shell::client::xdg_surface::XdgSurface as HostXdgSurface;
use wayland_protocols::xdg::shell::server::xdg_wm_base;
use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;

use super::surfaces::{Role, Shell};
use super::toplevels::{Configures, at_least, relay_geometry};
use crate::mark::places::Shape;
use crate::peer::same;
use crate::policy;
use crate::session::Session;

/// A popup.
#[derive(Debug)]
pub(crate) struct Popup {
    pub(crate) app: PopupSurface,
    pub(crate) host: HostPopup,
    pub(crate) xdg: HostXdgSurface,
    pub(crate) configures: Configures,
    /// Where the host put it, told since its last configure.
    pub(crate) told: (i32, i32, i32, i32),
    /// The token of a repositioning that the next configure concludes.
    pub(crate) repositioned: Option<u32>,
    sent: Shell,
    /// Its host is gone, or was when it was made: it is not shown again.
    pub(crate) gone: bool,
}

impl Popup {
    pub(crate) fn relay(&mut self, shell: Shell, marked: bool) {
        if !marked {
            relay_geometry(&self.xdg, &mut self.sent, shell);
        }
    }

    pub(crate) fn destroy(self) {
        self.host.destroy();
        self.xdg.destroy();
    }
}

impl Session {
    pub(crate) fn popup_created(&mut self, app: PopupSurface, positioner: &PositionerState) {
        let Some(host_surface) = self.free_for_role(app.wl_surface(), app.xdg_popup()) else {
            return;
        };
        let below = app.get_parent_surface();
        let parent = below
            .as_ref()
            .and_then(|parent| self.xdg_surface_of(parent));
        let Some(parent) = parent else {
            // Without layer shell nothing else could name the parent later.
            app.xdg_popup().post_error(
                xdg_wm_base::Error::InvalidPopupParent,
                "a popup needs a window as its parent",
            );
            self.end("made a popup without a parent");
            return;
        };
        let Some(positioner) = self.make_positioner(positioner, below.as_ref(), app.wl_surface())
        else {
            app.xdg_popup().post_error(
                xdg_wm_base::Error::InvalidPositioner,
                "the positioner is not complete",
            );
            self.end("used an incomplete positioner");
            return;
        };
        let surface = app.wl_surface().clone();
        // None of a menu that is gone, nor without a host.
        let gone = !parent.is_alive();
        let (xdg, host) = if gone {
            let nowhere = parent.backend();
            app.send_popup_done();
            (
                HostXdgSurface::inert(nowhere.clone()),
                HostPopup::inert(nowhere.clone()),
            )
        } else {
            let (wm_base, qh) = (&self.host.wm_base, &self.qh);
            let xdg = wm_base.get_xdg_surface(&host_surface, qh, surface.clone());
            let host = xdg.get_popup(Some(&parent), &positioner, qh, surface.clone());
            (xdg, host)
        };
        positioner.destroy();
        let popup = Popup {
            app,
            host,
            xdg,
            configures: Configures::default(),
            told: (0, 0, 0, 0),
            repositioned: None,
            sent: Shell::default(),
            gone,
        };
        if let Some(link) = self.surfaces.get_mut(&surface.id()) {
            link.role = Role::Popup(popup);
        }
    }

    fn xdg_surface_of(&self, surface: &WlSurface) -> Option<HostXdgSurface> {
        match &self.surfaces.get(&surface.id())?.role {
            Role::Toplevel(toplevel) => Some(toplevel.xdg.clone()),
            Role::Popup(popup) => Some(popup.xdg.clone()),
            _ => None,
        }
    }

    pub(crate) fn popup_mut(&mut self, surface: &WlSurface) -> Option<&mut Popup> {
        match &mut self.surfaces.get_mut(&surface.id())?.role {
            Role::Popup(popup) => Some(popup),
            _ => None,
        }
    }

    /// A positioner of the host with the app's numbers, or none if they make no sense.
    ///
    /// The host's windows are larger than the app's by their borders: so are the sizes, and places count from the
    /// corner of a border.
    pub(crate) fn make_positioner(
        &self,
        state: &PositionerState,
        below: Option<&WlSurface>,
        surface: &WlSurface,
    ) -> Option<HostPositioner> {
        let anchor = state.anchor_rect;
        let (inset, parent_adds) = below.map_or(((0, 0), (0, 0)), |below| {
            (self.inset(below), self.adds(below))
        });
        let adds = match self.shape(surface) {
            Some(_) => self.adds(surface),
            // It is about to become one.
            None if self.marks() => Shape::Thin.adds(),
            None => (0, 0),
        };
        let sizes_fit = policy::is_side(state.rect_size.w)
            && policy::is_side(state.rect_size.h)
            && (0..=policy::SIDE_MAX).contains(&anchor.size.w)
            && (0..=policy::SIDE_MAX).contains(&anchor.size.h);
        if !sizes_fit {
            return None;
        }
        let host = self.host.wm_base.create_positioner(&self.qh, ());
        host.set_size(state.rect_size.w + adds.0, state.rect_size.h + adds.1);
        host.set_anchor_rect(
            anchor.loc.x.saturating_add(inset.0),
            anchor.loc.y.saturating_add(inset.1),
            anchor.size.w,
            anchor.size.h,
        );
        if let Some(edges) = same(state.anchor_edges) {
            host.set_anchor(edges);
        }
        if let Some(gravity) = same(state.gravity) {
            host.set_gravity(gravity);
        }
        host.set_constraint_adjustment(ConstraintAdjustment::from_bits_truncate(
            state.constraint_adjustment.bits(),
        ));
        host.set_offset(state.offset.x, state.offset.y);
        if at_least(&host, 3) {
            if state.reactive {
                host.set_reactive();
            }
            if let Some(size) = state.parent_size {
                host.set_parent_size(
                    size.w.saturating_add(parent_adds.0),
                    size.h.saturating_add(parent_adds.1),
                );
            }
            // The parent's configure serial is left out: it is smithay's, and a hint only.
        }
        Some(host)
    }

    /// The host finished a configure of a popup.
    pub(crate) fn popup_configured(&mut self, surface: &WlSurface, host_serial: u32) {
        let (own, adds) = (self.inset(surface), self.adds(surface));
        let Some(popup) = self.popup_mut(surface) else {
            return;
        };
        let below = popup.app.get_parent_surface();
        let parent = below.map_or((0, 0), |below| self.inset(&below));
        let Some(popup) = self.popup_mut(surface) else {
            return;
        };
        let (x, y, w, h) = popup.told;
        let (x, y) = (x + own.0 - parent.0, y + own.1 - parent.1);
        let (w, h) = ((w - adds.0).max(1), (h - adds.1).max(1));
        popup.app.with_pending_state(|state| {
            state.geometry = smithay::utils::Rectangle::new((x, y).into(), (w, h).into());
        });
        let serial = match popup.repositioned.take() {
            Some(token) => Some(popup.app.send_repositioned(token)),
            None => popup.app.send_configure().ok(),
        };
        match serial {
            Some(serial) => popup
                .configures
                .sent(serial, Some(host_serial), Shape::Thin),
            // The app cannot be told again; the host need not wait.
            None => popup.xdg.ack_configure(host_serial),
        }
    }
}
