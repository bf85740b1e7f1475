//! Changing what a running sandbox holds.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::Access;
use oz_core::wire::mount::{self, Refusal, Request};
use oz_host::resolve::Resolved;

use super::{Grant, Origin, Store, helper, rules};
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
}

/// Finds out what the descriptors are; on a thread of its own, because it can hang.
pub(crate) async fn resolve(fds: Vec<OwnedFd>) -> Result<Vec<Resolved>> {
    if fds.is_empty() {
        return Ok(Vec::new());
    }
    let all = tokio::task::spawn_blocking(move || {
        fds.into_iter()
            .map(oz_host::resolve::from_fd)
            .collect::<Result<Vec<_>, _>>()
    });
    match tokio::time::timeout(RESOLVE_DEADLINE, all).await {
        Ok(Ok(Ok(resolved))) => Ok(resolved),
        Ok(Ok(Err(error))) => Err(sentence(Kind::Refused, &error.to_string())),
        Ok(Err(error)) => Err(Failure::new(Kind::Host, error.to_string(), "")),
        Err(_) => Err(Failure::new(
            Kind::Timeout,
            "a file system did not say within 5 seconds what a file is",
            "Try again when it answers",
        )),
    }
}

/// An error whose text has its advice behind a colon.
fn sentence(kind: Kind, text: &str) -> Failure {
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
    let paths = wanted
        .iter()
        .map(|wanted| wanted.resolved.path.clone())
        .collect();
    let home = sandbox.plan.user.home.as_path();
    for wanted in &wanted {
        rules::check(
            &daemon.directories,
            home,
            wanted.resolved.path.as_path(),
            wanted.access,
        )?;
    }
    let mut store = sandbox.grants.lock().await;
    let wanted: Vec<Wanted> = wanted
        .into_iter()
        .filter(|wanted| {
            let path = wanted.resolved.path.as_path();
            let held = store.get(path).is_some_and(|held| {
                held.access == wanted.access && held.identity == wanted.resolved.identity
            });
            !held && !rules::shown_by(&sandbox.plan, path, wanted.access)
        })
        .collect();
    let wanted = without_covered(&store, wanted);
    if !wanted.is_empty() {
        let absorbed = absorbed(&store, &wanted);
        let changed = apply(daemon, sandbox, &mut store, &absorbed, wanted).await;
        announce(sandbox, &store);
        changed?;
    }
    Ok(paths)
}

/// Leaves out what a directory shows that is held, or wanted too, with the same access.
///
/// A mount of its own would add nothing and take something away: programs that save by writing
/// a new file over the old one cannot do so over a mount.
fn without_covered(store: &Store, mut wanted: Vec<Wanted>) -> Vec<Wanted> {
    wanted.sort_by(|a, b| a.resolved.path.cmp(&b.resolved.path));
    let mut left: Vec<Wanted> = Vec::new();
    for one in wanted {
        let path = one.resolved.path.as_path();
        let held = store.above(path).map(|held| (&held.path, held.access));
        let other = left.iter().rev().find(|other| {
            other.resolved.identity.directory && path.starts_with(other.resolved.path.as_path())
        });
        let other = other.map(|other| (&other.resolved.path, other.access));
        // The nearest one decides, and it is the one with the longer path.
        let above = held
            .into_iter()
            .chain(other)
            .max_by_key(|(path, _)| path.as_bytes().len());
        let covered = above.is_some_and(|(_, access)| {
            // Naming a file to an app takes nothing away from what it may write already.
            access == one.access || (one.origin == Origin::Argument && access == Access::Write)
        });
        if !covered || store.get(path).is_some() {
            left.push(one);
        }
    }
    left
}

/// What is held and needs its own mount no longer, because a wanted directory shows it alike.
fn absorbed(store: &Store, wanted: &[Wanted]) -> Vec<OsBytes> {
    let shows_alike = |grant: &&Grant| {
        let path = grant.path.as_path();
        wanted.iter().any(|one| {
            let directory = one.resolved.path.as_path();
            let between = store.above(path).map(|above| above.path.as_path());
            one.resolved.identity.directory
                && one.access == grant.access
                && path != directory
                && path.starts_with(directory)
                && between.is_none_or(|above| directory.starts_with(above))
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
    let changed = apply(daemon, sandbox, &mut store, paths, Vec::new()).await;
    announce(sandbox, &store);
    changed?;
    Ok(paths.to_vec())
}

fn announce(sandbox: &Sandbox, store: &Store) {
    sandbox.publish_files(store);
    // If it has ended meanwhile there is nothing to save.
    let _ = sandbox.ask(Command::Save);
}

/// Takes back first, then shows, with everything beneath a changed path taken off and put on
/// again around it.
async fn apply(
    daemon: &Daemon,
    sandbox: &Sandbox,
    store: &mut Store,
    remove: &[OsBytes],
    add: Vec<Wanted>,
) -> Result<()> {
    let program = daemon.directories.program("oz-mount");
    let namespaces = sandbox
        .namespaces
        .get()
        .ok_or_else(|| Failure::gone(&sandbox.id))?;
    let before = store.clone();
    let mut off = Vec::new();
    for path in remove
        .iter()
        .chain(add.iter().map(|wanted| &wanted.resolved.path))
    {
        off.extend(store.take_at_or_beneath(path.as_path()));
    }
    // The deepest first: a mount that carries another does not go before it.
    off.sort_by(|a, b| b.path.cmp(&a.path));
    let request = Request::Remove(off.iter().map(|grant| grant.granted.clone()).collect());
    let results = match helper::ask(&program, namespaces, &request).await {
        Ok(results) => results,
        Err(failure) => {
            *store = before;
            return Err(failure);
        }
    };
    let mut failure = None;
    let mut on = Vec::new();
    for (grant, result) in off.into_iter().zip(results) {
        match result {
            Ok(_) | Err(Refusal::NotMounted) => on.push(grant),
            Err(refusal) => {
                failure.get_or_insert(refuse(&grant.path, "taken back", &refusal));
                store.put(grant);
            }
        }
    }
    on.retain(|grant| {
        !remove.contains(&grant.path) && add.iter().all(|wanted| wanted.resolved.path != grant.path)
    });
    let mut all: Vec<(mount::Grant, Origin, u64)> = Vec::new();
    // The descriptors in `add` live until the helper has compared: no other file gets their
    // numbers meanwhile.
    for Wanted {
        resolved,
        access,
        origin,
    } in &add
    {
        all.push((
            request_for(&resolved.path, resolved.identity, *access),
            *origin,
            clock::now(),
        ));
    }
    for grant in &on {
        let request = request_for(&grant.path, grant.identity, grant.access);
        all.push((request, grant.origin, grant.since));
    }
    all.sort_by(|(a, ..), (b, ..)| a.path.cmp(&b.path));
    let request = Request::Add(all.iter().map(|(grant, ..)| grant.clone()).collect());
    let results = helper::ask(&program, namespaces, &request).await?;
    for ((request, origin, since), result) in all.into_iter().zip(results) {
        match result {
            Ok(granted) => store.put(Grant {
                path: request.path,
                identity: request.identity,
                access: request.access,
                origin,
                since,
                granted,
            }),
            Err(refusal) => {
                failure.get_or_insert(refuse(&request.path, "shown", &refusal));
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

fn request_for(path: &OsBytes, identity: mount::Identity, access: Access) -> mount::Grant {
    mount::Grant {
        path: path.clone(),
        identity,
        access,
    }
}

fn refuse(path: &OsBytes, what: &str, refusal: &Refusal) -> Failure {
    let remedy = match refusal {
        Refusal::Vanished | Refusal::Replaced => "Name the file again",
        Refusal::Kind => "Only regular files and directories can be given to a sandbox",
        Refusal::Blocked => {
            "Start the app with the file on its command line, or choose another place"
        }
        Refusal::NotMounted => "",
        Refusal::Os { .. } => "`oz doctor` says what this machine lacks",
    };
    let kind = match refusal {
        Refusal::Os { .. } => Kind::Host,
        _ => Kind::Refused,
    };
    let path: &Path = path.as_path();
    Failure::new(
        kind,
        format!("{} cannot be {what}: {refusal}", OsBytes::from(path)),
        remedy,
    )
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
        }
    }

    fn left(store: &Store, wanted: Vec<Wanted>) -> Vec<String> {
        let left = without_covered(store, wanted);
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
        ];
        assert_eq!(
            left(&store, all),
            ["/h/new", "/h/new-er", "/h/read/changed"]
        );
    }

    #[test]
    fn a_directory_takes_over_what_it_shows_alike() {
        let mut store = Store::default();
        store.put(grant("/h/d/alike", Access::Write));
        store.put(grant("/h/d/less", Access::Read));
        store.put(grant("/h/d/less/again", Access::Write));
        store.put(grant("/h/d-not-in-it", Access::Write));
        let wanted = [wanted("/h/d", Access::Write, Origin::Added)];
        assert_eq!(absorbed(&store, &wanted), ["/h/d/alike".into()]);
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
