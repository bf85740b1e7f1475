//! What all parts of the daemon share.

use std::sync::{Arc, OnceLock};

use oz_host::profile_cache::{Cache, Profiles};
use oz_host::profiles;

use crate::consent::Consent;
use crate::copies::Runs;
use tokio::sync::watch;

use crate::directories::Directories;
use crate::failure::{Failure, Kind, Result};
use crate::launch::next::Next;
use crate::launch::plans::Plans;
use crate::notice::Notices;
use crate::portal::Portals;
use crate::sandbox::registry::Registry;
use crate::scope::Scopes;
use crate::strangers::Strangers;
use oz_confine::filter::Filters;

/// The daemon.
pub(crate) struct Daemon {
    pub(crate) directories: Directories,
    pub(crate) sandboxes: Registry,
    /// Those of another version.
    pub(crate) strangers: Strangers,
    profiles: Cache,
    pub(crate) filters: Filters,
    pub(crate) consent: Arc<Consent>,
    pub(crate) notices: Notices,
    pub(crate) portals: Portals,
    pub(crate) plans: Plans,
    pub(crate) next: Next,
    pub(crate) scopes: Scopes,
    /// Name servers or the time zone of the host have changed.
    pub(crate) host_files: watch::Sender<()>,
    /// What is kept of copies has changed.
    pub(crate) copies: watch::Sender<()>,
    pub(crate) runs: Runs,
    /// The session bus, once it is there.
    pub(crate) bus: OnceLock<zbus::Connection>,
}

impl Daemon {
    /// # Errors
    /// The kernel gives no random bytes.
    pub(crate) fn new(directories: Directories) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            directories,
            sandboxes: Registry::default(),
            strangers: Strangers::default(),
            profiles: Cache::default(),
            filters: Filters::default(),
            consent: Arc::default(),
            notices: Notices::default(),
            portals: Portals::default(),
            plans: Plans::default(),
            next: Next::default(),
            scopes: Scopes::default(),
            host_files: watch::Sender::new(()),
            copies: watch::Sender::new(()),
            runs: Runs::new()?,
            bus: OnceLock::new(),
        }))
    }

    /// The profiles as they are now.
    pub(crate) fn profiles(&self) -> Result<Arc<Profiles>> {
        let loaded = self
            .profiles
            .load(&profiles::Directories::of_this_installation());
        let remedy = "Check the directory's permissions";
        loaded.map_err(|error| Failure::new(Kind::Profile, error.to_string(), remedy))
    }
}
