//! The sound server, through pactl.

use std::process::Command;

use anyhow::{Result, bail};
use serde_json::Value;

use super::{PATIENCE, Session, finish};

impl Session {
    /// The names of what pactl lists: `sinks`, `sources`.
    ///
    /// # Errors
    /// When the sound server does not answer.
    pub fn sound_names(&self, kind: &str) -> Result<Vec<String>> {
        let list = self.sound_list(kind)?;
        let items = list.as_array().into_iter().flatten();
        Ok(items
            .filter_map(|item| item["name"].as_str().map(str::to_owned))
            .collect())
    }

    /// What pactl lists, as JSON: `sinks`, `sources`, `sink-inputs`, `source-outputs`, `clients`.
    ///
    /// # Errors
    /// When the sound server does not answer.
    pub fn sound_list(&self, kind: &str) -> Result<Value> {
        let done = finish(
            Command::new("pactl").args(["--format=json", "list", kind]),
            b"",
            PATIENCE,
        )?;
        if !done.status.success() {
            bail!("pactl list {kind}: {}", done.errors());
        }
        Ok(serde_json::from_slice(&done.stdout)?)
    }
}
