//! The scale that the host prefers for a surface.

use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1 as HostManager;
use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_v1::WpFractionalScaleV1 as HostScale;
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_manager_v1::{
    self, WpFractionalScaleManagerV1,
};
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_v1::{
    self, WpFractionalScaleV1,
};
use wayland_server::backend::ClientId;
use wayland_server::{Client, DataInit, Dispatch, DisplayHandle};

use super::mirror::mirror_manager;
use crate::peer::{Peer, link};
use crate::quota::Kind;
use crate::session::Session;

mirror_manager!(WpFractionalScaleManagerV1 => HostManager);

impl Dispatch<WpFractionalScaleManagerV1, Peer<HostManager>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        manager: &WpFractionalScaleManagerV1,
        request: wp_fractional_scale_manager_v1::Request,
        data: &Peer<HostManager>,
        _dh: &DisplayHandle,
        data_init: &mut DataInit<'_, Self>,
    ) {
        session.tick(manager);
        let Some(host) = data.get() else { return };
        match request {
            wp_fractional_scale_manager_v1::Request::GetFractionalScale { id, surface } => {
                let scale = data_init.init(id, Peer::<HostScale>::default());
                session.take(Kind::Object, &scale);
                if let Some(surface) = session.host_surface(&surface) {
                    link(
                        &scale,
                        host.get_fractional_scale(surface, &session.qh, scale.clone()),
                    );
                }
            }
            wp_fractional_scale_manager_v1::Request::Destroy => host.destroy(),
            _ => {}
        }
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _m: &WpFractionalScaleManagerV1,
        _data: &Peer<HostManager>,
    ) {
        session.quota.give(Kind::Object);
    }
}

impl Dispatch<WpFractionalScaleV1, Peer<HostScale>> for Session {
    fn request(
        session: &mut Self,
        _client: &Client,
        scale: &WpFractionalScaleV1,
        _request: wp_fractional_scale_v1::Request,
        _data: &Peer<HostScale>,
        _dh: &DisplayHandle,
        _data_init: &mut DataInit<'_, Self>,
    ) {
        // Destruction is the only request.
        session.tick(scale);
    }

    fn destroyed(
        session: &mut Self,
        _client: ClientId,
        _scale: &WpFractionalScaleV1,
        data: &Peer<HostScale>,
    ) {
        if let Some(host) = data.get() {
            host.destroy();
        }
        session.quota.give(Kind::Object);
    }
}
