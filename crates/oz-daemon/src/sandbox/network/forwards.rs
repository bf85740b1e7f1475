//! Forwards of one sandbox: for each a listening socket, made inside by the network helper or here on
//! the host, and a `net-proxy` that serves it. The daemon touches no byte that goes through.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use oz_core::plan::forward::{Direction, Endpoint, MOST};
use oz_core::plan::{Forward, Mode};
use oz_core::wire::net::Request;
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tracing::Instrument;

use super::{AGAIN, Outside, helper, note};
use crate::child::Child;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::proxy::{KillOnDrop, may_start};
use crate::sandbox::{Command, Sandbox, spawn};

/// Those of one sandbox, with what watches over each; nothing once the sandbox has ended.
pub(crate) struct Forwards(Mutex<Option<BTreeMap<Forward, AbortHandle>>>);

impl Default for Forwards {
    fn default() -> Self {
        Self(Mutex::new(Some(BTreeMap::new())))
    }
}

/// Opens one; it stays until it is closed or the sandbox ends.
pub(crate) async fn open(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    forward: Forward,
) -> Result<()> {
    if sandbox.plan.network.mode == Mode::Host {
        return Err(Failure::new(
            Kind::Refused,
            format!(
                "{} is in the network of this machine, which has no wall to lead a forward through",
                sandbox.id
            ),
            "It reaches that port without one",
        ));
    }
    let mut all = sandbox.forwards.0.lock().await;
    let all = all.as_mut().ok_or_else(|| Failure::gone(&sandbox.id))?;
    let taken =
        |other: &Forward| (other.direction, &other.listen) == (forward.direction, &forward.listen);
    if let Some(other) = all.keys().find(|other| taken(other)) {
        return Err(Failure::new(
            Kind::Refused,
            format!("{} has a forward there already: {other}", sandbox.id),
            format!("Close it first: `oz unforward {} {other}`", sandbox.id),
        ));
    }
    if all.len() >= MOST {
        return Err(Failure::new(
            Kind::Refused,
            format!("{} has {MOST} forwards already", sandbox.id),
            "Close one: `oz ps --json` lists them",
        ));
    }
    let relay = start(daemon, sandbox, &forward).await?;
    watch(daemon, sandbox, all, forward, Some(relay));
    Ok(())
}

/// Takes over those of an earlier daemon, with the processes that still run.
pub(crate) async fn resume(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    mut running: BTreeMap<Forward, Child>,
) {
    let mut all = sandbox.forwards.0.lock().await;
    if let Some(all) = all.as_mut() {
        for forward in sandbox.published().forwards {
            let relay = running.remove(&forward).map(KillOnDrop::new);
            watch(daemon, sandbox, all, forward, relay);
        }
    }
}

/// Closes one, and the connections through it.
pub(crate) async fn close(sandbox: &Sandbox, forward: &Forward) -> Result<()> {
    let mut all = sandbox.forwards.0.lock().await;
    let all = all.as_mut().ok_or_else(|| Failure::gone(&sandbox.id))?;
    let watching = all.remove(forward).ok_or_else(|| {
        Failure::new(
            Kind::NotFound,
            format!("{} has no forward {forward}", sandbox.id),
            "`oz ps --json` lists those that it has",
        )
    })?;
    watching.abort();
    forget(forward);
    note(sandbox, Outside::Forward(forward.clone()), None);
    publish(sandbox, all);
    Ok(())
}

/// The sandbox has ended.
pub(crate) async fn close_all(sandbox: &Sandbox) {
    let all = sandbox.forwards.0.lock().await.take();
    for (forward, watching) in all.into_iter().flatten() {
        watching.abort();
        forget(&forward);
    }
}

fn publish(sandbox: &Sandbox, all: &BTreeMap<Forward, AbortHandle>) {
    let list: Vec<Forward> = all.keys().cloned().collect();
    sandbox.publish(|published| published.forwards = list);
    let _ = sandbox.ask(Command::Save);
}

fn watch(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    all: &mut BTreeMap<Forward, AbortHandle>,
    forward: Forward,
    relay: Option<KillOnDrop>,
) {
    let keeping = keep(
        Arc::clone(daemon),
        Arc::clone(sandbox),
        forward.clone(),
        relay,
    );
    let keeping = tokio::spawn(keeping.instrument(tracing::Span::current()));
    all.insert(forward, keeping.abort_handle());
    publish(sandbox, all);
}

/// Starts it again when it ends, until this task is aborted.
async fn keep(
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    forward: Forward,
    mut relay: Option<KillOnDrop>,
) {
    let what = || Outside::Forward(forward.clone());
    let mut starts = VecDeque::new();
    loop {
        let running = match relay.take() {
            Some(running) => running,
            None => {
                if !may_start(&mut starts, Instant::now()) {
                    tokio::time::sleep(AGAIN).await;
                }
                match start(&daemon, &sandbox, &forward).await {
                    Ok(running) => running,
                    Err(error) => {
                        tracing::warn!(error = error.line(), "a forward is closed for now");
                        tokio::time::sleep(AGAIN).await;
                        continue;
                    }
                }
            }
        };
        note(&sandbox, what(), running.name());
        running.ended().await;
        tracing::warn!("the process of a forward ended");
        drop(running);
        note(&sandbox, what(), None);
    }
}

/// Makes the socket and starts what serves it.
async fn start(daemon: &Daemon, sandbox: &Sandbox, forward: &Forward) -> Result<KillOnDrop> {
    let namespaces = sandbox.namespaces.get();
    let namespaces = namespaces.ok_or_else(|| Failure::gone(&sandbox.id))?;
    let listener = match forward.direction {
        Direction::In => {
            let request = Request::Listen(forward.listen.clone());
            helper::socket(daemon, sandbox, request).await?
        }
        Direction::Out => listen_here(&forward.listen).map_err(|error| {
            Failure::new(
                Kind::Refused,
                format!("cannot listen on the host at {}: {error}", forward.listen),
                "Choose a place that is free and yours",
            )
        })?,
    };
    let mut fds = vec![(listener.as_fd(), 3)];
    let target = settle(forward, &runtime())?;
    let mut arguments = vec![target.to_string()];
    if forward.direction == Direction::Out {
        arguments.push("inside".to_owned());
        fds.extend([
            (namespaces.user.as_fd(), 4),
            (namespaces.net.as_fd(), 5),
            (namespaces.mount.as_fd(), 6),
        ]);
    }
    let program = daemon.directories.program("net-proxy");
    let relay = spawn::logging(&program, &arguments, &spawn::log_level(), &fds)?;
    Ok(KillOnDrop::new(relay))
}

fn runtime() -> std::path::PathBuf {
    std::env::var_os("XDG_RUNTIME_DIR").map_or_else(Default::default, Into::into)
}

/// Where a forward leads, as its process is told. A socket on the host is named by where its directory
/// really is, now that the user asks for it; the process follows no link any more, which an app could have
/// made since. Links lead to no forbidden place either.
fn settle(forward: &Forward, runtime: &Path) -> Result<Endpoint> {
    let (Direction::In, Endpoint::Unix(path)) = (forward.direction, &forward.target) else {
        return Ok(forward.target.clone());
    };
    let refuse = |what: String| Failure::new(Kind::Refused, what, "Forward another socket");
    let path = Path::new(path);
    let (parent, name) = (path.parent(), path.file_name());
    let (Some(parent), Some(name)) = (parent, name) else {
        return Err(refuse(format!("{} is no socket", path.display())));
    };
    let parent = oz_host::resolve::canonical(parent).map_err(|errno| {
        let what = "look at the directory of the socket";
        Failure::host(what, parent, &errno.into())
    })?;
    let path = parent.join(name);
    // The session's own runtime directory counts as that of every session, wherever it lies.
    let named = match path.strip_prefix(runtime) {
        Ok(rest) if runtime.is_absolute() => Path::new("/run/user/0").join(rest),
        _ => path.clone(),
    };
    let allowed = |path: &Path| {
        let listen = &forward.listen;
        let text = format!("{}:{listen}=unix:{}", forward.direction, path.display());
        text.parse::<Forward>()
            .map_err(|error| refuse(error.lines().next().unwrap_or_default().to_owned()))
    };
    allowed(&named)?;
    Ok(allowed(&path)?.target)
}

/// On the host, for its own programs only: addresses are the loopback's, see
/// [`Forward`], and a path is in a directory of the user's.
fn listen_here(place: &Endpoint) -> io::Result<OwnedFd> {
    Ok(match place {
        Endpoint::Tcp(address) => std::net::TcpListener::bind(address)?.into(),
        Endpoint::Udp(address) => std::net::UdpSocket::bind(address)?.into(),
        Endpoint::Unix(path) => {
            remove_stale(Path::new(path));
            std::os::unix::net::UnixListener::bind(path)?.into()
        }
    })
}

/// A socket that nobody listens on is what an earlier forward left behind.
fn remove_stale(path: &Path) {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    let answers = crate::launch::display::answers(path);
    let refused = answers.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if is_socket && refused {
        let _ = std::fs::remove_file(path);
    }
}

/// What stays of one on the host: a socket's name. The process may take a moment to end.
fn forget(forward: &Forward) {
    if let (Direction::Out, Endpoint::Unix(path)) = (forward.direction, &forward.listen) {
        let _ = std::fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_no_forbidden_place() {
        let base = tempfile::tempdir().expect("a directory");
        let base = base.path().canonicalize().expect("there");
        let runtime = base.join("run");
        std::fs::create_dir(&runtime).expect("made");
        std::os::unix::fs::symlink(&runtime, base.join("link")).expect("linked");
        let forward = |path: &str| -> Forward {
            let text = format!("in:tcp:1=unix:{}/{path}", base.display());
            text.parse().expect("a forward")
        };
        for path in ["run/bus", "link/bus", "link/wayland-1"] {
            assert!(settle(&forward(path), &runtime).is_err(), "{path}");
        }
        let real = settle(&forward("link/tor"), &runtime).expect("allowed");
        assert_eq!(real.to_string(), format!("unix:{}/run/tor", base.display()));
        assert!(settle(&forward("missing/tor"), &runtime).is_err());
    }

    #[test]
    fn only_a_socket_that_nobody_listens_on_gives_way() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("s");
        let place = Endpoint::Unix(path.to_str().expect("text").to_owned());
        let first = listen_here(&place).expect("free");
        assert!(listen_here(&place).is_err(), "somebody listens");
        drop(first);
        drop(listen_here(&place).expect("it was stale"));
        std::fs::remove_file(&path).expect("there");
        std::fs::write(&path, "a file").expect("written");
        assert!(listen_here(&place).is_err(), "a file stays");
        assert_eq!(std::fs::read(&path).expect("there"), b"a file");
    }
}
