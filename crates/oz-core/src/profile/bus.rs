//! `bus`: messages between the programs inside.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Messages between the programs inside; the host's buses are never there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bus {
    /// A message bus of the sandbox's own, started by its first client.
    pub private: bool,
    /// What the desktop does for an app that asks over it, each time with the person's doing: file dialogs, opening links;
    /// and how the desktop looks. Only on a private bus, for apps with windows.
    pub portals: bool,
}

impl Default for Bus {
    fn default() -> Self {
        // Programs join themselves over a bus, and it costs nothing until they do.
        Self {
            private: true,
            portals: true,
        }
    }
}
