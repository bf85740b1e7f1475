//! What a surface shows: a photo, a film, a game. The host double-buffers it.

use wayland_protocols::wp::content_type::v1::client::wp_content_type_manager_v1::WpContentTypeManagerV1 as HostManager;
use wayland_protocols::wp::content_type::v1::client::wp_content_type_v1::WpContentTypeV1 as HostType;
use wayland_protocols::wp::content_type::v1::server::wp_content_type_manager_v1::{
    self, WpContentTypeManagerV1,
};
use wayland_protocols::wp::content_type::v1::server::wp_content_type_v1::{self, WpContentTypeV1};
use wayland_server::Resource;

use super::extra::{Extra, extra};
use super::mirror::{mirror_manager, relay};
use crate::peer::{manager_of, same};
use crate::quota::Kind;

mirror_manager!(WpContentTypeManagerV1 => HostManager);

relay!(WpContentTypeManagerV1 => HostManager, |session, manager, _host, request, init| {
    if let wp_content_type_manager_v1::Request::GetSurfaceContentType { id, surface } = request {
        let content = init.init(id, Extra::<HostType>::of(&surface));
        session.take(Kind::Object, &content);
        if !session.is_first::<WpContentTypeV1>(&surface) {
            manager.post_error(
                wp_content_type_manager_v1::Error::AlreadyConstructed,
                "the surface has one already",
            );
            session.end("made a second content type for a surface");
        } else if let Some(data) = content.data::<Extra<HostType>>() {
            let manager = manager.clone();
            session.link(&content, &data.host, move |session, of| {
                let manager = manager_of::<HostManager>(session, &manager)?;
                let surface = session.host_surface(&surface)?;
                let host = manager.get_surface_content_type(surface, &session.qh, ());
                if let Some(said) = Extra::<HostType>::said_of(of).and_then(same) {
                    host.set_content_type(said);
                }
                Some(host)
            });
        }
    }
});

extra!(WpContentTypeV1 => HostType, |session, content, host, data, request| {
    // Without its surface it does nothing; a type that is not known is nothing to tell.
    if let wp_content_type_v1::Request::SetContentType { content_type } = request
        && data.surface.is_alive()
        && let Some(known) = same(content_type)
    {
        data.say(content_type.into());
        host.inspect(|host| host.set_content_type(known));
    }
});
