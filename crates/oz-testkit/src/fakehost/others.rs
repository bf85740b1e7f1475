//! Protocols of which no test looks at more than what would end the connection.

use std::sync::Arc;

use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_device_v1::{
    self, WpCursorShapeDeviceV1,
};
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_manager_v1::{
    self, WpCursorShapeManagerV1,
};
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_confined_pointer_v1::{
    self, ZwpConfinedPointerV1,
};
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_locked_pointer_v1::{
    self, ZwpLockedPointerV1,
};
use wayland_protocols::wp::pointer_constraints::zv1::server::zwp_pointer_constraints_v1::{
    self, ZwpPointerConstraintsV1,
};
use wayland_protocols::wp::presentation_time::server::wp_presentation::{self, WpPresentation};
use wayland_protocols::wp::presentation_time::server::wp_presentation_feedback::{
    self, WpPresentationFeedback,
};
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_device_manager_v1::{
    self, ZwpPrimarySelectionDeviceManagerV1,
};
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_device_v1::{
    self, ZwpPrimarySelectionDeviceV1,
};
use wayland_protocols::wp::primary_selection::zv1::server::zwp_primary_selection_source_v1::{
    self, ZwpPrimarySelectionSourceV1,
};
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_manager_v1::{
    self, ZwpRelativePointerManagerV1,
};
use wayland_protocols::wp::relative_pointer::zv1::server::zwp_relative_pointer_v1::{
    self, ZwpRelativePointerV1,
};
use wayland_protocols::wp::single_pixel_buffer::v1::server::wp_single_pixel_buffer_manager_v1::{
    self, WpSinglePixelBufferManagerV1,
};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_decoration_manager_v1::{
    self, ZxdgDecorationManagerV1,
};
use wayland_protocols::xdg::decoration::zv1::server::zxdg_toplevel_decoration_v1::{
    self, Mode, ZxdgToplevelDecorationV1,
};
use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_manager_v1::{
    self, ZxdgOutputManagerV1,
};
use wayland_protocols::xdg::xdg_output::zv1::server::zxdg_output_v1::{self, ZxdgOutputV1};
use wayland_server::protocol::wl_surface::WlSurface;
use wayland_server::{Client, DataInit, DisplayHandle, GlobalDispatch, New, Resource};

use super::surface::{global, inert, requests};
use super::{Host, Versions, shm};

pub(crate) fn offer(dh: &DisplayHandle, versions: Versions) {
    macro_rules! globals {
        ($($interface:ty),* $(,)?) => {
            $(
                let name = <$interface as Resource>::interface().name;
                let has = |(other, version): &&(&str, u32)| *other == name && *version > 0;
                if let Some((_, version)) = versions.iter().find(has) {
                    dh.create_global::<Host, $interface, _>(*version, ());
                }
            )*
        };
    }
    globals!(
        WpCursorShapeManagerV1,
        ZwpPointerConstraintsV1,
        WpPresentation,
        ZwpPrimarySelectionDeviceManagerV1,
        ZwpRelativePointerManagerV1,
        WpSinglePixelBufferManagerV1,
        ZxdgDecorationManagerV1,
        ZxdgOutputManagerV1,
    );
}

global!(WpCursorShapeManagerV1);
global!(ZwpPointerConstraintsV1);
global!(ZwpPrimarySelectionDeviceManagerV1);
global!(ZwpRelativePointerManagerV1);
global!(WpSinglePixelBufferManagerV1);
global!(ZxdgDecorationManagerV1);
global!(ZxdgOutputManagerV1);

inert!(WpPresentationFeedback, wp_presentation_feedback::Request);
inert!(
    ZwpPrimarySelectionDeviceV1,
    zwp_primary_selection_device_v1::Request
);
inert!(
    ZwpPrimarySelectionSourceV1,
    zwp_primary_selection_source_v1::Request
);
inert!(ZwpRelativePointerV1, zwp_relative_pointer_v1::Request);
inert!(ZxdgOutputV1, zxdg_output_v1::Request);

requests!(
    WpCursorShapeManagerV1,
    (),
    |_host, _manager, request, _data, init| match request {
        wp_cursor_shape_manager_v1::Request::GetPointer {
            cursor_shape_device,
            ..
        } => {
            init.init(cursor_shape_device, ());
        }
        wp_cursor_shape_manager_v1::Request::GetTabletToolV2 { .. } => {
            panic!("there is no tablet");
        }
        _ => {}
    }
);

requests!(
    WpCursorShapeDeviceV1,
    (),
    |_host, device, request, _data, _init| {
        if let wp_cursor_shape_device_v1::Request::SetShape { shape, .. } = request
            && shape.into_result().is_err()
        {
            device.post_error(wp_cursor_shape_device_v1::Error::InvalidShape, "no shape");
        }
    }
);

requests!(
    ZwpPointerConstraintsV1,
    (),
    |host, manager, request, _data, init| {
        use zwp_pointer_constraints_v1::{Error, Request};
        let surface = match request {
            Request::LockPointer { id, surface, .. } => {
                init.init(id, surface.clone()).locked();
                surface
            }
            Request::ConfinePointer { id, surface, .. } => {
                init.init(id, surface.clone()).confined();
                surface
            }
            _ => return,
        };
        if !host.is_first::<ZwpPointerConstraintsV1>(&surface) {
            manager.post_error(Error::AlreadyConstrained, "twice");
        }
    }
);

requests!(
    ZwpLockedPointerV1,
    WlSurface,
    |host, _locked, request, surface, _init| {
        if let zwp_locked_pointer_v1::Request::Destroy = request {
            host.gone::<ZwpPointerConstraintsV1>(surface);
        }
    }
);

requests!(
    ZwpConfinedPointerV1,
    WlSurface,
    |host, _confined, request, surface, _init| {
        if let zwp_confined_pointer_v1::Request::Destroy = request {
            host.gone::<ZwpPointerConstraintsV1>(surface);
        }
    }
);

impl GlobalDispatch<WpPresentation, ()> for Host {
    fn bind(
        _host: &mut Self,
        _dh: &DisplayHandle,
        _client: &Client,
        resource: New<WpPresentation>,
        (): &(),
        data_init: &mut DataInit<'_, Self>,
    ) {
        data_init.init(resource, ()).clock_id(1);
    }
}

requests!(WpPresentation, (), |host,
                               _presentation,
                               request,
                               _data,
                               init| {
    if let wp_presentation::Request::Feedback { callback, .. } = request {
        // Answered later: it has to exist once this request has been handled.
        host.feedbacks.push(init.init(callback, ()));
    }
});

requests!(
    ZwpPrimarySelectionDeviceManagerV1,
    (),
    |_host, _manager, request, _data, init| {
        use zwp_primary_selection_device_manager_v1::Request;
        match request {
            Request::CreateSource { id } => {
                init.init(id, ());
            }
            Request::GetDevice { id, .. } => {
                init.init(id, ());
            }
            _ => {}
        }
    }
);

requests!(
    ZwpRelativePointerManagerV1,
    (),
    |_host, _manager, request, _data, init| {
        if let zwp_relative_pointer_manager_v1::Request::GetRelativePointer { id, .. } = request {
            init.init(id, ()).relative_motion(0, 1, 2.0, 3.0, 4.0, 5.0);
        }
    }
);

requests!(
    WpSinglePixelBufferManagerV1,
    (),
    |_host, _manager, request, _data, init| {
        use wp_single_pixel_buffer_manager_v1::Request;
        if let Request::CreateU32RgbaBuffer { id, r, g, b, a } = request {
            let byte = |part: u32| (part >> 24).to_ne_bytes()[0];
            let pixel = u32::from_be_bytes([byte(a), byte(r), byte(g), byte(b)]);
            let file = std::fs::File::from(shm::memory(&pixel.to_ne_bytes()));
            init.init(id, shm::Buffer::pixel(Arc::new(file)));
        }
    }
);

requests!(
    ZxdgDecorationManagerV1,
    (),
    |host, _manager, request, _data, init| {
        use zxdg_decoration_manager_v1::Request;
        if let Request::GetToplevelDecoration { id, toplevel } = request {
            let surface = toplevel
                .data::<WlSurface>()
                .expect("a window has its surface");
            let decoration = init.init(id, surface.clone());
            if !host.is_first::<ZxdgToplevelDecorationV1>(surface) {
                let twice = zxdg_toplevel_decoration_v1::Error::AlreadyConstructed;
                decoration.post_error(twice, "twice");
                return;
            }
            decoration.configure(Mode::ServerSide);
        }
    }
);

requests!(
    ZxdgToplevelDecorationV1,
    WlSurface,
    |host, decoration, request, surface, _init| {
        match request {
            zxdg_toplevel_decoration_v1::Request::SetMode { mode } => match mode.into_result() {
                Ok(mode) => decoration.configure(mode),
                Err(_) => decoration.post_error(3_u32, "no mode"),
            },
            zxdg_toplevel_decoration_v1::Request::Destroy => {
                host.gone::<ZxdgToplevelDecorationV1>(surface);
            }
            _ => {}
        }
    }
);

requests!(
    ZxdgOutputManagerV1,
    (),
    |_host, _manager, request, _data, init| {
        if let zxdg_output_manager_v1::Request::GetXdgOutput { id, .. } = request {
            let output = init.init(id, ());
            output.logical_position(0, 0);
            output.logical_size(1600, 1000);
        }
    }
);
