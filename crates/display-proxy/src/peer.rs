//! The link from an app's object to the host object that stands for it.

use std::sync::OnceLock;

use wayland_server::Resource;

/// User data of an app object that has exactly one host object behind it.
///
/// Empty for a moment only: the app's object must exist before the host's can carry it as its
/// own user data.
#[derive(Debug)]
pub(crate) struct Peer<P>(OnceLock<P>);

impl<P> Default for Peer<P> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<P> Peer<P> {
    pub(crate) fn set(&self, host: P) {
        // A second one is impossible: each is set right after its object was made.
        let _ = self.0.set(host);
    }

    pub(crate) fn get(&self) -> Option<&P> {
        self.0.get()
    }
}

/// Links a fresh app object to its host object.
pub(crate) fn link<R: Resource, P: Send + Sync + 'static>(app: &R, host: P) {
    if let Some(peer) = app.data::<Peer<P>>() {
        peer.set(host);
    }
}

/// The host object behind an app object.
pub(crate) fn host_of<P: Send + Sync + 'static>(app: &impl Resource) -> Option<&P> {
    app.data::<Peer<P>>().and_then(Peer::get)
}

/// The same value in the other side's generated enum; both count alike on the wire.
pub(crate) fn same<T: TryFrom<u32>>(value: impl Into<u32>) -> Option<T> {
    T::try_from(value.into()).ok()
}
