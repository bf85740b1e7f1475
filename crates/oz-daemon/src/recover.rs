//! Taking over the sandboxes of a daemon that died.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use oz_core::plan::SandboxId;
use oz_core::wire::init::ToInit;
use rustix::fs::{Mode, OFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::child::{self, Child};
use crate::daemon::Daemon;
use crate::directories;
use crate::launch;
use crate::sandbox::saved::Saved;
use crate::sandbox::task::Hold;

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
        let _entered = span.enter();
        match take_over(daemon, &id) {
            Some(()) => tracing::info!("taken over"),
            None => {
                tracing::info!("it did not survive the last daemon");
                if let Err(error) = directories::remove_flat(&parent, id.as_str()) {
                    tracing::debug!(%error, "cannot tidy up");
                }
            }
        }
    }
}

fn take_over(daemon: &Arc<Daemon>, id: &SandboxId) -> Option<()> {
    let saved = Saved::read(&daemon.directories, id)?;
    // The number may be another process's by now; its start time tells.
    let (pid, started) = saved.init?;
    let init = Child::open(pid).ok()?;
    if child::start_time(pid) != Some(started) {
        return None;
    }
    let Some(socket) = connect(daemon, id) else {
        // It lives but cannot be controlled: nobody may own it unseen.
        init.kill();
        return None;
    };
    let first = ToInit::Resume { nonce: saved.nonce };
    let hold = Hold {
        socket,
        stage: None,
        init: Some(init),
        nonce: saved.nonce,
    };
    let grants = saved.grants.clone();
    let sandbox = launch::adopt(daemon, saved.birth(), hold, first, None).ok()?;
    // Nobody else can hold the lock yet.
    sandbox.grants.try_lock().ok()?.restore(grants);
    if let Err(error) = sandbox.output.resume(&daemon.directories, id) {
        tracing::warn!(%error, "output of its programs is lost");
    }
    Some(())
}

fn connect(daemon: &Daemon, id: &SandboxId) -> Option<OwnedFd> {
    let directory = daemon.directories.sandboxes().join(id.as_str());
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = rustix::fs::open(directory, flags, Mode::empty()).ok()?;
    // Init may be slow to accept: a full queue is an error rather than a wait.
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).ok()?;
    rustix::net::connect(&socket, &launch::control_address(&directory).ok()?).ok()?;
    let owner = rustix::net::sockopt::socket_peercred(&socket).ok()?;
    (owner.uid == rustix::process::geteuid()).then_some(socket)
}
