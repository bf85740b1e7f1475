//! The operations that a root file system is made of, in the order of a plan.
//!
//! They are executed on an empty tmpfs. Every target is resolved beneath that new root without
//! following symlinks, every source beneath the host's root without magic links.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// May a thing be changed?
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Only looked at.
    #[default]
    Read,
    /// Changed as well.
    Write,
}

/// What a rule of a profile lets an app do at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "profiles", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Look at what is there.
    Read,
    /// Change it as well.
    Write,
    /// Change a copy: what is written is kept beside the original, until the user takes it over.
    CopyOnWrite,
    /// Nothing: it is empty, and cannot be changed.
    Hide,
}

impl Effect {
    /// All, with the words for them.
    pub const WORDS: &[(&str, Self)] = &[
        ("read", Self::Read),
        ("write", Self::Write),
        ("copy-on-write", Self::CopyOnWrite),
        ("hide", Self::Hide),
    ];

    /// As a profile says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::CopyOnWrite => "copy-on-write",
            Self::Hide => "hide",
        }
    }
}

/// One step of building the root. Missing parent directories of a target are made, mode 0755.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// A directory.
    Directory {
        /// Where.
        path: PathBuf,
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link.
    Symlink {
        /// Where.
        path: PathBuf,
        /// What it says.
        target: PathBuf,
    },
    /// A regular file with this content, read-only for the app by its mode.
    File {
        /// Where.
        path: PathBuf,
        /// What is in it.
        content: String,
        /// Permission bits.
        mode: u32,
    },
    /// A file or a directory of the host. Always nosuid; nodev unless it is a device node.
    Bind(Bind),
    /// A directory of the user of which the app changes a copy, nosuid, nodev.
    Overlay(Overlay),
    /// A file system in memory, nosuid, nodev.
    Tmpfs {
        /// Where.
        path: PathBuf,
        /// Permission bits of its root.
        mode: u32,
        /// Largest size in bytes.
        size: u64,
        /// No program in it can be executed.
        noexec: bool,
    },
    /// The process file system of the sandbox's pid namespace.
    Proc {
        /// Where.
        path: PathBuf,
    },
    /// A private instance of the terminal file system; `ptmx` inside is usable by all.
    DevPts {
        /// Where.
        path: PathBuf,
    },
    /// POSIX message queues of the sandbox's ipc namespace.
    Mqueue {
        /// Where.
        path: PathBuf,
    },
    /// Hides what is there: a directory under an empty read-only one, a file under an empty one.
    /// A missing path is not an error.
    Mask {
        /// What.
        path: PathBuf,
    },
    /// Makes a directory a mount of its own that shows what was there, so that nobody inside can rename it.
    Pin {
        /// Which.
        path: PathBuf,
    },
    /// Covers a file with a random identifier (RFC 9562, a line of text) that is new for each
    /// launch.
    RandomId {
        /// What.
        path: PathBuf,
    },
    /// A file with a secret that is new for each launch, by which clients of the X server inside are known to it
    /// (Xauthority, `MIT-MAGIC-COOKIE-1`).
    Cookie {
        /// Where.
        path: PathBuf,
    },
    /// Makes what is there, and all that is mounted beneath it so far, read-only; a directory or
    /// file that is not a mount becomes one. `/` is the root itself, without what is mounted on it, which is as it was
    /// mounted: a plan makes all directories and mount points of the root, then makes it read-only, then mounts what
    /// can be written (/tmp, the home, /dev/shm), so an existing target is taken as it is. Who has to make a
    /// mount point in the root later does it in a writable clone of the root's mount.
    ReadOnly {
        /// What.
        path: PathBuf,
    },
}

/// A part of the host's file system, at a place inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// What.
    pub source: Source,
    /// Where.
    pub path: PathBuf,
    /// Read-only or not; applies to submounts as well.
    pub access: Access,
    /// No program in it can be executed.
    pub noexec: bool,
    /// It is no error if the source does not exist.
    pub optional: bool,
    /// A device node: the mount is not nodev. Only nodes from a fixed list pass the check.
    pub device: bool,
}

/// A directory of the user of which the app changes a copy: an overlay (Documentation/filesystems/overlayfs.rst)
/// with user extended attributes. What is written goes to the upper layer; the directory itself stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlay {
    /// The directory, opened as [`Source::User`]. Nothing else is mounted in it.
    pub source: PathBuf,
    /// Where.
    pub path: PathBuf,
    /// A directory of the host that no sandbox sees, with the directories [`Self::UPPER`] and [`Self::WORK`] and the file
    /// [`Self::LOCK`], of which init keeps an exclusive lock as long as it lives.
    pub layers: PathBuf,
    /// Below the directory, relative: what is not inside, whether it is there now or comes later. The app can make
    /// something of its own there.
    pub hidden: Vec<PathBuf>,
    /// Nothing of it outlasts the sandbox, so nothing waits until it is on the disk. The kernel mounts such layers once.
    #[serde(default)]
    pub volatile: bool,
}

impl Overlay {
    /// Holds what was written.
    pub const UPPER: &str = "upper";
    /// The kernel's workshop.
    pub const WORK: &str = "work";
    /// Who holds its lock has the layers mounted, or changes them.
    pub const LOCK: &str = "lock";

    /// Whether a place inside is one that the overlay shows as not there.
    pub fn hides(&self, place: &Path) -> bool {
        let below = place.strip_prefix(&self.path);
        below.is_ok_and(|below| self.hidden.iter().any(|hidden| below.starts_with(hidden)))
    }
}

/// Where a bind comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A path of the system (/usr, /etc/fonts): symlinks are followed, beneath the host's root,
    /// because the system's owner made them.
    System(PathBuf),
    /// A path in places that the user, and so maybe an app, can write: no symlink is followed in
    /// any component.
    User(PathBuf),
    /// A path in a distribution's tree, which anybody may have made: symlinks are followed beneath the tree, and none
    /// leads out of it.
    Tree {
        /// The tree, opened as [`Source::User`].
        tree: PathBuf,
        /// Where in it; absolute, as if the tree were the root.
        path: PathBuf,
    },
}

impl Source {
    /// The path, however it is to be resolved.
    pub fn path(&self) -> &Path {
        match self {
            Self::System(path) | Self::User(path) | Self::Tree { path, .. } => path,
        }
    }

    /// The path that it has on the host, if no symlink leads elsewhere.
    pub fn on_host(&self) -> Cow<'_, Path> {
        match self {
            Self::System(path) | Self::User(path) => path.into(),
            Self::Tree { tree, path } => below(tree, path).into(),
        }
    }
}

/// A path in a tree that stands for the root.
pub fn below(tree: &Path, path: &Path) -> PathBuf {
    tree.join(path.strip_prefix("/").unwrap_or(path))
}

impl Op {
    /// The place inside that the step changes.
    pub fn target(&self) -> &Path {
        match self {
            Self::Directory { path, .. }
            | Self::Symlink { path, .. }
            | Self::File { path, .. }
            | Self::Tmpfs { path, .. }
            | Self::Proc { path }
            | Self::DevPts { path }
            | Self::Mqueue { path }
            | Self::Mask { path }
            | Self::Pin { path }
            | Self::RandomId { path }
            | Self::Cookie { path }
            | Self::ReadOnly { path } => path,
            Self::Bind(bind) => &bind.path,
            Self::Overlay(overlay) => &overlay.path,
        }
    }
}
