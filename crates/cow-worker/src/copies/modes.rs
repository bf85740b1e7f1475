//! Directories that their owner is to do nothing in: that is so once all is done in them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use oz_core::wire::copies::Kind;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

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

/// What is closed can be named, and not opened; and somebody may have put a link in its place, which is not followed.
fn change(tree: &Tree, path: &Path, mode: u32) -> io::Result<()> {
    let directory = tree.at(path, OFlags::PATH | OFlags::DIRECTORY)?;
    let itself = format!("/proc/self/fd/{}", directory.as_raw_fd());
    let mode = Mode::from_raw_mode(mode);
    Ok(rustix::fs::chmodat(CWD, itself, mode, AtFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_link_in_the_place_of_a_directory_opens_and_closes_nothing_elsewhere() {
        let base = tempfile::tempdir().expect("a directory");
        let (place, keys) = (base.path().join("place"), base.path().join("keys"));
        for directory in [&place, &keys, &place.join("own")] {
            fs::create_dir(directory).expect("made");
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).expect("set");
        }
        symlink("../keys", place.join("link")).expect("made");
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let tree = Tree::open(&place).expect("opened");
        let modes = Modes::default();
        modes.set(&tree, Path::new("own"), 0o555).expect("set");
        modes.set(&tree, Path::new("link"), 0o777).unwrap_err();
        modes.open(&tree, Path::new("link")).expect("nothing to do");
        modes.close(&tree);
        assert_eq!(mode(&place.join("own")), 0o555);
        assert_eq!(mode(&keys), 0o700);
    }
}
