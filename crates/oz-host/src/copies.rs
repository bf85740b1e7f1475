//! Where the layers of copies are: what sandboxes wrote over places of the user, by the sandbox's name.
//!
//! ```text
//! copies/ID/about.json     whose they are
//! copies/ID/NAME/upper     what was written over one place, as overlayfs keeps it
//! copies/ID/NAME/work      the kernel's
//! copies/ID/merge-N      what a merge replaced, and how far it came
//! copies/ID/NAME/lock      locked by who has them mounted or changes them
//! ```
//!
//! An app has written what is in `upper`; nothing else there is an app's.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use oz_core::plan::layout::COPIES_NAME;
use oz_core::plan::{Overlay, SandboxId};
use oz_core::wire::copies as wire;
use rustix::fs::{FlockOperation, Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::{environment, worker};

/// The file that says whose copies they are.
pub const ABOUT: &str = "about.json";

/// Begins the names of journals of merges.
const JOURNAL: &str = "merge-";

/// Magic number of overlayfs (statfs(2)).
const OVERLAYFS: u64 = 0x794c_7630;

/// What is known of one sandbox's copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Whose they are: only sandboxes of the same profile go on with them.
    pub profile: String,
    /// They go when the sandbox ends.
    pub ephemeral: bool,
    /// What was copied.
    pub places: Vec<Place>,
}

/// A place that was copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The place, where its layers are, and what the sandbox did not see of it.
    pub overlay: Overlay,
    /// When the place was as the sandbox first saw it, in seconds and nanoseconds since 1970: what changed there since
    /// then changed beside the sandbox.
    pub since: (i64, i64),
}

/// Where copies are kept: in the state directory, unless that is on an overlay itself (as on systems that run from a
/// read-only medium), which the kernel refuses; then in memory, where they last as long as the session.
pub fn place(state: &Path, runtime: &Path) -> PathBuf {
    let of_state = state
        .ancestors()
        .find_map(|path| rustix::fs::statfs(path).ok());
    let is_overlay = of_state.is_some_and(|stat| u64::try_from(stat.f_type) == Ok(OVERLAYFS));
    let base = if is_overlay { runtime } else { state };
    base.join(COPIES_NAME)
}

/// The copies of one sandbox, if there are any.
///
/// # Errors
/// They cannot be read, or are not as we write them.
pub fn read(copies: &Path, id: &SandboxId) -> io::Result<Option<About>> {
    match std::fs::read(copies.join(id.as_str()).join(ABOUT)) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// All of them.
pub fn all(copies: &Path) -> Vec<(SandboxId, About)> {
    let entries = std::fs::read_dir(copies).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let of = |name: String| {
        let id = SandboxId::try_from(name).ok()?;
        let about = read(copies, &id).ok()??;
        Some((id, about))
    };
    let mut all: Vec<_> = names.filter_map(of).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

/// Takes the layers for oneself; `None` if a sandbox has them mounted, or somebody changes them.
///
/// # Errors
/// The lock cannot be opened.
pub fn lock(overlay: &Overlay) -> io::Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let lock = rustix::fs::open(overlay.layers.join(Overlay::LOCK), flags, Mode::empty())?;
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(lock)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether nothing was written.
pub fn is_untouched(overlay: &Overlay) -> bool {
    match std::fs::read_dir(overlay.layers.join(Overlay::UPPER)) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Whether a file system keeps the notes of an overlay.
///
/// # Errors
/// It does not.
pub fn keeps_notes(directory: impl AsFd) -> io::Result<()> {
    const NAME: &str = "user.oz.try";
    rustix::fs::fsetxattr(&directory, NAME, b"y", XattrFlags::empty())?;
    Ok(rustix::fs::fremovexattr(&directory, NAME)?)
}

/// How long a job on copies may take: trees can be large, and on slow disks.
const PATIENCE: Duration = Duration::from_secs(900);

/// Where this user's copies are.
#[must_use]
pub fn here() -> PathBuf {
    place(
        &environment::state().join("oz"),
        &environment::runtime().join("oz"),
    )
}

/// The same place, as it is told to whoever looks at it.
#[must_use]
pub fn to_look_at(place: &Place) -> wire::Place {
    wire::Place {
        upper: place.overlay.layers.join(Overlay::UPPER),
        source: place.overlay.source.clone(),
        hidden: place.overlay.hidden.clone(),
        since: place.since,
    }
}

/// What is different. The names are an app's.
///
/// # Errors
/// The worker gives no answer.
pub fn changes(place: &Place) -> Result<wire::Changes, worker::Error> {
    ask("changes", &to_look_at(place))
}

/// Takes over what is chosen. The caller holds the [`lock`].
///
/// # Errors
/// The worker gives no answer; it may have done a part.
pub fn merge(order: &wire::Merge) -> Result<wire::Merged, worker::Error> {
    ask("merge", order)
}

/// Finishes merges of a sandbox that were cut off, and says how many changes that were. The caller holds the [`lock`] of
/// each place.
///
/// # Errors
/// The worker gives no answer.
pub fn finish(of_sandbox: &Path) -> Result<u64, worker::Error> {
    let mut finished = 0;
    for journal in journals(of_sandbox) {
        if journal.join(wire::Merge::DONE).exists() {
            continue;
        }
        // Without a whole order nothing was begun.
        let order = std::fs::read(journal.join(wire::Merge::ORDER)).ok();
        let order = order.and_then(|order| postcard::from_bytes::<wire::Merge>(&order).ok());
        if let Some(order) = order {
            finished += merge(&order)?.done;
        }
    }
    Ok(finished)
}

/// Whether a merge was cut off.
#[must_use]
pub fn is_unfinished(of_sandbox: &Path) -> bool {
    let all = journals(of_sandbox);
    all.iter()
        .any(|journal| !journal.join(wire::Merge::DONE).exists())
}

/// Makes the directory for what a merge replaces.
///
/// # Errors
/// It cannot be made.
pub fn new_journal(of_sandbox: &Path) -> io::Result<PathBuf> {
    let number = journals(of_sandbox).len();
    let journal = of_sandbox.join(format!("{JOURNAL}{number:05}"));
    rustix::fs::mkdir(&journal, Mode::RWXU)?;
    Ok(journal)
}

fn journals(of_sandbox: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of_sandbox)
        .into_iter()
        .flatten()
        .flatten();
    let is_one = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(JOURNAL))
    };
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_one).collect();
    all.sort();
    all
}

/// Removes all copies of a sandbox. The caller holds the [`lock`] of each place.
///
/// # Errors
/// The worker does not say that they are gone.
pub fn remove(of_sandbox: &Path) -> Result<(), worker::Error> {
    worker::order("remove", of_sandbox.as_os_str(), &[], 1, PATIENCE).map(drop)
}

fn ask<T: serde::de::DeserializeOwned>(
    job: &str,
    order: &impl Serialize,
) -> Result<T, worker::Error> {
    let order = postcard::to_stdvec(order).map_err(|_| worker::Error::Failed)?;
    let said = worker::order(job, "".as_ref(), &order, wire::MOST, PATIENCE)?;
    postcard::from_bytes(&said).map_err(|_| worker::Error::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_the_layers_at_a_time() {
        let directory = tempfile::tempdir().expect("a directory");
        let overlay = Overlay {
            source: "/x".into(),
            path: "/x".into(),
            layers: directory.path().to_owned(),
            hidden: Vec::new(),
        };
        assert!(lock(&overlay).is_err());
        std::fs::write(directory.path().join(Overlay::LOCK), "").expect("written");
        let first = lock(&overlay).expect("opened").expect("free");
        assert!(lock(&overlay).expect("opened").is_none());
        drop(first);
        assert!(lock(&overlay).expect("opened").is_some());
    }

    #[test]
    fn copies_lie_in_the_state_unless_it_is_an_overlay() {
        let directory = tempfile::tempdir().expect("a directory");
        let state = directory.path().join("not/there/oz");
        assert_eq!(place(&state, Path::new("/run/oz")), state.join("copies"));
    }
}
