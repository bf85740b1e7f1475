//! `identity`: what the app learns of the machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the app learns of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Identity {
    /// Host name inside; absent: the sandbox's own name.
    pub hostname: Option<Hostname>,
}

/// A label of a host name (RFC 1123): 1 to 63 letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Hostname(String);

impl Hostname {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest label to any text.
    pub fn nearest(text: &str) -> Self {
        let label: String = text
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(63)
            .collect();
        let label = label.trim_matches('-');
        Self(if label.is_empty() { "oz" } else { label }.to_owned())
    }
}

impl TryFrom<String> for Hostname {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if crate::plan::check::is_host_label(&name) {
            Ok(Self(name))
        } else {
            Err("this is not a host name\nwrite 1 to 63 letters, digits and hyphens, no hyphen at either end".to_owned())
        }
    }
}

impl From<Hostname> for String {
    fn from(name: Hostname) -> Self {
        name.0
    }
}
