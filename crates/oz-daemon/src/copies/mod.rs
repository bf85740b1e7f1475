//! What sandboxes wrote over copies: making the layers for a launch.

use std::path::Path;
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::{Overlay, Plan, SandboxId};
pub(crate) use oz_host::copies::place;
use oz_host::copies::{self, ABOUT, About, Place};
use oz_host::mounts;

use crate::aside;
use crate::directories;
use crate::failure::{Failure, Kind, Result};

/// How long to remove what an app wrote may take.
const REMOVING: Duration = Duration::from_secs(900);

/// Makes the layers of a plan, and writes down whose they are and since when.
pub(crate) fn prepare(plan: &Plan, ephemeral: bool) -> Result<()> {
    let overlays: Vec<&Overlay> = plan.overlays().collect();
    let Some(of_sandbox) = overlays.first().and_then(|first| first.layers.parent()) else {
        return Ok(());
    };
    let (base, earlier) = (
        of_sandbox.parent().unwrap_or(of_sandbox),
        known(of_sandbox)?,
    );
    finish(of_sandbox, earlier.as_ref());
    let mut places = Vec::new();
    for overlay in overlays {
        nothing_is_mounted_in(overlay)?;
        let relative = overlay.layers.strip_prefix(base).unwrap_or(&overlay.layers);
        for name in [Overlay::WORK, Overlay::UPPER] {
            let directory = directories::make_beneath(base, &relative.join(name))?;
            copies::keeps_notes(&directory).map_err(|error| keeps_none(overlay, &error))?;
        }
        let lock = overlay.layers.join(Overlay::LOCK);
        let create = std::fs::File::options()
            .append(true)
            .create(true)
            .open(&lock);
        create.map_err(|error| Failure::host("make the file", &lock, &error))?;
        let before = earlier.iter().flat_map(|about| &about.places);
        let before = before.filter(|_| !copies::is_untouched(overlay));
        let since = before
            .filter(|place| place.overlay.source == overlay.source)
            .map(|place| place.since)
            .next();
        places.push(Place {
            overlay: overlay.clone(),
            since: since.unwrap_or_else(now),
        });
    }
    let about = About {
        profile: plan.profile.clone(),
        ephemeral,
        places,
    };
    write(of_sandbox, &about)
}

/// Whether a new sandbox cannot have a name, because what another wrote is kept under it.
pub(crate) fn is_taken(place: &Path, id: &SandboxId, profile: &str, ephemeral: bool) -> bool {
    match copies::read(place, id) {
        Ok(None) => false,
        Ok(Some(about)) => ephemeral || about.ephemeral || about.profile != profile,
        Err(_) => true,
    }
}

/// Finishes a merge that was cut off, before the app changes what is to be merged. What cannot be finished now is by the
/// next merge.
fn finish(of_sandbox: &Path, about: Option<&About>) {
    let Some(about) = about.filter(|_| copies::is_unfinished(of_sandbox)) else {
        return;
    };
    let locks = about
        .places
        .iter()
        .map(|place| copies::lock(&place.overlay));
    let locks: Vec<_> = locks.flatten().flatten().collect();
    if locks.len() == about.places.len()
        && let Err(error) = copies::finish(of_sandbox)
    {
        tracing::warn!(%error, "a merge that was cut off is not finished");
    }
}

/// Removes what a sandbox that is to leave nothing has written, once it has ended.
pub(crate) fn ended(plan: &Plan) {
    let first = plan.overlays().next();
    let Some(of_sandbox) = first
        .and_then(|first| first.layers.parent())
        .map(Path::to_owned)
    else {
        return;
    };
    if !matches!(known(&of_sandbox), Ok(Some(about)) if about.ephemeral) {
        return;
    }
    let remove = move || {
        if let Err(error) = copies::remove(&of_sandbox) {
            tracing::warn!(%error, "what a sandbox wrote is not removed");
        }
    };
    tokio::spawn(aside::within(REMOVING, remove));
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
    let seen = |at: &&std::path::PathBuf| {
        at.strip_prefix(source)
            .is_ok_and(|below| !overlay.hides(&overlay.path.join(below)))
    };
    let Some(mount) = below.iter().find(seen).or(below.first()) else {
        return Ok(());
    };
    Err(Failure::new(
        Kind::Refused,
        format!(
            "{} cannot be copied on writing: something is mounted in it, at {}",
            OsBytes::from(source),
            OsBytes::from(mount.as_path())
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

/// As the kernel stamps files, which is by a coarser clock that is never ahead of the exact one.
fn now() -> (i64, i64) {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    (now.tv_sec, now.tv_nsec)
}
