//! The link from an app's object to the host object that stands for it, which is made anew when there is another host.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use wayland_client::{Dispatch, Proxy};
use wayland_server::Resource;

use crate::session::Session;

/// Makes the host object of one of the app's; none if this host has nothing for it.
type Make<P> = Box<dyn Fn(&Session) -> Option<P> + Send + Sync>;

/// User data of an app object that has at most one host object behind it.
///
/// Empty for a moment only: the app's object must exist before the host's can carry it as its own user data.
pub(crate) struct Peer<P>(OnceLock<Arc<Link<P>>>);

struct Link<P> {
    host: Mutex<Option<P>>,
    make: Make<P>,
}

impl<P> Link<P> {
    fn host(&self) -> MutexGuard<'_, Option<P>> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What can be made anew, whatever it is.
trait Renew: Send + Sync {
    fn renew(&self, session: &Session);
}

impl<P: Send + Sync> Renew for Link<P> {
    fn renew(&self, session: &Session) {
        let host = (self.make)(session);
        *self.host() = host;
    }
}

impl<P> Default for Peer<P> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<P> fmt::Debug for Peer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").finish_non_exhaustive()
    }
}

impl<P: Clone> Peer<P> {
    /// Whether it was ever to have one.
    pub(crate) fn is_linked(&self) -> bool {
        self.0.get().is_some()
    }

    pub(crate) fn get(&self) -> Option<P> {
        self.0.get()?.host().clone()
    }

    /// The host object, which the app's has no longer: it goes. Many host objects hold the app's, which would never go
    /// with them.
    pub(crate) fn take(&self) -> Option<P> {
        self.0.get()?.host().take()
    }
}

/// All links of a client, in the order in which they were made: what others need comes before them.
#[derive(Default)]
pub(crate) struct Links {
    all: Vec<Weak<dyn Renew>>,
    /// So many are there when those that are gone are left out next.
    full: usize,
}

impl Links {
    fn add(&mut self, link: Weak<dyn Renew>) {
        if self.all.len() >= self.full {
            self.all.retain(|link| link.strong_count() > 0);
            self.full = 2 * self.all.len() + 64;
        }
        self.all.push(link);
    }
}

impl Session {
    /// Gives an app's object its host object: now, and again on each host that comes after this one.
    pub(crate) fn link<R: Resource + Send + Sync + 'static, P: Send + Sync + 'static>(
        &mut self,
        app: &R,
        peer: &Peer<P>,
        make: impl Fn(&Self, &R) -> Option<P> + Send + Sync + 'static,
    ) {
        // Held by what it holds, the app's would never go.
        let of = app.downgrade();
        let first = make(self, app);
        let again = move |session: &Self| make(session, &of.upgrade().ok()?);
        self.add_link(peer, first, Box::new(again));
    }

    /// The same for what is no object of the app's.
    pub(crate) fn link_to<P: Send + Sync + 'static>(
        &mut self,
        peer: &Peer<P>,
        make: impl Fn(&Self) -> Option<P> + Send + Sync + 'static,
    ) {
        self.add_link(peer, make(self), Box::new(make));
    }

    fn add_link<P: Send + Sync + 'static>(
        &mut self,
        peer: &Peer<P>,
        first: Option<P>,
        make: Make<P>,
    ) {
        let link = Arc::new(Link {
            host: Mutex::new(first),
            make,
        });
        let renew: Arc<dyn Renew> = link.clone();
        self.links.add(Arc::downgrade(&renew));
        // A second one is impossible: each is set right after its object was made.
        let _ = peer.0.set(link);
    }

    /// Makes all host objects anew that stand for one of the app's, on the host that there is now.
    pub(crate) fn renew_links(&self) {
        let links = self.links.all.iter().filter_map(Weak::upgrade);
        links.for_each(|link| link.renew(self));
    }
}

/// The same for an app's object whose user data is the link alone.
pub(crate) fn link<R: Resource + Send + Sync + 'static, P: Send + Sync + 'static>(
    session: &mut Session,
    app: &R,
    make: impl Fn(&Session, &R) -> Option<P> + Send + Sync + 'static,
) {
    if let Some(peer) = app.data::<Peer<P>>() {
        session.link(app, peer, make);
    }
}

/// The host object behind an app object, to be named in a request to the host: none that is gone with an earlier host,
/// whose number may be another object's now.
pub(crate) fn host_of<P: Proxy + Send + Sync + 'static>(app: &impl Resource) -> Option<P> {
    let peer = app.data::<Peer<P>>()?;
    peer.get().filter(Proxy::is_alive)
}

/// The host object behind an app's manager of something, or another of its kind if the app has let go of that.
pub(crate) fn manager_of<P: Proxy + Send + Sync + 'static>(
    session: &Session,
    app: &impl Resource,
) -> Option<P>
where
    Session: Dispatch<P, ()>,
{
    host_of(app).or_else(|| session.bind_first())
}

/// The same value in the other side's generated enum; both count alike on the wire.
pub(crate) fn same<T: TryFrom<u32>>(value: impl Into<u32>) -> Option<T> {
    T::try_from(value.into()).ok()
}
