//! Objects that add something to a surface, of which each surface has one of a kind at most.

use std::sync::{Mutex, PoisonError};

use wayland_server::Resource;
use wayland_server::protocol::wl_surface::WlSurface;

use crate::peer::Peer;
use crate::session::Session;

/// User data of such an object: the host's, and the surface that both are about.
#[derive(Debug)]
pub(crate) struct Extra<P> {
    pub(crate) host: Peer<P>,
    pub(crate) surface: WlSurface,
    /// What the app has last set, for another host to be told.
    pub(crate) said: Mutex<Option<u32>>,
}

impl<P> Extra<P> {
    pub(crate) fn of(surface: &WlSurface) -> Self {
        Self {
            host: Peer::default(),
            surface: surface.clone(),
            said: Mutex::default(),
        }
    }

    pub(crate) fn say(&self, value: u32) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    /// What the app has last set of an object.
    pub(crate) fn said_of(object: &impl Resource) -> Option<u32>
    where
        P: Send + Sync + 'static,
    {
        let data = object.data::<Self>()?;
        *data.said.lock().unwrap_or_else(PoisonError::into_inner)
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
    ($app:ty => $host:ty, |$session:ident, $object:ident, $peer:ident, $data:ident, $request:ident| $body:expr) => {
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
                let $data = data;
                let $peer = data.host.get();
                $body
            }

            fn destroyed(
                session: &mut Self,
                _client: wayland_server::backend::ClientId,
                _object: &$app,
                data: &$crate::app::extra::Extra<$host>,
            ) {
                data.host.take().inspect(|host| host.destroy());
                // A second one was refused and was to have no host object: the first is still there.
                if data.host.is_linked() {
                    session.extra_gone::<$app>(&data.surface);
                }
                session.quota.give($crate::quota::Kind::Object);
            }
        }
    };
}
pub(crate) use extra;
