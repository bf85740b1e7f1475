//! The daemon and the helper that makes in advance what all sandboxes have in common: a process of
//! the host that lives for one request.

use serde::{Deserialize, Serialize};

use crate::plan::{Op, User};

/// What to make. No descriptors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who is mapped into the user namespace.
    pub user: User,
    /// The steps that every root begins with.
    pub root: Vec<Op>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Descriptors: a user namespace, a network namespace of it with its loopback interface up, and
    /// the root as far as it was made, mounted nowhere.
    Made,
    /// It could not be made.
    Failed {
        /// Which path or name was at fault.
        subject: crate::OsBytes,
        /// The error number, 0 if there is none.
        errno: i32,
    },
}
