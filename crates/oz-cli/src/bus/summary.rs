//! A sandbox as a list of them shows it.

use oz_core::plan::Mode;
use serde::Deserialize;
use zbus::Type;

/// What `List` says of one.
#[derive(Clone, Debug, PartialEq, Deserialize, Type)]
pub(crate) struct Summary {
    pub(crate) id: String,
    pub(crate) profile: String,
    pub(crate) state: String,
    pub(crate) pid: u32,
    /// Seconds since 1970.
    pub(crate) started: u64,
    pub(crate) windows: u32,
    /// How many files it was given or shares.
    pub(crate) files: u32,
    /// Which network.
    pub(crate) network: String,
    /// What leads through its wall.
    pub(crate) forwards: Vec<String>,
    /// Number and name.
    pub(crate) processes: Vec<(u64, String)>,
    pub(crate) microphone: Direction,
    pub(crate) microphone_in_use: bool,
    pub(crate) speaker: Direction,
}

/// Sound in one direction.
#[derive(Clone, Debug, PartialEq, Deserialize, Type)]
pub(crate) struct Direction {
    /// `none` if there is no sound.
    pub(crate) state: String,
    /// Percent.
    pub(crate) volume: u8,
    pub(crate) streams: u32,
}

impl Summary {
    /// It has no network of its own.
    pub(crate) fn is_in_host_network(&self) -> bool {
        self.network == Mode::Host.word()
    }
}
