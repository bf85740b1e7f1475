//! Changing what a running sandbox holds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::{Access, SandboxId};
use oz_host::resolve::Resolved;

use super::helper::Helpers;
use super::rules::Rules;
use super::{Grant, Lifetime, Origin, Store, lasting, mounted, open, rules};
use crate::aside;
use crate::clock;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::{Command, Sandbox};

/// How long a file system may take to say what a descriptor is.
const RESOLVE_DEADLINE: Duration = Duration::from_secs(5);

/// A file to show.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) resolved: Resolved,
    pub(crate) access: Access,
    pub(crate) origin: Origin,
    pub(crate) lifetime: Lifetime,
    /// Since when it has been given, if that was before now: seconds since 1970.
    pub(crate) since: Option<u64>,
}

/// Finds out what the descriptors are; on a thread of its own, because it can hang.
pub(crate) async fn resolve(fds: Vec<OwnedFd>) -> Result<Vec<Resolved>> {
    if fds.is_empty() {
        return Ok(Vec::new());
    }
    let all = in_time(None, move || {
        fds.into_iter()
            .map(oz_host::resolve::from_fd)
            .collect::<Result<Vec<_>, _>>()
    });
    all.await?
        .map_err(|error| sentence(Kind::Refused, &error.to_string()))
}

/// Opens directories by their canonical paths; those that are not there any more, or lead elsewhere by now, are
/// left out.
pub(crate) async fn look(paths: Vec<PathBuf>) -> Result<Vec<Resolved>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    in_time(None, move || {
        let open = |path: &PathBuf| oz_host::resolve::resolve(path, Path::new("/")).ok();
        let same = |path: &PathBuf| open(path).filter(|found| found.path.as_path() == path);
        paths.iter().filter_map(same).collect()
    })
    .await
}

/// Looks at files on a thread of its own, and not longer than they may take; for a sandbox, if its app brings that about.
pub(crate) async fn in_time<T: Send + 'static>(
    of: Option<&SandboxId>,
    look: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    aside::within(of, RESOLVE_DEADLINE, look)
        .await
        .ok_or_else(|| {
            Failure::new(
                Kind::Timeout,
                "a file system did not say within 5 seconds what a file is",
                "Try again when it answers",
            )
        })
}

/// An error whose text has its advice behind a colon.
pub(crate) fn sentence(kind: Kind, text: &str) -> Failure {
    match text.rsplit_once(": ") {
        Some((what, remedy)) => {
            let mut letters = remedy.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            let remedy = format!("{}{}", first.unwrap_or_default(), letters.as_str());
            Failure::new(kind, what, remedy)
        }
        None => Failure::new(kind, text, ""),
    }
}

/// Shows files; what is refused fails the whole, before anything changes.
pub(crate) async fn add(
    daemon: &Daemon,
    sandbox: &Sandbox,
    wanted: Vec<Wanted>,
) -> Result<Vec<OsBytes>> {
    // Most launches name no file, and where all protected places are takes long to find out.
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let paths = wanted
        .iter()
        .map(|wanted| wanted.resolved.path.clone())
        .collect();
    // It starts while the rules are looked at; if they refuse, it ends.
    let helpers = Helpers::begun(daemon);
    // Looked at once: there may be thousands.
    let rules = Rules::look(&daemon.directories, &sandbox.plan.user);
    for wanted in &wanted {
        rules.check(wanted.resolved.path.as_path(), wanted.access)?;
    }
    let mut store = sandbox.grants.lock().await;
    let lasting = Lasting::among(&wanted);
    let mut lived = false;
    let mut left = Vec::new();
    for mut wanted in wanted {
        let path = wanted.resolved.path.as_path();
        let held = store.get(path).cloned();
        if held.is_some() && wanted.origin == Origin::Beside {
            continue;
        }
        if let Some(held) = &held {
            wanted.lifetime = lifetime(held.lifetime, &wanted);
            let again = matches!(wanted.origin, Origin::Dialog | Origin::Opened);
            if again && held.access == Access::Write {
                // To be picked or opened again takes nothing away.
                wanted.access = Access::Write;
            }
        }
        let is_as_wanted = held.as_ref().is_some_and(|held| {
            held.access == wanted.access && held.identity == wanted.resolved.identity
        });
        if is_as_wanted {
            lived |= held.is_some_and(|held| held.lifetime != wanted.lifetime);
            store.keep_for(path, wanted.lifetime);
        } else if !rules::shown_by(&sandbox.plan, path, wanted.access) {
            left.push(wanted);
        }
    }
    let wanted = left;
    let (wanted, absorbed) = {
        // Hundreds of files may be in one directory.
        let known = RefCell::new(BTreeMap::new());
        let hides = |directory: &OsBytes, access, path: &Path| {
            let mut known = known.borrow_mut();
            let hide: &mut Vec<OsBytes> = known
                .entry((directory.clone(), access))
                .or_insert_with(|| rules.check(directory.as_path(), access).unwrap_or_default());
            hide.iter().any(|place| path.starts_with(place.as_path()))
        };
        let wanted = without_covered(&store, wanted, &hides);
        let absorbed = absorbed(&store, &wanted, &hides);
        (wanted, absorbed)
    };
    let is_narrowed = |wanted: &&Wanted| wanted.access == Access::Read;
    let narrowed = wanted.iter().filter(is_narrowed);
    let narrowed = narrowed.filter_map(|wanted| store.get(wanted.resolved.path.as_path()));
    let narrowed: Vec<Grant> = narrowed
        .filter(|held| held.access == Access::Write)
        .cloned()
        .collect();
    if !wanted.is_empty() {
        let begun = (helpers, rules);
        let changed =
            mounted::apply(daemon, sandbox, &mut store, &absorbed, wanted, Some(begun)).await;
        announce(sandbox, &store);
        changed?;
    } else if lived {
        announce(sandbox, &store);
    }
    lasting.keep(daemon, sandbox, &store)?;
    drop(store);
    if !narrowed.is_empty() {
        open::note(sandbox, &narrowed).await;
    }
    Ok(paths)
}

/// Those of the wanted that are to last and are not kept yet.
struct Lasting(Vec<OsBytes>);

impl Lasting {
    fn among(wanted: &[Wanted]) -> Self {
        // What has been given before comes from where it is kept.
        let new = wanted
            .iter()
            .filter(|one| one.lifetime == Lifetime::Lasting && one.since.is_none());
        Self(new.map(|one| one.resolved.path.clone()).collect())
    }

    fn keep(&self, daemon: &Daemon, sandbox: &Sandbox, store: &Store) -> Result<()> {
        let held = self.0.iter().filter_map(|path| store.get(path.as_path()));
        let held: Vec<&Grant> = held.collect();
        if held.is_empty() {
            return Ok(());
        }
        lasting::keep(&daemon.directories, &sandbox.plan.profile, &held)
    }
}

/// How long what is held already is held, now that it is wanted again: naming it to an app changes nothing, and
/// nothing that lasts ends because somebody has not said again that it lasts.
fn lifetime(held: Lifetime, wanted: &Wanted) -> Lifetime {
    match (wanted.origin, held, wanted.lifetime) {
        (
            Origin::Argument | Origin::Beside | Origin::Dialog | Origin::Dropped | Origin::Opened,
            ..,
        )
        | (Origin::Added | Origin::Panel, Lifetime::Lasting, Lifetime::Sandbox) => held,
        _ => wanted.lifetime,
    }
}

/// Whether a directory that is shown with this access hides a path below it.
type Hides<'a> = dyn Fn(&OsBytes, Access, &Path) -> bool + 'a;

/// Leaves out what a directory shows that is held, or wanted too, with the same access.
///
/// A mount of its own would add nothing and take something away: programs that save by writing
/// a new file over the old one cannot do so over a mount.
fn without_covered(store: &Store, mut wanted: Vec<Wanted>, hides: &Hides<'_>) -> Vec<Wanted> {
    wanted.sort_by(|a, b| a.resolved.path.cmp(&b.resolved.path));
    let mut left: Vec<Wanted> = Vec::new();
    for one in wanted {
        let path = one.resolved.path.as_path();
        let held = store
            .above(path)
            .map(|held| (&held.path, held.access, held.lifetime));
        let other = left.iter().rev().find(|other| {
            other.resolved.identity.directory && path.starts_with(other.resolved.path.as_path())
        });
        let other = other.map(|other| (&other.resolved.path, other.access, other.lifetime));
        // The nearest one decides, and it is the one with the longer path.
        let above = held
            .into_iter()
            .chain(other)
            .max_by_key(|(path, ..)| path.as_bytes().len());
        let covered = above.is_some_and(|(directory, access, lifetime)| {
            // Naming a file to an app takes nothing away from what it may write already.
            let enough =
                access == one.access || (!one.origin.is_on_purpose() && access == Access::Write);
            let as_long = lifetime == one.lifetime || one.origin == Origin::Beside;
            enough && as_long && !hides(directory, access, path)
        });
        if !covered || store.get(path).is_some() {
            left.push(one);
        }
    }
    left
}

/// What is held and needs its own mount no longer, because a wanted directory shows it alike.
fn absorbed(store: &Store, wanted: &[Wanted], hides: &Hides<'_>) -> Vec<OsBytes> {
    let shows_alike = |grant: &&Grant| {
        let path = grant.path.as_path();
        wanted.iter().any(|one| {
            let directory = one.resolved.path.as_path();
            let between = store.above(path).map(|above| above.path.as_path());
            one.resolved.identity.directory
                && one.access == grant.access
                && one.lifetime == grant.lifetime
                && path != directory
                && path.starts_with(directory)
                && between.is_none_or(|above| directory.starts_with(above))
                && !hides(&one.resolved.path, one.access, path)
        })
    };
    let held = store.list().iter().filter(shows_alike);
    held.map(|grant| grant.path.clone()).collect()
}

/// Takes files back.
pub(crate) async fn remove(
    daemon: &Daemon,
    sandbox: &Sandbox,
    paths: &[OsBytes],
) -> Result<Vec<OsBytes>> {
    let mut store = sandbox.grants.lock().await;
    if let Some(path) = paths
        .iter()
        .find(|path| store.get(path.as_path()).is_none())
    {
        return Err(Failure::new(
            Kind::NotFound,
            format!(
                "the sandbox {} does not hold {path} as a file of its own",
                sandbox.id
            ),
            format!("`oz files {}` lists what it holds", sandbox.id),
        ));
    }
    // First: should this fail, the user has been told so and it is still there to be taken back.
    lasting::forget(&daemon.directories, &sandbox.plan.profile, paths)?;
    let taken = paths.iter().filter_map(|path| store.get(path.as_path()));
    let taken: Vec<Grant> = taken.cloned().collect();
    let changed = mounted::apply(daemon, sandbox, &mut store, paths, Vec::new(), None).await;
    announce(sandbox, &store);
    drop(store);
    changed?;
    open::note(sandbox, &taken).await;
    Ok(paths.to_vec())
}

/// Takes back what has ended by now.
pub(super) async fn expire(daemon: &Daemon, sandbox: &Sandbox) -> Result<()> {
    let mut store = sandbox.grants.lock().await;
    let now = clock::now();
    let ended = store.list().iter();
    let ended = ended.filter(|grant| grant.ends().is_some_and(|end| end <= now));
    let taken: Vec<Grant> = ended.cloned().collect();
    if taken.is_empty() {
        return Ok(());
    }
    let ended: Vec<OsBytes> = taken.iter().map(|grant| grant.path.clone()).collect();
    let changed = mounted::apply(daemon, sandbox, &mut store, &ended, Vec::new(), None).await;
    announce(sandbox, &store);
    drop(store);
    changed?;
    open::note(sandbox, &taken).await;
    Ok(())
}

/// Makes views anew that nobody serves any more, and says how many there were. What programs had
/// open in them is lost.
pub(super) async fn repair(daemon: &Daemon, sandbox: &Sandbox) -> usize {
    let mut store = sandbox.grants.lock().await;
    let dead = mounted::unserved(&store);
    if dead.is_empty() {
        return 0;
    }
    tracing::warn!("a files proxy has ended and is replaced");
    if let Err(failure) = mounted::repair(daemon, sandbox, &mut store, &dead).await {
        tracing::warn!(error = failure.line(), "files cannot be shown again");
    }
    announce(sandbox, &store);
    dead.len()
}

fn announce(sandbox: &Sandbox, store: &Store) {
    sandbox.publish_files(store);
    // If it has ended meanwhile there is nothing to save.
    let _ = sandbox.ask(Command::Save);
}

/// What may not be seen of a path that is shown; an error if it may not be shown at all.
pub(crate) fn hidden(
    daemon: &Daemon,
    sandbox: &Sandbox,
    path: &OsBytes,
    access: Access,
) -> Result<Vec<OsBytes>> {
    let user = &sandbox.plan.user;
    rules::check(&daemon.directories, user, path.as_path(), access)
}

#[cfg(test)]
mod tests {
    use super::super::tests::grant;
    use super::*;

    fn wanted(path: &str, access: Access, origin: Origin) -> Wanted {
        let resolved = Resolved {
            path: path.into(),
            identity: grant(path, access).identity,
            fd: std::fs::File::open("/").expect("the root").into(),
        };
        Wanted {
            resolved,
            access,
            origin,
            lifetime: Lifetime::Sandbox,
            since: None,
        }
    }

    fn left(store: &Store, wanted: Vec<Wanted>) -> Vec<String> {
        let left = without_covered(store, wanted, &|_, _, _| false);
        left.iter()
            .map(|one| one.resolved.path.to_string())
            .collect()
    }

    #[test]
    fn what_a_held_or_wanted_directory_shows_gets_no_mount_of_its_own() {
        let mut store = Store::default();
        store.put(grant("/h/read", Access::Read));
        store.put(grant("/h/write", Access::Write));
        let all = vec![
            wanted("/h/new/file", Access::Write, Origin::Argument),
            wanted("/h/new", Access::Write, Origin::Argument),
            wanted("/h/new-er", Access::Write, Origin::Argument),
            wanted("/h/read/file", Access::Read, Origin::Argument),
            wanted("/h/read/changed", Access::Write, Origin::Argument),
            wanted("/h/write/file", Access::Read, Origin::Argument),
            wanted("/h/write/beside", Access::Read, Origin::Beside),
        ];
        assert_eq!(
            left(&store, all),
            ["/h/new", "/h/new-er", "/h/read/changed"]
        );
    }

    #[test]
    fn what_a_directory_hides_needs_a_mount_of_its_own() {
        let hides: &Hides<'_> = &|_, _, path| path.ends_with("key");
        let mut store = Store::default();
        store.put(grant("/h/read", Access::Read));
        store.put(grant("/h/new/key", Access::Read));
        let all = vec![
            wanted("/h/read/key", Access::Read, Origin::Added),
            wanted("/h/read/other", Access::Read, Origin::Added),
        ];
        let left = without_covered(&store, all, hides);
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].resolved.path, "/h/read/key".into());
        let above = [wanted("/h/new", Access::Read, Origin::Added)];
        assert!(absorbed(&store, &above, hides).is_empty());
    }

    #[test]
    fn a_directory_takes_over_what_it_shows_alike() {
        let mut store = Store::default();
        store.put(grant("/h/d/alike", Access::Write));
        store.put(grant("/h/d/less", Access::Read));
        store.put(grant("/h/d/less/again", Access::Write));
        store.put(grant("/h/d-not-in-it", Access::Write));
        let wanted = [wanted("/h/d", Access::Write, Origin::Added)];
        assert_eq!(
            absorbed(&store, &wanted, &|_, _, _| false),
            ["/h/d/alike".into()]
        );
    }

    #[test]
    fn what_is_added_with_less_access_on_purpose_is_narrowed() {
        let mut store = Store::default();
        store.put(grant("/h/write", Access::Write));
        store.put(grant("/h/write/deep", Access::Read));
        let add = |path, access| vec![wanted(path, access, Origin::Added)];
        assert_eq!(
            left(&store, add("/h/write/sub", Access::Read)),
            ["/h/write/sub"]
        );
        // The nearest one decides, and a path that is held already can always change.
        assert_eq!(
            left(&store, add("/h/write/deep/x", Access::Write)),
            ["/h/write/deep/x"]
        );
        assert_eq!(
            left(&store, add("/h/write/deep", Access::Write)),
            ["/h/write/deep"]
        );
    }
}
