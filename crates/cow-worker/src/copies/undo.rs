//! Taking a merge back, as far as nothing was changed since.
//!
//! What the merge replaced or deleted is in its journal; it goes back to its place, and what the merge put there goes back into
//! the copy, so that nothing is lost and the same changes can be merged again. Each step can be done again: an undo that
//! was cut off is finished by doing it once more.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use oz_core::OsBytes;
use oz_core::wire::copies::{Became, Change, Kind, Merge, Merged, Seen, Undo, What};
use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::copy::{content, mark_deleted, times};
use super::merge::{Left, dress, failed, places, write_down};
use super::settled::{Put, Quiet};
use super::tree::{Tree, is_whiteout, kind, permissions, same_content, seen};
use crate::progress;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);
/// Longest list of a journal, in bytes.
const MOST: u64 = oz_core::wire::copies::MOST;

struct Hand {
    upper: Tree,
    lower: Tree,
    journal: Tree,
    put: Put,
}

/// A change that the merge has made.
struct Step<'m> {
    number: usize,
    change: &'m Change,
    /// The path that it got.
    target: &'m OsBytes,
    /// What was there then.
    put: Option<Seen>,
}

impl Step<'_> {
    fn deletes(&self) -> bool {
        self.change.what == What::Deleted
    }
}

pub fn take_back(undo: &Undo) -> Result<Merged> {
    let hand = Hand {
        upper: Tree::open(&undo.place.upper).context("no copies")?,
        lower: Tree::open(&undo.place.source).context("no place")?,
        journal: Tree::open(&undo.journal).context("no journal")?,
        put: Put::default(),
    };
    let merge: Merge = hand.written(Merge::ORDER)?;
    let became: Became = hand.written(Merge::BECAME)?;
    write_down(&hand.journal, Merge::UNDO, b"")?;
    let quiet = Quiet::look(&undo.place, &hand.lower, places(&merge.chosen));
    let all = merge.chosen.iter().zip(&became.after).enumerate();
    let steps = all.filter_map(|(number, ((change, target), after))| {
        Some(Step {
            number,
            change,
            target,
            put: after.as_ref()?.there,
        })
    });
    let steps: Vec<Step<'_>> = steps.collect();
    let mut failed = BTreeMap::new();
    let mut note = |step: &Step<'_>, done: Result<(), Left>| {
        if let Err(why) = done {
            failed.entry(step.target.clone()).or_insert(why);
        }
    };
    // The other way round: what was put there goes before what was there before comes.
    for step in steps.iter().rev().filter(|step| !step.deletes()) {
        note(step, hand.take(step));
    }
    for step in steps.iter().filter(|step| step.deletes()) {
        note(
            step,
            hand.bring_back(step.number, step.change, step.target.as_path()),
        );
    }
    // Once the directories are there again.
    for step in steps.iter().filter(|step| !step.deletes()) {
        note(step, hand.take_name_back(step.number, step.change));
    }
    let taken_back = |step: &&Step<'_>| !failed.contains_key(step.target);
    let mut undone = Merged {
        done: steps.iter().filter(taken_back).count() as u64,
        ..Merged::default()
    };
    for made in became.made.iter().rev() {
        // One with something in it is somebody's.
        if let Ok((above, name)) = hand.in_place(made.as_path()) {
            let _ = rustix::fs::unlinkat(above, name, AtFlags::REMOVEDIR);
        }
    }
    write_down(&hand.journal, Merge::UNDONE, b"")?;
    undone.settled = quiet.settle(&hand.lower, hand.put);
    undone.left = failed.into_iter().collect();
    Ok(undone)
}

impl Hand {
    fn written<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T> {
        let mut bytes = Vec::new();
        let file = self
            .journal
            .file(Path::new(name))
            .context("no such merge")?;
        io::Read::read_to_end(&mut io::Read::take(file, MOST), &mut bytes)?;
        postcard::from_bytes(&bytes).context("the journal is broken")
    }

    /// Takes what the merge put somewhere back into the copy, and brings back what was there.
    fn take(&self, step: &Step<'_>) -> Result<(), Left> {
        progress::step();
        let (number, change, put) = (step.number, step.change, step.put);
        let target = step.target.as_path();
        let path = change.path.as_path();
        let there = self.lower.look(target).map_err(failed)?;
        let original = change.original.filter(|_| path == target);
        let renamed = matches!(change.what, What::Renamed { .. });
        let before = original.filter(|_| !renamed);
        let is_put = there.as_ref().zip(put.as_ref());
        if !is_put.is_some_and(|(there, put)| is_same(there, put)) {
            // Maybe an earlier try has come so far.
            let done = self
                .is_restored(number, target, there.as_ref(), before)
                .map_err(failed)?;
            let copy = self.upper.look(path).map_err(failed)?;
            return match done && copy.is_some() {
                true => Ok(()),
                false => Err("it was changed since: it stays as it is".to_owned()),
            };
        }
        let (above, name) = self.in_place(target).map_err(failed)?;
        if change.kind == Kind::Directory && before.is_none() {
            self.directory_back(path, change.copy)?;
            return match rustix::fs::unlinkat(&above, name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTEMPTY) => Err("there is more in the directory now".to_owned()),
                removed => removed.map_err(failed),
            };
        }
        self.put_in_copy(number, change, target)?;
        self.restore(number, change, before, &above, name)?;
        self.note(change, target);
        rustix::fs::fsync(&above).map_err(failed)
    }

    /// What was renamed has its old name again.
    fn take_name_back(&self, number: usize, change: &Change) -> Result<(), Left> {
        match &change.what {
            What::Renamed { from, .. } => {
                let gone = Change {
                    path: from.clone(),
                    kind: Kind::File,
                    ..change.clone()
                };
                self.bring_back(number, &gone, from.as_path())
            }
            _ => Ok(()),
        }
    }

    /// Brings back what the merge deleted; in the copy it is deleted again.
    fn bring_back(&self, number: usize, change: &Change, target: &Path) -> Result<(), Left> {
        let (above, name) = self.in_place(target).map_err(failed)?;
        match self.lower.look(target).map_err(failed)? {
            None => {
                self.restore(number, change, change.original, &above, name)?;
                self.note(change, target);
            }
            there
                if self
                    .is_restored(number, target, there.as_ref(), change.original)
                    .map_err(failed)? => {}
            Some(_) => return Err("there is something else now: it stays as it is".to_owned()),
        }
        rustix::fs::fsync(&above).map_err(failed)?;
        self.delete_in_copy(change.path.as_path())
    }

    /// What has come back is as the sandbox first saw it, unless somebody had changed it before the merge.
    fn note(&self, change: &Change, target: &Path) {
        if change.conflict.is_none() {
            self.put.note(&self.lower, target);
        }
    }

    /// Puts what the journal has at a name, or nothing if there was nothing.
    fn restore(
        &self,
        number: usize,
        change: &Change,
        before: Option<Seen>,
        above: &OwnedFd,
        name: &OsStr,
    ) -> Result<(), Left> {
        let old = PathBuf::from(format!("old-{number}"));
        let Some(before) = before else {
            return rustix::fs::unlinkat(above, name, AtFlags::empty()).map_err(failed);
        };
        let is_directory =
            |mode| rustix::fs::FileType::from_raw_mode(mode) == rustix::fs::FileType::Directory;
        if is_directory(before.mode) {
            if change.kind != Kind::Directory || change.what == What::Deleted {
                let _ = rustix::fs::unlinkat(above, name, AtFlags::empty());
                rustix::fs::mkdirat(above, name, Mode::RWXU).map_err(failed)?;
            }
            let flags = DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let to = rustix::fs::openat(above, name, flags, Mode::empty()).map_err(failed)?;
            return match self.journal.at(&old, flags) {
                Ok(from) => dress(&to, &from, Some(before)).map_err(failed),
                Err(_) => {
                    let mode = Mode::from_raw_mode(permissions(before.mode));
                    rustix::fs::fchmod(&to, mode).map_err(failed)
                }
            };
        }
        if change.kind == Kind::Directory && change.what != What::Deleted {
            match rustix::fs::unlinkat(above, name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTEMPTY) => return Err("there is more in the directory now".to_owned()),
                removed => removed.map_err(failed)?,
            }
        }
        self.put(&old, above, name).map_err(failed)
    }

    /// Puts a file or link of the journal at a name, in one step: the same one, where it can have two names.
    fn put(&self, old: &Path, above: &OwnedFd, name: &OsStr) -> io::Result<()> {
        let temporary = format!(".oz-undo-{}", old.display());
        // Of an earlier try.
        let _ = rustix::fs::unlinkat(above, &temporary, AtFlags::empty());
        match rustix::fs::linkat(&self.journal, old, above, &temporary, AtFlags::empty()) {
            Err(Errno::XDEV | Errno::PERM | Errno::MLINK) => {
                self.copy(&self.journal, old, above, temporary.as_ref())?;
            }
            linked => linked?,
        }
        let put = rustix::fs::renameat(above, &temporary, above, name);
        // Two names of one file are left as they are by a rename.
        let _ = rustix::fs::unlinkat(above, &temporary, AtFlags::empty());
        Ok(put?)
    }

    fn copy(&self, tree: &Tree, path: &Path, above: &OwnedFd, name: &OsStr) -> io::Result<()> {
        let stat = tree.look(path)?.ok_or(Errno::NOENT)?;
        if kind(&stat) == Kind::Symlink {
            let to = OsBytes::from(tree.link(path)?);
            return Ok(rustix::fs::symlinkat(to.as_os_str(), above, name)?);
        }
        let from = tree.file(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let to = File::from(rustix::fs::openat(
            above,
            name,
            flags,
            Mode::RUSR | Mode::WUSR,
        )?);
        content(&from, &to)?;
        dress(&to, &from, Some(seen(&stat)))?;
        rustix::fs::futimens(&to, &times(&stat))?;
        to.sync_all()
    }

    /// Whether what was there before the merge is there: itself or, where it could not be kept itself, a copy of it.
    fn is_restored(
        &self,
        number: usize,
        target: &Path,
        there: Option<&Stat>,
        before: Option<Seen>,
    ) -> io::Result<bool> {
        let (Some(there), Some(before)) = (there, before) else {
            return Ok(there.is_none() && before.is_none());
        };
        if kind(there) == Kind::Directory {
            return Ok(permissions(there.st_mode) == permissions(before.mode));
        }
        let old = PathBuf::from(format!("old-{number}"));
        let identity = seen(there).identity;
        let Some(kept) = self.journal.look(&old)? else {
            return Ok(before.identity == identity);
        };
        if identity == seen(&kept).identity || identity == before.identity {
            return Ok(true);
        }
        let written = |stat: &Stat| (stat.st_mtime, stat.st_mtime_nsec);
        let is_alike = kept.st_mode == there.st_mode && kept.st_size == there.st_size;
        Ok(is_alike
            && match kind(there) {
                Kind::File if written(&kept) == written(there) => {
                    same_content(&self.journal.file(&old)?, &self.lower.file(target)?)?
                }
                Kind::Symlink => self.journal.link(&old)? == self.lower.link(target)?,
                _ => false,
            })
    }

    /// What is at a place is in the copy.
    fn put_in_copy(&self, number: usize, change: &Change, target: &Path) -> Result<(), Left> {
        let path = change.path.as_path();
        if change.kind == Kind::Directory {
            return self.directory_back(path, change.copy);
        }
        if let Some(copy) = self
            .upper
            .look(path)
            .map_err(failed)?
            .filter(|copy| !is_whiteout(copy))
        {
            return match self.is_equal(&copy, path, target).map_err(failed)? {
                true => Ok(()),
                false => Err("the sandbox has written there again".to_owned()),
            };
        }
        let (above, name) = self.in_copy(path)?;
        let new = format!("new-{number}");
        let _ = rustix::fs::unlinkat(&self.journal, &new, AtFlags::empty());
        let journal = self.journal.at(Path::new(""), DIRECTORY).map_err(failed)?;
        self.copy(&self.lower, target, &journal, new.as_ref())
            .map_err(failed)?;
        rustix::fs::renameat(&journal, &new, &above, name).map_err(failed)
    }

    fn is_equal(&self, copy: &Stat, path: &Path, target: &Path) -> io::Result<bool> {
        match kind(copy) {
            Kind::File => same_content(&self.upper.file(path)?, &self.lower.file(target)?),
            Kind::Symlink => Ok(self.upper.link(path)? == self.lower.link(target)?),
            _ => Ok(false),
        }
    }

    fn directory_back(&self, path: &Path, copy: Option<Seen>) -> Result<(), Left> {
        let (above, name) = self.in_copy(path)?;
        match rustix::fs::mkdirat(&above, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(failed(error)),
        }
        let directory = self.upper.at(path, DIRECTORY).map_err(failed)?;
        let mode = Mode::from_raw_mode(permissions(copy.map_or(0o700, |copy| copy.mode)));
        rustix::fs::fchmod(directory, mode).map_err(failed)
    }

    fn delete_in_copy(&self, path: &Path) -> Result<(), Left> {
        for above in path.ancestors().skip(1) {
            match self.upper.look(above).map_err(failed)? {
                // With the directory.
                Some(there) if is_whiteout(&there) => return Ok(()),
                Some(_) if self.upper.is_opaque(above).map_err(failed)? => return Ok(()),
                _ => {}
            }
        }
        if self.upper.look(path).map_err(failed)?.is_some() {
            return Ok(());
        }
        let (above, name) = self.in_copy(path)?;
        mark_deleted(&above, name).map_err(failed)
    }

    /// The directory of a name in the place, and the name.
    fn in_place<'p>(&self, path: &'p Path) -> io::Result<(OwnedFd, &'p OsStr)> {
        let name = path.file_name().ok_or(Errno::INVAL)?;
        let above = path.parent().unwrap_or(Path::new(""));
        Ok((self.lower.at(above, DIRECTORY)?, name))
    }

    /// The same in the copy, with what is missing of the way made like that of the place.
    fn in_copy<'p>(&self, path: &'p Path) -> Result<(OwnedFd, &'p OsStr), Left> {
        let name = path.file_name().ok_or("it has no name")?;
        let above = path.parent().unwrap_or(Path::new(""));
        let mut here = PathBuf::new();
        for part in above {
            let parent = self.upper.at(&here, DIRECTORY).map_err(failed)?;
            here.push(part);
            match self.upper.look(&here).map_err(failed)? {
                Some(there) if kind(&there) == Kind::Directory => continue,
                Some(_) => {
                    return Err("the sandbox has something else where its directory was".to_owned());
                }
                None => {}
            }
            let like = self.lower.look(&here).map_err(failed)?;
            let mode = like.map_or(0o700, |like| permissions(like.st_mode) | 0o700);
            rustix::fs::mkdirat(&parent, part, Mode::from_raw_mode(mode)).map_err(failed)?;
        }
        Ok((self.upper.at(above, DIRECTORY).map_err(failed)?, name))
    }
}

/// Whether it is what the merge has put there. A later merge may have given it another name meanwhile, which changes only
/// when it was changed.
fn is_same(there: &Stat, put: &Seen) -> bool {
    let now = seen(there);
    let written = (
        there.st_mtime,
        i64::try_from(there.st_mtime_nsec).unwrap_or(0),
    );
    if kind(there) == Kind::Directory {
        return now.identity == put.identity && now.mode == put.mode;
    }
    (now.identity, now.size, now.mode) == (put.identity, put.size, put.mode)
        && written <= put.changed
}
