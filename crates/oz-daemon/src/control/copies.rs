//! `org.oz.Copies1`: what sandboxes wrote over copies, beside the manager.
//!
//! Each change comes with a token. Who shows changes to a person hands back the tokens of those that are to be merged: a change
//! that is not any more as its token has it is left alone, and so is one that was looked at while the sandbox ran, or before it
//! ran again. So what is merged is what was shown.

mod said;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use oz_core::OsBytes;
use oz_core::plan::SandboxId;
use oz_core::wire::copies::{Change, Conflict, Kind as Of, Picture, What};
use oz_host::copies::{self, Decided, Error, Kept, Place};
use oz_host::facts;
use oz_host::reset::State;
use tokio::sync::{OnceCell, Semaphore};
use zbus::{Connection, DeserializeDict, SerializeDict, Type};

use crate::aside;
use crate::copies::{Rest, rest};
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::Sandbox;
use said::{Drawn, Part, drawn, said};

/// Most changes that one answer has, if nothing else is asked for: a message of the bus is limited.
const MOST: u32 = 20_000;

/// Most changes whose pictures one call asks for,
const MOST_PICTURES: usize = 16;
/// and how many calls draw at a time: whoever waits for pictures is not to take the machine from others.
const DRAWING: usize = 2;

/// How many changes there are, and whether that is all, once somebody knows.
type Counted = OnceCell<(u64, bool)>;

/// The object at [`super::ROOT`].
pub(crate) struct CopiesObject {
    daemon: Arc<Daemon>,
    drawing: Semaphore,
    /// Whose changes are being counted. Who asks meanwhile gets the same answer: an app can make it long work.
    counting: Mutex<HashMap<String, Arc<Counted>>>,
}

/// What is kept of a sandbox.
#[derive(Clone, Debug, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct Row {
    id: String,
    profile: String,
    /// The directories that it has changed copies of.
    places: Vec<Vec<u8>>,
    /// It has them now: they can be looked at, and nothing else.
    running: bool,
    /// Something was written that was not merged.
    written: bool,
    /// How many changes the last merge has taken over that can be taken back.
    merged: u32,
}

/// A change.
#[derive(Clone, Debug, SerializeDict, Type)]
#[zbus(signature = "a{sv}")]
pub(crate) struct ChangeRow {
    path: Vec<u8>,
    /// `added`, `changed`, `attributes`, `deleted` or `renamed`.
    change: &'static str,
    /// `file`, `directory`, `symlink` or `other`.
    kind: &'static str,
    /// Where it was; empty if it was not renamed.
    from: Vec<u8>,
    /// Bytes, of a file.
    size: u64,
    size_before: u64,
    /// `changed`, `deleted`, `unseen`, or empty if there is nothing to decide.
    conflict: &'static str,
    /// Permissions (`st_mode`, without the kind), if they are others than before; both 0 if not.
    mode: u32,
    mode_before: u32,
    /// Where a link leads, the first 256 bytes of it; empty for others.
    target: Vec<u8>,
    /// Why it needs a yes of its own, as what is in a protected place; empty if it does not.
    protected: String,
    token: Vec<u8>,
}

/// Options of `Changes`.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields)]
struct ChangesOptions {
    /// Only what is at these paths or below.
    paths: Option<Vec<Vec<u8>>>,
    /// So many at most.
    most: Option<u32>,
}

/// Options of `Merge`.
#[derive(Debug, Default, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", deny_unknown_fields)]
struct MergeOptions {
    /// Where both have changed something: `theirs` or `both`; without it that is left alone.
    conflicts: Option<String>,
    /// The same for each token, in their order: `theirs`, `both` or an empty word.
    each: Option<Vec<String>>,
    /// What is in protected places as well, or leads to one.
    protected: Option<bool>,
}

/// Why a change is left that may have been another when it was looked at.
const SEEN_RUNNING: &str = "the sandbox has run since it was looked at: look again";

/// What was left as it was: its path, and why.
type Left = Vec<(Vec<u8>, String)>;

impl CopiesObject {
    pub(crate) fn new(daemon: Arc<Daemon>) -> Self {
        let drawing = Semaphore::new(DRAWING);
        Self {
            daemon,
            drawing,
            counting: Mutex::default(),
        }
    }

    /// Work that waits for disks, on a thread of its own. What it changes is said afterwards.
    async fn aside<T: Send + 'static>(
        &self,
        changes: bool,
        work: impl FnOnce(PathBuf) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let directories = &self.daemon.directories;
        let place = copies::place(&directories.state, &directories.runtime);
        let done = aside::within(None, copies::PATIENCE, move || work(place)).await;
        if changes {
            self.daemon.copies.send_replace(());
        }
        done.unwrap_or_else(|| {
            let what = "the copies could not be looked at in time";
            Err(Failure::new(
                Kind::Timeout,
                what,
                "Try again when the disk has less to do",
            ))
        })
    }
}

#[zbus::interface(name = "org.oz.Copies1", introspection_docs = false)]
impl CopiesObject {
    /// All sandboxes of which something is kept. That they change is said of what this daemon does, and when sandboxes begin and
    /// end; what is written meanwhile `Changes` says.
    #[zbus(property, name = "Copies")]
    async fn all(&self) -> Vec<Row> {
        let running = self.daemon.sandboxes.all();
        let running: Vec<SandboxId> = running.iter().map(|one| one.id.clone()).collect();
        let all = self.aside(false, move |place| Ok(rows(&place, &running)));
        all.await.unwrap_or_default()
    }

    /// What a sandbox has changed, and whether that is all of it.
    #[zbus(out_args("changes", "complete"))]
    async fn changes(&self, id: String, options: ChangesOptions) -> Result<(Vec<ChangeRow>, bool)> {
        let daemon = Arc::clone(&self.daemon);
        let work = move |place: PathBuf| {
            let kept = Kept::find(&place, &id).map_err(failed)?;
            let before = rest(&daemon, &kept.id);
            let (found, complete) = look(&kept, options)?;
            let rested = before.filter(|before| rest(&daemon, &kept.id) == Some(*before));
            let home = facts::user().map_err(|error| failed_host(&error))?.home;
            let rows = found.iter().map(|(index, change)| {
                let place = &kept.about.places[*index];
                row(&home, (*index, place), change, rested)
            });
            Ok((rows.collect::<Result<_>>()?, complete))
        };
        self.aside(false, work).await
    }

    /// How the content of changes differs from what it was: for each `text`, `binary`, `large` or `unknown`, and of text the
    /// parts that differ.
    #[zbus(out_args("differences"))]
    async fn compare(&self, id: String, tokens: Vec<Vec<u8>>) -> Result<Vec<(String, Vec<Part>)>> {
        let work = move |place: PathBuf| {
            let kept = Kept::find(&place, &id).map_err(failed)?;
            let tokens = read(&tokens)?;
            let mut all = vec![("unknown".to_owned(), Vec::new()); tokens.len()];
            for (index, place) in kept.about.places.iter().enumerate() {
                let (at, changes) = of_place(&tokens, index);
                let found =
                    copies::compare(place, changes).map_err(|error| failed(error.into()))?;
                for (at, difference) in at.into_iter().zip(found) {
                    all[at] = said(difference);
                }
            }
            Ok(all)
        };
        self.aside(false, work).await
    }

    /// Small pictures of files that are some, of each change what it was and what it is: drawn by a process that has nothing
    /// but the file, and never larger than 256 each way.
    #[zbus(out_args("pictures"))]
    async fn pictures(&self, id: String, tokens: Vec<Vec<u8>>) -> Result<Vec<(Drawn, Drawn)>> {
        if tokens.len() > MOST_PICTURES {
            let what = format!("that are more than {MOST_PICTURES} pictures");
            return Err(Failure::new(Kind::InvalidArgument, what, "Ask again"));
        }
        let _turn = self.drawing.acquire().await;
        let work = move |place: PathBuf| {
            let kept = Kept::find(&place, &id).map_err(failed)?;
            let tokens = read(&tokens)?;
            let unknown = || drawn(Picture::Unknown);
            let mut all: Vec<(Drawn, Drawn)> =
                tokens.iter().map(|_| (unknown(), unknown())).collect();
            for (index, place) in kept.about.places.iter().enumerate() {
                let (at, changes) = of_place(&tokens, index);
                for (at, change) in at.into_iter().zip(changes) {
                    let [before, after] = copies::pictures(place, &change);
                    all[at] = (drawn(before), drawn(after));
                }
            }
            Ok(all)
        };
        self.aside(false, work).await
    }

    /// How many changes there are, and whether that is all.
    #[zbus(out_args("count", "complete"))]
    async fn count(&self, id: String) -> Result<(u64, bool)> {
        let counting = || self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = Arc::clone(counting().entry(id.clone()).or_default());
        let of = id.clone();
        let work = move |place: PathBuf| {
            let kept = Kept::find(&place, &of).map_err(failed)?;
            let (mut count, mut complete) = (0, true);
            for place in &kept.about.places {
                let found = kept.count(place).map_err(failed)?;
                complete &= found.complete;
                count += found.changes;
            }
            Ok((count, complete))
        };
        let counted = answer.get_or_try_init(|| self.aside(false, work)).await;
        // What is asked from here on is counted anew.
        counting().retain(|_, one| !Arc::ptr_eq(one, &answer));
        counted.copied()
    }

    /// Takes changes over, by their tokens: how many, and what was left.
    #[zbus(out_args("taken", "left"))]
    async fn merge(
        &self,
        id: String,
        tokens: Vec<Vec<u8>>,
        options: MergeOptions,
    ) -> Result<(u64, Left)> {
        let decided = decided(tokens.len(), &options)?;
        let daemon = Arc::clone(&self.daemon);
        let work = move |place: PathBuf| {
            let kept = Kept::find(&place, &id).map_err(failed)?;
            take_over(&daemon, &kept, &tokens, &decided)
        };
        self.aside(true, work).await
    }

    /// Takes the last merge back, as far as nothing was changed since: how many changes, and what was left.
    #[zbus(out_args("taken_back", "left"))]
    async fn undo(&self, id: String) -> Result<(u64, Left)> {
        let work = move |place: PathBuf| {
            let kept = Kept::find(&place, &id).map_err(failed)?;
            let held = kept.hold().map_err(failed)?;
            copies::finish(&kept.directory).map_err(|error| failed(error.into()))?;
            let (mut done, mut left) = (0, Vec::new());
            for (source, undone) in copies::undo(&kept, &held).map_err(failed)? {
                done += undone.done;
                let path = |path: &OsBytes| bytes(source.join(path.as_path()));
                left.extend(undone.left.iter().map(|(at, why)| (path(at), why.clone())));
            }
            Ok((done, left))
        };
        self.aside(true, work).await
    }

    /// Throws away what a sandbox wrote.
    async fn discard(&self, id: String) -> Result<()> {
        let work = move |place: PathBuf| {
            let kept = Kept::find(&place, &id).map_err(failed)?;
            let _held = kept.hold().map_err(failed)?;
            copies::remove(&kept.directory).map_err(failed)
        };
        self.aside(true, work).await
    }

    /// Makes another sandbox that goes on where one is now.
    #[zbus(out_args("clone"))]
    async fn clone(&self, id: String, name: String) -> Result<String> {
        let profiles = self.daemon.profiles()?;
        let is_app = profiles.catalogue.find(&name).is_some();
        let work = move |place: PathBuf| {
            let kept = Kept::find(&place, &id).map_err(failed)?;
            let held = kept.hold().map_err(failed)?;
            let clone = copies::clone(&kept, &held, &name, |_| is_app).map_err(failed)?;
            Ok(clone.to_string())
        };
        self.aside(true, work).await
    }

    /// Has it said that what is kept changes: for who has changed it without the daemon, as `oz merge` does.
    fn refresh(&self) {
        self.daemon.copies.send_replace(());
    }

    /// Makes a sandbox as if nothing had ever run in it: what it wrote, its own home and its log go.
    async fn reset(&self, id: String) -> Result<()> {
        let all = self.daemon.sandboxes.all();
        let uses = |one: &&Arc<Sandbox>| one.id.as_str() == id || one.plan.profile == id;
        if let Some(one) = all.iter().find(uses) {
            return Err(Failure::new(
                Kind::Refused,
                format!("{} runs, and what it has is in use", one.id),
                format!("End it first: `oz stop {}`", one.id),
            ));
        }
        let work = move |_| {
            let state = State::of(&id).map_err(failed)?;
            let _held = state.hold().map_err(failed)?;
            state.remove().map_err(failed)
        };
        self.aside(true, work).await
    }
}

/// Whether one runs its lock would say as well, but a launch must not find it taken.
fn rows(place: &Path, running: &[SandboxId]) -> Vec<Row> {
    let row = |(id, about): (SandboxId, copies::About)| {
        let directory = place.join(id.as_str());
        let places = about.places.iter();
        let merges = copies::last(&directory);
        let merged = merges
            .iter()
            .map(|(_, merge)| merge.chosen.len())
            .sum::<usize>();
        Row {
            id: id.to_string(),
            profile: about.profile.clone(),
            running: running.contains(&id),
            written: places
                .clone()
                .any(|place| !copies::is_untouched(&place.overlay)),
            places: places
                .map(|place| bytes(place.overlay.source.clone()))
                .collect(),
            merged: u32::try_from(merged).unwrap_or(u32::MAX),
        }
    };
    copies::all(place).into_iter().map(row).collect()
}

/// What a sandbox has changed, each with the number of its place, and whether that is all of it.
fn look(kept: &Kept, options: ChangesOptions) -> Result<(Vec<(usize, Change)>, bool)> {
    let wanted = options.paths.unwrap_or_default().into_iter();
    let path = |path: Vec<u8>| OsBytes::from(path).as_path().to_owned();
    let wanted: Vec<PathBuf> = wanted.map(path).collect();
    let most = options.most.unwrap_or(MOST) as usize;
    let (mut all, mut complete) = (Vec::new(), true);
    for (index, place) in kept.about.places.iter().enumerate() {
        let found = kept.look(place, &wanted, most - all.len());
        let found = found.map_err(failed)?;
        complete &= found.complete && found.unreadable.is_empty();
        all.extend(found.all.into_iter().map(|change| (index, change)));
        // What it says is believed no further than it was asked.
        complete &= all.len() <= most;
        all.truncate(most);
    }
    Ok((all, complete))
}

fn row(
    home: &Path,
    (index, place): (usize, &Place),
    change: &Change,
    rested: Option<Rest>,
) -> Result<ChangeRow> {
    let at = |path: &OsBytes| bytes(place.at(path));
    let size = |seen: Option<oz_core::wire::copies::Seen>| {
        let file = seen.filter(|_| change.kind == Of::File);
        file.map_or(0, |seen| seen.size)
    };
    let protected = copies::guard(home, place, change);
    let target = change.target.as_ref();
    let (mode_before, mode) = change.other_mode().unwrap_or_default();
    let token = postcard::to_stdvec(&(index, rested, change));
    Ok(ChangeRow {
        path: at(&change.path),
        change: change.what.word(),
        kind: change.kind.word(),
        from: match &change.what {
            What::Renamed { from, .. } => at(from),
            _ => Vec::new(),
        },
        size: size(change.copy),
        size_before: size(change.original),
        conflict: change.conflict.map_or("", Conflict::word),
        mode,
        mode_before,
        target: target.map_or_else(Vec::new, |target| target.path.as_bytes().to_vec()),
        protected: protected.unwrap_or_default().to_owned(),
        token: token.map_err(|error| failed_host(&std::io::Error::other(error)))?,
    })
}

/// What a token says.
struct Token {
    /// The number of the place.
    place: usize,
    /// When it was looked at, if nothing was written then.
    rested: Option<Rest>,
    change: Change,
}

fn read(tokens: &[Vec<u8>]) -> Result<Vec<Token>> {
    let one = |token: &Vec<u8>| {
        let (place, rested, change) = postcard::from_bytes(token).map_err(|_| {
            let what = "that is no token of a change";
            Failure::new(Kind::InvalidArgument, what, "`Changes` says them")
        })?;
        Ok(Token {
            place,
            rested,
            change,
        })
    };
    tokens.iter().map(one).collect()
}

/// The changes of one of the places, and which of the tokens they are.
fn of_place(tokens: &[Token], place: usize) -> (Vec<usize>, Vec<Change>) {
    let there = tokens.iter().enumerate();
    let there = there.filter(|(_, token)| token.place == place);
    there.map(|(at, token)| (at, token.change.clone())).unzip()
}

/// What is decided of each token.
fn decided(tokens: usize, options: &MergeOptions) -> Result<Vec<Decided>> {
    let protected = options.protected.unwrap_or(false);
    let all = options.conflicts.clone().unwrap_or_default();
    let each = options.each.clone().unwrap_or_else(|| vec![all; tokens]);
    let one = |word: &String| {
        let known = ["", "theirs", "both"].contains(&word.as_str());
        known.then(|| Decided {
            theirs: word == "theirs",
            both: word == "both",
            protected,
        })
    };
    let decided: Option<Vec<Decided>> = each.iter().map(one).collect();
    decided.filter(|all| all.len() == tokens).ok_or_else(|| {
        let what = "that is no way to decide on conflicts";
        Failure::new(
            Kind::InvalidArgument,
            what,
            "Use theirs or both, one for each change",
        )
    })
}

fn take_over(
    daemon: &Daemon,
    kept: &Kept,
    tokens: &[Vec<u8>],
    decided: &[Decided],
) -> Result<(u64, Left)> {
    let tokens = read(tokens)?;
    let home = facts::user().map_err(|error| failed_host(&error))?.home;
    let _held = kept.hold().map_err(failed)?;
    let rests = rest(daemon, &kept.id);
    copies::finish(&kept.directory).map_err(|error| failed(error.into()))?;
    let number = copies::next_merge(&kept.directory);
    let (mut done, mut left) = (0, Vec::new());
    for (index, place) in kept.about.places.iter().enumerate() {
        let mut chosen = Vec::new();
        let at = |path: &OsBytes| bytes(place.at(path));
        let (which, changes) = of_place(&tokens, index);
        for (which, change) in which.into_iter().zip(changes) {
            if rests.is_none() || tokens[which].rested != rests {
                left.push((at(&change.path), SEEN_RUNNING.to_owned()));
                continue;
            }
            match copies::target(decided[which], &kept.id, &home, place, &change) {
                Some(target) => chosen.push((change, target)),
                None => left.push((at(&change.path), "it needs a decision".to_owned())),
            }
        }
        if chosen.is_empty() {
            continue;
        }
        let order = copies::order(&kept.directory, number, (index, place), chosen);
        let order = order.map_err(|error| failed_host(&error))?;
        let merged = copies::merge(&order).map_err(|error| failed(error.into()))?;
        done += merged.done;
        left.extend(
            merged
                .left
                .iter()
                .map(|(path, why)| (at(path), why.clone())),
        );
    }
    Ok((done, left))
}

fn bytes(path: PathBuf) -> Vec<u8> {
    OsBytes::from(path).as_bytes().to_vec()
}

/// Its advice stands behind a colon.
fn failed(error: Error) -> Failure {
    let kind = match error {
        Error::None(_) | Error::NotMerged(_) => Kind::NotFound,
        Error::Runs(_) | Error::Taken(_) => Kind::Refused,
        Error::Name(_) => Kind::InvalidArgument,
        Error::Io { .. } | Error::Worker(_) => Kind::Host,
    };
    let text = error.to_string();
    let (what, remedy) = text.rsplit_once(": ").unwrap_or((&text, ""));
    Failure::new(kind, what, remedy)
}

fn failed_host(error: &std::io::Error) -> Failure {
    Failure::new(
        Kind::Host,
        error.to_string(),
        "`oz doctor` says what is wrong with this machine",
    )
}

/// Says on the bus when what is kept changes, as long as the daemon runs.
pub(crate) async fn announce(bus: Connection, daemon: Arc<Daemon>) {
    let mut changes = daemon.copies.subscribe();
    while changes.changed().await.is_ok() {
        let object = bus.object_server();
        let Ok(object) = object.interface::<_, CopiesObject>(super::ROOT).await else {
            return;
        };
        let emitter = object.signal_emitter();
        if let Err(error) = object.get().await.copies_changed(emitter).await {
            tracing::debug!(%error, "nobody hears of copies");
        }
    }
}
