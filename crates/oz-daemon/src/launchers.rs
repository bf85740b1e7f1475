//! Launchers that start apps in their sandboxes follow those of the vendors: an update of the app changes its own, and
//! what is made of it is made again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oz_host::launchers::Launchers;

use crate::daemon::Daemon;

/// One look at a time.
static LOOKING: AtomicBool = AtomicBool::new(false);

/// Looks whether some have to be made again, on the side: nobody waits for it.
pub(crate) fn refresh(daemon: &Arc<Daemon>) {
    let Some(oz) = command(daemon) else {
        return;
    };
    if LOOKING.swap(true, Ordering::Relaxed) {
        return;
    }
    let daemon = Arc::clone(daemon);
    tokio::spawn(async move {
        let profiles = daemon.profiles();
        let look = move || {
            let profiles = profiles.map_err(|failure| failure.line().to_owned())?;
            let done = Launchers::of_this_user(oz).refresh(&profiles.catalogue);
            done.map_err(|error| error.to_string())
        };
        match tokio::task::spawn_blocking(look).await {
            Ok(Ok(done)) if done.services => reload_services(&daemon).await,
            Ok(Err(error)) => tracing::warn!(%error, "launchers may be out of date"),
            _ => {}
        }
        LOOKING.store(false, Ordering::Relaxed);
    });
}

/// The command `oz` of this installation.
fn command(daemon: &Daemon) -> Option<PathBuf> {
    let prefix = daemon.directories.libexec.ancestors().nth(2)?;
    Some(prefix.join("bin/oz")).filter(|oz| oz.exists())
}

async fn reload_services(daemon: &Daemon) {
    let Some(bus) = daemon.bus.get() else {
        return;
    };
    let name = "org.freedesktop.DBus";
    let path = "/org/freedesktop/DBus";
    let asked = bus
        .call_method(Some(name), path, Some(name), "ReloadConfig", &())
        .await;
    if let Err(error) = asked {
        tracing::warn!(%error, "the session bus may start an app without its sandbox");
    }
}
