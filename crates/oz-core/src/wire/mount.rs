//! The daemon and its mount helper: a process of the host that lives for one request.
//!
//! The helper gets, with the request, descriptors for the sandbox's user namespace and mount namespace.
//! It makes a mount namespace of its own, opens the path again there, compares, clones, and
//! moves the clone into the sandbox.

use serde::{Deserialize, Serialize};

use crate::OsBytes;
use crate::plan::Access;

/// What to change in a running sandbox. Descriptors: its user namespace, its mount namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Show these files and directories of the host, each at its own path.
    Add(Vec<Grant>),
    /// Take these back.
    Remove(Vec<Granted>),
    /// Mount a view at a directory. The one result comes with descriptors: the FUSE device, the
    /// mount (by path only), and what lies below it, for the files proxy.
    View(View),
    /// Put the directories that a view covers on top of it again, once it is served. Descriptors
    /// besides the namespaces: what lies below it. The one result is what [`Request::View`] gave.
    Uncover(Granted),
}

/// A directory in which some files can be changed, served by a files proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Where.
    pub path: OsBytes,
    /// Bytes of the private files in it, where the sandbox has no directory of its own.
    pub size: u64,
}

/// A file or directory to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its canonical path on the host, which is also its path inside.
    pub path: OsBytes,
    /// What the path must still be.
    pub identity: Identity,
    /// Read-only or not.
    pub access: Access,
    /// Paths below it that are shown empty, on the host and without links; those that are not there are
    /// left out.
    pub hide: Vec<OsBytes>,
}

/// What a path was when it was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// Device number, as in `st_dev`.
    pub device: u64,
    /// Inode number, as in `st_ino`.
    pub inode: u64,
    /// A directory, or else a regular file; nothing else can be granted.
    pub directory: bool,
}

/// A mount that an earlier request made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Where it was put. An app may have renamed a directory above it since.
    pub path: OsBytes,
    /// The mount's id in the sandbox's mount namespace, by which it is found.
    pub mount: u64,
    /// Directories and files that were made to hold it, outermost first, and are removed if empty.
    pub made: Vec<OsBytes>,
}

/// The helper's answer: one for each part of the request, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// One each.
    pub results: Vec<Result<Granted, Refusal>>,
}

/// Why a path was not added or removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// It is not there (any more).
    #[error("it does not exist any more")]
    Vanished,
    /// Another file has its path now.
    #[error("another file has taken its place since it was named")]
    Replaced,
    /// It is neither a regular file nor a directory.
    #[error("it is neither a regular file nor a directory")]
    Kind,
    /// A component inside the sandbox is a symlink or not a directory.
    #[error("the sandbox has something else in the way at that path")]
    Blocked,
    /// The mount to remove is not there (any more).
    #[error("it is not mounted in the sandbox any more")]
    NotMounted,
    /// A system call failed.
    #[error("{call} failed: {}", std::io::Error::from_raw_os_error(*errno))]
    Os {
        /// Which.
        call: String,
        /// How.
        errno: i32,
    },
}
