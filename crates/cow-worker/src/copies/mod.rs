//! What a sandbox wrote over a place of the user: what is different, taking it over and back, copying it, removing it.

#[cfg(test)]
mod attacks;
mod before;
mod budget;
mod changes;
mod copy;
mod diff;
mod draw;
mod merge;
mod modes;
mod remove;
mod renamed;
mod settled;
mod swap;
mod three;
mod tree;
mod undo;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use oz_core::wire::copies::{Combine, Compare, Copy, Draw, Look, MOST, Merge, Note, Place, Undo};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::confine;

/// Says what is different.
pub(crate) fn changes() -> Result<()> {
    let look: Look = read()?;
    confine::walking(&[&look.place.upper, &look.place.source])?;
    say(&changes::wanted(&look)?)
}

/// Says how much is different.
pub(crate) fn count() -> Result<()> {
    let place: Place = read()?;
    confine::walking(&[&place.upper, &place.source])?;
    say(&changes::count(&place)?)
}

/// Says what differs in the content of some changes.
pub(crate) fn compare() -> Result<()> {
    let compare: Compare = read()?;
    confine::walking(&[&compare.place.upper, &compare.place.source])?;
    say(&diff::of(&compare)?)
}

/// Draws a picture small.
pub(crate) fn draw() -> Result<()> {
    let draw: Draw = read()?;
    // Nothing of it is read yet; behind the walls nothing can be opened.
    let file = draw::file(&draw);
    confine::drawing()?;
    say(&draw::picture(file))
}

/// Keeps what texts were before.
pub(crate) fn note() -> Result<()> {
    let note: Note = read()?;
    let reading = [note.place.upper.as_path(), &note.place.source];
    confine::layering(&[&note.before], &reading)?;
    say(&before::note(&note)?)
}

/// Puts changes of the same texts together.
pub(crate) fn combine() -> Result<()> {
    let combine: Combine = read()?;
    let places = [combine.place.upper.as_path(), &combine.before];
    confine::layering(&places, &[&combine.place.source])?;
    say(&before::combine(&combine)?)
}

/// Takes over what was chosen.
pub(crate) fn merge() -> Result<()> {
    let merge: Merge = read()?;
    confine::changing(&[&merge.place.upper, &merge.place.source, &merge.journal])?;
    say(&merge::take_over(&merge)?)
}

/// Takes a merge back.
pub(crate) fn undo() -> Result<()> {
    let undo: Undo = read()?;
    let places = [&undo.place.upper, &undo.place.source, &undo.journal];
    confine::layering(&places.map(PathBuf::as_path), &[])?;
    say(&undo::take_back(&undo)?)
}

/// Copies a layer.
pub(crate) fn copy() -> Result<()> {
    let copy: Copy = read()?;
    confine::layering(&[&copy.to], &[&copy.from])?;
    say(&copy::layer(&copy).map_err(|error| error.to_string()))
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
