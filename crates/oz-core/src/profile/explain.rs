//! Where each value of a profile comes from.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::{Layer, Profile, merge};
use crate::OsBytes;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Nobody said anything.
    BuiltIn,
    /// A file says it.
    File {
        /// Whose it is.
        layer: Layer,
        /// Where it lies.
        path: PathBuf,
        /// The line of the key, from 1.
        line: usize,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File { layer, path, line } => {
                write!(f, "{layer}: {}:{line}", OsBytes::from(path.as_path()))
            }
        }
    }
}

impl Profile {
    /// Every key with its value as JSON and its origin, in the order of the sections.
    pub fn explain(&self) -> Vec<(String, String, Origin)> {
        let Ok(Value::Object(sections)) = serde_json::to_value(self) else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for (section, value) in sections {
            match value {
                _ if section == "name" => {}
                Value::Object(keys) => {
                    for (key, value) in keys {
                        self.line(format!("{section}.{key}"), value, &mut lines);
                    }
                }
                value => self.line(section, value, &mut lines),
            }
        }
        lines
    }

    /// Whose value a key has; none if it is built in.
    pub fn layer_of(&self, key: &str) -> Option<Layer> {
        match self.origins.get(key)? {
            Origin::BuiltIn => None,
            Origin::File { layer, .. } => Some(*layer),
        }
    }

    fn line(&self, key: String, value: Value, lines: &mut Vec<(String, String, Origin)>) {
        match value {
            Value::Object(inner) if !inner.is_empty() && merge::entry(&key).is_none() => {
                for (name, value) in inner {
                    self.line(format!("{key}.{name}"), value, lines);
                }
            }
            value => {
                let origin = self.origins.get(&key).cloned().unwrap_or(Origin::BuiltIn);
                lines.push((key, value.to_string(), origin));
            }
        }
    }
}

/// Every key there is, for what names keys.
pub(super) fn keys() -> Vec<String> {
    let blank = Profile::from_document(String::new(), Default::default());
    blank.explain().into_iter().map(|(key, ..)| key).collect()
}
