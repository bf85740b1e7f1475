//! What a request means: which profile, which program, which plan.
//!
//! Profile and program are found first, and what may not answer is looked at aside. A plan waits for nothing but the host's
//! own file systems, so that between the look for a sandbox to join and the start of a new one no other launch comes in
//! between.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::facts::is_session_variable;
use oz_core::plan::{self, Access, Effect, Mode, Plan, SandboxId, Tree};
use oz_core::profile::files::Home;
use oz_core::profile::rules::Rule;
use oz_core::profile::{Profile, ProfileError};
use oz_core::protected::{DATA, Place};
use oz_core::wire::init::Program;
use oz_host::copies::{About, Terms};
use oz_host::facts;
use oz_host::make::Unmade;
use oz_host::own::Own;
use oz_host::protected::Protected;

use super::named::System;
use super::options::Options;
use super::{Files, display, program};
use crate::aside;
use crate::copies;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::explain;

/// How long the file systems that a profile shows may take to answer.
const LOOK_DEADLINE: Duration = Duration::from_secs(5);

/// How long an ended sandbox may take to be gone, and how often it is looked whether something runs in it after all.
const ENDING: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

/// The template of commands for which nobody wrote a profile.
const GENERIC: &str = "generic";
/// What tries from inside whether walls hold.
pub(super) const CHECK: &str = "oz-check";
/// Variables that follow the caller's terminal into each program, not only the first.
const PER_PROGRAM: &[&str] = &["TERM", "COLORTERM", "NO_COLOR"];

/// Variables by which a program that is started hears of the click that it was started by.
pub(super) const CLICK: &[&str] = &["XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"];
/// Bytes of a token; compositors use some tens.
const CLICK_MAX: usize = 256;

/// What is asked for, checked as far as it goes without looking at the host.
pub(crate) struct Request {
    /// What to launch, unless the arguments are a command.
    name: Option<String>,
    profile: Option<String>,
    /// The sandbox to run in.
    pub(super) join: Option<String>,
    /// What is run is the program of ours that looks at the walls.
    pub(super) check: bool,
    pub(super) ephemeral: bool,
    /// The sandbox that a new one goes on with.
    pub(super) sandbox: Option<SandboxId>,
    /// Nothing that is there is gone on with, and nothing of the user's is changed.
    pub(super) trial: bool,
    /// Directories to copy on writing as well.
    pub(super) copy: Vec<PathBuf>,
    /// The tree that is the system inside.
    pub(super) system: Option<System>,
    /// Another home than the profile's.
    pub(super) home: Option<Home>,
    /// Where it is said what calls are refused.
    pub(super) explain: Option<OwnedFd>,
    /// It is also said what allowed ones name.
    pub(super) train: bool,
    /// Another network than the profile's.
    pub(super) network: Option<Mode>,
    pub(super) session: BTreeMap<String, String>,
    directory: Option<OsBytes>,
    /// The app's arguments, or the command.
    argv: Vec<OsBytes>,
}

/// A request that found its profile and program.
pub(super) struct Prepared {
    pub(super) profile: Arc<Profile>,
    /// It is a template: nobody meant it for this program, and no launch joins another.
    pub(super) template: bool,
    /// The whole command line.
    pub(super) argv: Vec<OsBytes>,
    /// What the sandbox should be called.
    pub(super) wish: String,
    /// What else it is run under.
    pub(super) terms: Terms,
    /// Another home than the profile's.
    home: Option<Home>,
    app_id: Option<String>,
}

/// What of the caller's session a sandbox is served by.
pub(super) struct Serving {
    /// The compositor's socket, if there is a display.
    pub(super) display: Option<oz_core::wire::display::Host>,
    pub(super) sound: Option<oz_host::sound::Server>,
}

impl Request {
    pub(super) fn new(mut argv: Vec<OsBytes>, options: Options, files: &Files) -> Result<Self> {
        // Inside, a file is at its canonical path, whatever the user typed.
        for (index, file) in &files.arguments {
            if let Some(argument) = argv.get_mut(*index) {
                *argument = file.path.clone();
            }
        }
        Self::bare(argv, options)
    }

    /// Without files.
    pub(crate) fn bare(mut argv: Vec<OsBytes>, options: Options) -> Result<Self> {
        let invalid = |what: &str| Err(Failure::new(Kind::InvalidArgument, what, ""));
        if argv.iter().any(OsBytes::has_nul) {
            return invalid("an argument holds a NUL byte");
        }
        let check = options.check.unwrap_or(false);
        if check && (options.join.is_none() || options.name.is_some() || !argv.is_empty()) {
            return invalid("a check is of a running sandbox and takes no command");
        }
        if check {
            argv.push(CHECK.into());
        }
        if options.name.is_none() && argv.first().is_none_or(|first| first.as_bytes().is_empty()) {
            return invalid("neither a name nor a command to launch");
        }
        let of_its_own = options.name.is_some() || options.profile.is_some();
        let other = options.network.is_some() || options.home.is_some();
        if options.join.is_some() && (of_its_own || other) {
            return invalid(
                "a command in a running sandbox has no profile, no home and no network of its own",
            );
        }
        let mut session: BTreeMap<_, _> = options.context.unwrap_or_default().into_iter().collect();
        session.retain(|name, value| is_session_variable(name) && !value.contains('\0'));
        let explain = options.explain.map(OwnedFd::from);
        if let Some(report) = &explain {
            if options.join.is_some() {
                return invalid("only what runs in a new sandbox is explained");
            }
            explain::check_report(report)?;
        }
        let train = options.train.unwrap_or(false);
        if train && explain.is_none() {
            return invalid("a program is trained only if somebody listens");
        }
        let directory = options.cwd.map(OsBytes::from);
        let sandbox = options.sandbox.map(SandboxId::try_from).transpose();
        let sandbox = sandbox.map_err(|error| {
            Failure::new(
                Kind::InvalidArgument,
                error.to_string(),
                "`oz clone` says what a name is made of",
            )
        })?;
        let other = options.home.is_some() || options.ephemeral == Some(true);
        let trial = options.trial == Some(true);
        let another =
            sandbox.is_some() || options.join.is_some() || options.ephemeral == Some(true);
        if trial && another {
            return invalid(
                "what is tried is tried in a sandbox of its own, which lasts until it is looked at",
            );
        }
        if sandbox.is_some() && (other || options.join.is_some()) {
            return invalid("what goes on in a sandbox that has ended has its home, and lasts");
        }
        let home = options.home.as_deref().map(str::parse::<Home>);
        let home = home
            .transpose()
            .map_err(|error| Failure::new(Kind::InvalidArgument, error, ""))?;
        let network = options.network.as_deref().map(str::parse::<Mode>);
        let network = network
            .transpose()
            .map_err(|error| Failure::new(Kind::InvalidArgument, error, ""))?;
        Ok(Self {
            name: options.name,
            profile: options.profile,
            join: options.join,
            check,
            ephemeral: options.ephemeral.unwrap_or(false),
            sandbox,
            trial,
            copy: Vec::new(),
            system: None,
            // Another would be changed itself.
            home: trial.then_some(Home::CopyOnWrite).or(home),
            explain,
            train,
            network,
            session,
            directory: directory.filter(|path| path.as_path().is_absolute() && !path.has_nul()),
            argv,
        })
    }

    /// The command line in a sandbox that is joined by name.
    pub(super) fn command(&self) -> Vec<OsBytes> {
        self.argv.clone()
    }

    /// The token of the click that this comes from: a window may have the focus for it.
    pub(super) fn click(&self) -> Option<&str> {
        let mut said = CLICK.iter().filter_map(|name| self.session.get(*name));
        said.find(|token| (1..=CLICK_MAX).contains(&token.len()))
            .map(String::as_str)
    }

    /// What init is told to run.
    pub(super) fn program(&self, argv: &[OsBytes]) -> Program {
        let variables = PER_PROGRAM.iter().filter_map(|name| {
            let value = self.session.get(*name)?;
            Some((OsBytes::from(*name), OsBytes::from(value.as_str())))
        });
        Program {
            argv: argv.to_vec(),
            environment: variables.collect(),
            directory: self.directory.clone(),
        }
    }

    /// The file of the program, if it is not one that lies inside: a copy, so that nothing inside leads
    /// to the host's.
    pub(super) fn file(&self, daemon: &Daemon) -> Result<Option<OwnedFd>> {
        if !self.check {
            return Ok(None);
        }
        let path = daemon.directories.program(CHECK);
        let file = std::fs::read(&path).and_then(|bytes| oz_sys::memory::program_sealed(&bytes));
        let failed = |error| Failure::host("copy the program", &path, &error);
        file.map(Some).map_err(failed)
    }

    /// The tree that is the system inside.
    pub(super) fn tree(&self) -> Option<&Tree> {
        self.system.as_ref().map(|system| &system.facts.tree)
    }

    /// Where the tree is that is the system inside.
    fn root(&self) -> Option<&Path> {
        self.tree().map(|tree| tree.path.as_path())
    }

    /// Finds profile and program.
    pub(super) async fn prepare(&self, daemon: &Daemon) -> Result<Prepared> {
        let profiles = daemon.profiles()?;
        let catalogue = &profiles.catalogue;
        let known = |what: &str| catalogue.find(what);
        let command = match &self.name {
            Some(name) if self.profile.is_none() && known(name).is_none() => {
                let command = program::command(self.root(), name).await?;
                Some(command.ok_or_else(|| unknown(name))?)
            }
            _ => None,
        };
        let kept = self
            .sandbox
            .as_ref()
            .map(|id| copies::kept(&daemon.directories, id));
        let kept = kept.transpose()?;
        let asked = match (&self.profile, &self.name, &command) {
            (Some(profile), ..) => known(profile).unwrap_or_else(|| profile.clone()),
            (None, Some(name), None) => known(name).unwrap_or_else(|| name.clone()),
            _ => kept
                .as_ref()
                .map_or(GENERIC, |kept| &kept.profile)
                .to_owned(),
        };
        let profile_name = match &kept {
            Some(kept) if kept.profile != asked => {
                return Err(of_another(&self.sandbox, kept, &asked));
            }
            _ => asked,
        };
        let profile = profiles
            .resolve(&profile_name)
            .map_err(|error| profile_failure(&error))?;
        // What leaves nothing behind, or has another home than it should, has not the app's own data either.
        let home = kept.as_ref().and_then(copies::home).or(self.home);
        let profile = match self.ephemeral || home.is_some() {
            true => profile,
            false => Own::beneath(&daemon.directories.state).apply(profile),
        };
        let before = kept.as_ref().map(|kept| kept.terms).unwrap_or_default();
        let terms = Terms {
            trial: self.trial || before.trial,
            // Without being asked for, it is never more than the profile's.
            network: self
                .network
                .or(before.network.filter(|less| *less < profile.network.mode)),
        };
        let profile = match terms.trial {
            true => copies::on_trial(profile),
            false => profile,
        };
        let profile = match &kept {
            Some(kept) => copies::with_places(profile, kept)?,
            None => copies::copied(profile, &self.copy)?,
        };
        let template = !catalogue.names().contains(&profile.name.as_str());
        let program = match (&self.name, command) {
            (_, Some(command)) => Some(command),
            (Some(name), None) if template => {
                let command = program::command(self.root(), name).await?;
                Some(command.ok_or_else(|| unknown(name))?)
            }
            (Some(name), None) => Some(program::of(self.root(), &profile, name).await?),
            (None, None) => None,
        };
        let argv: Vec<OsBytes> = program
            .map(OsBytes::from)
            .into_iter()
            .chain(self.argv.iter().cloned())
            .collect();
        let first = argv.first().map(OsBytes::to_string).unwrap_or_default();
        let wish = if template {
            first.rsplit('/').next().unwrap_or_default().to_owned()
        } else {
            profile.name.clone()
        };
        let app_id = (!template).then(|| app_id(&profile)).flatten();
        Ok(Prepared {
            profile,
            template,
            argv,
            wish,
            terms,
            home,
            app_id,
        })
    }

    /// Looks at all that the profile says of the user's files, before the daemon does: a file system that does not
    /// answer holds up another thread. For a launch it makes what the profile wants to be made.
    pub(super) async fn look(&self, prepared: &Prepared, make: bool) -> Result<()> {
        let profile = Arc::clone(&prepared.profile);
        if profile.files.rules.is_empty() {
            return Ok(());
        }
        let name = profile.name.clone();
        let session = self.session.clone();
        let look = move || -> std::io::Result<Option<Unmade>> {
            let user = facts::user()?;
            let probes = plan::own_probes(&profile, &user);
            let mut facts = facts::gather(user, facts::Paths::new(), &probes, session)?;
            let protected = Protected::look(&facts.user.home);
            facts.protected = protected.elsewhere(&facts.user.home);
            facts::look_for_rules(&profile, &mut facts);
            let made = make.then(|| oz_host::make::directories(&profile, &facts));
            Ok(made.and_then(std::result::Result::err))
        };
        // What fails is found again, and said, by who looks next.
        match aside::within(None, LOOK_DEADLINE, look).await {
            Some(Ok(Some(Unmade { path, error }))) => {
                Err(Failure::host("make the directory", &path, &error))
            }
            Some(_) => Ok(()),
            None => Err(Failure::new(
                Kind::Timeout,
                format!(
                    "a file system that the profile {name} shows did not answer within {} seconds",
                    LOOK_DEADLINE.as_secs()
                ),
                format!(
                    "Unmount it, or take its place out of files.rules: `oz profile show {name}`"
                ),
            )),
        }
    }

    /// What it writes is kept over something.
    fn copies(&self, prepared: &Prepared) -> bool {
        let files = &prepared.profile.files;
        let copied = |rule: &Rule| rule.effect == Effect::CopyOnWrite;
        prepared.home.unwrap_or(files.home) == Home::CopyOnWrite
            || files.rules.values().any(copied)
            || self.tree().is_some_and(|tree| tree.copied)
    }

    /// Lets one go whose copies this may go on with, if nothing runs in it any more: whoever starts a command after another
    /// means the same copies, and the end of the first takes a moment.
    pub(super) async fn let_go(&self, daemon: &Daemon, prepared: &Prepared) {
        let wish = self
            .sandbox
            .as_ref()
            .map_or(prepared.wish.as_str(), SandboxId::as_str);
        if self.trial || !self.copies(prepared) {
            return;
        }
        while let Some(sandbox) = daemon.sandboxes.named_for(wish)
            && sandbox.emptied().is_some_and(|at| at.elapsed() < ENDING)
        {
            let _ = tokio::time::timeout(LOOK, sandbox.ended()).await;
        }
    }

    /// The name of a new sandbox. One that copies on writing goes on with the copies of its name, if they are its
    /// profile's.
    pub(super) fn free_id(&self, daemon: &Daemon, prepared: &Prepared) -> Result<SandboxId> {
        if let Some(id) = &self.sandbox {
            let runs = daemon.sandboxes.get(id.as_str()).is_ok();
            if runs || daemon.strangers.get(id).is_some() {
                return Err(Failure::new(
                    Kind::Refused,
                    format!("{id} runs already"),
                    format!(
                        "`oz shell {id}` runs a command in it; `oz clone` makes another, once it has ended"
                    ),
                ));
            }
            return Ok(id.clone());
        }
        let (profile, tree) = (&prepared.profile, self.tree());
        let place = || copies::place(&daemon.directories.state, &daemon.directories.runtime);
        let place = self.copies(prepared).then(place);
        let kept = |id: &SandboxId| {
            place.as_ref().is_some_and(|place| {
                let any = self.trial && copies::is_kept(place, id);
                any || copies::is_taken(
                    place,
                    id,
                    (&profile.name, tree),
                    prepared.terms,
                    self.ephemeral,
                )
            })
        };
        let registry = &daemon.sandboxes;
        Ok(registry.free_id(&prepared.wish, &daemon.strangers, kept))
    }

    /// The plan of a new sandbox, checked, and what of the caller's session it is served by.
    pub(super) fn plan(
        &self,
        daemon: &Daemon,
        prepared: &Prepared,
        id: SandboxId,
    ) -> Result<(Plan, Serving)> {
        let host = |error: std::io::Error| {
            Failure::new(
                Kind::Host,
                format!("cannot look at the host: {error}"),
                "`oz doctor` says what is wrong with this machine",
            )
        };
        let profile = &prepared.profile;
        let user = facts::user().map_err(host)?;
        let known = match &self.system {
            Some(system) => system.paths.clone(),
            None => {
                let known = daemon.next.paths();
                known.unwrap_or_else(|| facts::look(&user, &plan::common_probes()))
            }
        };
        let probes = plan::own_probes(profile, &user);
        let mut facts = facts::gather(user, known, &probes, self.session.clone()).map_err(host)?;
        facts.tree = self.system.as_ref().map(|system| system.facts.clone());
        let home = prepared.home.unwrap_or(profile.files.home);
        let shares = !profile.files.rules.is_empty() || home == Home::CopyOnWrite;
        let protected = shares.then(|| Protected::look(&facts.user.home));
        if let Some(protected) = &protected {
            facts.protected = protected.elsewhere(&facts.user.home);
            facts::look_for_rules(profile, &mut facts);
        }
        // A socket that nobody serves would make whoever connects wait for ever.
        let served = daemon.directories.program("audio-proxy").exists();
        let sound = oz_host::sound::find(&self.session, &facts.user.home).filter(|_| served);
        let shows = profile.display.enabled;
        let display =
            shows.then(|| display::of_session(&self.session, &facts.user.home, !prepared.template));
        let display = display.transpose()?.flatten();
        let request = plan::Request {
            id,
            ephemeral: self.ephemeral,
            home: prepared.home,
            network: prepared.terms.network,
            app_id: prepared.app_id.clone(),
            display: display.is_some(),
            sound: sound.is_some(),
        };
        let made = daemon.plans.make(profile, request, facts);
        let plan = made.map_err(|error| {
            Failure::new(
                Kind::Profile,
                error.to_string(),
                format!(
                    "`oz profile show {}` shows where each key comes from",
                    profile.name
                ),
            )
        })?;
        if let Some(protected) = &protected {
            refuse_second_names(profile, &plan, protected)?;
        }
        Ok((plan, Serving { display, sound }))
    }
}

/// A share for writing may be a protected place by another path: a bind mount, a file system that ignores
/// case. Building compares paths; this compares what they lead to.
fn refuse_second_names(profile: &Profile, plan: &Plan, protected: &Protected) -> Result<()> {
    let written = plan.shares().filter(|share| share.access == Access::Write);
    for share in written {
        let path = share.source.path();
        let own = path == share.path && plan.own.iter().any(|own| own == path);
        let theirs = |place: &&Place| !(own && place.reason == DATA);
        // What lies below by its own path has been seen when the plan was built.
        let place = protected.holding(path).filter(theirs);
        let place = place.or_else(|| protected.below_unseen(path));
        if let Some(place) = place {
            return Err(Failure::new(
                Kind::Profile,
                format!(
                    "the profile {} lets the app write {}, which is or holds the protected place ~/{}: {}",
                    profile.name,
                    OsBytes::from(path),
                    place.path,
                    place.reason
                ),
                "Name a directory beside it, or write \"read\"",
            ));
        }
    }
    Ok(())
}

/// The first of the profile's desktop ids that is installed: what the host's desktop takes the
/// windows for.
fn app_id(profile: &Profile) -> Option<String> {
    let mut ids = profile.matches.desktop.iter().map(|id| id.as_str());
    let installed = ids.clone().find(|id| oz_host::desktop::find(id).is_some());
    installed.or_else(|| ids.next()).map(str::to_owned)
}

/// Other walls could let out what was written behind these.
fn of_another(id: &Option<SandboxId>, kept: &About, asked: &str) -> Failure {
    let id = id.as_ref().map_or("it", SandboxId::as_str);
    Failure::new(
        Kind::Refused,
        format!(
            "what {id} wrote is of the profile {}, and cannot be gone on with by {asked}",
            kept.profile
        ),
        format!("Leave the profile out; or `oz merge {id}`, and start another sandbox"),
    )
}

fn unknown(name: &str) -> Failure {
    Failure::new(
        Kind::NotFound,
        format!("there is no profile for {name:?}, and no program of that name is installed"),
        "`oz profile list` shows the profiles; `oz run -- COMMAND` runs any command",
    )
}

fn profile_failure(error: &ProfileError) -> Failure {
    let text = error.render();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    Failure::new(Kind::Profile, text, "")
}

/// The plan of a launch that does not happen, for `oz plan`.
pub(crate) async fn dry(daemon: &Daemon, request: &Request) -> Result<Plan> {
    let prepared = request.prepare(daemon).await?;
    request.look(&prepared, false).await?;
    let id = request.free_id(daemon, &prepared)?;
    Ok(request.plan(daemon, &prepared, id)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(change: impl FnOnce(&mut Options)) -> Options {
        let mut options = Options::default();
        change(&mut options);
        options
    }

    #[test]
    fn only_variables_of_the_list_come_along() {
        let context = [
            ("LANG", "C"),
            ("LD_PRELOAD", "x"),
            ("SSH_AUTH_SOCK", "y"),
            ("LC_ALL", "a\0b"),
        ];
        let context = context.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let request = Request::bare(vec!["true".into()], options(|o| o.context = Some(context)));
        let session = request.expect("accepted").session;
        assert_eq!(
            session.into_iter().collect::<Vec<_>>(),
            [("LANG".into(), "C".into())]
        );
    }

    #[test]
    fn requests_that_mean_nothing_are_refused() {
        let refused = |argv: &[&str], options| {
            let argv = argv.iter().map(|a| OsBytes::from(*a)).collect();
            Request::bare(argv, options).is_err()
        };
        assert!(refused(&[], Options::default()));
        assert!(refused(&[""], Options::default()));
        assert!(refused(&["a\0b"], Options::default()));
        assert!(refused(
            &["sh"],
            options(|o| {
                o.join = Some("x".into());
                o.profile = Some("y".into());
            })
        ));
        assert!(!refused(&[], options(|o| o.name = Some("firefox".into()))));
    }
}
