//! `oz check` and its prober, a program of ours inside the sandbox: one message each way.
//!
//! The prober runs as the app does. What it says is taken for hostile all the same: its words are
//! capped and quoted, and what can be seen from outside is not believed but looked at.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::OsBytes;
use crate::plan::Plan;
use crate::report::{State, Wall};

/// To the prober, on its standard input; it ends when that is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What the sandbox was built from.
    pub plan: Box<Plan>,
    /// Ports of the host on which `oz check` listens, and that it has just reached itself.
    pub ports: Vec<SocketAddr>,
    /// A name among abstract sockets, likewise.
    pub abstract_socket: OsBytes,
    /// Whom the host has beside it.
    pub around: Around,
}

/// The host's network, as it looks from the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Around {
    /// By whom it reaches the Internet.
    pub routers: Vec<IpAddr>,
    /// Machines in its networks: those that it has spoken to, and who is first and last there by
    /// the addresses.
    pub neighbours: Vec<IpAddr>,
    /// Addresses of all in one of its networks at once.
    pub broadcasts: Vec<Ipv4Addr>,
}

/// From the prober, on its standard output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its process number inside, by which it is found from outside.
    pub pid: i32,
    /// What it has tried.
    pub findings: Vec<Finding>,
    /// What it was told when it asked, to be compared with what is true outside.
    pub answers: Vec<(Question, OsBytes)>,
}

/// Something to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// What is the machine called?
    HostName,
    /// `/etc/machine-id`.
    MachineId,
    /// `/var/lib/dbus/machine-id`.
    BusMachineId,
    /// `/proc/sys/kernel/random/boot_id`.
    BootId,
}

/// What became of an attempt, or what a look showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which wall it is about.
    pub wall: Wall,
    /// What holds if it is enforced.
    pub claim: String,
    /// Whether it does.
    pub state: State,
    /// What was seen.
    pub detail: String,
}
