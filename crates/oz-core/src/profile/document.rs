//! One file of a profile.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Bus, Display, Environment, Files, Identity, Life, Limits, Match, Network, ProfileError,
    Syscalls, Text,
};

/// What one file can say: the sections, and how it relates to other files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Document {
    /// The schema, for editors.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// Name of the template that holds for all keys that are not said here.
    pub extends: Option<String>,
    /// Keys or sections that layers above may not change (`network.mode`, `files`); only in the
    /// administrator's files.
    pub lock: Vec<String>,
    /// What it is for, one line for people.
    pub description: String,
    /// Which apps it is for.
    #[serde(rename = "match")]
    pub matches: Match,
    /// The user's files.
    pub files: Files,
    /// Variables.
    pub environment: Environment,
    /// Windows.
    pub display: Display,
    /// Network.
    pub network: Network,
    /// Message bus.
    pub bus: Bus,
    /// System calls.
    pub syscalls: Syscalls,
    /// Resources.
    pub limits: Limits,
    /// What the app learns of the machine.
    pub identity: Identity,
    /// When it ends.
    pub life: Life,
}

/// Checks one text by itself.
pub fn parse(text: &Text) -> Result<Document, ProfileError> {
    super::tree::read(text)?;
    Ok(Document::default())
}
