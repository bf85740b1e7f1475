//! Training: what a program is seen doing under its sandbox, and what that comes to.
//!
//! All of it is told by the program, which is hostile: a document that it opened may have taken it over in the very run that is
//! watched. So it is capped where it is seen, folded by a process that has nothing to lose, and what it comes to can
//! by itself only take away; see [`profile::learn`](crate::profile::learn).

mod fold;

use serde::{Deserialize, Serialize};

pub use fold::{Folded, Place, fold};

use crate::plan::syscalls::{Group, POSIX_QUEUES, SYSTEM_V};

/// Most different things that are told of one run.
pub const MOST_SEEN: usize = 8192;
/// Longest path that is read of a program, in bytes.
pub const PATH: usize = 1024;
/// Most bytes of a run that are kept.
pub const MOST_LOG: u64 = 8 << 20;
/// Most runs that are kept of a program.
pub const MOST_RUNS: usize = 8;
/// Most bytes that folding says.
pub const MOST_FOLDED: u64 = 1 << 20;

/// Something that a program did or tried. Whether it got it is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seen {
    /// What it did.
    pub what: What,
    /// With what: a path made harmless as [`OsBytes`](crate::OsBytes) shows it, an address, the name of a call.
    pub subject: String,
}

/// What a program did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It opened a file or a directory.
    Read,
    /// It opened one to change it, made, renamed or removed it.
    Write,
    /// It started a program.
    Execute,
    /// It connected to a socket in the file system, or, with `@`, to one without a file.
    Connect,
    /// It connected, or sent, to an address: `192.0.2.1:443`.
    Internet,
    /// It made a call of [`RARE`].
    Call,
}

/// Calls by which programs name files, other programs, and whom they talk to: those are asked about.
pub const NAMING: &[&str] = &[
    "open",
    "openat",
    "creat",
    "execve",
    "execveat",
    "connect",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
];

/// Calls that most programs never make, by what they are for: those of which none was seen are taken away together.
///
/// The bus and the X server of a sandbox are under the same list and are not watched, so nothing of theirs is here.
pub const RARE: &[Group] = &[
    SYSTEM_V,
    POSIX_QUEUES,
    Group {
        reason: "asynchronous reading and writing of the older kind",
        names: &[
            "io_cancel",
            "io_destroy",
            "io_getevents",
            "io_pgetevents",
            "io_submit",
        ],
    },
    Group {
        reason: "walls of its own",
        names: &[
            "landlock_add_rule",
            "landlock_create_ruleset",
            "landlock_restrict_self",
            "seccomp",
        ],
    },
    Group {
        reason: "protection keys",
        names: &["pkey_alloc", "pkey_free", "pkey_mprotect"],
    },
    Group {
        reason: "locking memory",
        names: &["mlock", "mlock2", "mlockall", "munlock", "munlockall"],
    },
];

/// All calls that are asked about while a program is trained.
pub fn watched() -> impl Iterator<Item = &'static str> {
    let rare = RARE.iter().flat_map(|group| group.names);
    NAMING.iter().chain(rare).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::syscalls::{is_needed, listed};

    #[test]
    fn what_is_rare_can_be_taken_away() {
        for name in RARE.iter().flat_map(|group| group.names) {
            assert!(listed(name, |_| None).is_ok(), "{name} is in no list");
            assert!(!is_needed(name), "{name}");
        }
    }
}
