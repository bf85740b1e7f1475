//! The bus proxy of one sandbox: it comes when the private bus does, and goes with it.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oz_core::denied::Denied;
use oz_core::plan::Service;
use oz_core::wire::portal::{
    Answer, Ask, FromProxy, MISSED, RATE_MAX, REQUESTS_MAX, RequestId, ToProxy,
};
use rustix::net::{AddressFamily, SocketType, sockopt};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tracing::Instrument;

use super::connection::{Connection, ConnectionError};
use super::proxy::{KillOnDrop, may_start};
use super::{Command, Sandbox, spawn};
use crate::aside::{self, Careful};
use crate::daemon::Daemon;
use crate::failure::Result;
use crate::portal;
use crate::rate::Rate;

/// Its executable.
const PROGRAM: &str = "bus-proxy";
/// The descriptor at which it gets the bus.
const BUS: i32 = 4;
/// How long it waits that is started too often.
const REST: Duration = Duration::from_secs(60);

/// Where connections to the private bus go.
pub(super) struct Connections(mpsc::Sender<OwnedFd>);

impl Connections {
    /// Offers one; the proxy that runs has another.
    pub(super) fn offer(&self, connection: OwnedFd) {
        // While one waits a second is of no use.
        let _ = self.0.try_send(connection);
    }
}

/// A way for connections to whoever serves them.
pub(super) fn connections() -> (Connections, mpsc::Receiver<OwnedFd>) {
    let (sender, receiver) = mpsc::channel(1);
    (Connections(sender), receiver)
}

/// Whether it is a socket of the kind that buses have.
pub(super) fn is_stream(socket: &OwnedFd) -> bool {
    sockopt::socket_domain(socket) == Ok(AddressFamily::UNIX)
        && sockopt::socket_type(socket) == Ok(SocketType::STREAM)
}

/// Why a proxy is ended.
#[derive(Debug, thiserror::Error)]
enum Violation {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error("it asks for more at a time than it may")]
    Requests,
    #[error("it sends too many messages")]
    Flood,
}

/// Serves until the sandbox ends, by when the task that runs this is aborted.
pub(super) async fn supervise(
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    mut come: mpsc::Receiver<OwnedFd>,
) {
    let mut starts = VecDeque::new();
    while let Some(bus) = come.recv().await {
        if !may_start(&mut starts, Instant::now()) {
            tracing::warn!("the bus proxy ended too often; it waits a minute");
            tokio::time::sleep(REST).await;
        }
        match start(&daemon, &bus) {
            Ok((_process, socket)) => {
                drop(bus);
                match serve(&daemon, &sandbox, socket).await {
                    // It goes with the bus, or was killed.
                    Err(Violation::Connection(ConnectionError::Closed)) => {}
                    Err(violation) => tracing::warn!(%violation, "the bus proxy is killed"),
                    Ok(()) => {}
                }
            }
            Err(failure) => tracing::error!(error = failure.line(), "no bus proxy"),
        }
        // If the bus is still there, another one serves it.
        if sandbox.ask(Command::Reach(Service::Bus)).is_err() {
            return;
        }
    }
}

fn start(daemon: &Daemon, bus: &OwnedFd) -> Result<(KillOnDrop, OwnedFd)> {
    let path = daemon.directories.program(PROGRAM);
    let (process, socket) = spawn::with_socket_and(&path, &[], &[(bus.as_fd(), BUS)])?;
    Ok((KillOnDrop::new(process), socket))
}

/// Answers one proxy until it is gone.
async fn serve(
    daemon: &Arc<Daemon>,
    sandbox: &Arc<Sandbox>,
    socket: OwnedFd,
) -> std::result::Result<(), Violation> {
    let mut connection = Connection::new(socket).map_err(ConnectionError::from)?;
    let mut settings = daemon.portals.settings(daemon);
    let mut asked = Asked::default();
    let mut rate = Rate::default();
    loop {
        tokio::select! {
            message = receive(&mut connection, sandbox) => {
                if !rate.count(tokio::time::Instant::now(), RATE_MAX) {
                    return Err(Violation::Flood);
                }
                let (message, fds) = message?;
                match message {
                    FromProxy::Ask { request, ask } => {
                        asked.begin(daemon, sandbox, request, (ask, fds))?;
                    }
                    FromProxy::Denied { portal } => {
                        let portal = MISSED.get(usize::from(portal)).copied().unwrap_or_default();
                        sandbox.denied(Denied::Portal, portal.as_bytes(), 1);
                    }
                    FromProxy::Cancel { request } => asked.cancel(request),
                }
            }
            Some((request, answer)) = asked.next() => {
                connection.send(&ToProxy::Answer { request, answer }, &[]).await?;
            }
            now = settings.changed() => {
                connection.send(&ToProxy::Settings(now), &[]).await?;
            }
        }
    }
}

/// What it says next. Nothing is taken from it while files hang that it sent before: each would be one more that
/// nobody can close. Dropping the future loses nothing.
async fn receive(
    connection: &mut Connection,
    sandbox: &Sandbox,
) -> std::result::Result<(FromProxy, Vec<Careful<OwnedFd>>), ConnectionError> {
    aside::room(&sandbox.id).await;
    connection.receive().await
}

/// What its apps wait for. What goes on ends with this.
#[derive(Default)]
struct Asked {
    tasks: JoinSet<(RequestId, Answer)>,
    running: BTreeMap<RequestId, AbortHandle>,
}

impl Asked {
    fn begin(
        &mut self,
        daemon: &Arc<Daemon>,
        sandbox: &Arc<Sandbox>,
        request: RequestId,
        (ask, fds): (Ask, Vec<Careful<OwnedFd>>),
    ) -> std::result::Result<(), Violation> {
        if self.running.len() >= REQUESTS_MAX || self.running.contains_key(&request) {
            return Err(Violation::Requests);
        }
        let (daemon, sandbox) = (Arc::clone(daemon), Arc::clone(sandbox));
        let answer = async move {
            let answer = portal::answer(&daemon, &sandbox, ask, fds).await;
            (request, answer)
        };
        let task = self.tasks.spawn(answer.in_current_span());
        self.running.insert(request, task);
        Ok(())
    }

    fn cancel(&mut self, request: RequestId) {
        if let Some(task) = self.running.remove(&request) {
            task.abort();
        }
    }

    /// The next answer; none while nothing is asked.
    async fn next(&mut self) -> Option<(RequestId, Answer)> {
        while let Some(ended) = self.tasks.join_next().await {
            // The others were taken back.
            if let Ok((request, answer)) = ended
                && self.running.remove(&request).is_some()
            {
                return Some((request, answer));
            }
        }
        None
    }
}
