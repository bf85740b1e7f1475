//! `network`: what the app can reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::plan::{Forward, Mode};

/// What the app can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Which network.
    pub mode: Mode,
    /// Ports and sockets that lead through its wall, as in `in:tcp:9050`.
    pub forwards: Vec<Forward>,
}
