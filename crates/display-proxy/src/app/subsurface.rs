//! wl_subcompositor and wl_subsurface. The requests are relayed as they come: the host does the
//! double buffering that they are subject to.

use smithay::wayland::compositor::{CompositorState, SubsurfaceUserData, get_parent};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_subcompositor::{self, WlSubcompositor};
use wayland_server::protocol::wl_subsurface::{self, WlSubsurface};
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use crate::bridge::surfaces::Surface;
use crate::quota;
use crate::session::Session;

smithay::reexports::wayland_server::delegate_global_dispatch!(Session: [WlSubcompositor: ()] => CompositorState);

impl Dispatch<WlSubcompositor, ()> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        subcompositor: &WlSubcompositor,
        request: wl_subcompositor::Request,
        data: &(),
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(subcompositor);
        if let wl_subcompositor::Request::GetSubsurface { parent, .. } = &request
            && depth(parent) >= quota::SUBSURFACE_DEPTH
        {
            session.offend(subcompositor, "subsurfaces are nested too deeply");
            return;
        }
        <CompositorState as Dispatch<WlSubcompositor, (), Self>>::request(
            session,
            client,
            subcompositor,
            request,
            data,
            dh,
            data_init,
        );
    }
}

fn depth(surface: &WlSurface) -> usize {
    std::iter::successors(Some(surface.clone()), get_parent)
        .take(quota::SUBSURFACE_DEPTH + 1)
        .count()
}

impl Dispatch<WlSubsurface, SubsurfaceUserData> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        subsurface: &WlSubsurface,
        request: wl_subsurface::Request,
        data: &SubsurfaceUserData,
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(subsurface);
        session.relay_subsurface(subsurface, data.surface(), &request);
        if session.verdict().is_some() {
            return;
        }
        <CompositorState as Dispatch<WlSubsurface, SubsurfaceUserData, Self>>::request(
            session, client, subsurface, request, data, dh, data_init,
        );
    }

    fn destroyed(
        session: &mut Self,
        client: ClientId,
        subsurface: &WlSubsurface,
        data: &SubsurfaceUserData,
    ) {
        session.subsurface_destroyed(data.surface());
        // smithay forgets the sync mode through the surface's data, which lives as long as this.
        <CompositorState as Dispatch<WlSubsurface, SubsurfaceUserData, Self>>::destroyed(
            session, client, subsurface, data,
        );
    }
}

impl Session {
    fn relay_subsurface(
        &mut self,
        object: &WlSubsurface,
        surface: &WlSurface,
        request: &wl_subsurface::Request,
    ) {
        let sibling = match request {
            wl_subsurface::Request::PlaceAbove { sibling }
            | wl_subsurface::Request::PlaceBelow { sibling } => {
                // The host would end our connection for a stranger.
                let parent = get_parent(surface);
                let related = parent.is_some()
                    && (parent.as_ref() == Some(sibling) || get_parent(sibling) == parent);
                if !related || sibling == surface {
                    object.post_error(
                        wl_subsurface::Error::BadSurface,
                        "not a sibling or the parent",
                    );
                    self.end("restacked a subsurface against a stranger");
                    return;
                }
                let Some(sibling) = self.surfaces.get(&sibling.id()) else {
                    return;
                };
                Some(sibling.host.clone())
            }
            _ => None,
        };
        if let Some(link) = self.surfaces.get_mut(&surface.id()) {
            match request {
                wl_subsurface::Request::SetSync => link.desync = false,
                wl_subsurface::Request::SetDesync => link.desync = true,
                _ => {}
            }
        }
        let Some(host) = self
            .surfaces
            .get(&surface.id())
            .and_then(|s| s.subsurface())
        else {
            return;
        };
        match (request, sibling) {
            (wl_subsurface::Request::SetPosition { x, y }, _) => {
                let parent = get_parent(surface);
                let parent = parent.and_then(|parent| self.surfaces.get(&parent.id()));
                let shift = parent.map_or((0, 0), Surface::shift);
                host.set_position(x.saturating_sub(shift.0), y.saturating_sub(shift.1));
            }
            (wl_subsurface::Request::PlaceAbove { .. }, Some(sibling)) => {
                host.place_above(&sibling)
            }
            (wl_subsurface::Request::PlaceBelow { .. }, Some(sibling)) => {
                host.place_below(&sibling)
            }
            (wl_subsurface::Request::SetSync, _) => host.set_sync(),
            (wl_subsurface::Request::SetDesync, _) => host.set_desync(),
            _ => {}
        }
    }
}
