//! Protocols of few requests: frames of windows, viewports, single colours, presentation, cursors by name.

use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_device_v1::{
    self, WpCursorShapeDeviceV1,
};
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_manager_v1::{
    self, WpCursorShapeManagerV1,
};
use wayland_protocols::wp::presentation_time::server::wp_presentation::{self, WpPresentation};
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::WpPresentationFeedback;
use wayland_protocols::wp::single_pixel_buffer::v1::server::wp_single_pixel_buffer_manager_v1::{
    self, WpSinglePixelBufferManagerV1,
};
use wayland_protocols::wp::viewporter::server::wp_viewport::{self, WpViewport};
use wayland_protocols::wp::viewporter::server::wp_viewporter::{self, WpViewporter};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_decoration_manager_v1::{
    self, ZxdgDecorationManagerV1,
};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_toplevel_decoration_v1::{
    self, ZxdgToplevelDecorationV1,
};
use wayland_protocols_misc::server_decoration::server::org_kde_kwin_server_decoration::{
    self, OrgKdeKwinServerDecoration,
};
use wayland_protocols_misc::server_decoration::server::org_kde_kwin_server_decoration_manager::{
    self, OrgKdeKwinServerDecorationManager,
};
use wayland_server::backend::{ClientId, ObjectId};
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource};

use super::State;
use super::buffers::Picture;
use super::compositor::known;

/// The clock that the server counts frames by.
const MONOTONIC: u32 = 1;

impl Dispatch<WpViewporter, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &WpViewporter,
        request: wp_viewporter::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let wp_viewporter::Request::GetViewport { id, surface } = request {
            data_init.init(id, surface.id());
        }
    }
}

impl Dispatch<WpViewport, ObjectId> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &WpViewport,
        request: wp_viewport::Request,
        id: &ObjectId,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        let Some(surface) = state.surfaces.get_mut(id) else {
            return;
        };
        match request {
            wp_viewport::Request::SetSource {
                x,
                y,
                width,
                height,
            } => {
                let given = width > 0.0 && height > 0.0;
                surface.pending.source = Some(given.then_some((x, y, width, height)));
            }
            wp_viewport::Request::SetDestination { width, height } => {
                let given = width > 0 && height > 0;
                surface.pending.destination = Some(given.then_some((width, height)));
            }
            _ => {}
        }
    }

    fn destroyed(state: &mut Self, _client: ClientId, _object: &WpViewport, id: &ObjectId) {
        if let Some(surface) = state.surfaces.get_mut(id) {
            surface.pending.source = Some(None);
            surface.pending.destination = Some(None);
        }
    }
}

impl Dispatch<WpSinglePixelBufferManagerV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &WpSinglePixelBufferManagerV1,
        request: wp_single_pixel_buffer_manager_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let wp_single_pixel_buffer_manager_v1::Request::CreateU32RgbaBuffer { id, r, g, b, a } =
            request
        {
            // Each is the upper eight of its bits.
            let argb = (a >> 24) << 24 | (r >> 24) << 16 | (g >> 24) << 8 | b >> 24;
            state.new_buffer(id, Picture::colour(argb), data_init);
        }
    }
}

impl GlobalDispatch<WpPresentation, ()> for State {
    fn bind(
        _state: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WpPresentation>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        data_init.init(resource, ()).clock_id(MONOTONIC);
    }
}

impl Dispatch<WpPresentation, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &WpPresentation,
        request: wp_presentation::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let wp_presentation::Request::Feedback { surface, callback } = request {
            let feedback = data_init.init(callback, ());
            // One that was made by this request cannot go by it: a surface that is gone leaves it unanswered.
            if let Some(surface) = state.surfaces.get_mut(&surface.id()) {
                surface.pending.feedback.push(feedback);
            }
        }
    }
}

impl Dispatch<WpPresentationFeedback, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &WpPresentationFeedback,
        _request: <WpPresentationFeedback as Resource>::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // It has no requests.
    }
}

impl Dispatch<WpCursorShapeManagerV1, ()> for State {
    fn request(
        _state: &mut Self,
        _client: &Client,
        _object: &WpCursorShapeManagerV1,
        request: wp_cursor_shape_manager_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        use wp_cursor_shape_manager_v1::Request;
        match request {
            Request::GetPointer {
                cursor_shape_device,
                ..
            }
            | Request::GetTabletToolV2 {
                cursor_shape_device,
                ..
            } => {
                data_init.init(cursor_shape_device, ());
            }
            _ => {}
        }
    }
}

impl Dispatch<WpCursorShapeDeviceV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &WpCursorShapeDeviceV1,
        request: wp_cursor_shape_device_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        if let wp_cursor_shape_device_v1::Request::SetShape { serial, shape } = request
            && let Some(shape) = known(shape)
        {
            state.set_shape(serial, shape);
        }
    }
}

impl Dispatch<ZxdgDecorationManagerV1, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &ZxdgDecorationManagerV1,
        request: zxdg_decoration_manager_v1::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let zxdg_decoration_manager_v1::Request::GetToplevelDecoration { id, toplevel } = request
        {
            let surface = toplevel.data::<ObjectId>().cloned();
            let decoration = data_init.init(id, surface.clone());
            if let Some(id) = surface
                && let Some(toplevel) = state.shells.get_mut(&id).and_then(|it| it.toplevel_mut())
            {
                toplevel.decoration = Some(decoration);
                state.decorate(&id, None);
            }
        }
    }
}

impl Dispatch<ZxdgToplevelDecorationV1, Option<ObjectId>> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &ZxdgToplevelDecorationV1,
        request: zxdg_toplevel_decoration_v1::Request,
        id: &Option<ObjectId>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        let Some(id) = id else { return };
        match request {
            zxdg_toplevel_decoration_v1::Request::SetMode { mode } => {
                state.decorate(id, known(mode));
            }
            zxdg_toplevel_decoration_v1::Request::UnsetMode => state.decorate(id, None),
            _ => {}
        }
    }

    fn destroyed(
        state: &mut Self,
        _client: ClientId,
        _object: &ZxdgToplevelDecorationV1,
        id: &Option<ObjectId>,
    ) {
        let Some(id) = id else { return };
        if let Some(toplevel) = state.shells.get_mut(id).and_then(|it| it.toplevel_mut()) {
            toplevel.decoration = None;
            state.set_own_frame(id, true);
        }
    }
}

impl GlobalDispatch<OrgKdeKwinServerDecorationManager, ()> for State {
    fn bind(
        state: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<OrgKdeKwinServerDecorationManager>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        use org_kde_kwin_server_decoration_manager::Mode;
        let manager = data_init.init(resource, ());
        manager.default_mode(if state.is_managed() {
            Mode::Server
        } else {
            Mode::Client
        });
    }
}

impl Dispatch<OrgKdeKwinServerDecorationManager, ()> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        _object: &OrgKdeKwinServerDecorationManager,
        request: org_kde_kwin_server_decoration_manager::Request,
        (): &(),
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        if let org_kde_kwin_server_decoration_manager::Request::Create { id, surface } = request {
            use org_kde_kwin_server_decoration::Mode;
            let decoration = data_init.init(id, surface.id());
            decoration.mode(if state.is_managed() {
                Mode::Server
            } else {
                Mode::Client
            });
        }
    }
}

impl Dispatch<OrgKdeKwinServerDecoration, ObjectId> for State {
    fn request(
        state: &mut Self,
        _client: &Client,
        object: &OrgKdeKwinServerDecoration,
        request: org_kde_kwin_server_decoration::Request,
        id: &ObjectId,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        use org_kde_kwin_server_decoration::{Mode, Request};
        if let Request::RequestMode { mode } = request
            && let Some(mode) = known(mode)
        {
            let mode = if state.is_managed() {
                mode
            } else {
                Mode::Client
            };
            object.mode(mode);
            state.set_own_frame(id, mode != Mode::Server);
        }
    }
}
