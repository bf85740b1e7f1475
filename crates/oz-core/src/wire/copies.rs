//! What `cow-worker` is told of copies that a sandbox made by writing, and what it says of them: one message of postcard each
//! way.
//!
//! An app has made what is looked at: names are any bytes, and whoever shows them makes them fit for that.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::OsBytes;

/// Most changes that are told of one place.
pub const MOST_CHANGES: usize = 1 << 20;
/// Longest message, in bytes.
pub const MOST: u64 = 512 << 20;

/// A place to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What the sandbox wrote, as overlayfs keeps it.
    pub upper: PathBuf,
    /// The place itself.
    pub source: PathBuf,
    /// Below it, what the sandbox did not see.
    pub hidden: Vec<PathBuf>,
    /// When it was as the sandbox first saw it, in seconds and nanoseconds since 1970.
    pub since: (i64, i64),
    /// What merges have put there since then, and its directories in which nobody else has changed names: as it was left.
    pub settled: Vec<(OsBytes, Seen)>,
}

/// What a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket, a FIFO, a device: never taken over.
    Other,
}

impl Kind {
    /// For programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Other => "other",
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It is new.
    Added,
    /// Its content, or what it is, is another.
    Changed,
    /// Only its permissions or attributes are others.
    Attributes,
    /// It is gone; a directory with all that was in it, which is listed as well.
    Deleted,
    /// It is one that is gone from where it was.
    Renamed {
        /// Where it was.
        from: OsBytes,
        /// Its content is another now.
        changed: bool,
    },
}

impl What {
    /// For programs, and people.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Attributes => "attributes",
            Self::Deleted => "deleted",
            Self::Renamed { .. } => "renamed",
        }
    }
}

/// Why it cannot be taken over without a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    /// The original was changed as well.
    Changed,
    /// The original was deleted meanwhile.
    Deleted,
    /// There is an original that the sandbox did not see.
    Unseen,
}

impl Conflict {
    /// For programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Unseen => "unseen",
        }
    }
}

/// A thing as it was when it was looked at: if all of it is the same, it is the same thing with the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Device and inode.
    pub identity: (u64, u64),
    /// Last change of content, permissions or names, in seconds and nanoseconds since 1970.
    pub changed: (i64, i64),
    /// Bytes.
    pub size: u64,
    /// What it is, and its permissions (`st_mode`).
    pub mode: u32,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where, below the place.
    pub path: OsBytes,
    /// What became of it.
    pub what: What,
    /// What it is now, or was.
    pub kind: Kind,
    /// As it is in the copy; none if it is gone.
    pub copy: Option<Seen>,
    /// As the original is now; none if there is none.
    pub original: Option<Seen>,
    /// Why it needs a decision.
    pub conflict: Option<Conflict>,
    /// How many other names in the copy share its content (hard links).
    pub links: u64,
    /// Where a link of the copy leads.
    pub target: Option<Target>,
    /// The copy is a file, and somebody has it open for writing, or mapped so.
    pub open: bool,
}

impl Change {
    /// The permissions that it had and those that it has, if they are others; a link has none.
    #[must_use]
    pub fn other_mode(&self) -> Option<(u32, u32)> {
        let (before, now) = self.original.zip(self.copy)?;
        let kinds = [before.mode, now.mode].map(|mode| mode & !0o7777);
        let modes = (before.mode & 0o7777, now.mode & 0o7777);
        let is_told = kinds[0] == kinds[1] && self.kind != Kind::Symlink;
        (is_told && modes.0 != modes.1).then_some(modes)
    }
}

/// Where a symbolic link leads: any bytes of an app's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// As it is in the link, up to [`Self::MOST`] bytes of it.
    pub path: OsBytes,
    /// There is no more.
    pub whole: bool,
}

impl Target {
    /// Most bytes that are told: a million links may have four thousand each.
    pub const MOST: usize = 256;

    /// Of all that is in a link.
    #[must_use]
    pub fn of(mut link: Vec<u8>) -> Self {
        let whole = link.len() <= Self::MOST;
        link.truncate(Self::MOST);
        let path = OsBytes::from(link);
        Self { path, whole }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let more = if self.whole { "" } else { "…" };
        write!(to, "{}{more}", self.path)
    }
}

/// What to look for. Answered by [`Changes`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The place.
    pub place: Place,
    /// Only changes at these paths below it, or below them; without any all.
    pub wanted: Vec<OsBytes>,
    /// Most changes that are told, and most of what cannot be looked at.
    pub most: u64,
}

/// How many changes a place has. The answer to a [`Place`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// So many were found.
    pub changes: u64,
    /// There are no more, and all could be looked at.
    pub complete: bool,
}

/// All changes of a place, or those that were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Sorted by path, directories before what is in them.
    pub all: Vec<Change>,
    /// What could not be looked at.
    pub unreadable: Vec<OsBytes>,
    /// There are no more.
    pub complete: bool,
}

/// What to compare line by line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// The place.
    pub place: Place,
    /// The changes, as they were found.
    pub changes: Vec<Change>,
}

/// How the content of a copy and that of its original differ. What is in them is the app's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Difference {
    /// In these lines; none if only attributes differ.
    Lines(Vec<Hunk>),
    /// One of them is no text.
    Binary,
    /// One of them, or what differs, is too large.
    Large,
    /// It cannot be looked at, or is not what it was: a sentence.
    Unknown(String),
}

/// Lines that differ, with a few around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// The first line of the original, counted from 1, and how many.
    pub old: (u64, u64),
    /// Of the copy.
    pub new: (u64, u64),
    /// Whose each is, and it: with its end, if it has one.
    pub lines: Vec<(Side, OsBytes)>,
}

/// Whose a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Both have it.
    Both,
    /// The original's.
    Old,
    /// The copy's.
    New,
}

/// A picture to draw small: the copy of a change, or its original. Answered by a [`Picture`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// The place.
    pub place: Place,
    /// The change, as it was found.
    pub change: Change,
    /// Which of the two.
    pub original: bool,
}

/// What can be drawn of a file. An app may have made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Picture {
    /// A small picture.
    Drawn(Pixels),
    /// There is no such file.
    Nothing,
    /// It is no picture of a kind that is known, is broken, or is not what it was.
    Unknown,
    /// It is larger than what is drawn.
    Large,
}

/// Colours, line by line from the top: red, green, blue and opacity, a byte each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pixels {
    /// How many are in a line.
    pub width: u32,
    /// How many lines.
    pub height: u32,
    /// Four bytes for each.
    pub bytes: Vec<u8>,
}

impl Pixels {
    /// Neither side is longer.
    pub const EDGE: u32 = 256;
    /// Longest message with them, in bytes.
    pub const MOST: u64 = 4 * (Self::EDGE as u64) * (Self::EDGE as u64) + 64;

    /// Whether there are as many as is said, and no more than are drawn.
    #[must_use]
    pub fn is_sane(&self) -> bool {
        let sides = [self.width, self.height];
        let count = u64::from(self.width) * u64::from(self.height);
        sides.iter().all(|side| (1..=Self::EDGE).contains(side))
            && self.bytes.len() as u64 == 4 * count
    }
}

/// Where to keep what texts were before a sandbox changed them, as far as they still are. Answered by how many were kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The place.
    pub place: Place,
    /// A directory of ours.
    pub before: PathBuf,
}

/// What texts to put together that both a sandbox and somebody else have changed. Answered by what became of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Combine {
    /// The place.
    pub place: Place,
    /// The directory of what they were before.
    pub before: PathBuf,
    /// The changes, as they were found.
    pub changes: Vec<Change>,
}

/// What became of a text that both have changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Combined {
    /// The copy has both changes now.
    Done,
    /// Both have changed the same lines.
    Overlap,
    /// What it was before is not known.
    NoBefore,
    /// One of them is no text, or too large.
    NoText,
    /// It was not done: a sentence.
    Unknown(String),
}

/// What to take over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The place.
    pub place: Place,
    /// A directory of ours for what is replaced.
    pub journal: PathBuf,
    /// The changes, as they were shown, each with the path that it gets below the place.
    pub chosen: Vec<(Change, OsBytes)>,
}

impl Merge {
    /// The file of a journal that says what is to be done.
    pub const ORDER: &str = "order";
    /// The file that says what became of it: [`Became`].
    pub const BECAME: &str = "became";
    /// The file that says that it is.
    pub const DONE: &str = "done";
    /// The file that says that it is to be undone,
    pub const UNDO: &str = "undo";
    /// and the one that says that it was.
    pub const UNDONE: &str = "undone";
}

/// What became of each change of a merge, for whoever undoes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Became {
    /// In the order of what was chosen: what is there since; nothing of what was left as it was.
    pub after: Vec<Option<After>>,
    /// Directories that were made on the way to something, in that order.
    pub made: Vec<OsBytes>,
}

/// What is where a change was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    /// None if it was deleted.
    pub there: Option<Seen>,
}

/// A merge to take back: the user's files are as they were, and the changes in the copy again. Answered by a [`Merged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The place.
    pub place: Place,
    /// The merge's.
    pub journal: PathBuf,
}

/// What to copy: a layer that another sandbox goes on with. Answered by nothing, or why it failed: a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// What a sandbox wrote.
    pub from: PathBuf,
    /// An empty directory.
    pub to: PathBuf,
}

/// What became of that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// How many changes were taken over.
    pub done: u64,
    /// What was not, and why.
    pub left: Vec<(OsBytes, String)>,
    /// What of the place is as it was left, for [`Place::settled`].
    pub settled: Vec<(OsBytes, Seen)>,
}
