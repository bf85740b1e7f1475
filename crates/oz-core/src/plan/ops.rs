//! The operations that a root file system is made of, in the order of a plan.
//!
//! They are executed on an empty tmpfs. Every target is resolved beneath that new root without
//! following symlinks, every source beneath the host's root without magic links.

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
    /// Nothing: it is empty, and cannot be changed.
    Hide,
}

impl Effect {
    /// All, with the words for them.
    pub const WORDS: &[(&str, Self)] = &[
        ("read", Self::Read),
        ("write", Self::Write),
        ("hide", Self::Hide),
    ];

    /// As a profile says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
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
}

impl Source {
    /// The path, however it is to be resolved.
    pub fn path(&self) -> &Path {
        match self {
            Self::System(path) | Self::User(path) => path,
        }
    }
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
            | Self::ReadOnly { path } => path,
            Self::Bind(bind) => &bind.path,
        }
    }
}
