//! Where the layers of copies are: what sandboxes wrote over places of the user, by the sandbox's name.
//!
//! ```text
//! copies/ID/about.json     whose they are
//! copies/ID/NAME/upper     what was written over one place, as overlayfs keeps it
//! copies/ID/NAME/work      the kernel's
//! copies/ID/NAME/before   what texts were before, by their path
//! copies/ID/NAME/lock      locked by who has them mounted or changes them
//! copies/ID/merge-N-P      what a merge replaced in one of the places, and how far it came
//! copies/.gone-ID-N        what is being removed
//! copies/.clone-ID         what becomes a clone
//! ```
//!
//! An app has written what is in `upper`; nothing else there is an app's.

mod before;
mod clone;
mod decide;
mod guard;
mod journals;
mod kept;
mod settled;

use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::plan::layout::{COPIED_HOME, COPIES_NAME};
use oz_core::plan::{Mode as Network, Overlay, SandboxId, Tree};
use oz_core::wire::copies as wire;
use rustix::fs::{FileType, FlockOperation, Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

pub use before::{combine, note};
pub use clone::clone;
pub use decide::{Decided, target};
pub use guard::guard;
pub use journals::{finish, is_unfinished, last, next_merge, order, undo};
pub use kept::{Error, Held, Kept};

use crate::{environment, worker};

/// The file that says whose copies they are.
pub const ABOUT: &str = "about.json";

/// Begins the names of what is being removed.
const GONE: &str = ".gone-";

/// Magic number of overlayfs (statfs(2)).
const OVERLAYFS: u64 = 0x794c_7630;

/// What is known of one sandbox's copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Whose they are: only sandboxes of the same profile go on with them.
    pub profile: String,
    /// They go when the sandbox ends.
    pub ephemeral: bool,
    /// The system that the sandbox had, if it was not the host's.
    #[serde(default)]
    pub tree: Option<Tree>,
    /// What was asked for beside the profile.
    #[serde(default)]
    pub terms: Terms,
    /// What was copied.
    pub places: Vec<Place>,
}

/// What a sandbox was run under beside its profile. Whoever goes on in it is under the same: what was read without a
/// network is not to be sent by the next one, and what was planted on trial not to run as if it had not been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Nothing of the user's is changed but in copies.
    pub trial: bool,
    /// Another network than the profile's.
    pub network: Option<Network>,
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

impl Place {
    /// It is the user's home.
    #[must_use]
    pub fn is_home(&self) -> bool {
        self.overlay.layers.ends_with(COPIED_HOME)
    }

    /// The whole path of what is below it.
    #[must_use]
    pub fn at(&self, below: &OsBytes) -> PathBuf {
        self.overlay.source.join(below.as_path())
    }

    /// Those of some whole paths that are here, relative; of one above it all that is.
    fn wanted(&self, whole: &[PathBuf]) -> Vec<OsBytes> {
        let source = &self.overlay.source;
        let here = |path: &PathBuf| match path.strip_prefix(source) {
            Ok(below) => Some(below.into()),
            Err(_) => source.starts_with(path).then(|| Path::new("").into()),
        };
        whole.iter().filter_map(here).collect()
    }
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

/// Writes down whose copies those in a directory are.
///
/// # Errors
/// It cannot be written.
pub fn write(of_sandbox: &Path, about: &About) -> io::Result<()> {
    let temporary = of_sandbox.join(".about.new");
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(&serde_json::to_vec_pretty(about)?)?;
    file.sync_all()?;
    std::fs::rename(&temporary, of_sandbox.join(ABOUT))
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

/// Makes the file that is locked, unless it is there; whatever else is in its stead is waited for by nobody.
///
/// # Errors
/// It cannot be made, or is something else.
pub fn make_lock(path: &Path) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let lock = rustix::fs::open(path, flags, Mode::from_raw_mode(0o600))?;
    match FileType::from_raw_mode(rustix::fs::fstat(&lock)?.st_mode) {
        FileType::RegularFile => Ok(()),
        _ => Err(Errno::INVAL.into()),
    }
}

/// Takes the layers for oneself; `None` if a sandbox has them mounted, or somebody changes them.
///
/// # Errors
/// The lock cannot be opened.
pub fn lock(overlay: &Overlay) -> io::Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let lock = rustix::fs::open(overlay.layers.join(Overlay::LOCK), flags, Mode::empty())?;
    match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(lock)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether there are copies in a directory of a sandbox.
#[must_use]
pub fn is_there(of_sandbox: &Path) -> bool {
    of_sandbox.join(ABOUT).exists()
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

/// Now, as the kernel stamps files: by a coarser clock that is never ahead of the exact one, but behind none of the stamps
/// that it has given by that (Linux 6.13 does for files that somebody has looked at). A file that has just been made in a
/// directory says it.
#[must_use]
pub fn now(directory: &Path) -> (i64, i64) {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    let made = rustix::fs::open(directory, flags, Mode::RUSR | Mode::WUSR);
    let stamp = made.and_then(rustix::fs::fstat).map(|stat| {
        let nanoseconds = i64::try_from(stat.st_ctime_nsec).unwrap_or(0);
        (stat.st_ctime, nanoseconds)
    });
    // Where no such file can be made there are no such stamps.
    stamp.map_or_else(|_| coarse(), |stamp| stamp.max(coarse()))
}

fn coarse() -> (i64, i64) {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    (now.tv_sec, now.tv_nsec)
}

/// How long a job on copies may take: trees can be large, and on slow disks.
pub const PATIENCE: Duration = Duration::from_secs(900);

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
    let upper = place.overlay.layers.join(Overlay::UPPER);
    wire::Place {
        settled: settled::read(&upper),
        upper,
        source: place.overlay.source.clone(),
        hidden: place.overlay.hidden.clone(),
        since: place.since,
    }
}

/// Forgets what was before, and since: the sandbox begins with the place as it is.
///
/// # Errors
/// It stays.
pub fn forget(layers: &Path) -> io::Result<()> {
    before::clear(layers)?;
    settled::clear(layers)
}

/// What is different at some whole paths or below, without any at all of them: so many changes at most, since an app decides how many
/// there are. The names are an app's.
///
/// # Errors
/// The worker gives no answer.
fn changes(place: &Place, wanted: &[PathBuf], most: usize) -> Result<wire::Changes, worker::Error> {
    let below = place.wanted(wanted);
    if below.is_empty() && !wanted.is_empty() {
        // They are in other places.
        return Ok(wire::Changes {
            complete: true,
            ..wire::Changes::default()
        });
    }
    let look = wire::Look {
        place: to_look_at(place),
        wanted: below,
        most: most as u64,
    };
    ask("changes", &look)
}

/// How much is different.
///
/// # Errors
/// The worker gives no answer.
fn count(place: &Place) -> Result<wire::Count, worker::Error> {
    ask("count", &to_look_at(place))
}

/// How the content of some changes differs from what it was, in their order. It is an app's.
///
/// # Errors
/// The worker gives no answer.
pub fn compare(
    place: &Place,
    changes: Vec<wire::Change>,
) -> Result<Vec<wire::Difference>, worker::Error> {
    let place = to_look_at(place);
    ask("compare", &wire::Compare { place, changes })
}

/// How long a picture may take: whoever looks at a list waits for it.
const DRAWING: Duration = Duration::from_secs(6);

/// What can be drawn of the original and of the copy of a change, each by a process of its own that has nothing else.
#[must_use]
pub fn pictures(place: &Place, change: &wire::Change) -> [wire::Picture; 2] {
    [true, false].map(|original| {
        let draw = wire::Draw {
            place: to_look_at(place),
            change: change.clone(),
            original,
        };
        // Who gives no answer was made to give none.
        draw_one(&draw).unwrap_or(wire::Picture::Unknown)
    })
}

fn draw_one(draw: &wire::Draw) -> Option<wire::Picture> {
    let order = postcard::to_stdvec(draw).ok()?;
    let most = wire::Pixels::MOST;
    let said = worker::order("draw", "".as_ref(), &order, most, DRAWING).ok()?;
    let picture = postcard::from_bytes(&said).ok()?;
    match &picture {
        wire::Picture::Drawn(pixels) if !pixels.is_sane() => None,
        _ => Some(picture),
    }
}

/// Takes over what is chosen. The caller holds the [`lock`].
///
/// # Errors
/// The worker gives no answer; it may have done a part.
pub fn merge(order: &wire::Merge) -> Result<wire::Merged, worker::Error> {
    let merged: wire::Merged = ask("merge", order)?;
    let left = |path: &OsBytes| merged.left.iter().any(|(left, _)| left == path);
    let changes = order.chosen.iter().map(|(change, _)| &change.path);
    before::forget(&order.place, changes.filter(|path| !left(path)));
    settled::note(&order.place, &merged);
    Ok(merged)
}

/// Removes all copies of a sandbox. The caller holds the [`lock`] of each place.
///
/// From the first moment on no sandbox goes on with them: half of a layer would show what was deleted in it.
///
/// # Errors
/// They stay, or the worker does not say that they are gone.
pub fn remove(of_sandbox: &Path) -> Result<(), Error> {
    let aside = set_aside(of_sandbox).map_err(Error::io("remove", of_sandbox))?;
    Ok(worker::order("remove", aside.as_os_str(), &[], 1, PATIENCE).map(drop)?)
}

/// Gives the copies of a sandbox a name that is none of a sandbox; where they are then.
///
/// # Errors
/// They stay.
pub fn set_aside(of_sandbox: &Path) -> io::Result<PathBuf> {
    let name = of_sandbox.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 0u64;
    loop {
        let aside = of_sandbox.with_file_name(format!("{GONE}{name}-{number}"));
        match rename_new(of_sandbox, &aside) {
            Err(Errno::EXIST) => number += 1,
            renamed => return Ok(renamed.map(|()| aside)?),
        }
    }
}

/// Removes what earlier removals that were cut off have left. Whoever is at it still loses nothing by that but
/// time.
pub fn sweep(copies: &Path) {
    let entries = std::fs::read_dir(copies).into_iter().flatten().flatten();
    let is_left = |name: &str| name.starts_with(GONE);
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_left)) {
        if let Err(error) = worker::order("remove", entry.path().as_os_str(), &[], 1, PATIENCE) {
            tracing::warn!(%error, "what was to be removed is there still");
        }
    }
}

/// Sets aside what was to go with its sandbox and is there still, because nobody was there when that ended; how many. A sandbox
/// that runs holds the locks of its layers.
pub fn set_aside_leftovers(copies: &Path) -> usize {
    let is_free = |about: &About| {
        let mut places = about.places.iter();
        places.all(|place| !matches!(lock(&place.overlay), Ok(None)))
    };
    let left = all(copies).into_iter();
    let left = left.filter(|(_, about)| about.ephemeral && is_free(about));
    left.filter(|(id, _)| set_aside(&copies.join(id.as_str())).is_ok())
        .count()
}

/// Renames what must not replace anything.
fn rename_new(from: &Path, to: &Path) -> rustix::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags};
    rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)
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
            volatile: false,
        };
        assert!(lock(&overlay).is_err());
        std::fs::write(directory.path().join(Overlay::LOCK), "").expect("written");
        let first = lock(&overlay).expect("opened").expect("free");
        assert!(lock(&overlay).expect("opened").is_none());
        drop(first);
        assert!(lock(&overlay).expect("opened").is_some());
    }

    #[test]
    fn what_was_changed_before_is_never_stamped_later_than_now() {
        use std::os::unix::fs::MetadataExt;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        for _ in 0..100 {
            // To be looked at between two changes is what gives a file an exact stamp.
            std::fs::write(&path, "a").expect("written");
            std::fs::metadata(&path).expect("there");
            std::fs::write(&path, "b").expect("written");
            let changed = std::fs::metadata(&path).expect("there");
            let changed = (changed.ctime(), changed.ctime_nsec());
            let now = now(directory.path());
            assert!(changed <= now, "{changed:?} {now:?}");
        }
    }

    #[test]
    fn what_is_wanted_is_named_as_it_is_below_a_place() {
        let place = Place {
            overlay: Overlay {
                source: "/home/u".into(),
                path: "/home/u".into(),
                layers: "/l".into(),
                hidden: Vec::new(),
                volatile: false,
            },
            since: (0, 0),
        };
        let wanted = |paths: &[&str]| -> Vec<String> {
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            let below = place.wanted(&paths).into_iter();
            below.map(|path| path.to_string()).collect()
        };
        assert_eq!(wanted(&["/home/u/a/b", "/home/u2", "/srv"]), ["a/b"]);
        assert_eq!(wanted(&["/home"]), [""]);
        assert_eq!(wanted(&["/home/u"]), [""]);
    }

    #[test]
    fn copies_lie_in_the_state_unless_it_is_an_overlay() {
        let directory = tempfile::tempdir().expect("a directory");
        let state = directory.path().join("not/there/oz");
        assert_eq!(place(&state, Path::new("/run/oz")), state.join("copies"));
    }
}
