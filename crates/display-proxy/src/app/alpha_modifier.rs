//! Fading of surfaces. The host double-buffers it, so requests are relayed as they come.

use wayland_protocols::wp::alpha_modifier::v1::client::wp_alpha_modifier_surface_v1::WpAlphaModifierSurfaceV1 as HostAlpha;
use wayland_protocols::wp::alpha_modifier::v1::client::wp_alpha_modifier_v1::WpAlphaModifierV1 as HostManager;
use wayland_protocols::wp::alpha_modifier::v1::server::wp_alpha_modifier_surface_v1::{
    self, WpAlphaModifierSurfaceV1,
};
use wayland_protocols::wp::alpha_modifier::v1::server::wp_alpha_modifier_v1::{
    self, WpAlphaModifierV1,
};
use wayland_server::Resource;

use super::extra::{Extra, extra};
use super::mirror::{mirror_manager, relay};
use crate::quota::Kind;

mirror_manager!(WpAlphaModifierV1 => HostManager);

relay!(WpAlphaModifierV1 => HostManager, |session, manager, host, request, init| {
    if let wp_alpha_modifier_v1::Request::GetSurface { id, surface } = request {
        let alpha = init.init(id, Extra::<HostAlpha>::of(&surface));
        session.take(Kind::Object, &alpha);
        if !session.is_first::<WpAlphaModifierSurfaceV1>(&surface) {
            manager.post_error(
                wp_alpha_modifier_v1::Error::AlreadyConstructed,
                "the surface has one already",
            );
            session.end("made a second alpha modifier for a surface");
        } else if let Some(surface) = session.host_surface(&surface)
            && let Some(data) = alpha.data::<Extra<HostAlpha>>()
        {
            data.host.set(host.get_surface(surface, &session.qh, ()));
        }
    }
});

extra!(WpAlphaModifierSurfaceV1 => HostAlpha, |session, alpha, host, surface, request| {
    if let wp_alpha_modifier_surface_v1::Request::SetMultiplier { factor } = request {
        if surface.is_alive() {
            host.set_multiplier(factor);
        } else {
            alpha.post_error(
                wp_alpha_modifier_surface_v1::Error::NoSurface,
                "the surface is gone",
            );
            session.end("faded a surface that is gone");
        }
    }
});
