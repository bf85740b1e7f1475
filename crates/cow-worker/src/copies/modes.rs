//! Directories that their owner is to do nothing in: that is so once all is done in them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use oz_core::wire::copies::Kind;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::tree::{Tree, kind, permissions};

/// To list, to make and remove names, to get at what is there.
pub(super) const OPEN: u32 = 0o700;

/// What those of a tree are to have at the end.
#[derive(Default)]
pub(super) struct Modes(RefCell<BTreeMap<PathBuf, u32>>);

impl Modes {
    /// Has a directory open until the end, if there is one.
    pub(super) fn open(&self, tree: &Tree, path: &Path) -> io::Result<()> {
        let Some(there) = tree.look(path)? else {
            return Ok(());
        };
        let mode = permissions(there.st_mode);
        if kind(&there) != Kind::Directory || mode & OPEN == OPEN {
            return Ok(());
        }
        let mut at_the_end = self.0.borrow_mut();
        at_the_end.entry(path.to_owned()).or_insert(mode);
        change(tree, path, mode | OPEN)
    }

    /// Gives a directory its permissions, at the end those that it is to have.
    pub(super) fn set(&self, tree: &Tree, path: &Path, mode: u32) -> io::Result<()> {
        let mode = permissions(mode);
        let mut at_the_end = self.0.borrow_mut();
        match mode & OPEN == OPEN {
            true => at_the_end.remove(path),
            false => at_the_end.insert(path.to_owned(), mode),
        };
        change(tree, path, mode | OPEN)
    }

    /// The end: the innermost first, which nobody would get at then.
    pub(super) fn close(&self, tree: &Tree) {
        for (path, mode) in self.0.take().into_iter().rev() {
            // It may be gone again.
            let _ = change(tree, &path, mode);
        }
    }
}

/// By the name, since what is closed cannot be opened.
fn change(tree: &Tree, path: &Path, mode: u32) -> io::Result<()> {
    let name = path.file_name().ok_or(Errno::INVAL)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let above = tree.at(path.parent().unwrap_or(Path::new("")), flags)?;
    let mode = Mode::from_raw_mode(mode);
    Ok(rustix::fs::chmodat(above, name, mode, AtFlags::empty())?)
}
