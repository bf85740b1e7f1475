//! The task of one sandbox: it owns the control socket, and everything that happens to the
//! sandbox goes through it in order.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::{Mode, Service};
use oz_core::report::{self, By, EnforcementReport, Held};
use oz_core::wire::init::{ExitStatus, FromInit, Nonce, ProcessId, ToInit};
use rustix::io::Errno;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::Instant;
use tracing::Instrument;

use super::connection::{Connection, ConnectionError, Encoded};
use super::moments::Moment;
use super::network::{self, Outside, forwards};
use super::processes::{Processes, Unknown};
use super::proxy::Supervisor;
use super::saved::Saved;
use super::{Command, Commands, Namespaces, Phase, Run, Sandbox, audio, bus, display};
use crate::aside::{self, Careful};
use crate::child::{self, Child};
use crate::copies;
use crate::daemon::Daemon;
use crate::directories;
use crate::failure::{Failure, Kind};
use crate::grants::{expiry, open, views};
use crate::launch::refused;
use crate::notice;
use crate::rate::Rate;
use crate::scope;

/// How long init may take to build a sandbox.
const START_DEADLINE: Duration = Duration::from_secs(10);
/// How long after the grace time a sandbox is killed.
pub(crate) const KILL_AFTER: Duration = Duration::from_secs(1);
/// How long a killed one may take to be gone: the kernel gives back what it has, and that can be all memory that
/// it may have, in thousands of processes.
pub(crate) const GONE: Duration = Duration::from_secs(20);
/// How long the end waits for a change of the files to be through.
const FILES: Duration = Duration::from_secs(1);
/// Most messages that init sends in a second; programs inside cannot make it send many.
const RATE: u32 = 2000;

/// Signals by which the kernel ends a program for what it does: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS.
const FAULTS: [u8; 7] = [4, 5, 6, 7, 8, 11, 31];

/// What the task works on.
pub(crate) struct Task {
    daemon: Arc<Daemon>,
    sandbox: Arc<Sandbox>,
    connection: Connection,
    commands: Commands,
    /// The stage before init, then nothing.
    stage: Option<Child>,
    init: Option<Child>,
    nonce: Nonce,
    processes: Processes,
    /// Programs that an earlier daemon knew by name, if there was one.
    earlier: Option<Vec<(ProcessId, String)>>,
    /// The first number that this daemon gives.
    first_process: ProcessId,
    /// Init knows that a later daemon will find the sandbox.
    findable: bool,
    /// Proxies that an earlier daemon started.
    proxies: BTreeMap<Service, Child>,
    /// Likewise what the network is made of.
    outside: BTreeMap<Outside, Child>,
    /// Says what holds by the scope, while that is made.
    entering: Option<JoinHandle<Vec<Held>>>,
    supervisors: Vec<AbortHandle>,
    /// Where connections to the private bus go.
    bus: Option<bus::Connections>,
    /// What must have happened by then: it is ready, or it has ended.
    deadline: Option<Instant>,
    /// When messages were received in this second.
    rate: Rate,
}

/// Why the task is over.
enum Over {
    /// Init said so, or is gone after it was asked to end.
    InOrder,
    /// Something that the launcher or the log is told.
    Failed(Failure),
}

/// Init broke its protocol.
#[derive(Debug, thiserror::Error)]
enum Violation {
    #[error(transparent)]
    Unknown(#[from] Unknown),
    #[error("init sends a message out of turn")]
    OutOfTurn,
    #[error("init sends the wrong descriptors")]
    Descriptors,
    #[error("init sends too many messages")]
    Flood,
}

/// How the task came to its sandbox.
pub(crate) struct Hold {
    pub(crate) connection: Connection,
    /// The stage before init, when it was just started.
    pub(crate) stage: Option<Child>,
    /// Init, when it was begun in advance or taken over.
    pub(crate) init: Option<Child>,
    pub(crate) nonce: Nonce,
    /// Programs that an earlier daemon knew by name, when it was taken over.
    pub(crate) earlier: Option<Vec<(ProcessId, String)>>,
    /// The proxies that it started.
    pub(crate) proxies: BTreeMap<Service, Child>,
    /// And what made the network.
    pub(crate) outside: BTreeMap<Outside, Child>,
}

impl Task {
    pub(crate) fn new(
        daemon: Arc<Daemon>,
        sandbox: Arc<Sandbox>,
        commands: Commands,
        hold: Hold,
    ) -> Self {
        Self {
            daemon,
            first_process: sandbox.process_count(),
            findable: hold.earlier.is_some(),
            earlier: hold.earlier,
            proxies: hold.proxies,
            outside: hold.outside,
            sandbox,
            connection: hold.connection,
            commands,
            stage: hold.stage,
            init: hold.init,
            nonce: hold.nonce,
            processes: Processes::default(),
            entering: None,
            supervisors: Vec::new(),
            bus: None,
            deadline: Some(Instant::now() + START_DEADLINE),
            rate: Rate::default(),
        }
    }

    /// Runs until the sandbox is gone. `opening` is what init is told before anything else.
    pub(crate) async fn run(mut self, opening: Vec<Encoded>) {
        let files = views::supervise(Arc::clone(&self.daemon), Arc::clone(&self.sandbox));
        let files = tokio::spawn(files.instrument(tracing::Span::current()));
        self.supervisors.push(files.abort_handle());
        let ending = expiry::supervise(Arc::clone(&self.daemon), Arc::clone(&self.sandbox));
        let ending = tokio::spawn(ending.instrument(tracing::Span::current()));
        self.supervisors.push(ending.abort_handle());
        let open = open::supervise(Arc::clone(&self.sandbox));
        let open = tokio::spawn(open.instrument(tracing::Span::current()));
        self.supervisors.push(open.abort_handle());
        let over = match self.open(opening).await {
            Err(error) if !error.is_end() => self.lost(&error),
            _ => {
                self.sandbox.moments.reach(Moment::Sent);
                if self.init.is_some() && self.earlier.is_none() {
                    self.is_born();
                }
                self.follow().await
            }
        };
        self.end(over).await;
    }

    async fn open(&self, opening: Vec<Encoded>) -> Result<(), ConnectionError> {
        for message in opening {
            self.connection.send_encoded(&message).await?;
        }
        Ok(())
    }

    async fn follow(&mut self) -> Over {
        loop {
            let deadline = self.deadline;
            let late = async move {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let gone = wait(self.init.as_ref());
            let staged = wait(self.stage.as_ref());
            // In this order: what init said before it died counts.
            let over = tokio::select! {
                biased;
                message = self.connection.receive() => match message {
                    Ok((message, fds)) => self.heard(message, fds).await,
                    Err(error) => Some(self.lost(&error)),
                },
                command = self.commands.recv() => match command {
                    Some(command) => self.asked(command).await,
                    None => Some(Over::InOrder),
                },
                () = gone => Some(self.lost(&ConnectionError::Closed)),
                () = staged => {
                    // It ends as soon as init exists; init itself is watched by its own pidfd.
                    self.stage = None;
                    None
                }
                () = late => Some(self.too_late()),
            };
            if let Some(over) = over {
                return over;
            }
        }
    }

    async fn heard(&mut self, message: FromInit, fds: Vec<Careful<OwnedFd>>) -> Option<Over> {
        match self.take(message, fds).await {
            Ok(over) => over,
            Err(violation) => {
                tracing::warn!(%violation, "the sandbox is killed");
                Some(Over::Failed(Failure::new(
                    Kind::Gone,
                    format!(
                        "the sandbox {} was killed because {violation}",
                        self.sandbox.id
                    ),
                    "Look at the daemon's log: an attack from inside, or a bug",
                )))
            }
        }
    }

    async fn take(
        &mut self,
        message: FromInit,
        fds: Vec<Careful<OwnedFd>>,
    ) -> Result<Option<Over>, Violation> {
        if !self.rate.count(Instant::now(), RATE) {
            return Err(Violation::Flood);
        }
        // Sockets, namespaces, a process, a terminal: nothing that a file system would have to be asked about.
        let fds = aside::of_no_file_system(fds).ok_or(Violation::Descriptors)?;
        match message {
            FromInit::Born => return self.born(fds),
            FromInit::Begun if self.sandbox.namespaces.get().is_none() => {}
            FromInit::Begun => return Err(Violation::OutOfTurn),
            FromInit::Ready { listeners, held } => {
                return self.ready(&listeners, &held, fds).await;
            }
            FromInit::Started { process } => {
                if self.found(process)? {
                    return Ok(None);
                }
                let mut fds = fds.into_iter();
                let terminal = fds.next();
                if fds.next().is_some() || terminal.as_ref().is_some_and(is_no_terminal) {
                    return Err(Violation::Descriptors);
                }
                self.processes.started(process, terminal)?;
                self.sandbox.moments.reach(Moment::Started);
            }
            FromInit::Exited { process, status } => {
                if !self.processes.knows(process) {
                    return self.missed(process).map(|()| None);
                }
                self.say_crashed(status);
                self.processes.ended(process, status)?;
                self.publish_processes();
            }
            FromInit::Failed {
                process,
                stage,
                subject,
                errno,
            } => {
                let failure = refused::failure(&self.sandbox.plan, stage, &subject, errno);
                match process {
                    Some(process) => {
                        self.processes.failed(process, &failure)?;
                        self.publish_processes();
                    }
                    None => return Ok(Some(Over::Failed(failure))),
                }
            }
            FromInit::HelperExited { service, status } => {
                tracing::info!(?service, code = status.code(), "a helper inside ended");
            }
            FromInit::Reached { service } => self.reached(service, fds)?,
            FromInit::Ending => return Ok(Some(Over::InOrder)),
        }
        Ok(None)
    }

    /// A proxy gets the connection, if there is to be one.
    fn reached(&mut self, service: Service, fds: Vec<OwnedFd>) -> Result<(), Violation> {
        let (Some(bus), Service::Bus) = (&self.bus, service) else {
            return Err(Violation::OutOfTurn);
        };
        let Ok([connection]) = <[OwnedFd; 1]>::try_from(fds) else {
            return Err(Violation::Descriptors);
        };
        if !bus::is_stream(&connection) {
            return Err(Violation::Descriptors);
        }
        bus.offer(connection);
        Ok(())
    }

    /// Says that an app with windows is gone by a fault of its own, which nobody else may.
    fn say_crashed(&self, status: ExitStatus) {
        if let ExitStatus::Signal(signal) = status
            && FAULTS.contains(&signal)
            && self.sandbox.plan.display.is_some()
            && self.sandbox.phase() == Phase::Running
        {
            let why = format!("One of its programs has crashed, by the signal {signal}.");
            notice::died(&self.daemon, &self.sandbox, why);
        }
    }

    /// Whether a program that was started is one of an earlier daemon's.
    fn found(&mut self, process: ProcessId) -> Result<bool, Violation> {
        let Some(names) = &self.earlier else {
            return Ok(false);
        };
        if self.processes.knows(process) {
            return Ok(false);
        }
        // Numbers of this daemon begin behind those of the earlier one.
        if process >= self.first_process {
            return Err(Unknown.into());
        }
        self.processes.found(process, names);
        self.publish_processes();
        Ok(true)
    }

    /// Whether the end of an unknown program is one that an earlier daemon was told of, or would
    /// have been: a later one is told them all.
    fn missed(&self, process: ProcessId) -> Result<(), Violation> {
        match self.earlier {
            Some(_) if process < self.first_process => Ok(()),
            _ => Err(Unknown.into()),
        }
    }

    fn born(&mut self, fds: Vec<OwnedFd>) -> Result<Option<Over>, Violation> {
        let Ok([pidfd]) = <[OwnedFd; 1]>::try_from(fds) else {
            return Err(Violation::Descriptors);
        };
        if self.init.is_some() {
            return Err(Violation::OutOfTurn);
        }
        let init = match Child::new(pidfd) {
            Ok(init) => init,
            // A file is never waited for: it is none.
            Err(error) if error.raw_os_error() == Some(Errno::PERM.raw_os_error()) => {
                return Err(Violation::Descriptors);
            }
            Err(error) => {
                let what = format!("cannot watch over the sandbox {}: {error}", self.sandbox.id);
                return Ok(Some(Over::Failed(Failure::new(Kind::Host, what, ""))));
            }
        };
        self.init = Some(init);
        self.is_born();
        Ok(None)
    }

    /// Init exists, and nothing inside it yet.
    fn is_born(&mut self) {
        let pid = self.init.as_ref().and_then(Child::pid);
        let pid = pid.and_then(|pid| u32::try_from(pid).ok());
        self.sandbox
            .publish(|published| published.pid = pid.unwrap_or(0));
        self.sandbox.moments.reach(Moment::Born);
        if let (Some(pid), Some(_)) = (pid, &self.sandbox.scope) {
            let (daemon, sandbox) = (Arc::clone(&self.daemon), Arc::clone(&self.sandbox));
            let enter = async move {
                let name = sandbox.scope.as_deref().unwrap_or_default();
                daemon.scopes.enter(&sandbox.plan, name, pid).await
            };
            let enter = enter.instrument(tracing::Span::current());
            self.entering = Some(tokio::spawn(enter));
        }
    }

    /// What holds by the scope, now that it is made.
    async fn entered(&mut self) -> Vec<Held> {
        let made = match self.entering.take() {
            Some(entering) => entering.await.ok(),
            None => None,
        };
        match (made, &self.init) {
            (Some(held), _) => held,
            (None, Some(init)) if self.earlier.is_some() => {
                scope::look(&self.sandbox.plan, self.sandbox.scope.as_deref(), init)
            }
            (None, _) => self.daemon.scopes.absent(),
        }
    }

    /// Says how far the walls hold; an error is one that the profile requires.
    async fn report(&mut self, held: &[Held]) -> Result<(), Failure> {
        let manager = self.entered().await;
        let plan = &self.sandbox.plan;
        // At a launch nothing of the app has run yet; what is said to a later daemon is not
        // believed, since that has the report of the first.
        let report = match self.sandbox.report() {
            Some(earlier) => earlier.looked_at_again(&manager),
            None => EnforcementReport::new(plan, held, &manager),
        };
        self.sandbox.publish_report(report);
        match report::missing(plan, By::Manager, &manager) {
            Some(line) => Err(refused::lacks(plan, &line)),
            None => Ok(()),
        }
    }

    async fn ready(
        &mut self,
        services: &[Service],
        held: &[Held],
        fds: Vec<OwnedFd>,
    ) -> Result<Option<Over>, Violation> {
        if self.init.is_none() || self.sandbox.namespaces.get().is_some() {
            return Err(Violation::OutOfTurn);
        }
        let expected: Vec<Service> = self
            .sandbox
            .plan
            .listeners
            .iter()
            .filter(|listener| listener.reaches_outside())
            .map(|listener| listener.service)
            .collect();
        if services != expected || fds.len() != 4 + services.len() {
            return Err(Violation::Descriptors);
        }
        if held.len() > report::MOST {
            return Err(Violation::Flood);
        }
        let mut fds = fds.into_iter();
        let mut next = || fds.next().ok_or(Violation::Descriptors);
        let namespaces = [next()?, next()?, next()?, next()?];
        let namespaces = Namespaces::new(namespaces, self.sandbox.plan.network.mode)
            .map_err(|_| Violation::Descriptors)?;
        let _ = self.sandbox.namespaces.set(namespaces);
        let mut sockets: BTreeMap<Service, OwnedFd> = services.iter().copied().zip(fds).collect();
        let mut x11 = sockets.remove(&Service::X11);
        for (service, listener) in sockets {
            let x11 = if service == Service::Wayland {
                x11.take()
            } else {
                None
            };
            self.serve(service, (listener, x11));
        }
        if self.sandbox.plan.portals {
            self.portals().await;
        }
        if let Err(failure) = self.network().await {
            return Ok(Some(Over::Failed(failure)));
        }
        if let Err(failure) = self.report(held).await {
            if self.earlier.is_none() {
                return Ok(Some(Over::Failed(failure)));
            }
            // It held when it was started: programs that run get the time to end in order.
            if let Some(over) = self.asked(Command::Abandon(failure)).await {
                return Ok(Some(over));
            }
        }
        // Saved before it is said to run: whoever hears that may rely on a later daemon to find it.
        self.save().await;
        if self.sandbox.phase() == Phase::Starting {
            self.deadline = None;
            self.sandbox.moments.reach(Moment::Built);
            self.sandbox.set_phase(Phase::Running);
        }
        Ok(None)
    }

    /// Lets a proxy come to the private bus when there is one.
    async fn portals(&mut self) {
        let (connections, come) = bus::connections();
        self.bus = Some(connections);
        let (daemon, sandbox) = (Arc::clone(&self.daemon), Arc::clone(&self.sandbox));
        let serving = bus::supervise(daemon, sandbox, come).instrument(tracing::Span::current());
        self.supervisors.push(tokio::spawn(serving).abort_handle());
        if self.earlier.is_some() {
            // The proxy of an earlier daemon ended with it.
            let _ = self.asked(Command::Reach(Service::Bus)).await;
        }
    }

    /// Makes the network before anything can run; takes it over from an earlier daemon.
    async fn network(&mut self) -> crate::failure::Result<()> {
        let (daemon, sandbox) = (Arc::clone(&self.daemon), Arc::clone(&self.sandbox));
        self.forwards(&daemon, &sandbox).await?;
        if sandbox.plan.network.mode != Mode::Internet {
            return Ok(());
        }
        let up = match self.earlier {
            Some(_) => None,
            None => Some(network::open(&daemon, &sandbox).await?),
        };
        let found = self.outside.remove(&Outside::Pasta);
        let supervising = network::supervise(daemon, sandbox, up, found);
        let supervising = tokio::spawn(supervising.instrument(tracing::Span::current()));
        self.supervisors.push(supervising.abort_handle());
        Ok(())
    }

    async fn forwards(
        &mut self,
        daemon: &Arc<Daemon>,
        sandbox: &Arc<Sandbox>,
    ) -> crate::failure::Result<()> {
        if self.earlier.is_none() {
            for forward in &sandbox.plan.network.forwards {
                forwards::open(daemon, sandbox, forward.clone()).await?;
            }
            return Ok(());
        }
        let of_forwards = |what: &Outside| match what {
            Outside::Forward(forward) => Some(forward.clone()),
            Outside::Pasta => None,
        };
        let all = std::mem::take(&mut self.outside);
        let mut running = BTreeMap::new();
        for (what, process) in all {
            match of_forwards(&what) {
                Some(forward) => drop(running.insert(forward, process)),
                None => drop(self.outside.insert(what, process)),
            }
        }
        forwards::resume(daemon, sandbox, running).await;
        Ok(())
    }

    /// Lets a proxy serve one of the sandbox's sockets.
    fn serve(&mut self, service: Service, sockets: (OwnedFd, Option<OwnedFd>)) {
        let program = match service {
            Service::Wayland => display::PROGRAM,
            Service::Pulse => audio::PROGRAM,
            // They are served inside, and the X server's windows with the others.
            Service::Bus | Service::X11 => return,
        };
        let earlier = self.proxies.remove(&service);
        let sandbox = Arc::clone(&self.sandbox);
        let supervisor = Supervisor::new(&self.daemon, sandbox.clone(), program, sockets, earlier);
        let span = tracing::Span::current();
        let serving = if service == Service::Wayland {
            let daemon = Arc::clone(&self.daemon);
            tokio::spawn(display::supervise(daemon, sandbox, supervisor).instrument(span))
        } else {
            let daemon = Arc::clone(&self.daemon);
            tokio::spawn(audio::supervise(daemon, sandbox, supervisor).instrument(span))
        };
        self.supervisors.push(serving.abort_handle());
    }

    async fn asked(&mut self, command: Command) -> Option<Over> {
        let sent = match command {
            Command::Run(run) => self.start(*run).await,
            Command::Signal { process, signal } => {
                self.connection
                    .send(&ToInit::Signal { process, signal }, &[])
                    .await
            }
            Command::Stop { grace } => self.stop(grace).await,
            Command::Abandon(failure) => {
                self.processes.abandon_all(&failure);
                let grace = Duration::from_millis(self.sandbox.plan.life.grace_ms.into());
                self.stop(grace).await
            }
            Command::Reach(service) => self.connection.send(&ToInit::Reach { service }, &[]).await,
            Command::Save => {
                self.save().await;
                Ok(())
            }
            Command::SaveAndSay(waiting) => {
                self.save().await;
                // Whoever waited may have gone.
                let _ = waiting.send(());
                Ok(())
            }
        };
        match sent {
            // Its end is heard behind what it said before, which may be why.
            Err(error) if !error.is_end() => Some(self.lost(&error)),
            _ => None,
        }
    }

    async fn start(&mut self, run: Run) -> Result<(), ConnectionError> {
        let name = run
            .program
            .argv
            .first()
            .map(OsBytes::to_string)
            .unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default();
        let name = name.chars().take(64).collect();
        self.processes
            .asked(run.process, name, Some(run.started), run.status);
        self.publish_processes();
        let explain = run.explain.as_ref();
        let listener = explain.map(|explain| &explain.socket);
        let fds = run.fds.iter().chain(&run.file).chain(listener);
        let fds: Vec<_> = fds.map(AsFd::as_fd).collect();
        let message = ToInit::Run {
            process: run.process,
            program: run.program,
            stdio: run.stdio,
            executable: run.file.is_some(),
            explained: explain.is_some(),
            watched: explain.map_or_else(Vec::new, |explain| explain.watched.clone()),
        };
        self.connection.send(&message, &fds).await?;
        if self.sandbox.namespaces.get().is_some() {
            self.save().await;
        } else {
            // The kernel has put init onto this processor, as one who answers; and there is more to do here
            // that nobody waits for.
            std::thread::yield_now();
        }
        Ok(())
    }

    async fn stop(&mut self, grace: Duration) -> Result<(), ConnectionError> {
        let deadline = Instant::now() + grace + KILL_AFTER;
        self.deadline = Some(self.deadline.map_or(deadline, |old| old.min(deadline)));
        self.sandbox.set_phase(Phase::Stopping);
        let grace_ms = u32::try_from(grace.as_millis()).unwrap_or(u32::MAX);
        self.connection.send(&ToInit::Stop { grace_ms }, &[]).await
    }

    fn publish_processes(&self) {
        let list = self.processes.list();
        self.sandbox.publish(|published| {
            let now = std::time::Instant::now;
            published.emptied = list
                .is_empty()
                .then(|| published.emptied.unwrap_or_else(now));
            published.processes = list;
        });
    }

    async fn save(&mut self) {
        let init = self.init.as_ref().and_then(Child::name);
        let saved = Saved::of(&self.sandbox, self.nonce, init);
        if let Err(error) = saved.write(&self.daemon.directories) {
            tracing::error!(
                error = error.line(),
                "a later daemon will not find this sandbox"
            );
        } else if !self.findable {
            // If this does not arrive, the end of the connection will be noticed anyway.
            self.findable = self.connection.send(&ToInit::Findable, &[]).await.is_ok();
        }
    }

    fn lost(&self, error: &ConnectionError) -> Over {
        if self.sandbox.phase() == Phase::Stopping {
            return Over::InOrder;
        }
        Over::Failed(Failure::new(
            Kind::Gone,
            format!(
                "the init of the sandbox {} is gone: {error}",
                self.sandbox.id
            ),
            "If nobody killed it, look at the daemon's log",
        ))
    }

    fn too_late(&self) -> Over {
        if self.sandbox.phase() != Phase::Starting {
            // It was asked to end and does not.
            return Over::InOrder;
        }
        Over::Failed(Failure::new(
            Kind::Timeout,
            format!(
                "the sandbox {} was not built within {} seconds",
                self.sandbox.id,
                START_DEADLINE.as_secs()
            ),
            "A file system that it shows may not answer: look at its profile's paths with `oz plan`",
        ))
    }

    /// Nothing of it stays: whatever is left is killed, and whoever waits is told.
    async fn end(mut self, over: Over) {
        for supervisor in &self.supervisors {
            supervisor.abort();
        }
        // A change of the files that goes on now ends by itself, at the latest at its deadline.
        if let Ok(mut store) = tokio::time::timeout(FILES, self.sandbox.grants.lock()).await {
            store.end();
        }
        let failure = match over {
            Over::InOrder => None,
            Over::Failed(failure) => {
                tracing::warn!(kind = ?failure.kind, "the sandbox ended out of order");
                // Whoever started it is told what became of that; this is for one that ran.
                if self.sandbox.phase() == Phase::Running {
                    notice::died(&self.daemon, &self.sandbox, failure.to_string());
                }
                Some(failure)
            }
        };
        let told = failure
            .clone()
            .unwrap_or_else(|| Failure::gone(&self.sandbox.id));
        if failure.is_none() && self.sandbox.phase() == Phase::Stopping {
            self.processes.end_all(ExitStatus::Signal(15));
        }
        self.processes.fail_all(&told);
        for proxy in self.proxies.values().chain(self.outside.values()) {
            proxy.kill();
        }
        if let Some(entering) = self.entering.take() {
            // Until it is reaped its number means no other process, which would be moved in its place.
            let _ = entering.await;
        }
        for process in [self.stage.take(), self.init.take()].into_iter().flatten() {
            // After `Ending` init goes by itself; a kill then hurts nobody.
            process.kill();
            let waited = tokio::time::timeout(GONE, process.wait()).await;
            if waited.is_err() {
                tracing::error!("a killed sandbox does not end");
                child::reap(process);
            }
        }
        forwards::close_all(&self.sandbox).await;
        self.daemon.runs.ended(&self.sandbox.id);
        self.daemon.sandboxes.remove(&self.sandbox.id);
        self.daemon.consent.ended(&self.sandbox.id);
        copies::ended(&self.daemon, &self.sandbox.plan);
        let parent = self.daemon.directories.sandboxes();
        if let Err(error) = directories::remove_flat(&parent, self.sandbox.id.as_str()) {
            tracing::debug!(%error, "nothing to tidy up");
        }
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            if let Command::Run(run) = command {
                let _ = run.started.send(Err(Failure::gone(&self.sandbox.id)));
            }
        }
        tracing::info!("ended");
        self.sandbox.set_phase(Phase::Ended(failure));
    }
}

/// What goes on to the user's `oz` as a terminal is the controlling end of one and nothing else:
/// any other file could hang or trick whoever relays it.
fn is_no_terminal(fd: &OwnedFd) -> bool {
    const PTMX: (u32, u32) = (5, 2);
    let device = rustix::fs::fstat(fd).ok().filter(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::CharacterDevice
    });
    let number = |stat: rustix::fs::Stat| {
        (
            rustix::fs::major(stat.st_rdev),
            rustix::fs::minor(stat.st_rdev),
        )
    };
    device.map(number) != Some(PTMX)
}

async fn wait(child: Option<&Child>) {
    match child {
        Some(child) => drop(child.wait().await),
        None => std::future::pending().await,
    }
}
