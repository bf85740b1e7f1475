//! What sandboxes wrote over copies: making the layers for a launch.

mod runs;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::{Access, Drops, Effect, Overlay, Plan, SandboxId, Tree, layout};
use oz_core::profile::Profile;
use oz_core::profile::files::Home;
use oz_core::profile::rules::{Rule, RulePath};
pub(crate) use oz_host::copies::place;
use oz_host::copies::{self, ABOUT, About, Place, Terms};
use oz_host::mounts;

use crate::aside;
use crate::daemon::Daemon;
use crate::directories::{self, Directories};
use crate::failure::{Failure, Kind, Result};
pub(crate) use runs::{Rest, Runs, rest};

/// How long to finish a merge may take: as long as the worker has.
const FINISHING: Duration = copies::PATIENCE;
/// Most mounts that are named to whoever has to unmount them.
const MOST_NAMED: usize = 4;
/// How long to remove what an app wrote may take.
const REMOVING: Duration = Duration::from_secs(900);

/// Makes the layers of a plan, and writes down whose they are and since when.
pub(crate) fn prepare(runs: &Runs, plan: &Plan, ephemeral: bool, terms: Terms) -> Result<()> {
    let overlays: Vec<&Overlay> = plan.overlays().collect();
    let Some(of_sandbox) = overlays.first().and_then(|first| first.layers.parent()) else {
        return Ok(());
    };
    runs.begins(&plan.id);
    let (base, earlier) = (
        of_sandbox.parent().unwrap_or(of_sandbox),
        known(of_sandbox)?,
    );
    if earlier.is_none() && of_sandbox.exists() {
        // Nobody knows whose they are.
        let aside = copies::set_aside(of_sandbox);
        aside.map_err(|error| Failure::host("rename", of_sandbox, &error))?;
    }
    let mut places = Vec::new();
    for overlay in overlays {
        nothing_is_mounted_in(overlay)?;
        let relative = overlay.layers.strip_prefix(base).unwrap_or(&overlay.layers);
        for name in [Overlay::WORK, Overlay::UPPER] {
            let directory = directories::make_beneath(base, &relative.join(name))?;
            copies::keeps_notes(&directory).map_err(|error| keeps_none(overlay, &error))?;
        }
        let lock = overlay.layers.join(Overlay::LOCK);
        copies::make_lock(&lock).map_err(|error| Failure::host("make the file", &lock, &error))?;
        let untouched = copies::is_untouched(overlay);
        if untouched {
            let cleared = copies::forget(&overlay.layers);
            cleared.map_err(|error| Failure::host("clear", &overlay.layers, &error))?;
        }
        let before = earlier.iter().flat_map(|about| &about.places);
        let before = before.filter(|_| !untouched);
        let since = before
            .filter(|place| place.overlay.source == overlay.source)
            .map(|place| place.since)
            .next();
        places.push(Place {
            overlay: overlay.clone(),
            since: since.unwrap_or_else(|| copies::now(&overlay.layers)),
        });
    }
    // What was written over others is still to be looked at, and merged.
    let is_other = |place: &&Place| {
        !plan
            .overlays()
            .any(|one| one.layers == place.overlay.layers)
    };
    let others = earlier.iter().flat_map(|about| &about.places);
    let others = others
        .filter(is_other)
        .filter(|place| !copies::is_untouched(&place.overlay));
    places.extend(others.cloned());
    let about = About {
        profile: plan.profile.clone(),
        ephemeral,
        tree: plan.tree.clone(),
        terms,
        places,
    };
    write(of_sandbox, &about)
}

/// Whether a new sandbox with this profile and system, and under these terms, cannot have a name, because what another wrote
/// is kept under it.
pub(crate) fn is_taken(
    place: &Path,
    id: &SandboxId,
    (profile, tree): (&str, Option<&Tree>),
    terms: Terms,
    ephemeral: bool,
) -> bool {
    match copies::read(place, id) {
        Ok(None) => false,
        Ok(Some(about)) => {
            let other =
                about.profile != profile || about.tree.as_ref() != tree || about.terms != terms;
            ephemeral || about.ephemeral || other
        }
        Err(_) => true,
    }
}

/// What was kept under a name.
pub(crate) fn kept(directories: &Directories, id: &SandboxId) -> Result<About> {
    let place = place(&directories.state, &directories.runtime);
    let about = copies::read(&place, id);
    let about = about.map_err(|error| Failure::host("read", &place.join(id.as_str()), &error))?;
    about.ok_or_else(|| {
        Failure::new(
            Kind::NotFound,
            format!("no sandbox {id} has written over copies"),
            format!("`oz run --cow -- COMMAND` makes one that does; `oz clone` makes {id} of it"),
        )
    })
}

/// The home that it had, if that was copied.
pub(crate) fn home(kept: &About) -> Option<Home> {
    let home = kept.places.iter().any(Place::is_home);
    home.then_some(Home::CopyOnWrite)
}

/// The profile with the places that were copied although it does not say so.
pub(crate) fn with_places(profile: Arc<Profile>, kept: &About) -> Result<Arc<Profile>> {
    let of_tree = |place: &Place| {
        let tree = kept.tree.as_ref().filter(|tree| tree.copied);
        tree.is_some_and(|tree| place.overlay.source.starts_with(&tree.path))
    };
    let others = kept.places.iter();
    let others = others.filter(|place| !place.is_home() && !of_tree(place));
    let places: Vec<PathBuf> = others.map(|place| place.overlay.source.clone()).collect();
    copied(profile, &places)
}

/// The profile in which all that it says may be changed is a part of the home's copy, or not there.
pub(crate) fn on_trial(profile: Arc<Profile>) -> Arc<Profile> {
    let mut profile = Arc::unwrap_or_clone(profile);
    let changes = |rule: &Rule| rule.effect == Effect::Write || rule.make;
    profile.files.rules.retain(|_, rule| !changes(rule));
    // What is dropped or opened can be looked at.
    profile.files.arguments = Access::Read;
    profile.files.drops = profile.files.drops.min(Drops::Read);
    Arc::new(profile)
}

/// The profile with some directories copied.
pub(crate) fn copied(profile: Arc<Profile>, places: &[PathBuf]) -> Result<Arc<Profile>> {
    if places.is_empty() {
        return Ok(profile);
    }
    let mut profile = Arc::unwrap_or_clone(profile);
    for place in places {
        let path = place.to_str().map(str::to_owned);
        let path = path.ok_or_else(|| "its name is no text\ngive it another".to_owned());
        let rule = path.and_then(RulePath::try_from).map_err(|why| {
            let (why, remedy) = why.split_once('\n').unwrap_or((&why, ""));
            let what = format!(
                "{} cannot be copied on writing: {why}",
                OsBytes::from(place.as_path())
            );
            Failure::new(Kind::Refused, what, remedy)
        })?;
        profile.files.rules.entry(rule).or_insert(Rule {
            effect: Effect::CopyOnWrite,
            optional: false,
            make: false,
        });
    }
    Ok(Arc::new(profile))
}

/// Whether something is kept under a name: then nothing is tried under it.
pub(crate) fn is_kept(place: &Path, id: &SandboxId) -> bool {
    let of_sandbox = place.join(id.as_str());
    let written = |place: &Place| !copies::is_untouched(&place.overlay);
    match copies::read(place, id) {
        Ok(None) => false,
        Ok(Some(about)) => about.places.iter().any(written) || copies::next_merge(&of_sandbox) > 0,
        Err(_) => true,
    }
}

/// Finishes a merge that was cut off, before the app changes what is to be merged; aside, for it can be a large one, and holds
/// up nobody but who waits for it. What cannot be finished now is by the next merge.
pub(crate) async fn finish(directories: &Directories, id: &SandboxId) {
    let of_sandbox = place(&directories.state, &directories.runtime).join(id.as_str());
    if !copies::is_unfinished(&of_sandbox) {
        return;
    }
    let finish = move || {
        let Ok(Some(about)) = known(&of_sandbox) else {
            return;
        };
        let places = about.places.iter();
        let locks = places.map(|place| copies::lock(&place.overlay));
        let locks: Vec<_> = locks.flatten().flatten().collect();
        if locks.len() == about.places.len()
            && let Err(error) = copies::finish(&of_sandbox)
        {
            tracing::warn!(%error, "a merge that was cut off is not finished");
        }
    };
    aside::within(None, FINISHING, finish).await;
}

/// Removes what a sandbox that is to leave nothing has written, once it has ended.
pub(crate) fn ended(daemon: &Arc<Daemon>, plan: &Plan) {
    let first = plan.overlays().next();
    let Some(of_sandbox) = first
        .and_then(|first| first.layers.parent())
        .map(Path::to_owned)
    else {
        return;
    };
    daemon.copies.send_replace(());
    let Ok(Some(about)) = known(&of_sandbox) else {
        return;
    };
    if !about.ephemeral {
        let note = move || note(&about);
        tokio::spawn(aside::within(None, REMOVING, note));
        return;
    }
    let remove = move || {
        if let Err(error) = copies::remove(&of_sandbox) {
            tracing::warn!(%error, "what a sandbox wrote is not removed");
        }
    };
    let daemon = Arc::clone(daemon);
    tokio::spawn(async move {
        aside::within(None, REMOVING, remove).await;
        daemon.copies.send_replace(());
    });
}

/// Keeps what texts were before, for whoever merges them when others have changed them as well.
fn note(about: &About) {
    let places = about.places.iter();
    for place in places.filter(|place| !copies::is_untouched(&place.overlay)) {
        if let Err(error) = copies::note(place) {
            tracing::debug!(%error, "what was before is not kept");
        }
    }
}

/// Gives back the names of sandboxes that were to leave nothing and have ended without a daemon. Before launches: what one has just
/// prepared looks the same.
pub(crate) fn forget_leftovers(directories: &Directories) {
    let copies = place(&directories.state, &directories.runtime);
    let count = copies::set_aside_leftovers(&copies);
    tracing::debug!(count, "layers of ephemeral sandboxes were left");
}

/// Removes what was to be removed and is there still.
pub(crate) fn sweep(directories: &Directories) {
    let copies = place(&directories.state, &directories.runtime);
    let homes = directories.state.join(layout::HOMES_NAME);
    let all = move || [copies, homes].iter().for_each(|of| copies::sweep(of));
    tokio::spawn(aside::within(None, REMOVING, all));
}

fn write(of_sandbox: &Path, about: &About) -> Result<()> {
    let failed = |error| Failure::host("write", &of_sandbox.join(ABOUT), &error);
    let text = serde_json::to_vec_pretty(about).map_err(|error| failed(error.into()))?;
    let directory = directories::make_private(of_sandbox)?;
    directories::replace(std::os::fd::AsFd::as_fd(&directory), ABOUT, &text).map_err(failed)
}

fn known(of_sandbox: &Path) -> Result<Option<About>> {
    let name = of_sandbox.file_name().and_then(|name| name.to_str());
    let id = name.and_then(|name| name.parse::<SandboxId>().ok());
    let (Some(copies), Some(id)) = (of_sandbox.parent(), id) else {
        return Ok(None);
    };
    copies::read(copies, &id)
        .map_err(|error| Failure::host("read", &of_sandbox.join(ABOUT), &error))
}

/// What is mounted in a directory belongs to another file system, which a copy cannot show; and whoever made the mount
/// may have meant to hide what is below.
fn nothing_is_mounted_in(overlay: &Overlay) -> Result<()> {
    let source = overlay.source.as_path();
    let below = mounts::below(source)
        .map_err(|error| Failure::host("read", "/proc/self/mountinfo".as_ref(), &error))?;
    let seen = |at: &&PathBuf| {
        at.strip_prefix(source)
            .is_ok_and(|below| !overlay.hides(&overlay.path.join(below)))
    };
    let mut named: Vec<&PathBuf> = below.iter().filter(seen).collect();
    if named.is_empty() {
        named.extend(below.first());
    }
    if named.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = named
        .iter()
        .take(MOST_NAMED)
        .map(|mount| OsBytes::from(mount.as_path()).to_string())
        .collect();
    let more = named.len().saturating_sub(MOST_NAMED);
    let more = (more > 0).then(|| format!(" and {more} other places"));
    Err(Failure::new(
        Kind::Refused,
        format!(
            "{} cannot be copied on writing: something is mounted in it, at {}{}",
            OsBytes::from(source),
            all.join(", "),
            more.unwrap_or_default()
        ),
        "Unmount it; or have only the directories copied that the app needs, by rules of its profile: \
         \"files\": { \"rules\": { \"~/Documents\": \"copy-on-write\" } }",
    ))
}

fn keeps_none(overlay: &Overlay, error: &std::io::Error) -> Failure {
    Failure::new(
        Kind::Host,
        format!(
            "what is written over {} cannot be kept in {}, whose file system has no user attributes: {error}",
            OsBytes::from(overlay.source.as_path()),
            OsBytes::from(overlay.layers.as_path())
        ),
        "Put $XDG_STATE_HOME on ext4, btrfs, xfs or (from Linux 6.6 on) tmpfs; or use another home: \
         `oz run --home ephemeral`",
    )
}
