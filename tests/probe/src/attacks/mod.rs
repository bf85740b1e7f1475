//! The attacks, by what they are about.

mod descriptors;
mod devices;
mod display;
mod files;
mod hardware;
mod identifiers;
mod leaks;
mod mounts;
mod namespaces;
mod network;
mod own;
mod processes;
mod services;
mod settings;
mod sockets;
mod syscalls;
mod terminal;

use crate::attack::Attack;

pub use own::{is_second_step, root_with};

/// All tables.
pub const TABLES: &[&[Attack]] = &[
    files::ATTACKS,
    descriptors::ATTACKS,
    terminal::ATTACKS,
    syscalls::ATTACKS,
    namespaces::ATTACKS,
    mounts::ATTACKS,
    processes::ATTACKS,
    settings::ATTACKS,
    devices::ATTACKS,
    network::ATTACKS,
    sockets::ATTACKS,
    services::ATTACKS,
    display::ATTACKS,
    identifiers::ATTACKS,
    hardware::ATTACKS,
    leaks::ATTACKS,
];
