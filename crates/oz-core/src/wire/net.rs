//! The daemon and its network helper: a process of the host that enters a sandbox's namespaces,
//! does what it is asked and ends with the connection.
//!
//! The first request brings three descriptors: the sandbox's user, network and mount namespace.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::OsBytes;
use crate::plan::forward::Endpoint;

/// What to do; each request is answered before the next is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Load these rules into the network namespace.
    Guard {
        /// The program `nft`.
        nft: OsBytes,
        /// What it reads.
        rules: String,
    },
    /// Wait until the interface has its addresses and routes. The helper waits for ever; whoever
    /// asked has a deadline.
    Await,
    /// Make a listening socket inside, or one that waits for datagrams. Nothing can be asked after
    /// one in the file system.
    Listen(Endpoint),
    /// Make a socket that hears what the rules refuse.
    Refusals,
}

/// What the network refused: a line of JSON from the `net-proxy` that reads it. It names what an app sent, and its own
/// sandbox's only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Where it was to go.
    pub to: IpAddr,
    /// Which port there; absent: what is in front of it was not understood.
    pub port: Option<u16>,
    /// How often since the line before about the same, at least 1.
    pub count: u32,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It is done.
    Done,
    /// Descriptors: the socket.
    Listening,
    /// It is not.
    Failed {
        /// What failed, in the words of the program if it has any.
        what: String,
        /// The error number, 0 if there is none.
        errno: i32,
    },
}
