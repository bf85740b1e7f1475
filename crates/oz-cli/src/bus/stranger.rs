//! A sandbox that another version of Oz has started, as the bus shows it.

use std::collections::HashMap;

use zbus::OwnedVariant;

use crate::error::Result;

/// What is known of one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stranger {
    pub(crate) id: String,
    /// Empty if it is not known.
    pub(crate) profile: String,
    pub(crate) pid: u32,
    /// Seconds since 1970.
    pub(crate) started: u64,
}

impl Stranger {
    pub(super) fn from_properties(mut all: HashMap<String, OwnedVariant>) -> Result<Self> {
        let of = "a sandbox of another version";
        Ok(Self {
            id: super::value(&mut all, "Id", of)?,
            profile: super::value(&mut all, "Profile", of)?,
            pid: super::value(&mut all, "Pid", of)?,
            started: super::value(&mut all, "Started", of)?,
        })
    }
}
