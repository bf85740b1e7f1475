//! The daemon on the session bus: one file per interface.

mod copies;
mod direct;
mod manager;
mod path;
mod prompts;
mod sandbox;
mod sound;
mod stranger;
mod summary;

use std::sync::Arc;

pub(crate) use copies::{CopiesObject, announce as announce_copies};
pub(crate) use direct::listen_on as listen_directly;
pub(crate) use manager::{Manager, stop_all};
pub(crate) use path::object_path;
pub(crate) use prompts::{Prompts, announce as announce_prompts};
use sandbox::SandboxObject;
use stranger::StrangerObject;
use tokio::sync::Mutex;
use zbus::{Connection, OwnedObjectPath};

use crate::daemon::Daemon;
use crate::sandbox::Sandbox;
use crate::strangers::Stranger;

/// Where the manager is.
pub(crate) const ROOT: &str = "/org/oz/Oz1";
/// What the daemon is called.
pub(crate) const NAME: &str = "org.oz.Oz1";

/// Held while objects come and go.
static PLACES: Mutex<()> = Mutex::const_new(());

/// Shows a sandbox on the bus from its start to its end, and says what changes.
pub(crate) async fn show(daemon: Arc<Daemon>, sandbox: Arc<Sandbox>) {
    let Some(bus) = daemon.bus.get() else {
        return;
    };
    let path = object_path(&sandbox.id);
    let object = SandboxObject::new(Arc::clone(&daemon), Arc::clone(&sandbox));
    let mut shown = object.picture();
    if let Err(error) = put(bus, &path, object).await {
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
    if let Err(error) = take_away(bus, &path, &sandbox).await {
        tracing::debug!(%error, "the object was gone already");
    }
}

/// Shows a sandbox of another version.
pub(crate) async fn show_stranger(daemon: &Daemon, stranger: &Arc<Stranger>) {
    let Some(bus) = daemon.bus.get() else {
        return;
    };
    let object = StrangerObject(Arc::clone(stranger));
    let server = bus.object_server();
    if let Err(error) = server.at(object_path(&stranger.id), object).await {
        tracing::error!(%error, "cannot show a sandbox of another version on the bus");
    }
}

/// It has ended.
pub(crate) async fn hide_stranger(daemon: &Daemon, stranger: &Stranger) {
    let Some(bus) = daemon.bus.get() else {
        return;
    };
    let path = object_path(&stranger.id);
    if let Err(error) = bus.object_server().remove::<StrangerObject, _>(path).await {
        tracing::debug!(%error, "the object was gone already");
    }
}

/// Puts a sandbox's object in its place, in which an earlier one of that name may still be: its
/// name is free as soon as it has ended.
async fn put(bus: &Connection, path: &OwnedObjectPath, object: SandboxObject) -> zbus::Result<()> {
    let _turn = PLACES.lock().await;
    let server = bus.object_server();
    if let Some(object) = server.at(path, object).await? {
        server.remove::<SandboxObject, _>(path).await?;
        server.at(path, object).await?;
    }
    Ok(())
}

/// Takes the object of a sandbox away, and not that of a later one of its name.
async fn take_away(
    bus: &Connection,
    path: &OwnedObjectPath,
    sandbox: &Arc<Sandbox>,
) -> zbus::Result<()> {
    let _turn = PLACES.lock().await;
    let server = bus.object_server();
    let object = server.interface::<_, SandboxObject>(path).await?;
    if object.get().await.is_of(sandbox) {
        server.remove::<SandboxObject, _>(path).await?;
    }
    Ok(())
}
