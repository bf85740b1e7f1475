//! A sandbox for a program: one to join, or a new one.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use oz_confine::filter::Programs;
use oz_core::OsBytes;
use oz_core::plan::{Home, Mode, Plan};
use oz_core::report::{self, By};
use oz_core::wire::FrameError;
use oz_core::wire::init::{Nonce, ToInit};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::rand::GetRandomFlags;

use super::nascent::Nascent;
use super::prepare::{Prepared, Request, Serving};
use super::refused;
use crate::control;
use crate::copies;
use crate::daemon::Daemon;
use crate::directories;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::connection::Encoded;
use crate::sandbox::moments::{Moment, Moments};
use crate::sandbox::proxy::KillOnDrop;
use crate::sandbox::task::{Hold, Task};
use crate::sandbox::{Birth, Sandbox, log};
use crate::strangers;

/// Name of the control socket in a sandbox's runtime directory.
pub(crate) const CONTROL: &str = "control";

/// Where a program will run.
pub(super) struct Target {
    pub(super) sandbox: Arc<Sandbox>,
    /// It was there before.
    pub(super) joined: bool,
    /// It is new, and its profile is of an app, which may have been given files for good.
    pub(super) has_lasting: bool,
    /// The whole command line.
    pub(super) argv: Vec<OsBytes>,
}

/// The sandbox that the request names.
pub(super) fn join(daemon: &Daemon, request: &Request, id: &str) -> Result<Target> {
    let known = id.parse().ok();
    if let Some(stranger) = known.and_then(|id| daemon.strangers.get(&id)) {
        return Err(strangers::refusal(&stranger));
    }
    Ok(Target {
        sandbox: daemon.sandboxes.get(id)?,
        joined: true,
        has_lasting: false,
        argv: request.command(),
    })
}

/// Finds or starts a sandbox. Nothing here awaits, so two launches never start two.
pub(super) fn open(
    daemon: &Arc<Daemon>,
    request: &Request,
    prepared: Prepared,
    moments: Moments,
) -> Result<Target> {
    let of_its_own = request.ephemeral || request.trial || request.sandbox.is_some();
    let joinable = !prepared.template && !of_its_own && !prepared.profile.life.multi;
    if joinable && let Some(sandbox) = daemon.sandboxes.joinable(&prepared.profile.name) {
        if request.explain.is_some() {
            return Err(Failure::new(
                Kind::Refused,
                format!(
                    "{} runs already, and what runs cannot be explained any more",
                    sandbox.id
                ),
                format!(
                    "End it first: `oz stop {}`; or explain another one with --ephemeral",
                    sandbox.id
                ),
            ));
        }
        let runs = sandbox.plan.network.mode;
        if request.network.is_some_and(|wanted| wanted != runs) {
            return Err(Failure::new(
                Kind::Refused,
                format!(
                    "{} runs already, with the network {:?}",
                    sandbox.id,
                    runs.word()
                ),
                format!("End it first: `oz stop {}`", sandbox.id),
            ));
        }
        let runs = sandbox.plan.tree.as_ref().map(|tree| &tree.path);
        let wanted = request.tree().map(|tree| &tree.path);
        if wanted != runs {
            let root = |root: &PathBuf| OsBytes::from(root.as_path()).to_string();
            let system = runs.map_or_else(|| "of the host".to_owned(), root);
            return Err(Failure::new(
                Kind::Refused,
                format!("{} runs already, with the system {system}", sandbox.id),
                format!("End it first: `oz stop {}`", sandbox.id),
            ));
        }
        let runs = &sandbox.plan.home;
        if request
            .home
            .is_some_and(|wanted| wanted.word() != runs.word())
        {
            return Err(Failure::new(
                Kind::Refused,
                format!(
                    "{} runs already, with the home {:?}",
                    sandbox.id,
                    runs.word()
                ),
                format!("End it first: `oz stop {}`", sandbox.id),
            ));
        }
        return Ok(Target {
            sandbox,
            joined: true,
            has_lasting: false,
            argv: prepared.argv,
        });
    }
    if joinable && let Some(stranger) = daemon.strangers.of_profile(&prepared.profile.name) {
        // It would have the same home, and what runs there does not know of this one.
        return Err(strangers::refusal(&stranger));
    }
    let sandbox = start(daemon, request, &prepared, joinable, moments)?;
    Ok(Target {
        sandbox,
        joined: false,
        has_lasting: !prepared.template && !request.trial,
        argv: prepared.argv,
    })
}

fn start(
    daemon: &Arc<Daemon>,
    request: &Request,
    prepared: &Prepared,
    joinable: bool,
    moments: Moments,
) -> Result<Arc<Sandbox>> {
    // Started first: it gets ready to read its plan while that is made.
    let fresh = || Nascent::start(daemon);
    let early = (!daemon.next.is_begun()).then(fresh).transpose()?;
    moments.reach(Moment::Spawned);
    let id = request.free_id(daemon, prepared)?;
    let (plan, Serving { display, sound }) = request.plan(daemon, prepared, id)?;
    let filters = daemon.filters.programs(&plan.syscalls).map_err(|error| {
        Failure::new(
            Kind::Profile,
            error.to_string(),
            "Change the profile's syscall list",
        )
    })?;
    let scope = daemon.scopes.name(&plan)?;
    if scope.is_none()
        && let Some(line) = report::missing(&plan, By::Manager, &daemon.scopes.absent())
    {
        return Err(refused::lacks(&plan, &line));
    }
    make_home(daemon, &plan)?;
    copies::prepare(&daemon.runs, &plan, request.ephemeral, prepared.terms)?;
    if plan.overlays().next().is_some() {
        daemon.copies.send_replace(());
    }
    log::forget(&daemon.directories.logs(), &plan.id);
    let nonce = nonce()?;
    let control = listen(daemon, &plan)?;
    let begun = daemon.next.take(daemon, &plan);
    let begin = begun.is_none().then(|| ToInit::Begin {
        user: plan.user.clone(),
        network: plan.network.mode != Mode::Host,
        root: Vec::new(),
        likely: Vec::new(),
    });
    let (nascent, made) = match (begun, early) {
        (Some(begun), _) => begun,
        (None, Some(early)) => (early, 0),
        (None, None) => (fresh()?, 0),
    };
    let too_much = |error: FrameError| {
        Failure::new(
            Kind::Profile,
            format!(
                "the plan for {} is more than init is told: {error}",
                prepared.profile.name
            ),
            "Have its profile name directories rather than many files",
        )
    };
    let (start, plan) = in_words(plan, made, &filters, nonce, control).map_err(too_much)?;
    moments.reach(Moment::Planned);
    let begin = begin.map(|begin| Encoded::new(&begin, Vec::new()));
    let begin = begin.transpose().map_err(too_much)?;
    let opening = begin.into_iter().chain([start]).collect();
    let birth = Birth {
        plan,
        joinable,
        host: display,
        sound_server: sound,
        activation_token: request.click().map(str::to_owned),
        token: secret()?,
        started: SystemTime::now(),
        moments,
        next_process: 1,
        scope,
        report: None,
    };
    let hold = Hold {
        connection: nascent.connection,
        stage: nascent.stage.and_then(KillOnDrop::keep),
        init: nascent.init.and_then(KillOnDrop::keep),
        nonce,
        earlier: None,
        proxies: BTreeMap::new(),
        outside: BTreeMap::new(),
    };
    Ok(adopt(daemon, birth, hold, opening))
}

/// What init is told of a plan whose root goes on behind what was begun, and the plan again: each launch waits for this, and
/// a copy of the plan would be a part of the wait.
fn in_words(
    mut plan: Plan,
    made: usize,
    filters: &Programs,
    nonce: Nonce,
    control: OwnedFd,
) -> std::result::Result<(Encoded, Plan), FrameError> {
    let mut root = mem::take(&mut plan.root);
    plan.root = root.split_off(made);
    let start = ToInit::Start {
        plan: Box::new(plan),
        filter: filters.programs.to_vec(),
        own_filter: filters.init.to_vec(),
        x_server_filter: filters.x_server.to_vec(),
        nonce,
    };
    let encoded = Encoded::new(&start, vec![control])?;
    let ToInit::Start { mut plan, .. } = start else {
        return Err(FrameError::Body(0));
    };
    root.append(&mut plan.root);
    plan.root = root;
    Ok((encoded, *plan))
}

/// Gives a sandbox its task and shows it on the bus. `opening` is what init is told before anything else.
pub(crate) fn adopt(
    daemon: &Arc<Daemon>,
    birth: Birth,
    hold: Hold,
    opening: Vec<Encoded>,
) -> Arc<Sandbox> {
    let (sandbox, commands) = Sandbox::new(birth);
    let task = Task::new(Arc::clone(daemon), Arc::clone(&sandbox), commands, hold);
    daemon.sandboxes.add(Arc::clone(&sandbox));
    let span = tracing::info_span!(parent: None, "sandbox", id = %sandbox.id);
    let run = tracing::Instrument::instrument(task.run(opening), span.clone());
    tokio::spawn(run);
    let shown = control::show(Arc::clone(daemon), Arc::clone(&sandbox));
    tokio::spawn(tracing::Instrument::instrument(shown, span));
    sandbox
}

/// The directory that is the app's home, if it has one that lasts.
fn make_home(daemon: &Daemon, plan: &Plan) -> Result<()> {
    let Home::Private(path) = &plan.home else {
        return Ok(());
    };
    let state = &daemon.directories.state;
    let relative = path.strip_prefix(state).map_err(|_| {
        Failure::new(
            Kind::Profile,
            format!(
                "the home of {} is not beneath {}",
                plan.profile,
                state.display()
            ),
            "",
        )
    })?;
    directories::make_beneath(state, relative)?;
    Ok(())
}

/// The socket at which a later daemon finds init.
fn listen(daemon: &Daemon, plan: &Plan) -> Result<OwnedFd> {
    let parent = daemon.directories.sandboxes();
    forget(daemon, plan);
    let directory = directories::make_beneath(&parent, plan.id.as_str().as_ref())?;
    let bind = || -> io::Result<OwnedFd> {
        let flags = SocketFlags::CLOEXEC;
        let socket =
            rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        rustix::net::bind(&socket, &control_address(&directory)?)?;
        rustix::net::listen(&socket, 4)?;
        Ok(socket)
    };
    bind().map_err(|error| Failure::host("make a socket beneath", &parent, &error))
}

/// The control socket in a runtime directory.
pub(crate) fn control_address(directory: &OwnedFd) -> io::Result<SocketAddrUnix> {
    directories::socket_in(directory, CONTROL)
}

/// What is left of an earlier sandbox of that name.
fn forget(daemon: &Daemon, plan: &Plan) {
    let _ = directories::remove_flat(&daemon.directories.sandboxes(), plan.id.as_str());
}

/// What nobody can guess: it tells the drags of a sandbox from others', or a click. A proxy's, not its init's.
pub(super) fn secret() -> Result<String> {
    let random = nonce()?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What nobody can guess.
pub(crate) fn nonce() -> Result<Nonce> {
    let mut nonce = Nonce::default();
    // So few bytes come whole, or not at all.
    match rustix::rand::getrandom(&mut nonce, GetRandomFlags::empty()) {
        Ok(count) if count == nonce.len() => Ok(nonce),
        _ => Err(Failure::new(
            Kind::Host,
            "the kernel gives no random bytes",
            "`oz doctor` says what is wrong with this machine",
        )),
    }
}
