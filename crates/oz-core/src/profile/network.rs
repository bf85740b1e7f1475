//! `network`: what the app can reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the app can reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Which network.
    pub mode: Mode,
}

/// Which network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing but a loopback interface of its own.
    #[default]
    None,
}
