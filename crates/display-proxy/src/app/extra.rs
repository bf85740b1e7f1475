//! Objects that add something to a surface, of which each surface has one of a kind at most.

use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;

use crate::peer::Peer;
use crate::session::Session;

/// User data of such an object: the host's, and the surface that both are about.
#[derive(Debug)]
pub(crate) struct Extra<P> {
    pub(crate) host: Peer<P>,
    pub(crate) surface: WlSurface,
}

impl<P> Extra<P> {
    pub(crate) fn of(surface: &WlSurface) -> Self {
        Self {
            host: Peer::default(),
            surface: surface.clone(),
        }
    }
}

impl Session {
    /// Whether this is the surface's first object of a kind. A host ends the connection over a second.
    pub(crate) fn is_first<R: Resource>(&mut self, surface: &WlSurface) -> bool {
        self.extras.insert((surface.id(), R::interface().name))
    }

    /// The surface can have another.
    pub(crate) fn extra_gone<R: Resource>(&mut self, surface: &WlSurface) {
        self.extras.remove(&(surface.id(), R::interface().name));
    }
}

/// The requests of an object that adds something to a surface, whose host object goes when it goes.
macro_rules! extra {
    ($app:ty => $host:ty, |$session:ident, $object:ident, $peer:ident, $surface:ident, $request:ident| $body:expr) => {
        impl wayland_server::Dispatch<$app, $crate::app::extra::Extra<$host>>
            for $crate::session::Session
        {
            fn request(
                $session: &mut Self,
                _client: &wayland_server::Client,
                $object: &$app,
                $request: <$app as wayland_server::Resource>::Request,
                data: &$crate::app::extra::Extra<$host>,
                _dh: &wayland_server::DisplayHandle,
                _init: &mut wayland_server::DataInit<'_, Self>,
            ) {
                $session.tick($object);
                let $surface = &data.surface;
                let Some($peer) = data.host.get() else { return };
                $body
            }

            fn destroyed(
                session: &mut Self,
                _client: wayland_server::backend::ClientId,
                _object: &$app,
                data: &$crate::app::extra::Extra<$host>,
            ) {
                if let Some(host) = data.host.get() {
                    host.destroy();
                    // A second one was refused and has no host object: the first is still there.
                    session.extra_gone::<$app>(&data.surface);
                }
                session.quota.give($crate::quota::Kind::Object);
            }
        }
    };
}
pub(crate) use extra;
