//! Taking over the sandboxes of a daemon that died.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use oz_core::plan::SandboxId;
use oz_core::wire::init::ToInit;
use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::child::Child;
use crate::daemon::Daemon;
use crate::directories;
use crate::grants::views::View;
use crate::launch;
use crate::sandbox::connection::{Connection, Encoded};
use crate::sandbox::saved::Saved;
use crate::sandbox::task::Hold;
use crate::strangers::{self, same_process};

/// How long they may take to answer before the daemon answers others.
const SETTLE: Duration = Duration::from_secs(1);

/// Finds what an earlier daemon left: what answers goes on, the rest is tidied up.
pub(crate) async fn recover(daemon: &Arc<Daemon>) {
    let parent = daemon.directories.sandboxes();
    let Ok(entries) = std::fs::read_dir(&parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(id) = name.parse::<SandboxId>() else {
            continue;
        };
        let span = tracing::info_span!("sandbox", id = %id);
        match span.in_scope(|| take_over(daemon, &id)) {
            Some(()) => tracing::info!(%id, "taken over"),
            None if strangers::meet(daemon, &id) => {
                tracing::warn!(%id, "it is of another version: it goes on, and can only be ended");
            }
            None => {
                tracing::info!(%id, "it did not survive the last daemon");
                if let Err(error) = directories::remove_flat(&parent, id.as_str()) {
                    tracing::debug!(%error, "cannot tidy up");
                }
            }
        }
    }
    settle(daemon).await;
}

/// Waits a moment for them, so that they are seen as running.
async fn settle(daemon: &Daemon) {
    let ready = async {
        for sandbox in daemon.sandboxes.all() {
            // The daemon goes on whatever becomes of it.
            let _ = sandbox.ready().await;
        }
    };
    let _ = tokio::time::timeout(SETTLE, ready).await;
}

fn take_over(daemon: &Arc<Daemon>, id: &SandboxId) -> Option<()> {
    let saved = Saved::read(&daemon.directories, id)?;
    let proxies: BTreeMap<_, _> = saved
        .proxies
        .iter()
        .filter_map(|(service, name)| Some((*service, same_process(*name)?)))
        .collect();
    let outside: BTreeMap<_, _> = saved
        .outside
        .iter()
        .filter_map(|(what, name)| Some((what.clone(), same_process(*name)?)))
        .collect();
    let files: Vec<_> = saved
        .views
        .iter()
        .filter_map(|kept| Some((kept.clone(), same_process(kept.process)?)))
        .collect();
    let kill_proxies = || {
        proxies.values().for_each(Child::kill);
        outside.values().for_each(Child::kill);
        files.iter().for_each(|(_, proxy)| proxy.kill());
    };
    let Some(init) = saved.init.and_then(same_process) else {
        // They do not know that there is nobody left to serve.
        kill_proxies();
        return None;
    };
    let Some(connection) = connect(daemon, id) else {
        // It lives but cannot be controlled: nobody may own it unseen.
        init.kill();
        kill_proxies();
        return None;
    };
    let first = Encoded::new(&ToInit::Resume { nonce: saved.nonce }, Vec::new()).ok()?;
    let hold = Hold {
        connection,
        stage: None,
        init: Some(init),
        nonce: saved.nonce,
        earlier: Some(saved.processes.clone()),
        proxies,
        outside,
    };
    let pid = saved.init.and_then(|(pid, _)| u32::try_from(pid).ok());
    let (windows, sound, clipboard) = (saved.windows, saved.sound.clone(), saved.clipboard);
    let running = saved.proxies.clone();
    let (outside, forwards) = (saved.outside.clone(), saved.forwards.clone());
    let (grants, still_open) = (saved.grants.clone(), saved.still_open.clone());
    let sandbox = launch::adopt(daemon, saved.birth(), hold, vec![first]);
    // Nobody else can hold the lock yet.
    sandbox.publish(|published| {
        published.pid = pid.unwrap_or(0);
        (published.windows, published.sound, published.proxies) = (windows, sound, running);
        (published.outside, published.forwards) = (outside, forwards);
        published.clipboard = clipboard;
    });
    let views = files.into_iter();
    let views = views
        .map(|(kept, proxy)| View::adopt(&sandbox, kept, proxy))
        .collect();
    let mut store = sandbox.grants.try_lock().ok()?;
    store.restore(grants, views);
    sandbox.publish_files(&store);
    drop(store);
    sandbox.publish_still_open(still_open);
    if let Err(error) = sandbox.output.resume(&daemon.directories, id) {
        tracing::warn!(%error, "output of its programs is lost");
    }
    Some(())
}

fn connect(daemon: &Daemon, id: &SandboxId) -> Option<Connection> {
    let directory = daemon.directories.sandboxes().join(id.as_str());
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(directory, flags, Mode::empty()).ok()?;
    // Init may be slow to accept: a full queue is an error rather than a wait.
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).ok()?;
    rustix::net::connect(&socket, &launch::control_address(&directory).ok()?).ok()?;
    let owner = rustix::net::sockopt::socket_peercred(&socket).ok()?;
    if owner.uid != rustix::process::geteuid() {
        return None;
    }
    Connection::new(socket).ok()
}
