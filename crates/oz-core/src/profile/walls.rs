//! `walls`: what the machine must be able to enforce.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::Wall;

/// What the machine must be able to enforce.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Walls {
    /// Walls without which the app is not started, beyond those that every sandbox has. The others
    /// hold as far as the machine can.
    pub require: Vec<Wall>,
}
