//! From what a sandbox shall hold to mounts in it.
//!
//! What is mounted at a path hides or carries what is mounted beneath it. So where something
//! changes, everything beneath is taken off first and put on again around it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use oz_core::OsBytes;
use oz_core::plan::Access;
use oz_core::wire::files::{NAMES_MAX, Name};
use oz_core::wire::mount::{self, Granted, Identity, Refusal, Request};

use super::change::Wanted;
use super::helper::{self, Helpers};
use super::rules::Rules;
use super::views::{self, View, Without};
use super::{Grant, Lifetime, Origin, Shown, Store};
use crate::clock;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::{Namespaces, Sandbox};

/// How often it is tried to show again what a proxy that has ended showed.
const ATTEMPTS: usize = 5;

/// A grant that is to be shown.
#[derive(Clone, Debug)]
struct Due {
    path: OsBytes,
    identity: Identity,
    access: Access,
    origin: Origin,
    since: u64,
    lifetime: Lifetime,
    /// A view has shown it before. The app may have replaced it since: it is whatever has its name now.
    by_name: bool,
}

/// What is put on in one go, and what it must come after: mounts by path, and where a view and a
/// mount have the same path the view is on top.
#[derive(Debug)]
enum Step {
    Mounts(Vec<Due>),
    View(PathBuf, Vec<Due>),
}

/// What changes, seen from the mounts that there are.
#[derive(Debug, Default)]
struct Change {
    /// Grants that go, or come again in another form.
    off: Vec<Grant>,
    /// Views that go.
    views_off: Vec<Arc<View>>,
    /// Grants that are to be shown.
    due: Vec<Due>,
}

/// Takes back first, then shows; `begun` is what was begun already to add something.
pub(super) async fn apply(
    daemon: &Daemon,
    sandbox: &Sandbox,
    store: &mut Store,
    remove: &[OsBytes],
    add: Vec<Wanted>,
    begun: Option<(Helpers, Rules<'_>)>,
) -> Result<()> {
    let task = Task::new(daemon, sandbox, begun)?;
    let before = store.clone();
    let change = plan(store, remove, &add);
    let result = task.carry_out(store, before, change).await;
    // The descriptors in `add` have lived until everything was compared: no other file got their
    // numbers meanwhile.
    drop(add);
    result
}

/// Directories of views that nobody serves.
pub(super) fn unserved(store: &Store) -> Vec<OsBytes> {
    let dead = store.views().iter().filter(|view| !view.is_served());
    dead.map(|view| view.directory().clone()).collect()
}

/// Makes these views anew, and what is mounted in them.
pub(super) async fn repair(
    daemon: &Daemon,
    sandbox: &Sandbox,
    store: &mut Store,
    dead: &[OsBytes],
) -> Result<()> {
    let task = Task::new(daemon, sandbox, None)?;
    for directory in dead {
        let before = store.clone();
        let mut change = Change::default();
        change.off = store.take_at_or_beneath(directory.as_path());
        change.views_off = store.take_views_at_or_beneath(directory.as_path());
        change.due = change.off.iter().map(Due::again).collect();
        let due = change.due.clone();
        let mut repaired = task.carry_out(store, before, change).await;
        for _ in 0..ATTEMPTS {
            if repaired.is_ok() {
                break;
            }
            // What ended the one may have ended the next as well.
            let left = due
                .iter()
                .filter(|due| store.get(due.path.as_path()).is_none());
            let left = left.cloned().collect();
            repaired = task.put_on(store, left, BTreeSet::new()).await;
        }
        repaired?;
    }
    Ok(())
}

/// What follows from removing and adding; takes out of the store what is to be taken off.
fn plan(store: &mut Store, remove: &[OsBytes], add: &[Wanted]) -> Change {
    let mut due: Vec<Due> = add
        .iter()
        .map(|wanted| Due {
            path: wanted.resolved.path.clone(),
            identity: wanted.resolved.identity,
            access: wanted.access,
            origin: wanted.origin,
            since: wanted.since.unwrap_or_else(clock::now),
            lifetime: wanted.lifetime,
            by_name: false,
        })
        .collect();
    let new = due.iter().map(|due| due.path.clone());
    let changed: BTreeSet<OsBytes> = remove.iter().cloned().chain(new).collect();
    let mut roots: BTreeSet<PathBuf> = BTreeSet::new();
    for path in &changed {
        let path = path.as_path();
        let wanted = due.iter().find(|due| due.path.as_path() == path);
        let mounted = matches!(
            store.get(path),
            Some(Grant {
                shown: Shown::Mount(_),
                ..
            })
        );
        if mounted || wanted.is_some_and(|due| viewed_in(due).is_none()) {
            roots.insert(path.to_owned());
        }
        // A view that is not there yet covers what is at its directory and beneath.
        if let Some(directory) = wanted.and_then(viewed_in)
            && store.view(directory).is_none()
        {
            roots.insert(directory.to_owned());
        }
    }
    // A view that shows nothing goes.
    for view in store.views() {
        let directory = view.directory().as_path();
        let stays = store
            .shown_in(directory)
            .any(|grant| !changed.contains(&grant.path));
        let comes = due.iter().any(|due| viewed_in(due) == Some(directory));
        if !stays && !comes {
            roots.insert(directory.to_owned());
        }
    }
    let mut change = Change::default();
    for root in &roots {
        change.off.extend(store.take_at_or_beneath(root));
        change
            .views_off
            .extend(store.take_views_at_or_beneath(root));
    }
    for path in &changed {
        change.off.extend(store.take(path.as_path()));
    }
    let again = change
        .off
        .iter()
        .filter(|grant| !changed.contains(&grant.path));
    due.extend(again.map(Due::again));
    change.due = due;
    change
}

/// The directory in whose view a file is shown, if it is shown so.
fn viewed_in(due: &Due) -> Option<&Path> {
    let is_file = due.access == Access::Write && !due.identity.directory;
    let directory = due.path.as_path().parent().filter(|_| is_file)?;
    (directory != Path::new("/")).then_some(directory)
}

/// Mounts and views in the order in which they are put on.
fn steps(due: Vec<Due>) -> Vec<Step> {
    let mut views: BTreeMap<PathBuf, Vec<Due>> = BTreeMap::new();
    let mut mounts = Vec::new();
    for due in due {
        match viewed_in(&due).map(Path::to_owned) {
            Some(directory) => views.entry(directory).or_default().push(due),
            None => mounts.push(due),
        }
    }
    mounts.sort_by(|a, b| a.path.as_path().cmp(b.path.as_path()));
    let mut steps = Vec::new();
    let mut mounts = mounts.into_iter().peekable();
    for (directory, files) in views {
        let mut before = Vec::new();
        while let Some(mount) = mounts.next_if(|due| due.path.as_path() <= directory.as_path()) {
            before.push(mount);
        }
        if !before.is_empty() {
            steps.push(Step::Mounts(before));
        }
        steps.push(Step::View(directory, files));
    }
    let rest: Vec<_> = mounts.collect();
    if !rest.is_empty() {
        steps.push(Step::Mounts(rest));
    }
    steps
}

/// Names of a view that others do not have.
fn names(files: impl Iterator<Item = (OsBytes, Option<Identity>)>) -> Vec<Name> {
    let mut all: BTreeMap<OsBytes, Name> = BTreeMap::new();
    for (path, identity) in files {
        for name in views::names(path.as_path(), identity) {
            // A journal that was granted itself is no companion.
            match all.get(&name.name) {
                Some(known) if !known.companion => {}
                _ => drop(all.insert(name.name.clone(), name)),
            }
        }
    }
    all.into_values().collect()
}

/// What came of taking off.
struct Taken {
    failed: Option<Failure>,
    /// Directories of views that stay and show less.
    touched: BTreeSet<PathBuf>,
}

struct Task<'a> {
    daemon: &'a Daemon,
    sandbox: &'a Sandbox,
    namespaces: &'a Namespaces,
    helpers: Helpers,
    /// Looked at once, and only if something is mounted: that takes hundreds of system calls.
    rules: OnceLock<Rules<'a>>,
}

impl<'a> Task<'a> {
    fn new(
        daemon: &'a Daemon,
        sandbox: &'a Sandbox,
        begun: Option<(Helpers, Rules<'a>)>,
    ) -> Result<Self> {
        let (helpers, rules) = match begun {
            Some((helpers, rules)) => (helpers, OnceLock::from(rules)),
            None => (Helpers::of(daemon), OnceLock::new()),
        };
        let namespaces = sandbox.namespaces.get();
        Ok(Self {
            daemon,
            sandbox,
            namespaces: namespaces.ok_or_else(|| Failure::gone(&sandbox.id))?,
            helpers,
            rules,
        })
    }

    /// Takes off, then puts on; the store is as `before` if nothing could be done at all.
    async fn carry_out(&self, store: &mut Store, before: Store, change: Change) -> Result<()> {
        let taken = match self.take_off(store, change.off, change.views_off).await {
            Ok(taken) => taken,
            Err(error) => {
                *store = before;
                return Err(error);
            }
        };
        // What could not be taken off stays as it is.
        let mut due = change.due;
        due.retain(|due| store.get(due.path.as_path()).is_none());
        let result = self.put_on(store, due, taken.touched).await;
        taken.failed.map_or(Ok(()), Err).and(result)
    }

    async fn take_off(
        &self,
        store: &mut Store,
        off: Vec<Grant>,
        views_off: Vec<Arc<View>>,
    ) -> Result<Taken> {
        let mut taken = Taken {
            failed: None,
            touched: BTreeSet::new(),
        };
        let mut mounts: Vec<(Granted, Option<Grant>, Option<Arc<View>>)> = Vec::new();
        for grant in off {
            match (&grant.shown, grant.path.as_path().parent()) {
                (Shown::Mount(granted), _) => mounts.push((granted.clone(), Some(grant), None)),
                (Shown::View, Some(directory)) if store.view(directory).is_some() => {
                    taken.touched.insert(directory.to_owned());
                }
                (Shown::View, _) => {}
            }
        }
        for view in views_off {
            mounts.push((view.granted().clone(), None, Some(view)));
        }
        // The deepest first, and a view before what it covers: a mount that carries another does
        // not go before it.
        mounts.sort_by(|(a, _, view_a), (b, _, view_b)| {
            let by_path = b.path.as_path().cmp(a.path.as_path());
            by_path.then_with(|| view_b.is_some().cmp(&view_a.is_some()))
        });
        let request = Request::Remove(mounts.iter().map(|(granted, ..)| granted.clone()).collect());
        let results = helper::ask(&self.helpers, self.namespaces, &request).await?;
        for ((granted, grant, view), result) in mounts.into_iter().zip(results) {
            match result {
                Ok(_) | Err(Refusal::NotMounted) => drop(view),
                Err(refusal) => {
                    let failed = refuse(&granted.path, "taken back", &refusal);
                    taken.failed.get_or_insert(failed);
                    if let Some(grant) = grant {
                        store.put(grant);
                    }
                    if let Some(view) = view {
                        store.put_view(view);
                    }
                }
            }
        }
        Ok(taken)
    }

    async fn put_on(
        &self,
        store: &mut Store,
        due: Vec<Due>,
        mut touched: BTreeSet<PathBuf>,
    ) -> Result<()> {
        let mut failure = None;
        for step in steps(due) {
            let failed = match step {
                Step::Mounts(due) => self.mount(store, due).await?,
                Step::View(directory, files) => {
                    touched.remove(&directory);
                    self.show(store, &directory, files).await?
                }
            };
            failure = failure.or(failed);
        }
        for directory in touched {
            self.update(store, &directory, Vec::new()).await?;
        }
        failure.map_or(Ok(()), Err)
    }

    /// Each by a mount of its own.
    async fn mount(&self, store: &mut Store, due: Vec<Due>) -> Result<Option<Failure>> {
        let mut failure = None;
        let mut shown = Vec::new();
        let mut requests = Vec::new();
        let look = || Rules::look(&self.daemon.directories, &self.sandbox.plan.user);
        let rules = self.rules.get_or_init(look);
        for due in due {
            match rules.check(due.path.as_path(), due.access) {
                Ok(hide) => {
                    requests.push(mount::Grant {
                        path: due.path.clone(),
                        identity: due.identity,
                        access: due.access,
                        hide,
                    });
                    shown.push(due);
                }
                Err(refused) => drop(failure.get_or_insert(refused)),
            }
        }
        let request = Request::Add(requests);
        let results = helper::ask(&self.helpers, self.namespaces, &request).await?;
        for (due, result) in shown.into_iter().zip(results) {
            match result {
                Ok(granted) => store.put(due.shown(Shown::Mount(granted))),
                Err(refusal) => {
                    failure.get_or_insert(refuse(&due.path, "shown", &refusal));
                }
            }
        }
        Ok(failure)
    }

    /// In the view of their directory, or where there can be none by mounts.
    async fn show(
        &self,
        store: &mut Store,
        directory: &Path,
        files: Vec<Due>,
    ) -> Result<Option<Failure>> {
        if store.view(directory).is_some() {
            return self.update(store, directory, files).await;
        }
        let all = names(files.iter().map(|due| (due.path.clone(), due.must_be())));
        let opened = views::open(
            self.daemon,
            self.sandbox,
            (self.namespaces, &self.helpers),
            directory,
            all,
        );
        match opened.await {
            Ok((view, replaced)) => {
                store.put_view(Arc::new(view));
                Ok(put_shown(store, files, &replaced))
            }
            Err(Without::Refused(refusal)) => {
                tracing::warn!(%refusal, "no view: files cannot be replaced, only written");
                self.mount(store, files).await
            }
            Err(Without::Failed(failure)) => Err(failure),
        }
    }

    /// A view shows more, or less.
    async fn update(
        &self,
        store: &mut Store,
        directory: &Path,
        files: Vec<Due>,
    ) -> Result<Option<Failure>> {
        let Some(view) = store.view(directory).cloned() else {
            return Ok(None);
        };
        let held = store
            .shown_in(directory)
            .map(|grant| (grant.path.clone(), None));
        let new = files.iter().map(|due| (due.path.clone(), due.must_be()));
        let all = names(held.chain(new));
        if all.len() > NAMES_MAX {
            return self.mount(store, files).await;
        }
        let replaced = views::update(self.daemon, self.sandbox, &view, all).await?;
        Ok(put_shown(store, files, &replaced))
    }
}

impl Due {
    /// What was shown and has been taken off, to be shown again.
    fn again(grant: &Grant) -> Self {
        Self {
            path: grant.path.clone(),
            identity: grant.identity,
            access: grant.access,
            origin: grant.origin,
            since: grant.since,
            lifetime: grant.lifetime,
            by_name: grant.shown == Shown::View,
        }
    }

    /// What a view must find at its name.
    fn must_be(&self) -> Option<Identity> {
        (!self.by_name).then_some(self.identity)
    }

    fn shown(self, shown: Shown) -> Grant {
        Grant {
            path: self.path,
            identity: self.identity,
            access: self.access,
            origin: self.origin,
            since: self.since,
            lifetime: self.lifetime,
            shown,
        }
    }
}

/// Notes what a view shows; a failure for what it could not.
fn put_shown(store: &mut Store, files: Vec<Due>, replaced: &[OsBytes]) -> Option<Failure> {
    let mut failure = None;
    for due in files {
        let name = due.path.as_path().file_name();
        if replaced.iter().any(|one| Some(one.as_os_str()) == name) {
            failure.get_or_insert(refuse(&due.path, "shown", &Refusal::Replaced));
        } else {
            store.put(due.shown(Shown::View));
        }
    }
    failure
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
    use super::*;

    fn due(path: &str, access: Access, directory: bool) -> Due {
        Due {
            path: path.into(),
            identity: Identity {
                device: 1,
                inode: 2,
                directory,
            },
            access,
            origin: Origin::Added,
            since: 0,
            lifetime: Lifetime::Sandbox,
            by_name: false,
        }
    }

    #[test]
    fn a_view_comes_after_what_it_lies_on_and_before_what_lies_in_it() {
        let all = vec![
            due("/h/d/e", Access::Read, true),
            due("/h/d", Access::Read, true),
            due("/h/d/a", Access::Write, false),
            due("/h/d/b", Access::Write, false),
            due("/h/c", Access::Read, false),
        ];
        let order: Vec<_> = steps(all)
            .iter()
            .map(|step| match step {
                Step::Mounts(all) => {
                    let paths: Vec<_> = all.iter().map(|due| due.path.to_string()).collect();
                    paths.join(" ")
                }
                Step::View(directory, files) => format!("{}: {}", directory.display(), files.len()),
            })
            .collect();
        assert_eq!(order, ["/h/c /h/d", "/h/d: 2", "/h/d/e"]);
    }

    #[test]
    fn a_companion_that_was_granted_itself_is_none() {
        let identity = due("/h/a.db", Access::Write, false).identity;
        let all = names(
            ["/h/a.db-wal", "/h/a.db"]
                .map(|path| (path.into(), Some(identity)))
                .into_iter(),
        );
        let companions = all.iter().filter(|name| name.companion);
        let companions: Vec<_> = companions.map(|name| name.name.to_string()).collect();
        assert_eq!(companions, ["a.db-journal", "a.db-shm"]);
    }
}
