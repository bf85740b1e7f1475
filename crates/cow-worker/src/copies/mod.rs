//! What a sandbox wrote over a place of the user: what is different, taking it over, removing it.

mod changes;
mod merge;
mod remove;
mod tree;

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result};
use oz_core::wire::copies::{MOST, Merge, Place};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::confine;

/// Says what is different.
pub(crate) fn changes() -> Result<()> {
    let place: Place = read()?;
    confine::walking(&[&place.upper, &place.source])?;
    say(&changes::of(&place)?)
}

/// Takes over what was chosen.
pub(crate) fn merge() -> Result<()> {
    let merge: Merge = read()?;
    confine::changing(&[&merge.place.upper, &merge.place.source, &merge.journal])?;
    say(&merge::take_over(&merge)?)
}

/// Removes a directory with all that is in it.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let parent = path.parent().context("no parent")?;
    confine::changing(&[parent])?;
    remove::all(parent, path.file_name().context("no name")?)
}

fn read<T: DeserializeOwned>() -> Result<T> {
    let mut bytes = Vec::new();
    io::stdin().take(MOST).read_to_end(&mut bytes)?;
    postcard::from_bytes(&bytes).context("the order is broken")
}

fn say(answer: &impl Serialize) -> Result<()> {
    let bytes = postcard::to_stdvec(answer).context("the answer cannot be said")?;
    anyhow::ensure!(bytes.len() as u64 <= MOST, "there is too much to say");
    io::stdout().write_all(&bytes).context("nobody listens")
}
