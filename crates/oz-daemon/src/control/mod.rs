//! The daemon on the session bus: one file per interface.

mod manager;
mod path;
mod prompts;
mod sandbox;
mod sound;

use std::sync::Arc;

pub(crate) use manager::{Manager, stop_all};
pub(crate) use path::object_path;
pub(crate) use prompts::{Prompts, announce as announce_prompts};
use sandbox::SandboxObject;

use crate::daemon::Daemon;
use crate::sandbox::Sandbox;

/// Where the manager is.
pub(crate) const ROOT: &str = "/org/oz/Oz1";
/// What the daemon is called.
pub(crate) const NAME: &str = "org.oz.Oz1";

/// Shows a sandbox on the bus from its start to its end, and says what changes.
pub(crate) async fn show(daemon: Arc<Daemon>, sandbox: Arc<Sandbox>) {
    let Some(bus) = daemon.bus.get() else {
        return;
    };
    let path = object_path(&sandbox.id);
    let object = SandboxObject::new(Arc::clone(&daemon), Arc::clone(&sandbox));
    let mut shown = object.picture();
    if let Err(error) = bus.object_server().at(&path, object).await {
        tracing::error!(%error, "cannot show the sandbox on the bus");
        return;
    }
    let ended = sandbox.ended();
    tokio::pin!(ended);
    loop {
        tokio::select! {
            biased;
            () = &mut ended => break,
            () = sandbox.changed.notified() => {
                if let Err(error) = sandbox::announce(bus, &path, &mut shown).await {
                    tracing::debug!(%error, "nobody hears of changes");
                }
            }
        }
    }
    if let Err(error) = bus.object_server().remove::<SandboxObject, _>(&path).await {
        tracing::debug!(%error, "the object was gone already");
    }
}
