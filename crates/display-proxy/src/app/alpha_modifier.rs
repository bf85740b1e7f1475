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
use crate::peer::manager_of;
use crate::quota::Kind;

mirror_manager!(WpAlphaModifierV1 => HostManager);

relay!(WpAlphaModifierV1 => HostManager, |session, manager, _host, request, init| {
    if let wp_alpha_modifier_v1::Request::GetSurface { id, surface } = request {
        let alpha = init.init(id, Extra::<HostAlpha>::of(&surface));
        session.take(Kind::Object, &alpha);
        if !session.is_first::<WpAlphaModifierSurfaceV1>(&surface) {
            manager.post_error(
                wp_alpha_modifier_v1::Error::AlreadyConstructed,
                "the surface has one already",
            );
            session.end("made a second alpha modifier for a surface");
        } else if let Some(data) = alpha.data::<Extra<HostAlpha>>() {
            let manager = manager.clone();
            session.link(&alpha, &data.host, move |session, of| {
                let manager = manager_of::<HostManager>(session, &manager)?;
                let surface = session.host_surface(&surface)?;
                let host = manager.get_surface(surface, &session.qh, ());
                if let Some(said) = Extra::<HostAlpha>::said_of(of) {
                    host.set_multiplier(said);
                }
                Some(host)
            });
        }
    }
});

extra!(WpAlphaModifierSurfaceV1 => HostAlpha, |session, alpha, host, data, request| {
    if let wp_alpha_modifier_surface_v1::Request::SetMultiplier { factor } = request {
        if data.surface.is_alive() {
            data.say(factor);
            host.inspect(|host| host.set_multiplier(factor));
        } else {
            alpha.post_error(
                wp_alpha_modifier_surface_v1::Error::NoSurface,
                "the surface is gone",
            );
            session.end("faded a surface that is gone");
        }
    }
});
