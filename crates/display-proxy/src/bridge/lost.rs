//! The host is gone: its windows stay as they are, and the app hears nothing worse than that they are not seen.
//!
//! The connection is closed with the loss, so that what is asked of its objects comes to nothing and costs nothing. What
//! the app draws from then on is kept, of each surface what it has drawn last; [`found`](super::found) shows it when
//! there is a host again.

use smithay::wayland::shell::xdg::ToplevelSurface;
use tracing::debug;
use wayland_protocols::wp::pointer_constraints::zv1::client::zwp_confined_pointer_v1::ZwpConfinedPointerV1 as HostConfined;
use wayland_protocols::wp::pointer_constraints::zv1::client::zwp_locked_pointer_v1::ZwpLockedPointerV1 as HostLocked;
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_confined_pointer_v1::ZwpConfinedPointerV1;
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_locked_pointer_v1::ZwpLockedPointerV1;
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::WpPresentationFeedback;
use wayland_protocols::xdg::activation::v1::server::xdg_activation_token_v1::XdgActivationTokenV1;
use wayland_protocols::xdg::foreign::zv1::server::zxdg_imported_v1::ZxdgImportedV1;
use wayland_protocols::xdg::foreign::zv2::server::zxdg_imported_v2::ZxdgImportedV2;
use wayland_server::Resource;
use wayland_server::backend::ObjectId;
use wayland_server::protocol::wl_buffer::WlBuffer;
use wayland_server::protocol::wl_surface::WlSurface;

use super::buffers;
use super::surfaces::Role;
use crate::app::activation::Token;
use crate::app::pointer_constraints::Constraint;
use crate::session::Session;

impl Session {
    /// Its connection is closed.
    pub(crate) fn lose_host(&mut self) {
        debug!(session = self.id, "without a host");
        self.close_host();
        self.lose_input();
        self.lose_drags();
        self.lose_selections();
        self.lose_answers();
        let surfaces = self.objects::<WlSurface>();
        let windows: Vec<ToplevelSurface> = surfaces
            .iter()
            .filter_map(|surface| Some(self.toplevel(surface)?.app.clone()))
            .collect();
        for window in windows {
            self.lose_toplevel(window.wl_surface());
        }
        for surface in &surfaces {
            self.lose_surface(surface);
        }
        self.lose_x11();
        self.give_back_buffers();
    }

    /// All objects of a kind that the app has.
    pub(crate) fn objects<R: Resource>(&self) -> Vec<R> {
        let Some(client) = &self.client else {
            return Vec::new();
        };
        let mut ids: Vec<ObjectId> = Vec::new();
        let wanted = R::interface().name;
        // A client that is gone has none.
        let _ = self
            .dh
            .backend_handle()
            .with_all_objects_for(client.id(), |id| {
                if id.interface().name == wanted {
                    ids.push(id);
                }
            });
        let objects = ids.into_iter().map(|id| R::from_id(&self.dh, id));
        objects.filter_map(Result::ok).collect()
    }

    /// What the host would have answered.
    fn lose_answers(&mut self) {
        for feedback in self.objects::<WpPresentationFeedback>() {
            feedback.discarded();
        }
        for token in self.objects::<XdgActivationTokenV1>() {
            if let Some(data) = token.data::<Token>() {
                data.lose_host(self, &token);
            }
        }
        self.lose_gpu_buffers();
        // Windows of others have other names on another host, and these are not said again.
        self.objects::<ZxdgImportedV1>()
            .iter()
            .for_each(ZxdgImportedV1::destroyed);
        self.objects::<ZxdgImportedV2>()
            .iter()
            .for_each(ZxdgImportedV2::destroyed);
        for locked in self.objects::<ZwpLockedPointerV1>() {
            let data = locked.data::<Constraint<HostLocked>>();
            if data.is_some_and(|data| data.activate(false)) {
                locked.unlocked();
            }
        }
        for confined in self.objects::<ZwpConfinedPointerV1>() {
            let data = confined.data::<Constraint<HostConfined>>();
            if data.is_some_and(|data| data.activate(false)) {
                confined.unconfined();
            }
        }
        self.pings.host = None;
    }

    fn lose_surface(&mut self, surface: &WlSurface) {
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        for screen in std::mem::take(&mut link.screens) {
            if screen.is_alive() {
                surface.leave(&screen);
            }
        }
        let outer = link.outer_size();
        match &mut link.role {
            // Menus close when something else has the user's eye.
            Role::Popup(popup) if !popup.gone => {
                popup.gone = true;
                popup.app.send_popup_done();
            }
            Role::Toplevel(toplevel) => toplevel.outer = outer,
            _ => {}
        }
        link.keep_all();
    }

    /// A window that is not seen.
    fn lose_toplevel(&mut self, surface: &WlSurface) {
        let Some(toplevel) = self.toplevel_mut(surface) else {
            return;
        };
        toplevel.lose_host();
        if toplevel.configures.acked() {
            let shape = toplevel.shape;
            self.tell_toplevel(surface, None, shape);
        }
    }

    /// Nobody reads any more what only the host had; what is shown next is kept.
    fn give_back_buffers(&self) {
        let kept: Vec<ObjectId> = self
            .surfaces
            .values()
            .filter_map(|link| Some(link.kept()?.id()))
            .collect();
        for buffer in self.objects::<WlBuffer>() {
            if !kept.contains(&buffer.id()) {
                buffers::give_back(&buffer);
            }
        }
    }
}
