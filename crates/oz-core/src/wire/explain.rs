//! What `oz-explain` tells whoever started a program with it: lines of JSON on a stream socket. The other side
//! shuts its end for writing when it wants the final numbers, which come at the end of the program in any case.
//!
//! Everything of an app in it is escaped and short, and there are at most [`MOST`] kinds, so that one
//! who does not read costs nothing but that much memory.

use serde::{Deserialize, Serialize};

use crate::learn::Seen;
use crate::plan::SyscallPolicy;

/// Most kinds of refused calls that are told apart.
pub const MOST: usize = 1024;

/// Longest line in bytes.
pub const LINE: usize = 4096;

/// What `oz-explain` is told at its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// The sandbox's filter, compiled: it says what each call is answered.
    pub filter: Vec<u64>,
    /// What it was compiled from: it says why.
    pub policy: SyscallPolicy,
    /// The program is trained: calls come that the filter allows, and it is told what they name. They go on as
    /// they would have.
    pub train: bool,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// A refused call that is not like any before. They are counted from 0.
    New(Refused),
    /// How often there was one like that, in the end.
    Times {
        /// Which.
        kind: usize,
        /// Number of calls, at least 1.
        times: u64,
    },
    /// All numbers have been said.
    End,
    /// Something that a program which is trained does for the first time.
    Seen(Seen),
    /// It does more different things than are told.
    Cut,
    /// A proxy or a portal refused it this kind of thing; the daemon tells, and whoever keeps the lines writes it.
    Denied(String),
}

/// A refused call: none of it was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refused {
    /// Name of the process that made it; empty: several, or one that nobody sees.
    pub process: String,
    /// Its number outside, the first one's of several; 0 if it is not known.
    pub pid: u32,
    /// Name of the call.
    pub call: String,
    /// What is known of its arguments, as a person would write them.
    pub arguments: String,
    /// Name of the error that the app was answered.
    pub answer: String,
    /// Why it is refused; absent: nothing but that it is in no list.
    pub reason: Option<String>,
}
