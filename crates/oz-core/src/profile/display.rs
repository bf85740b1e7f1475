//! `display`: windows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{Buffers, Clipboard};

/// Windows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Display {
    /// The app may open windows.
    pub enabled: bool,
    /// Directions in which copied text may cross.
    pub clipboard: Clipboard,
    /// How pixels reach the host.
    pub buffers: Buffers,
}
