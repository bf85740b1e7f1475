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
use super::modes::{Modes, OPEN};
use super::settled::{Put, Quiet};
use super::swap::{self, Names};
use super::tree::{Tree, is_directory, is_whiteout, kind, permissions, same_content, seen};
use crate::progress;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);
/// Longest list of a journal, in bytes.
const MOST: u64 = oz_core::wire::copies::MOST;

/// Why something is left as it is.
const SINCE: &str = "it was changed since: it stays as it is";
const ELSE: &str = "there is something else now: it stays as it is";

struct Hand<'u> {
    undo: &'u Undo,
    upper: Tree,
    lower: Tree,
    journal: Tree,
    /// An earlier try was cut off.
    again: bool,
    put: Put,
    /// Of the place, and of the copy.
    modes: Modes,
    modes_of_copy: Modes,
}

/// Where something goes in the place.
#[derive(Clone, Copy)]
struct Spot<'s> {
    path: &'s Path,
    above: &'s OwnedFd,
    name: &'s OsStr,
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
    let journal = Tree::open(&undo.journal).context("no journal")?;
    let hand = Hand {
        undo,
        again: journal.look(Path::new(Merge::UNDO))?.is_some(),
        upper: Tree::open(&undo.place.upper).context("no copies")?,
        lower: Tree::open(&undo.place.source).context("no place")?,
        journal,
        put: Put::default(),
        modes: Modes::default(),
        modes_of_copy: Modes::default(),
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
    // What the merge has closed is open until this is over, the outermost first.
    for step in &steps {
        hand.open(step);
    }
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
    hand.modes.close(&hand.lower);
    hand.modes_of_copy.close(&hand.upper);
    write_down(&hand.journal, Merge::UNDONE, b"")?;
    undone.settled = quiet.settle(&hand.lower, hand.put);
    undone.left = failed.into_iter().collect();
    Ok(undone)
}

impl Hand<'_> {
    fn written<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T> {
        let mut bytes = Vec::new();
        let file = self
            .journal
            .file(Path::new(name))
            .context("no such merge")?;
        io::Read::read_to_end(&mut io::Read::take(file, MOST), &mut bytes)?;
        postcard::from_bytes(&bytes).context("the journal is broken")
    }

    fn open(&self, step: &Step<'_>) {
        let target = step.target.as_path();
        let there = self.lower.look(target).ok().flatten();
        let is_put = there.zip(step.put);
        if is_put.is_some_and(|(there, put)| is_same(&there, &put)) {
            // What stays closed says so itself.
            let _ = self.modes.open(&self.lower, target);
        }
    }

    /// Takes what the merge put somewhere back into the copy, and brings back what was there.
    fn take(&self, step: &Step<'_>) -> Result<(), Left> {
        progress::step();
        let (number, change, put) = (step.number, step.change, step.put);
        let target = step.target.as_path();
        self.clear(number, target);
        let path = change.path.as_path();
        let there = self.lower.look(target).map_err(failed)?;
        let original = change.original.filter(|_| path == target);
        let renamed = matches!(change.what, What::Renamed { .. });
        let before = original.filter(|_| !renamed);
        let is_put = there.as_ref().zip(put.as_ref());
        let is_put = is_put.is_some_and(|(there, put)| is_same(there, put));
        let kept = self.journal.look(&self.names(number).kept);
        // An earlier try has come so far.
        let is_away = there.is_none() && before.is_some() && kept.map_err(failed)?.is_some();
        if !is_put && !is_away {
            // Maybe an earlier try has come so far.
            let done = self
                .is_restored(number, target, there.as_ref(), before)
                .map_err(failed)?;
            let copy = self.upper.look(path).map_err(failed)?;
            if !done || copy.is_none() {
                return Err(SINCE.to_owned());
            }
            return match before.filter(|_| change.kind == Kind::Directory) {
                Some(before) if is_directory(before.mode) => {
                    let set = self.modes.set(&self.lower, target, before.mode);
                    set.map_err(failed)
                }
                _ => Ok(()),
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
        if is_put {
            self.put_in_copy(number, change, target)?;
        }
        let spot = Spot {
            path: target,
            above: &above,
            name,
        };
        self.restore(number, change, before, spot, there.as_ref())?;
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
        self.clear(number, target);
        let (above, name) = self.in_place(target).map_err(failed)?;
        match self.lower.look(target).map_err(failed)? {
            None => {
                let spot = Spot {
                    path: target,
                    above: &above,
                    name,
                };
                self.restore(number, change, change.original, spot, None)?;
                self.note(change, target);
            }
            there
                if self
                    .is_restored(number, target, there.as_ref(), change.original)
                    .map_err(failed)? => {}
            Some(_) => return Err(ELSE.to_owned()),
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

    /// Puts what the journal has at a name, or nothing if there was nothing, instead of what is there. Time has gone by since that was
    /// looked at: what somebody has saved there meanwhile stays.
    fn restore(
        &self,
        number: usize,
        change: &Change,
        before: Option<Seen>,
        spot: Spot<'_>,
        there: Option<&Stat>,
    ) -> Result<(), Left> {
        let Spot { path, above, name } = spot;
        let old = PathBuf::from(format!("old-{number}"));
        let there = there.filter(|there| kind(there) != Kind::Directory);
        let Some(before) = before else {
            return self.take_away(number, above, name, there);
        };
        if is_directory(before.mode) {
            if change.kind != Kind::Directory || change.what == What::Deleted {
                self.take_away(number, above, name, there)?;
                let made = rustix::fs::mkdirat(above, name, Mode::RWXU);
                made.map_err(|error| taken(error, ELSE))?;
            }
            let flags = DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let to = rustix::fs::openat(above, name, flags, Mode::empty()).map_err(failed)?;
            let open = Seen {
                mode: before.mode | OPEN,
                ..before
            };
            if let Ok(from) = self.journal.at(&old, flags) {
                dress(&to, &from, Some(open)).map_err(failed)?;
            }
            let set = self.modes.set(&self.lower, path, before.mode);
            return set.map_err(failed);
        }
        if change.kind == Kind::Directory && change.what != What::Deleted {
            match rustix::fs::unlinkat(above, name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTEMPTY) => return Err("there is more in the directory now".to_owned()),
                // By an earlier try.
                Err(Errno::NOENT) => {}
                removed => removed.map_err(failed)?,
            }
        }
        self.put(number, &old, spot, there)
    }

    /// Moves what is there into the journal.
    fn take_away(
        &self,
        number: usize,
        above: &OwnedFd,
        name: &OsStr,
        there: Option<&Stat>,
    ) -> Result<(), Left> {
        let Some(there) = there else {
            return Ok(());
        };
        let names = self.names(number);
        let is_expected = |now: &Stat| swap::is_same(now, there);
        match swap::take_away(above, name, &names.aside, is_expected) {
            Ok(true) => {
                names.keep(above, &self.journal);
                Ok(())
            }
            Ok(false) => Err(SINCE.to_owned()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Puts a file or link of the journal at a name, in one step: the same one, where it can have two names. What it replaces is in
    /// the journal then.
    fn put(
        &self,
        number: usize,
        old: &Path,
        Spot { above, name, .. }: Spot<'_>,
        there: Option<&Stat>,
    ) -> Result<(), Left> {
        let names = self.names(number);
        let put = self.make(old, above, &names).and_then(|()| {
            let Some(there) = there else {
                let put = swap::put_new(above, &names.aside, name);
                return put.map_err(|error| taken(error, ELSE));
            };
            let is_expected = |now: &Stat| swap::is_same(now, there);
            match swap::exchange(above, &names.aside, name, is_expected) {
                Ok(true) => {
                    names.keep(above, &self.journal);
                    Ok(())
                }
                Ok(false) => Err(SINCE.to_owned()),
                Err(error) => Err(failed(error)),
            }
        });
        names.remove(above, &names.unready);
        names.remove(above, &names.aside);
        put
    }

    fn make(&self, old: &Path, above: &OwnedFd, names: &Names) -> Result<(), Left> {
        let unready = &names.unready;
        match rustix::fs::linkat(&self.journal, old, above, unready, AtFlags::empty()) {
            Err(Errno::XDEV | Errno::PERM | Errno::MLINK) => {
                let copied = self.copy(&self.journal, old, above, unready.as_os_str());
                copied.map_err(failed)?;
            }
            linked => linked.map_err(failed)?,
        }
        rustix::fs::renameat(above, unready, above, &names.aside).map_err(failed)
    }

    /// Nothing that was made or taken away by an earlier try lies about.
    fn clear(&self, number: usize, target: &Path) {
        let old = self.journal.look(Path::new(&format!("old-{number}")));
        let old = old.ok().flatten().map(|old| seen(&old).identity);
        if self.again
            && let Ok((above, _)) = self.in_place(target)
        {
            let is_elsewhere = |there: Seen| old == Some(there.identity);
            self.names(number)
                .clear(&above, &self.journal, is_elsewhere);
        }
    }

    fn names(&self, number: usize) -> Names {
        Names::of(&self.undo.journal, "undone", number)
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
            let mode = permissions(before.mode);
            return Ok([mode, mode | OPEN].contains(&permissions(there.st_mode)));
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
        let mode = copy.map_or(OPEN, |copy| copy.mode);
        let set = self.modes_of_copy.set(&self.upper, path, mode);
        set.map_err(failed)
    }

    fn delete_in_copy(&self, path: &Path) -> Result<(), Left> {
        for above in path.ancestors().skip(1) {
            match self.upper.look(above).map_err(failed)? {
                // With the directory: that is deleted, or something else is in its place.
                Some(there) if kind(&there) != Kind::Directory => return Ok(()),
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
                Some(there) if kind(&there) == Kind::Directory => {
                    let open = self.modes_of_copy.open(&self.upper, &here);
                    open.map_err(failed)?;
                    continue;
                }
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

/// Why something cannot get its name.
fn taken(error: Errno, why: &str) -> Left {
    match error {
        Errno::EXIST => why.to_owned(),
        error => failed(error),
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
        // An earlier try may have opened it.
        return now.identity == put.identity && [put.mode, put.mode | OPEN].contains(&now.mode);
    }
    (now.identity, now.size, now.mode) == (put.identity, put.size, put.mode)
        && written <= put.changed
}
