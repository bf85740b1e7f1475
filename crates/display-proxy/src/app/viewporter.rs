//! Scaling and cropping. It is told to the host with the commit, together with what a border cuts off.

use wayland_client::protocol::wl_surface::WlSurface as HostSurface;
use wayland_protocols::wp::viewporter::client::wp_viewporter::WpViewporter as HostViewporter;
use wayland_protocols::wp::viewporter::server::wp_viewport::{self, WpViewport};
use wayland_protocols::wp::viewporter::server::wp_viewporter::{self, WpViewporter};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use super::mirror::mirror_manager;
use crate::bridge::surfaces::Role;
use crate::bridge::view::View;
use crate::peer::Peer;
use crate::policy;
use crate::quota::Kind;
use crate::session::Session;

mirror_manager!(WpViewporter => HostViewporter);

impl Session {
    /// The host's surface of a live surface.
    pub(crate) fn host_surface(&self, surface: &WlSurface) -> Option<&HostSurface> {
        self.surfaces.get(&surface.id()).map(|link| &link.host)
    }

    /// What moves with the pointer must not grow by its viewport either.
    fn resize(&mut self, viewport: &WpViewport, surface: &WlSurface, size: (i32, i32)) {
        let Some(link) = self.surfaces.get_mut(&surface.id()) else {
            return;
        };
        link.view.destination = Some(size).filter(|size| *size != (-1, -1));
        let most = match link.role {
            Role::Cursor => policy::CURSOR_MAX,
            Role::DragIcon => policy::DRAG_ICON_MAX,
            _ => return,
        };
        if link.exceeds(most) {
            self.offend(viewport, "what moves with the pointer is too large");
        }
    }
}

impl Dispatch<WpViewporter, Peer<HostViewporter>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        viewporter: &WpViewporter,
        request: wp_viewporter::Request,
        data: &Peer<HostViewporter>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(viewporter);
        let Some(host) = data.get() else { return };
        match request {
            wp_viewporter::Request::GetViewport { id, surface } => {
                let viewport = data_init.init(id, surface.clone());
                session.take(Kind::Object, &viewport);
                if !session.viewports.insert(surface.id()) {
                    viewporter.post_error(
                        wp_viewporter::Error::ViewportExists,
                        "the surface has one already",
                    );
                    session.end("made a second viewport for a surface");
                }
            }
            wp_viewporter::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _v: &WpViewporter,
        _data: &Peer<HostViewporter>,
    ) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WpViewport, WlSurface> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        viewport: &WpViewport,
        request: wp_viewport::Request,
        surface: &WlSurface,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(viewport);
        let gone = !surface.is_alive();
        match request {
            wp_viewport::Request::Destroy => {}
            _ if gone => viewport.post_error(wp_viewport::Error::NoSurface, "the surface is gone"),
            wp_viewport::Request::SetSource {
                x,
                y,
                width,
                height,
            } => {
                let unset = [x, y, width, height]
                    .iter()
                    .all(|n| (*n + 1.0).abs() < f64::EPSILON);
                if unset || (x >= 0.0 && y >= 0.0 && width > 0.0 && height > 0.0) {
                    if let Some(link) = session.surfaces.get_mut(&surface.id()) {
                        link.view.source = (!unset).then_some([x, y, width, height]);
                    }
                } else {
                    viewport.post_error(wp_viewport::Error::BadValue, "not a rectangle");
                }
            }
            wp_viewport::Request::SetDestination { width, height } => {
                if (width, height) == (-1, -1)
                    || (policy::is_side(width) && policy::is_side(height))
                {
                    session.resize(viewport, surface, (width, height));
                } else {
                    viewport.post_error(wp_viewport::Error::BadValue, "not a size");
                }
            }
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _viewport: &WpViewport,
        surface: &WlSurface,
    ) {
        session.viewports.remove(&surface.id());
        if let Some(link) = session.surfaces.get_mut(&surface.id()) {
            link.view = View::default();
        }
        session.quota.give(Kind::Object);
    }
}
