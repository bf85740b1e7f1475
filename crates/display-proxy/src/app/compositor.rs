//! wl_compositor, wl_surface and wl_region: smithay keeps their state, we count and relay.

use smithay::wayland::compositor::{
    CompositorClientState, CompositorHandler, CompositorState, RegionUserData, SurfaceUserData,
};
use wayland_server::backend::ClientId;
use wayland_server::protocol::wl_callback::{self, WlCallback};
use wayland_server::protocol::wl_compositor::{self, WlCompositor};
use wayland_server::protocol::wl_region::{self, WlRegion};
use wayland_server::protocol::wl_surface::{self, WlSurface};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, Resource};

use crate::bridge::surfaces::Uncommitted;
use crate::quota::{self, Kind};
use crate::session::{AppClient, Session};

smithay::reexports::wayland_server::delegate_global_dispatch!(Session: [WlCompositor: ()] => CompositorState);

impl CompositorHandler for Session {
    fn compositor_state(&mut self) -> &mut CompositorState {
        &mut self.compositor
    }

    fn client_compositor_state<'a>(&self, client: &'a Client) -> &'a CompositorClientState {
        match client.get_data::<AppClient>() {
            Some(data) => &data.compositor,
            // Every client is inserted with this data; there is no other way in.
            None => unreachable!("a client without its data"),
        }
    }

    fn new_surface(&mut self, surface: &WlSurface) {
        self.surface_created(surface);
    }

    fn new_subsurface(&mut self, surface: &WlSurface, parent: &WlSurface) {
        self.subsurface_created(surface, parent);
    }

    /// Nothing: state goes to the host when it is committed, and the host does the caching of
    /// synchronised subsurfaces as the protocol says.
    fn commit(&mut self, _surface: &WlSurface) {}

    fn destroyed(&mut self, surface: &WlSurface) {
        self.surface_destroyed(surface);
    }
}

impl Dispatch<WlCompositor, ()> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        compositor: &WlCompositor,
        request: wl_compositor::Request,
        data: &(),
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(compositor);
        // Beyond a quota the object is made all the same: the client is dead already, and an
        // object must exist for its id.
        match &request {
            wl_compositor::Request::CreateSurface { .. } => session.take(Kind::Surface, compositor),
            wl_compositor::Request::CreateRegion { .. } => session.take(Kind::Region, compositor),
            _ => true,
        };
        <CompositorState as Dispatch<WlCompositor, (), Self>>::request(
            session, client, compositor, request, data, dh, data_init,
        );
    }
}

impl Dispatch<WlSurface, SurfaceUserData> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        surface: &WlSurface,
        request: wl_surface::Request,
        data: &SurfaceUserData,
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(surface);
        match &request {
            wl_surface::Request::Commit => session.relay_commit(surface),
            wl_surface::Request::Destroy => session.leave_surface(surface),
            wl_surface::Request::Frame { .. } => {
                session.take(Kind::Callback, surface);
            }
            wl_surface::Request::Damage { width, height, .. }
            | wl_surface::Request::DamageBuffer { width, height, .. }
                // smithay takes sizes for what they are; of negative ones there is nothing to see.
                if *width < 0 || *height < 0 || session.too_much_damage(surface) =>
            {
                return;
            }
            _ => {}
        }
        let commits = matches!(request, wl_surface::Request::Commit);
        if session.verdict().is_some() && commits {
            return;
        }
        let uncommitted = commits.then(|| Uncommitted::beneath(surface));
        <CompositorState as Dispatch<WlSurface, SurfaceUserData, Self>>::request(
            session, client, surface, request, data, dh, data_init,
        );
        let uncommitted = uncommitted.into_iter().flatten();
        uncommitted.for_each(Uncommitted::restore);
    }

    fn destroyed(
        session: &mut Self,
        client: ClientId,
        surface: &WlSurface,
        data: &SurfaceUserData,
    ) {
        <CompositorState as Dispatch<WlSurface, SurfaceUserData, Self>>::destroyed(
            session, client, surface, data,
        );
        session.quota.give(Kind::Surface);
    }
}

impl Dispatch<WlRegion, RegionUserData> for Session {
    fn request(
        session: &mut Self,
        client: &Client,
        region: &WlRegion,
        request: wl_region::Request,
        data: &RegionUserData,
        dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(region);
        if let wl_region::Request::Add { width, height, .. }
        | wl_region::Request::Subtract { width, height, .. } = request
        {
            if width < 0 || height < 0 {
                return;
            }
            let rects = session.region_rects.entry(region.id()).or_default();
            *rects += 1;
            if *rects > quota::RECTS {
                session.offend(region, "too many rectangles in a region");
                return;
            }
        }
        <CompositorState as Dispatch<WlRegion, RegionUserData, Self>>::request(
            session, client, region, request, data, dh, data_init,
        );
    }

    fn destroyed(session: &mut Self, _client: ClientId, region: &WlRegion, _data: &RegionUserData) {
        session.region_rects.remove(&region.id());
        session.quota.give(Kind::Region);
    }
}

impl Dispatch<WlCallback, ()> for Session {
    fn request(
        _session: &mut Self,
        _client: &Client,
        _callback: &WlCallback,
        _request: wl_callback::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // It has no requests.
    }

    fn destroyed(session: &mut Self, _client: ClientId, _callback: &WlCallback, (): &()) {
        // It is done, or its surface is gone.
        session.quota.give(Kind::Callback);
    }
}
