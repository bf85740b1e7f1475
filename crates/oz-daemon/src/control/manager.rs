//! `org.oz.Manager1`: launching, and all sandboxes at once.

use std::sync::Arc;
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::{Mode, Plan};
use zbus::{DeserializeDict, OwnedFd, OwnedObjectPath, SerializeDict, Type};

use super::object_path;
use super::summary::Summary;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::grants::access_word;
use crate::grants::lasting::{self, Lasting};
use crate::launch::named::Named;
use crate::launch::options::Options;
use crate::launch::{self, prepare};
use crate::sandbox::log;
use crate::strangers;

/// The object at [`super::ROOT`].
pub(crate) struct Manager {
    daemon: Arc<Daemon>,
}

impl Manager {
    pub(crate) fn new(daemon: Arc<Daemon>) -> Self {
        Self { daemon }
    }
}

/// What `Launch` returns besides names.
#[derive(Debug, Default, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(super) struct Results {
    /// The program's terminal.
    terminal: Option<OwnedFd>,
    /// It runs in a sandbox that was there before.
    joined: Option<bool>,
    /// What its profile has been given for good and it does not get, and why: a sentence each.
    withheld: Option<Vec<String>>,
    /// It is in the network of the host: whoever shows this launch to a person says so.
    host_network: Option<bool>,
}

/// The sandbox's name, its object, the program's number, the rest.
pub(super) type Launched = (String, OwnedObjectPath, u64, Results);

/// Profile, path, access, since when.
type LastingFile = (String, Vec<u8>, &'static str, u64);

/// Name, description, desktop ids.
type ProfileRow = (String, String, Vec<String>);

/// Options of `StopAll`.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields)]
struct StopAllOptions {
    /// How long programs may take to end, instead of what their profiles say.
    grace_ms: Option<u32>,
}

#[zbus::interface(name = "org.oz.Manager1", introspection_docs = false)]
impl Manager {
    /// Runs an app or a command.
    #[zbus(out_args("id", "path", "process", "results"))]
    async fn launch(&self, argv: Vec<Vec<u8>>, options: Options) -> Result<Launched> {
        launch(&self.daemon, argv, options).await
    }

    /// What `Launch` would do, as JSON.
    #[zbus(out_args("plan"))]
    async fn plan(&self, argv: Vec<Vec<u8>>, mut options: Options) -> Result<String> {
        let argv = argv.into_iter().map(OsBytes::from).collect();
        let named = Named::take(&mut options);
        let mut request = prepare::Request::bare(argv, options)?;
        named.resolve(&self.daemon, &mut request).await?;
        let plan = prepare::dry(&self.daemon, &request).await?;
        plan_json(&plan)
    }

    /// All sandboxes, those of another version among them.
    #[zbus(out_args("sandboxes"))]
    fn list(&self) -> Vec<Summary> {
        let (all, strangers) = (self.daemon.sandboxes.all(), self.daemon.strangers.all());
        let own = all.iter().map(|sandbox| Summary::of(sandbox));
        let strangers = strangers.iter().map(|one| Summary::of_stranger(one));
        own.chain(strangers).collect()
    }

    /// What there are profiles for: name, what it is in one line, desktop ids of the app.
    #[zbus(out_args("profiles"))]
    fn profiles(&self) -> Result<Vec<ProfileRow>> {
        let profiles = self.daemon.profiles()?;
        let names = profiles.catalogue.names().into_iter();
        let row = |name: &str| {
            // One that is broken is not offered; who starts its app is told why.
            let profile = profiles.resolve(name).ok()?;
            let ids = profile.matches.desktop.iter();
            let ids = ids.map(|id| id.as_str().to_owned()).collect();
            Some((profile.name.clone(), profile.description.clone(), ids))
        };
        Ok(names.filter_map(row).collect())
    }

    /// Files that profiles have been given for good: profile, path, access (`read` or `write`), and since when in
    /// seconds since 1970.
    #[zbus(out_args("files"))]
    fn lasting_files(&self) -> Result<Vec<LastingFile>> {
        let all = lasting::all(&self.daemon.directories)?;
        let of = |(profile, files): (String, Vec<Lasting>)| {
            let row = move |file: Lasting| {
                let path = file.path.as_bytes().to_vec();
                (profile.clone(), path, access_word(file.access), file.since)
            };
            files.into_iter().map(row)
        };
        Ok(all.into_iter().flat_map(of).collect())
    }

    /// A profile is not given these any more, by the paths that `LastingFiles` shows; sandboxes that run keep them.
    fn forget_files(&self, profile: &str, paths: Vec<Vec<u8>>) -> Result<()> {
        let paths: Vec<OsBytes> = paths.into_iter().map(OsBytes::from).collect();
        let nothing = |subject: String| {
            let remedy = "`oz files --lasting` lists what profiles have for good";
            Failure::new(Kind::NotFound, subject, remedy)
        };
        let known = lasting::all(&self.daemon.directories)?;
        let Some((profile, kept)) = known.into_iter().find(|(name, _)| name == profile) else {
            return Err(nothing(format!(
                "the profile {profile:?} has no file for good"
            )));
        };
        if let Some(path) = paths
            .iter()
            .find(|path| kept.iter().all(|one| one.path != **path))
        {
            return Err(nothing(format!(
                "the profile {profile} does not have {path} for good"
            )));
        }
        lasting::forget(&self.daemon.directories, &profile, &paths).map(drop)
    }

    /// Ends every sandbox.
    async fn stop_all(&self, options: StopAllOptions) -> Result<()> {
        let grace = options.grace_ms.map(|ms| Duration::from_millis(ms.into()));
        stop_all(&self.daemon, grace).await
    }

    /// The log of a sandbox, to read, also when the sandbox has ended.
    #[zbus(out_args("log"))]
    fn logs(&self, id: &str) -> Result<OwnedFd> {
        let silent = || {
            Failure::new(
                Kind::NotFound,
                format!("the sandbox {id:?} has said nothing"),
                "Only programs that were started with --detach write to the log",
            )
        };
        let name = id.parse().map_err(|_| silent())?;
        let reader = log::reader(&self.daemon.directories.logs(), &name);
        reader.map(OwnedFd::from).map_err(|_| silent())
    }

    #[zbus(property(emits_changed_signal = "const"))]
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}

/// Runs an app or a command, whichever way it was asked for.
pub(super) async fn launch(
    daemon: &Arc<Daemon>,
    argv: Vec<Vec<u8>>,
    options: Options,
) -> Result<Launched> {
    let argv = argv.into_iter().map(OsBytes::from).collect();
    let launched = launch::launch(daemon, argv, options).await?;
    let id = &launched.sandbox.id;
    let results = Results {
        terminal: launched.terminal.map(OwnedFd::from),
        joined: Some(launched.joined),
        withheld: Some(launched.withheld).filter(|all| !all.is_empty()),
        host_network: (launched.sandbox.plan.network.mode == Mode::Host).then_some(true),
    };
    Ok((id.to_string(), object_path(id), launched.process, results))
}

/// A plan for people and programs.
pub(super) fn plan_json(plan: &Plan) -> Result<String> {
    serde_json::to_string_pretty(plan).map_err(|error| {
        let what = format!("the plan cannot be written: {error}");
        Failure::new(Kind::Host, what, "")
    })
}

/// Ends every sandbox at the same time, each with its own grace time unless one is given.
pub(crate) async fn stop_all(daemon: &Daemon, grace: Option<Duration>) -> Result<()> {
    let mut stops = tokio::task::JoinSet::new();
    for sandbox in daemon.sandboxes.all() {
        let own = Duration::from_millis(sandbox.plan.life.grace_ms.into());
        stops.spawn(async move { sandbox.stop(grace.unwrap_or(own)).await });
    }
    for stranger in daemon.strangers.all() {
        stops.spawn(async move { stranger.stop(grace.unwrap_or(strangers::GRACE)).await });
    }
    let mut result = Ok(());
    while let Some(stopped) = stops.join_next().await {
        if let Ok(Err(failure)) = stopped {
            result = Err(failure);
        }
    }
    result
}
