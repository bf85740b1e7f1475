//! What texts were before both a sandbox and somebody else changed them: kept while it is still there, and used to put both changes
//! together.
//!
//! Overlays keep nothing of what a file was when it was copied. But while the original is as the sandbox first saw it, it is
//! what the copy was made of. So it is kept once the sandbox has ended, for the changes that others make later. What others changed
//! while the sandbox ran is not known any more.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use oz_core::wire::copies::{Change, Combine, Combined, Kind, Note, What};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::settled::Known;
use super::three;
use super::tree::{Tree, dress, is_whiteout, kind, permissions, seen};
use crate::progress;

/// Larger texts are not kept.
const LARGEST: u64 = 1 << 20;
/// Most bytes that are kept of one place, and most files that are looked at.
const MOST: u64 = 64 << 20;
const MOST_FILES: usize = 1 << 17;
/// What is being written.
const UNREADY: &str = ".oz-unready";

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// Keeps the originals of texts that the sandbox has changed; how many.
pub fn note(order: &Note) -> Result<u64> {
    let known = Known::of(&order.place);
    let upper = Tree::open(&order.place.upper)?;
    let lower = Tree::open(&order.place.source)?;
    let before = Tree::open(&order.before)?;
    let hidden = |path: &Path| {
        order
            .place
            .hidden
            .iter()
            .any(|place| path.starts_with(place))
    };
    let (mut kept, mut left, mut looked) = (0, MOST, 0);
    let mut todo = vec![PathBuf::new()];
    while let Some(directory) = todo.pop() {
        // What cannot be looked at is not kept.
        for name in upper.names(&directory).unwrap_or_default() {
            progress::step();
            looked += 1;
            if looked > MOST_FILES {
                return Ok(kept);
            }
            let path = directory.join(name);
            let Ok(Some(copy)) = upper.look(&path) else {
                continue;
            };
            if hidden(&path) || is_whiteout(&copy) {
                continue;
            }
            match kind(&copy) {
                // In another one there are other texts.
                Kind::Directory => {
                    let there = lower.look(&path).ok().flatten();
                    if !there.is_some_and(|there| known.is_replaced(&path, &there)) {
                        todo.push(path);
                    }
                }
                Kind::File => {
                    let Ok(Some(original)) = lower.look(&path) else {
                        continue;
                    };
                    if kind(&original) != Kind::File || known.has_changed(&path, &original) {
                        continue;
                    }
                    let text = text(&lower, &path).ok().flatten();
                    let text = text.filter(|text| text.len() as u64 <= left);
                    if let Some(text) = text
                        && lower.look(&path).ok().flatten().as_ref().map(seen)
                            == Some(seen(&original))
                    {
                        keep(&before, &path, &text)?;
                        left -= text.len() as u64;
                        kept += 1;
                    }
                }
                Kind::Symlink | Kind::Other => {}
            }
        }
    }
    Ok(kept)
}

/// Puts both changes together in the copies, each for itself.
pub fn combine(order: &Combine) -> Result<Vec<Combined>> {
    let hand = Hand {
        upper: Tree::open(&order.place.upper)?,
        lower: Tree::open(&order.place.source)?,
        before: Tree::open(&order.before)?,
    };
    let one = |change: &Change| {
        progress::step();
        let combined = hand.one(change);
        combined.unwrap_or_else(|error| Combined::Unknown(error.to_string()))
    };
    Ok(order.changes.iter().map(one).collect())
}

struct Hand {
    upper: Tree,
    lower: Tree,
    before: Tree,
}

impl Hand {
    fn one(&self, change: &Change) -> io::Result<Combined> {
        let path = change.path.as_path();
        if change.what != What::Changed || change.kind != Kind::File {
            return Ok(Combined::NoText);
        }
        let Some(before) = text(&self.before, path)? else {
            return Ok(Combined::NoBefore);
        };
        let (Some(theirs), Some(mine)) = (text(&self.upper, path)?, text(&self.lower, path)?)
        else {
            return Ok(Combined::NoText);
        };
        let is_shown =
            |tree: &Tree, shown| Ok::<_, io::Error>(tree.look(path)?.as_ref().map(seen) == shown);
        let is_shown =
            is_shown(&self.upper, change.copy)? && is_shown(&self.lower, change.original)?;
        if !is_shown || change.open {
            return Ok(Combined::Unknown("it was changed meanwhile".to_owned()));
        }
        let Some(both) = three::together(&before, &mine, &theirs) else {
            return Ok(Combined::Overlap);
        };
        self.replace(path, &both)?;
        // From here on the copy is one of what is there now.
        keep(&self.before, path, &mine)?;
        Ok(Combined::Done)
    }

    /// Puts a text in the place of a copy, which keeps its permissions, its attributes and what overlays note of it.
    fn replace(&self, path: &Path, text: &[u8]) -> io::Result<()> {
        let (above, name) = (path.parent().unwrap_or(Path::new("")), path.file_name());
        let name = name.ok_or(Errno::INVAL)?;
        let above = self.upper.at(above, DIRECTORY)?;
        let from = self.upper.file(path)?;
        let to = new_file(&above, Path::new(UNREADY))?;
        let put = write(&to, text).and_then(|()| {
            let mode = permissions(rustix::fs::fstat(&from)?.st_mode);
            dress(&from, &to, Mode::from_raw_mode(mode))?;
            Ok(rustix::fs::renameat(&above, UNREADY, &above, name)?)
        });
        if put.is_err() {
            let _ = rustix::fs::unlinkat(&above, UNREADY, AtFlags::empty());
        }
        put
    }
}

/// Of a regular file that is one; none of others, and of what is not there.
fn text(tree: &Tree, path: &Path) -> io::Result<Option<Vec<u8>>> {
    match tree.look(path)? {
        Some(stat) if kind(&stat) == Kind::File && seen(&stat).size <= LARGEST => {}
        _ => return Ok(None),
    }
    let mut text = Vec::new();
    tree.file(path)?.take(LARGEST + 1).read_to_end(&mut text)?;
    let is_text = text.len() as u64 <= LARGEST && !text.contains(&0);
    Ok(is_text.then_some(text))
}

/// Writes a text below a directory of ours, in place of an earlier one.
fn keep(before: &Tree, path: &Path, text: &[u8]) -> io::Result<()> {
    let (above, name) = (path.parent().unwrap_or(Path::new("")), path.file_name());
    let name = name.ok_or(Errno::INVAL)?;
    let mut here = PathBuf::new();
    for part in above {
        let in_it = match before.at(&here, DIRECTORY) {
            // A file of that name was one before.
            Err(Errno::NOTDIR) => return Ok(()),
            in_it => in_it?,
        };
        match rustix::fs::mkdirat(in_it, part, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        here.push(part);
    }
    let above = match before.at(above, DIRECTORY) {
        Err(Errno::NOTDIR) => return Ok(()),
        above => above?,
    };
    let to = new_file(&above, Path::new(UNREADY))?;
    write(&to, text)?;
    match rustix::fs::renameat(&above, UNREADY, &above, name) {
        // A directory of that name was one before.
        Err(Errno::ISDIR) => Ok(rustix::fs::unlinkat(&above, UNREADY, AtFlags::empty())?),
        renamed => Ok(renamed?),
    }
}

fn new_file(above: impl std::os::fd::AsFd, name: &Path) -> io::Result<File> {
    // Of a try that was cut off.
    let _ = rustix::fs::unlinkat(&above, name, AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(above, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

fn write(mut to: &File, text: &[u8]) -> io::Result<()> {
    to.write_all(text)?;
    to.sync_all()
}
