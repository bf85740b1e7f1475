//! Files that are dragged across: what is dropped on a window of a sandbox, and what leaves it.
//!
//! The paths are what a display proxy says that it has read of the host's drag: the one place where a
//! proxy names files, and nobody else can, since a drag speaks to the window that it is dropped on. So
//! what may become of them is the profile's word, by the rules of everything that is given; and what another
//! sandbox dragged is given no further than that has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use oz_core::OsBytes;
use oz_core::denied::Denied;
use oz_core::plan::{Access, Drops, Plan};
use oz_host::protected::Protected;
use oz_host::resolve::{self, Resolved};

use super::change::{self, Wanted, hidden, in_time};
use super::has::Has;
use super::{Lifetime, Origin};
use crate::consent::{Answer, Question};
use crate::daemon::Daemon;
use crate::failure::Result;
use crate::sandbox::Sandbox;

/// Whose drag it is.
enum Source {
    Host,
    Sandbox(Arc<Sandbox>),
    /// A sandbox that does not run here, or that somebody makes up.
    Unknown,
}

/// Gives what was dropped, as far as it may be; where each file is in the sandbox, if it is there now.
pub(crate) async fn dropped(
    daemon: &Daemon,
    sandbox: &Arc<Sandbox>,
    source: Option<&str>,
    paths: Vec<OsBytes>,
) -> Result<Vec<Option<OsBytes>>> {
    let found = find(sandbox, paths).await?;
    let (found, protected) = with_protected(sandbox, found).await?;
    sandbox.ready().await?;
    let source = match source {
        None => Source::Host,
        Some(token) => daemon
            .sandboxes
            .by_token(token)
            .map_or(Source::Unknown, Source::Sandbox),
    };
    let wanted = wanted(daemon, sandbox, &source, &found, &protected);
    if !wanted.is_empty() && may(daemon, sandbox, &wanted).await {
        let given = wanted.len();
        match change::add(daemon, sandbox, wanted).await {
            Ok(_) => tracing::info!(files = given, "files were dropped on a window"),
            // What could be given is given, and what is there is looked at below.
            Err(failure) => {
                tracing::warn!("not all files that were dropped are given");
                tracing::debug!(why = failure.line(), "the first");
            }
        }
    }
    let wanted = found.iter().flatten().count();
    let held = held(daemon, sandbox, found);
    let lacking = wanted.saturating_sub(held.iter().flatten().count());
    if lacking > 0 && matches!(source, Source::Host) {
        let count = u32::try_from(lacking).unwrap_or(u32::MAX);
        sandbox.denied(Denied::Drop, b"", count);
    }
    Ok(held)
}

/// Which of the files the sandbox has, for whoever reads outside what it drags.
pub(crate) async fn leaving(
    daemon: &Daemon,
    sandbox: &Sandbox,
    paths: Vec<OsBytes>,
) -> Result<Vec<Option<OsBytes>>> {
    Ok(held(daemon, sandbox, find(sandbox, paths).await?))
}

/// Looks where the paths lead on the host.
async fn find(sandbox: &Sandbox, paths: Vec<OsBytes>) -> Result<Vec<Option<Resolved>>> {
    let home = sandbox.plan.user.home.clone();
    let look = move |path: &OsBytes| resolve::pointed_at(path.as_path(), &home).ok();
    in_time(Some(&sandbox.id), move || paths.iter().map(look).collect()).await
}

/// The same, and which of the files are in protected places.
async fn with_protected(
    sandbox: &Sandbox,
    found: Vec<Option<Resolved>>,
) -> Result<(Vec<Option<Resolved>>, Vec<bool>)> {
    let home = sandbox.plan.user.home.clone();
    in_time(Some(&sandbox.id), move || {
        let places = Protected::look(&home);
        let is = |one: &Option<Resolved>| {
            let path = one.as_ref().map(|one| one.path.as_path());
            path.is_some_and(|path| places.holding(path).is_some())
        };
        let protected = found.iter().map(is).collect();
        (found, protected)
    })
    .await
}

/// What is to be given of what was found. What is protected nobody gives by a drop, not to be read either: that it was
/// dropped is only what a proxy says.
fn wanted(
    daemon: &Daemon,
    sandbox: &Sandbox,
    source: &Source,
    found: &[Option<Resolved>],
    protected: &[bool],
) -> Vec<Wanted> {
    let Some(most) = most(&sandbox.plan) else {
        return Vec::new();
    };
    let has = Has::of(daemon, sandbox);
    let source = match source {
        Source::Host => None,
        Source::Sandbox(source) => Some(Has::of(daemon, source)),
        Source::Unknown => return Vec::new(),
    };
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (resolved, protected) in found.iter().zip(protected) {
        let Some(resolved) = resolved else {
            continue;
        };
        let path = resolved.path.as_path();
        let access = match &source {
            None => (!protected).then_some(most),
            Some(source) => source.access(path).map(|its| its.min(most)),
        };
        let Some(access) = access.filter(|access| has.access(path) < Some(*access)) else {
            continue;
        };
        if !seen.insert(path) {
            continue;
        }
        if let Err(failure) = hidden(daemon, sandbox, &resolved.path, access) {
            tracing::info!("a dropped file is refused");
            tracing::debug!(why = failure.line(), "why");
            continue;
        }
        let Ok(fd) = resolved.fd.try_clone() else {
            continue;
        };
        all.push(Wanted {
            resolved: Resolved {
                path: resolved.path.clone(),
                identity: resolved.identity,
                fd,
            },
            access,
            origin: Origin::Dropped,
            lifetime: Lifetime::Sandbox,
            since: None,
        });
    }
    all
}

/// The most that a dropped file becomes.
fn most(plan: &Plan) -> Option<Access> {
    match plan.drops {
        Drops::Off => None,
        Drops::Ask => Some(plan.arguments),
        Drops::Read => Some(Access::Read),
        Drops::Write => Some(Access::Write),
    }
}

/// Whether they may be given: the user is asked if the profile says so.
async fn may(daemon: &Daemon, sandbox: &Sandbox, wanted: &[Wanted]) -> bool {
    if sandbox.plan.drops != Drops::Ask {
        return true;
    }
    let paths = wanted.iter().map(|wanted| &wanted.resolved.path);
    let question = Question::files(paths, sandbox.plan.arguments);
    daemon.consent.ask(sandbox, question).await == Answer::Yes
}

fn held(daemon: &Daemon, sandbox: &Sandbox, found: Vec<Option<Resolved>>) -> Vec<Option<OsBytes>> {
    let has = Has::of(daemon, sandbox);
    let its = |found: Option<Resolved>| {
        let path = found?.path;
        has.access(path.as_path()).map(|_| path)
    };
    found.into_iter().map(its).collect()
}
