//! Buffers of one colour, without memory.

use wayland_protocols::wp::single_pixel_buffer::v1::client::wp_single_pixel_buffer_manager_v1::WpSinglePixelBufferManagerV1 as HostManager;
use wayland_protocols::wp::single_pixel_buffer::v1::server::wp_single_pixel_buffer_manager_v1::{
    self, WpSinglePixelBufferManagerV1,
};
use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle};

use super::mirror::mirror_manager;
use crate::bridge::buffers::{Buffer, Content};
use crate::peer::{Peer, manager_of};
use crate::quota::Kind;
use crate::session::Session;
use wayland_server::Resource;

mirror_manager!(WpSinglePixelBufferManagerV1 => HostManager);

impl Dispatch<WpSinglePixelBufferManagerV1, Peer<HostManager>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &WpSinglePixelBufferManagerV1,
        request: wp_single_pixel_buffer_manager_v1::Request,
        data: &Peer<HostManager>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        let Some(host) = data.get() else { return };
        match request {
            wp_single_pixel_buffer_manager_v1::Request::CreateU32RgbaBuffer { id, r, g, b, a } => {
                let buffer = data_init.init(id, Buffer::new(Content::Pixel));
                session.take(Kind::Buffer, &buffer);
                if let Some(data) = buffer.data::<Buffer>() {
                    let manager = manager.clone();
                    session.link(&buffer, &data.peer, move |session, of| {
                        let manager = manager_of::<HostManager>(session, &manager)?;
                        let (of, qh) = (of.downgrade(), &session.qh);
                        Some(manager.create_u32_rgba_buffer(r, g, b, a, qh, of))
                    });
                }
            }
            wp_single_pixel_buffer_manager_v1::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _m: &WpSinglePixelBufferManagerV1,
        _d: &Peer<HostManager>,
    ) {
        session.quota.give(Kind::Object);
    }
}
