//! `life`: when a sandbox ends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limits::Count;

/// When a sandbox ends; a stop request always ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Life {
    /// It stays when its last program has ended.
    pub keep: bool,
    /// Names of programs whose last process ends the sandbox, for launchers that spawn and exit.
    pub watchdog: Vec<ProgramName>,
    /// Each launch gets a sandbox of its own instead of joining the running one.
    pub multi: bool,
    /// Milliseconds between the polite request to end and the end, up to 600000.
    pub grace_ms: Count<0, 600_000>,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            keep: false,
            watchdog: Vec::new(),
            multi: false,
            // Long enough to save, short enough not to be taken for a hang.
            grace_ms: Count::new(5000),
        }
    }
}

/// Base name of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct ProgramName(String);

impl ProgramName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProgramName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name.is_empty() || name.len() > 255 || name.contains('/') {
            Err("this is not a program's name\nwrite its base name, such as soffice.bin".to_owned())
        } else {
            Ok(Self(name))
        }
    }
}

impl From<ProgramName> for String {
    fn from(name: ProgramName) -> Self {
        name.0
    }
}
