//! Cursors by name, drawn by the host.

use wayland_client::protocol::wl_pointer::WlPointer as HostPointer;
use wayland_protocols::wp::cursor_shape::v1::client::wp_cursor_shape_device_v1::WpCursorShapeDeviceV1 as HostDevice;
use wayland_protocols::wp::cursor_shape::v1::client::wp_cursor_shape_manager_v1::WpCursorShapeManagerV1 as HostManager;
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_device_v1::{
    self, WpCursorShapeDeviceV1,
};
use wayland_protocols::wp::cursor_shape::v1::server::wp_cursor_shape_manager_v1::{
    self, WpCursorShapeManagerV1,
};
use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle};

use super::mirror::mirror_manager;
use crate::peer::{Peer, host_of, link, manager_of, same};
use crate::quota::Kind;
use crate::session::Session;
use wayland_server::Resource;

mirror_manager!(WpCursorShapeManagerV1 => HostManager);

impl Dispatch<WpCursorShapeManagerV1, Peer<HostManager>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &WpCursorShapeManagerV1,
        request: wp_cursor_shape_manager_v1::Request,
        data: &Peer<HostManager>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        let Some(host) = data.get() else { return };
        match request {
            wp_cursor_shape_manager_v1::Request::GetPointer {
                cursor_shape_device,
                pointer,
            } => {
                let device = data_init.init(cursor_shape_device, Peer::<HostDevice>::default());
                session.take(Kind::Object, &device);
                let manager = manager.clone();
                link(session, &device, move |session, _| {
                    let manager = manager_of::<HostManager>(session, &manager)?;
                    let pointer = host_of::<HostPointer>(&pointer)?;
                    Some(manager.get_pointer(&pointer, &session.qh, ()))
                });
            }
            wp_cursor_shape_manager_v1::Request::GetTabletToolV2 {
                cursor_shape_device,
                ..
            } => {
                // No tablet is offered, so no tool exists that could be named here.
                data_init.init(cursor_shape_device, Peer::<HostDevice>::default());
            }
            wp_cursor_shape_manager_v1::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _m: &WpCursorShapeManagerV1,
        _data: &Peer<HostManager>,
    ) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WpCursorShapeDeviceV1, Peer<HostDevice>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        device: &WpCursorShapeDeviceV1,
        request: wp_cursor_shape_device_v1::Request,
        data: &Peer<HostDevice>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(device);
        let Some(host) = data.get() else { return };
        if let wp_cursor_shape_device_v1::Request::SetShape { serial, shape } = request {
            match same(shape) {
                Some(shape) => host.set_shape(serial, shape),
                None => device.post_error(
                    wp_cursor_shape_device_v1::Error::InvalidShape,
                    "no such shape",
                ),
            }
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _d: &WpCursorShapeDeviceV1,
        data: &Peer<HostDevice>,
    ) {
        if let Some(host) = data.get() {
            host.destroy();
        }
        session.quota.give(Kind::Object);
    }
}
