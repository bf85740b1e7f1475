//! The daemon and a files proxy: a process of the host that serves one view, which is a directory
//! of the host in which a sandbox may change some files.
//!
//! The proxy gets a listening socket as descriptor 3. Each connection brings one request and takes
//! one answer, so that a later daemon needs to know nothing but the socket's name.

use serde::{Deserialize, Serialize};

use super::mount::Identity;
use crate::OsBytes;

/// Most names of one view.
pub const NAMES_MAX: usize = 4096;

/// What to serve. Names are always all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// The first request. Descriptors: the FUSE device, the mount (by path only), the directory of
    /// the host, and what lies below the view inside.
    Serve {
        /// The sandbox's readable name, for logs.
        sandbox: String,
        /// At most [`NAMES_MAX`].
        names: Vec<Name>,
    },
    /// Each later one.
    Update {
        /// At most [`NAMES_MAX`].
        names: Vec<Name>,
    },
}

/// One name in the host's directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// A single component of a path.
    pub name: OsBytes,
    /// What must be there when it is first shown. Nothing of a companion, which need not exist, and of what an
    /// earlier proxy has shown, which goes by its name.
    pub identity: Option<Identity>,
    /// A file that belongs to another one, as a database's journal does: the program makes and
    /// removes it itself, and both happen on the host as well.
    pub companion: bool,
}

/// The request holds from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Names that are not shown, because another file had their place.
    pub replaced: Vec<OsBytes>,
}
