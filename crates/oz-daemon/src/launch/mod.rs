//! From a request to a program that runs in a sandbox.

pub(crate) mod display;
mod many;
pub(crate) mod named;
pub(crate) mod nascent;
pub(crate) mod next;
pub(crate) mod options;
pub(crate) mod plans;
pub(crate) mod prepare;
mod program;
pub(crate) mod refused;
mod secrets;
mod start;
mod stdio;

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oz_core::OsBytes;
use oz_core::plan::Access;
use oz_core::wire::display::Tell;
use oz_core::wire::init::{ProcessId, Program};
use oz_host::resolve::Resolved;
use tokio::sync::oneshot;

use crate::copies;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::grants::change::{self, Wanted};
use crate::grants::{Lifetime, Origin, lasting};
use crate::launchers;
use crate::sandbox::moments::Moments;
use crate::sandbox::status::StatusPipe;
use crate::sandbox::{Command, Phase, Run, Sandbox, explain};
use named::Named;
use next::Next;
use options::Options;
pub(crate) use start::{CONTROL, adopt, control_address, nonce};
use stdio::Streams;

/// How long init may take to start a program in a sandbox that runs.
const START_DEADLINE: Duration = Duration::from_secs(10);
/// How long a launch tries again when the sandbox that it wants to join is just ending: several that start the same short
/// program can end it for each other again and again.
const TRYING: Duration = Duration::from_secs(10);

/// What runs now.
pub(crate) struct Launched {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) process: ProcessId,
    /// It runs in a sandbox that was there before.
    pub(crate) joined: bool,
    /// What its profile has for good and it does not get, and why: a sentence each.
    pub(crate) withheld: Vec<String>,
    /// The other end of its terminal.
    pub(crate) terminal: Option<OwnedFd>,
}

/// What init is sent along with a program, besides its streams.
struct OfProgram {
    /// The program itself, unless it lies inside.
    file: Option<OwnedFd>,
    /// Where its refused calls are answered, and which others are asked about.
    explain: Option<explain::Asked>,
}

impl OfProgram {
    fn of(daemon: &Daemon, sandbox: &Arc<Sandbox>, request: &prepare::Request) -> Result<Self> {
        let report = request.explain.as_ref();
        let explain = report.map(|report| explain::start(daemon, sandbox, report, request.train));
        Ok(Self {
            file: request.file(daemon)?,
            explain: explain.transpose()?,
        })
    }
}

/// Files that the profile of a new sandbox has for good.
#[derive(Default)]
struct Lasting {
    wanted: Vec<Wanted>,
    /// What is not given, and why.
    withheld: Vec<String>,
}

impl Lasting {
    /// Those beside what was named. That they cannot be had is no reason not to launch.
    async fn of(daemon: &Daemon, sandbox: &Sandbox, named: &[Wanted]) -> Self {
        let looked = async {
            let kept = lasting::of(&daemon.directories, &sandbox.plan.profile)?;
            lasting::look(kept).await
        };
        match looked.await {
            Ok((mut wanted, withheld)) => {
                let is_named =
                    |one: &Wanted| named.iter().any(|n| n.resolved.path == one.resolved.path);
                wanted.retain(|one| !is_named(one));
                let withheld = withheld.into_iter().map(|one| one.0).collect();
                Self { wanted, withheld }
            }
            Err(failure) => Self {
                wanted: Vec::new(),
                withheld: vec![failure.line()],
            },
        }
    }

    /// Gives them, each for itself; what is not given, and why.
    async fn give(self, daemon: &Daemon, sandbox: &Sandbox) -> Vec<String> {
        let mut withheld = self.withheld;
        for one in self.wanted {
            let path = one.resolved.path.clone();
            if let Err(failure) = change::add(daemon, sandbox, vec![one]).await {
                withheld.push(format!("{path} is not given: {}", failure.line()));
            }
        }
        for why in &withheld {
            tracing::warn!(%why, "a file that was given for good");
        }
        withheld
    }
}

/// Files that came with a request.
struct Files {
    /// With the index of the argument that each is.
    arguments: Vec<(usize, Resolved)>,
    /// Why those are given,
    origin: Origin,
    /// and the most that is given of them, whatever the profile says of arguments.
    most: Access,
    read: Vec<Resolved>,
    write: Vec<Resolved>,
}

/// Launches.
pub(crate) async fn launch(
    daemon: &Arc<Daemon>,
    argv: Vec<OsBytes>,
    mut options: Options,
) -> Result<Launched> {
    let files = Files::take(&mut options, argv.len()).await?;
    launch_with(daemon, argv, options, files).await
}

/// Launches an app to open a file that another has: the argument of that index.
pub(crate) async fn launch_opened(
    daemon: &Arc<Daemon>,
    argv: Vec<OsBytes>,
    options: Options,
    file: (usize, Resolved),
    most: Access,
) -> Result<Launched> {
    let files = Files {
        arguments: vec![file],
        origin: Origin::Opened,
        most,
        read: Vec::new(),
        write: Vec::new(),
    };
    launch_with(daemon, argv, options, files).await
}

async fn launch_with(
    daemon: &Arc<Daemon>,
    argv: Vec<OsBytes>,
    mut options: Options,
    files: Files,
) -> Result<Launched> {
    let mut moments = Moments::begin();
    let status = match options.status.take() {
        Some(fd) => Some(StatusPipe::new(fd.into())?),
        None => None,
    };
    let streams = Streams::of(&mut options)?;
    let named = Named::take(&mut options);
    let mut request = prepare::Request::new(argv, options, &files)?;
    named.resolve(daemon, &mut request).await?;
    let until = Instant::now() + TRYING;
    loop {
        let target = match &request.join {
            Some(id) => start::join(daemon, &request, id)?,
            None => {
                let prepared = request.prepare(daemon).await?;
                request.look(&prepared, true).await?;
                request.let_go(daemon, &prepared).await;
                copies::finish(&daemon.directories, &request.free_id(daemon, &prepared)?).await;
                start::open(daemon, &request, prepared, moments)?
            }
        };
        let sandbox = &target.sandbox;
        let wanted = files.wanted(sandbox)?;
        let mut lasting = Lasting::default();
        if target.has_lasting {
            lasting = Lasting::of(daemon, sandbox, &wanted).await;
        }
        let first = async {
            // A new sandbox without files, network and scope is told to run its program before it is even
            // built.
            let outside = sandbox.plan.network.has_outside() || sandbox.scope.is_some();
            // What explains enters its user namespace.
            let outside = outside || request.explain.is_some();
            if target.joined || !wanted.is_empty() || !lasting.wanted.is_empty() || outside {
                sandbox.ready().await?;
            }
            change::add(daemon, sandbox, wanted).await?;
            files.show_siblings(daemon, sandbox).await?;
            Ok(lasting.give(daemon, sandbox).await)
        };
        let ran = async {
            secrets::ask(daemon, sandbox).await?;
            let withheld = first.await?;
            let mut program = request.program(&target.argv);
            if let Some(click) = request.click().filter(|_| target.joined) {
                program.environment.extend(pass_on(sandbox, click).await?);
            }
            let files = OfProgram::of(daemon, sandbox, &request)?;
            let status = status.as_ref().map(StatusPipe::try_clone).transpose()?;
            let ran = run(daemon, sandbox, program, files, &streams, status).await?;
            Ok::<_, Failure>((ran.0, ran.1, withheld))
        };
        match ran.await {
            Ok((process, terminal, withheld)) => {
                Next::prepare(daemon);
                launchers::refresh(daemon);
                return Ok(Launched {
                    sandbox: Arc::clone(sandbox),
                    process,
                    joined: target.joined,
                    withheld,
                    terminal,
                });
            }
            Err(failure) => {
                // One that is new may be ended by another launch that has joined it and was faster.
                let again = failure.kind == Kind::Gone
                    && request.join.is_none()
                    && (ended_in_order(sandbox).await || target.joined);
                if !again || Instant::now() >= until {
                    if !target.joined {
                        // Nobody else would end a sandbox in which nothing was ever run.
                        let _ = sandbox.ask(Command::Stop {
                            grace: Duration::ZERO,
                        });
                    }
                    return Err(failure);
                }
                moments = Moments::begin();
            }
        }
    }
}

/// Lets a window of a sandbox that runs have the focus for a click; the variables by which the program that was started
/// says which. It learns no token of the host.
async fn pass_on(sandbox: &Sandbox, click: &str) -> Result<Vec<(OsBytes, OsBytes)>> {
    let token = start::secret()?;
    let tell = Tell::Activation {
        token: token.clone(),
        host: click.to_owned(),
    };
    sandbox.display.tell(&[tell]).await;
    let variable = |name: &&str| (OsBytes::from(*name), OsBytes::from(token.as_str()));
    Ok(prepare::CLICK.iter().map(variable).collect())
}

/// Whether a sandbox that is gone has ended because nothing ran in it any more.
async fn ended_in_order(sandbox: &Sandbox) -> bool {
    // It says so when all of it is tidied up; until then it would be joined again.
    let ended = tokio::time::timeout(START_DEADLINE, sandbox.ended()).await;
    ended.is_ok() && sandbox.phase() == Phase::Ended(None)
}

async fn run(
    daemon: &Daemon,
    sandbox: &Sandbox,
    program: Program,
    files: OfProgram,
    streams: &Streams,
    status: Option<StatusPipe>,
) -> Result<(ProcessId, Option<OwnedFd>)> {
    let process = sandbox.next_process();
    let (started, answer) = oneshot::channel();
    let (stdio, fds) = streams.give(daemon, sandbox)?;
    sandbox.ask(Command::Run(Box::new(Run {
        process,
        program,
        stdio,
        fds,
        file: files.file,
        explain: files.explain,
        started,
        status,
    })))?;
    match tokio::time::timeout(START_DEADLINE, answer).await {
        Ok(Ok(Ok(terminal))) => Ok((process, terminal)),
        Ok(Ok(Err(failure))) => Err(failure),
        Ok(Err(_)) => Err(Failure::gone(&sandbox.id)),
        Err(_) => Err(Failure::new(
            Kind::Timeout,
            format!(
                "the program did not start in the sandbox {} in time",
                sandbox.id
            ),
            "The machine may be overloaded; try again",
        )),
    }
}

impl Files {
    async fn take(options: &mut Options, arguments: usize) -> Result<Self> {
        let many::Handed {
            arguments: indices,
            read: reads,
            fds,
        } = many::take(options).await?;
        if indices.iter().any(|index| *index >= arguments) {
            return Err(Failure::new(
                Kind::InvalidArgument,
                "a file belongs to an argument that does not exist",
                "",
            ));
        }
        let mut all = change::resolve(fds).await?;
        let write = all.split_off(indices.len() + reads);
        let read = all.split_off(indices.len());
        Ok(Self {
            arguments: indices.into_iter().zip(all).collect(),
            origin: Origin::Argument,
            most: Access::Write,
            read,
            write,
        })
    }

    /// Shows what is beside the files that were named, if the plan says so. What cannot be shown, the home above
    /// all, is not: the files themselves are what was asked for.
    async fn show_siblings(&self, daemon: &Daemon, sandbox: &Sandbox) -> Result<()> {
        // What another app opens is one file, and not what is beside it.
        if !sandbox.plan.siblings || self.origin != Origin::Argument {
            return Ok(());
        }
        let files = self.arguments.iter().map(|(_, file)| file);
        let files = files.filter(|file| !file.identity.directory);
        let directories: BTreeSet<PathBuf> = files
            .filter_map(|file| file.path.as_path().parent().map(Path::to_owned))
            .collect();
        for resolved in change::look(directories.into_iter().collect()).await? {
            let path = resolved.path.clone();
            let directory = Wanted {
                resolved,
                access: Access::Read,
                origin: Origin::Beside,
                lifetime: Lifetime::Sandbox,
                since: None,
            };
            if let Err(failure) = change::add(daemon, sandbox, vec![directory]).await {
                tracing::debug!(%path, why = failure.line(), "what is beside a file is not shown");
            }
        }
        Ok(())
    }

    /// As grants to a sandbox, by its plan.
    fn wanted(&self, sandbox: &Sandbox) -> Result<Vec<Wanted>> {
        let named = self
            .arguments
            .iter()
            .map(|(_, file)| (file, sandbox.plan.arguments.min(self.most), self.origin));
        let option = |access| move |file| (file, access, Origin::Argument);
        let read = self.read.iter().map(option(Access::Read));
        let write = self.write.iter().map(option(Access::Write));
        let mut wanted: Vec<Wanted> = Vec::new();
        // What was asked for by an option wins over what the profile says of arguments.
        for (file, access, origin) in named.chain(read).chain(write) {
            wanted.retain(|other| other.resolved.path != file.path);
            let fd = file.fd.try_clone().map_err(|error| {
                Failure::new(Kind::Host, format!("cannot keep a file open: {error}"), "")
            })?;
            wanted.push(Wanted {
                resolved: Resolved {
                    path: file.path.clone(),
                    identity: file.identity,
                    fd,
                },
                access,
                origin,
                lifetime: Lifetime::Sandbox,
                since: None,
            });
        }
        Ok(wanted)
    }
}
