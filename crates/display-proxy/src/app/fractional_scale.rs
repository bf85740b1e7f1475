//! The scale that the host prefers for a surface.

use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_manager_v1::WpFractionalScaleManagerV1 as HostManager;
use wayland_protocols::wp::fractional_scale::v1::client::wp_fractional_scale_v1::WpFractionalScaleV1 as HostScale;
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_manager_v1::{
    self, WpFractionalScaleManagerV1,
};
use wayland_protocols::wp::fractional_scale::v1::server::wp_fractional_scale_v1::WpFractionalScaleV1;
use wayland_server::Resource;

use super::extra::{Extra, extra};
use super::mirror::{mirror_manager, relay};
use crate::peer::manager_of;
use crate::quota::Kind;

mirror_manager!(WpFractionalScaleManagerV1 => HostManager);

relay!(WpFractionalScaleManagerV1 => HostManager, |session, manager, _host, request, init| {
    if let wp_fractional_scale_manager_v1::Request::GetFractionalScale { id, surface } = request {
        let scale = init.init(id, Extra::<HostScale>::of(&surface));
        session.take(Kind::Object, &scale);
        if !session.is_first::<WpFractionalScaleV1>(&surface) {
            manager.post_error(
                wp_fractional_scale_manager_v1::Error::FractionalScaleExists,
                "the surface has one already",
            );
            session.end("asked for the scale of a surface twice");
        } else if let Some(data) = scale.data::<Extra<HostScale>>() {
            let manager = manager.clone();
            session.link(&scale, &data.host, move |session, of| {
                let manager = manager_of::<HostManager>(session, &manager)?;
                let surface = session.host_surface(&surface)?;
                Some(manager.get_fractional_scale(surface, &session.qh, of.clone()))
            });
        }
    }
});

// Destruction is the only request.
extra!(WpFractionalScaleV1 => HostScale, |session, scale, _host, _data, _request| {});
