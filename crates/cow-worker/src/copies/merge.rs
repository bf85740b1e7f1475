//! Taking over what a sandbox wrote, exactly as it was shown.
//!
//! Nobody has the layers mounted meanwhile: whoever asks holds their lock. Each file is made whole beside the original and
//! put in its place in one step; what was there is kept in the journal. The order lies in the journal before anything is
//! done, and each step can be done again, so that a merge that was cut off is finished by doing it once more.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use oz_core::OsBytes;
use oz_core::wire::copies::{After, Became, Change, Kind, Merge, Merged, Seen, What};
use oz_sys::lease::Lease;
use rustix::fs::{AtFlags, Mode, OFlags, XattrFlags};
use rustix::io::Errno;

use super::copy::{content as copy, times};
use super::modes::{Modes, OPEN};
use super::settled::{Put, Quiet};
use super::swap::{self, CHANGED, Names};
use super::tree::{Tree, attributes_of, is_directory, kind, permissions, same_content, seen};
use super::{changes, remove};
use crate::progress;

/// Why something is left as it is: a sentence for a person.
pub(super) type Left = String;

struct Hand<'m> {
    merge: &'m Merge,
    upper: Tree,
    lower: Tree,
    journal: Tree,
    /// An earlier try was cut off.
    again: bool,
    /// Directories of the place that were made on the way to something.
    made: RefCell<Vec<OsBytes>>,
    /// Those in which names are others now.
    renamed_in: RefCell<BTreeSet<PathBuf>>,
    put: Put,
    modes: Modes,
}

pub fn take_over(merge: &Merge) -> Result<Merged> {
    let journal = Tree::open(&merge.journal).context("no journal")?;
    let hand = Hand {
        merge,
        again: journal.look(Path::new(Merge::ORDER))?.is_some(),
        upper: Tree::open(&merge.place.upper).context("no copies")?,
        lower: Tree::open(&merge.place.source).context("no place")?,
        journal,
        made: RefCell::default(),
        renamed_in: RefCell::default(),
        put: Put::default(),
        modes: Modes::default(),
    };
    hand.write_down(Merge::ORDER, &postcard::to_stdvec(merge)?)?;
    let quiet = Quiet::look(&merge.place, &hand.lower, places(&merge.chosen));
    let mut merged = Merged::default();
    let mut done = vec![false; merge.chosen.len()];
    let all = || merge.chosen.iter().enumerate();
    let is_gone = |change: &Change| change.what == What::Deleted;
    // Room first: what is in a directory goes before it, and before something else comes in its place.
    let first = all().rev().filter(|(_, (change, _))| is_gone(change));
    let then = all().filter(|(_, (change, _))| !is_gone(change));
    // A directory from which something was moved goes once that has gone.
    let mut last = Vec::new();
    for (number, (change, target)) in first.chain(then) {
        match hand.step(number, change, target.as_path()) {
            Ok(()) => done[number] = true,
            Err(_) if is_gone(change) && change.kind == Kind::Directory => last.push(number),
            Err(why) => merged.left.push((change.path.clone(), why)),
        }
    }
    for number in last {
        let (change, target) = &merge.chosen[number];
        match hand.step(number, change, target.as_path()) {
            Ok(()) => done[number] = true,
            Err(why) => merged.left.push((change.path.clone(), why)),
        }
    }
    hand.modes.close(&hand.lower);
    hand.settle()
        .context("what was merged is not on the disk yet")?;
    merged.done = done.iter().map(|done| u64::from(*done)).sum();
    // Only now, since one that goes changes when others were changed: its directory, its other names.
    for (_, (change, _)) in all().rev().filter(|(number, _)| done[*number]) {
        hand.forget(change);
    }
    hand.write_down(Merge::BECAME, &postcard::to_stdvec(&hand.became(&done)?)?)?;
    hand.write_down(Merge::DONE, b"")?;
    merged.settled = quiet.settle(&hand.lower, hand.put);
    let rest = changes::of(&merge.place)?;
    if rest.complete && rest.all.is_empty() && rest.unreadable.is_empty() {
        // What is left is equal to the place, and would hide what the user changes there later.
        remove::contents(&hand.upper)?;
    }
    Ok(merged)
}

/// Why a copy is not taken over that was looked at.
const ANOTHER: &str = "the copy is not what was shown any more";
const WRITTEN: &str =
    "another sandbox still has the copy open for writing: end that, and look at the changes again";

/// Where changes of a merge happen: the path that each gets, and the one that it had.
pub(super) fn places(chosen: &[(Change, OsBytes)]) -> impl Iterator<Item = &Path> {
    chosen.iter().flat_map(|(change, target)| {
        let from = match &change.what {
            What::Renamed { from, .. } => Some(from.as_path()),
            _ => None,
        };
        from.into_iter().chain([target.as_path()])
    })
}

pub(super) fn failed(error: impl Into<io::Error>) -> Left {
    match error.into() {
        full if Errno::from_io_error(&full) == Some(Errno::NOSPC) => {
            "the disk is full: make room and merge again".to_owned()
        }
        error => error.to_string(),
    }
}

impl Hand<'_> {
    fn became(&self, done: &[bool]) -> io::Result<Became> {
        let after = |((change, target), done): (&(Change, OsBytes), &bool)| {
            if !*done {
                return Ok(None);
            }
            let there = match change.what {
                What::Deleted => None,
                _ => self.lower.look(target.as_path())?.as_ref().map(seen),
            };
            Ok(Some(After { there }))
        };
        let after = self.merge.chosen.iter().zip(done).map(after);
        Ok(Became {
            after: after.collect::<io::Result<_>>()?,
            made: self.made.take(),
        })
    }

    fn step(&self, number: usize, change: &Change, target: &Path) -> Result<(), Left> {
        progress::step();
        if self.again {
            self.clear(number, change, target);
        }
        if change.what == What::Deleted {
            return self.delete(number, target, change.original);
        }
        let copy = self.upper.look(change.path.as_path()).map_err(failed)?;
        if copy.is_none() {
            // An earlier try has taken it over and removed it.
            return Ok(());
        }
        // What is there already is nothing to be afraid of.
        let done = self.is_done(change, target)?;
        if !done && copy.as_ref().map(seen) != change.copy {
            return Err(ANOTHER.to_owned());
        }
        if !done && change.open {
            return Err(WRITTEN.to_owned());
        }
        let there = self.lower.look(target).map_err(failed)?;
        let same_place = target == change.path.as_path();
        let renamed = matches!(change.what, What::Renamed { .. });
        let before = change.original.filter(|_| same_place && !renamed);
        match change.kind {
            Kind::Other => return Err("it is neither a file, a directory nor a link".to_owned()),
            _ if done => {}
            Kind::Directory => self.directory(number, change, target, before)?,
            Kind::File | Kind::Symlink => {
                self.expect(number, there.as_ref().map(seen), before)?;
                let path = target.parent().unwrap_or(Path::new(""));
                let parent = self.parents(change.path.as_path(), path)?;
                self.replace(number, change, target, &parent, before)?;
            }
        }
        match &change.what {
            What::Renamed { from, .. } => self.delete(number, from.as_path(), change.original),
            _ => Ok(()),
        }
    }

    /// Whether an earlier try has come so far.
    fn is_done(&self, change: &Change, target: &Path) -> Result<bool, Left> {
        let Some(there) = self.lower.look(target).map_err(failed)? else {
            return Ok(false);
        };
        if kind(&there) != change.kind {
            return Ok(false);
        }
        let path = change.path.as_path();
        match change.kind {
            Kind::Symlink => {
                let links = (self.upper.link(path), self.lower.link(target));
                Ok(matches!(links, (Ok(one), Ok(other)) if one == other))
            }
            Kind::Other => Ok(false),
            Kind::Directory => {
                let mode = change.copy.map_or(0, |copy| copy.mode);
                let same = permissions(mode) == permissions(there.st_mode);
                let attributes = (self.upper.attributes(path), self.lower.attributes(target));
                Ok(same && matches!(attributes, (Ok(one), Ok(other)) if one == other))
            }
            Kind::File => {
                let mode = change.copy.map_or(0, |copy| copy.mode);
                let (Ok(new), Ok(old)) = (self.upper.file(path), self.lower.file(target)) else {
                    return Ok(false);
                };
                let attributes = attributes_of(&new).ok() == attributes_of(&old).ok();
                let same = permissions(mode) == permissions(there.st_mode) && attributes;
                Ok(same && same_content(&new, &old).map_err(failed)?)
            }
        }
    }

    /// Puts a copy in the place of what is there.
    fn replace(
        &self,
        number: usize,
        change: &Change,
        target: &Path,
        parent: &OwnedFd,
        before: Option<Seen>,
    ) -> Result<(), Left> {
        let name = target.file_name().ok_or("it has no name")?;
        let names = self.names(number);
        let made = self.make(change, parent, &names.unready).map_err(failed);
        let put = made.and_then(|()| {
            let ready = rustix::fs::renameat(parent, &names.unready, parent, &names.aside);
            ready.map_err(failed)?;
            self.put(number, parent, name, before, &names.aside)
        });
        names.remove(parent, &names.unready);
        names.remove(parent, &names.aside);
        put?;
        self.put.note(&self.lower, target);
        self.note(target);
        Ok(())
    }

    /// Gives what is ready its name. Making it took its time: what is there now is looked at again.
    fn put(
        &self,
        number: usize,
        parent: &OwnedFd,
        name: &OsStr,
        before: Option<Seen>,
        ready: &Path,
    ) -> Result<(), Left> {
        let put_new = || {
            swap::put_new(parent, ready, name).map_err(|error| match error {
                Errno::EXIST => CHANGED.to_owned(),
                error => failed(error),
            })
        };
        if before.is_none() {
            return put_new();
        }
        let there = match swap::look(parent, name) {
            Err(Errno::NOENT) => return Err(CHANGED.to_owned()),
            there => there.map_err(failed)?,
        };
        self.expect(number, Some(seen(&there)), before)?;
        self.keep(number, parent, name)?;
        if kind(&there) == Kind::Directory {
            return put_new();
        }
        match swap::exchange(parent, ready, name, |now| swap::is_same(now, &there)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(CHANGED.to_owned()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Takes away what is kept.
    fn take_away(
        &self,
        number: usize,
        parent: &OwnedFd,
        name: &OsStr,
        before: Option<Seen>,
    ) -> Result<(), Left> {
        let there = swap::look(parent, name).map_err(failed)?;
        if kind(&there) == Kind::Directory && before.is_some_and(|before| is_directory(before.mode))
        {
            // It has changed since what was in it is gone, and goes only if nothing is in it.
            return self.keep(number, parent, name);
        }
        self.expect(number, Some(seen(&there)), before)?;
        self.keep(number, parent, name)?;
        let names = self.names(number);
        let is_expected = |now: &_| swap::is_same(now, &there);
        match swap::take_away(parent, name, &names.aside, is_expected) {
            Ok(true) => {
                names.remove(parent, &names.aside);
                Ok(())
            }
            Ok(false) => Err(CHANGED.to_owned()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Nothing that was made or taken away by an earlier try lies about.
    fn clear(&self, number: usize, change: &Change, target: &Path) {
        let kept = self.journal.look(Path::new(&format!("old-{number}")));
        let kept = kept.ok().flatten().map(|kept| seen(&kept).identity);
        let shown = change.original.map(|original| original.identity);
        let is_kept = |there: Seen| [kept, shown].contains(&Some(there.identity));
        let from = match &change.what {
            What::Renamed { from, .. } => Some(from.as_path()),
            _ => None,
        };
        for path in from.into_iter().chain([target]) {
            let above = path.parent().unwrap_or(Path::new(""));
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            if let Ok(above) = self.lower.at(above, flags) {
                self.names(number).clear(&above, &self.journal, is_kept);
            }
        }
    }

    fn names(&self, number: usize) -> Names {
        Names::of(&self.merge.journal, "saved", number)
    }

    /// The directory of something has other names in it now.
    fn note(&self, target: &Path) {
        let above = target.parent().unwrap_or(Path::new(""));
        self.renamed_in.borrow_mut().insert(above.to_owned());
    }

    /// Puts names onto the disk: once for all in a directory, which takes half the time. What files are is there already, and
    /// no copy is removed before.
    fn settle(&self) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        for directory in self.renamed_in.take() {
            match self.lower.at(&directory, flags) {
                Ok(directory) => rustix::fs::fsync(directory)?,
                // It was deleted as well.
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn make(&self, change: &Change, parent: &OwnedFd, name: &Path) -> io::Result<()> {
        let path = change.path.as_path();
        if change.kind == Kind::Symlink {
            let to = self.upper.link(path)?;
            return Ok(rustix::fs::symlinkat(
                OsBytes::from(to).as_os_str(),
                parent,
                name,
            )?);
        }
        let from = self.upper.file(path)?;
        // From here on nobody writes to it unnoticed, and it is still what it was.
        let lease = Lease::take(&from)?.ok_or_else(|| io::Error::other(WRITTEN))?;
        if Some(seen(&rustix::fs::fstat(&from)?)) != change.copy {
            return Err(io::Error::other(ANOTHER));
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let to: File = rustix::fs::openat(parent, name, flags, Mode::RUSR | Mode::WUSR)?.into();
        copy(&from, &to)?;
        if !lease.holds() {
            return Err(io::Error::other(WRITTEN));
        }
        dress(&to, &from, change.copy)?;
        rustix::fs::futimens(&to, &times(&rustix::fs::fstat(&from)?))?;
        to.sync_all()
    }

    /// Keeps what is at a name in the journal, by another name of the same file where that can be. A directory is not there any more
    /// then.
    fn keep(&self, number: usize, parent: &OwnedFd, name: &OsStr) -> Result<(), Left> {
        let old = format!("old-{number}");
        let stat = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
        if kind(&stat) == Kind::Directory {
            self.keep_attributes(parent, name, &old).map_err(failed)?;
            return match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
                Err(Errno::NOTEMPTY) => Err("there is more in the directory now".to_owned()),
                removed => removed.map_err(failed),
            };
        }
        let kept = match rustix::fs::linkat(parent, name, &self.journal, &old, AtFlags::empty()) {
            // By an earlier try.
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(Errno::XDEV | Errno::PERM | Errno::MLINK) => {
                self.keep_copy(parent, name, &old, &stat)
            }
            Err(error) => Err(error.into()),
        };
        kept.map_err(failed)
    }

    /// Of a directory nothing else: what is in it is its own change.
    fn keep_attributes(&self, parent: &OwnedFd, name: &OsStr, old: &str) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let from = rustix::fs::openat(parent, name, flags, Mode::empty())?;
        match rustix::fs::mkdirat(&self.journal, old, Mode::RWXU) {
            // By an earlier try.
            Err(Errno::EXIST) => return Ok(()),
            made => made?,
        }
        let to = self.journal.at(Path::new(old), flags)?;
        let stat = rustix::fs::fstat(&from)?;
        let readable = Seen {
            mode: stat.st_mode | 0o700,
            ..seen(&stat)
        };
        dress(&to, &from, Some(readable))
    }

    fn keep_copy(
        &self,
        parent: &OwnedFd,
        name: &OsStr,
        old: &str,
        stat: &rustix::fs::Stat,
    ) -> io::Result<()> {
        match kind(stat) {
            Kind::Symlink => {
                let to = rustix::fs::readlinkat(parent, name, Vec::new())?;
                Ok(rustix::fs::symlinkat(to, &self.journal, old)?)
            }
            Kind::File => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                let from: File = rustix::fs::openat(parent, name, flags, Mode::empty())?.into();
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
                let mode = Mode::RUSR | Mode::WUSR;
                let to: File = self.journal.make(Path::new(old), flags, mode)?.into();
                copy(&from, &to)?;
                dress(&to, &from, Some(seen(stat)))?;
                rustix::fs::futimens(&to, &times(stat))?;
                to.sync_all()
            }
            Kind::Directory | Kind::Other => Err(Errno::INVAL.into()),
        }
    }

    fn delete(&self, number: usize, target: &Path, before: Option<Seen>) -> Result<(), Left> {
        if self.lower.look(target).map_err(failed)?.is_none() {
            return Ok(());
        }
        let name = target.file_name().ok_or("it has no name")?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let parent = target.parent().unwrap_or(Path::new(""));
        let parent = self.lower.at(parent, flags).map_err(failed)?;
        self.take_away(number, &parent, name, before)?;
        self.note(target);
        Ok(())
    }

    fn directory(
        &self,
        number: usize,
        change: &Change,
        target: &Path,
        before: Option<Seen>,
    ) -> Result<(), Left> {
        let path = target.parent().unwrap_or(Path::new(""));
        let parent = self.parents(change.path.as_path(), path)?;
        let name = target.file_name().ok_or("it has no name")?;
        if let Some(there) = self.lower.look(target).map_err(failed)?
            && kind(&there) != Kind::Directory
        {
            self.take_away(number, &parent, name, before)?;
        }
        self.note(target);
        match rustix::fs::mkdirat(&parent, name, Mode::RWXU) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                let old = format!("old-{number}");
                self.keep_attributes(&parent, name, &old).map_err(failed)?;
            }
            Err(error) => return Err(failed(error)),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let to = self.lower.at(target, flags).map_err(failed)?;
        let from = self
            .upper
            .at(change.path.as_path(), flags)
            .map_err(failed)?;
        // What comes into it comes later.
        let mode = change.copy.map_or(OPEN, |copy| copy.mode);
        let open = change.copy.map(|copy| Seen {
            mode: copy.mode | OPEN,
            ..copy
        });
        dress(&to, &from, open).map_err(failed)?;
        let set = self.modes.set(&self.lower, target, mode);
        set.map_err(failed)
    }

    /// The directory that something goes to, made like that of the copy if it is not there.
    fn parents(&self, of: &Path, path: &Path) -> Result<OwnedFd, Left> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut here = PathBuf::new();
        for part in path {
            here.push(part);
            if self.lower.look(&here).map_err(failed)?.is_some() {
                continue;
            }
            let above = here.parent().unwrap_or(Path::new(""));
            let above = self.lower.at(above, flags).map_err(failed)?;
            let copy = self.upper.look(&here).map_err(failed)?;
            let mode = copy
                .filter(|_| of.starts_with(&here))
                .map_or(0o700, |copy| copy.st_mode);
            let mode = Mode::from_raw_mode(permissions(mode) | 0o700);
            rustix::fs::mkdirat(above, part, mode).map_err(failed)?;
            self.note(&here);
            self.made.borrow_mut().push(here.as_path().into());
        }
        self.lower.at(path, flags).map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => "a link or a file is where its directory was".to_owned(),
            error => failed(error),
        })
    }

    /// What is taken over is no copy any more; what cannot be removed there is equal to the original.
    fn forget(&self, change: &Change) {
        let path = change.path.as_path();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let remove = |path: &Path, flag| {
            let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
                return false;
            };
            let above = self.upper.at(above, flags);
            above.is_ok_and(|above| rustix::fs::unlinkat(above, name, flag).is_ok())
        };
        if change.kind == Kind::Directory && change.what != What::Deleted {
            return;
        }
        // There a copy that is gone would say that the original was deleted.
        let opaque = |above: &Path| self.upper.is_opaque(above).unwrap_or(true);
        if path.ancestors().skip(1).any(opaque) {
            return;
        }
        remove(path, AtFlags::empty());
        if let What::Renamed { from, .. } = &change.what {
            remove(from.as_path(), AtFlags::empty());
        }
        for above in path.ancestors().skip(1) {
            let (Ok(Some(copy)), Ok(Some(original))) =
                (self.upper.look(above), self.lower.look(above))
            else {
                return;
            };
            let same = permissions(copy.st_mode) == permissions(original.st_mode);
            let opaque = self.upper.is_opaque(above).unwrap_or(true);
            if !same || opaque || above.as_os_str().is_empty() || !remove(above, AtFlags::REMOVEDIR)
            {
                return;
            }
        }
    }

    /// What is there must be what was shown, unless an earlier try has kept it: that gave it another name, which changes
    /// when it was changed.
    fn expect(&self, number: usize, there: Option<Seen>, shown: Option<Seen>) -> Result<(), Left> {
        let same_directory = |(there, shown): (Seen, Seen)| {
            there.identity == shown.identity && is_directory(there.mode) && is_directory(shown.mode)
        };
        // One has changed since what was in it is gone, and only an empty one goes.
        if there == shown || there.zip(shown).is_some_and(same_directory) {
            return Ok(());
        }
        let kept = self.journal.look(Path::new(&format!("old-{number}")));
        let kept = kept.map_err(failed)?.as_ref().map(seen);
        let same =
            |one: &Seen, other: &Seen| one.identity == other.identity && one.size == other.size;
        match (there, kept, shown) {
            (Some(there), Some(kept), Some(shown))
                if same(&there, &kept) && same(&there, &shown) =>
            {
                Ok(())
            }
            _ => Err(CHANGED.to_owned()),
        }
    }

    fn write_down(&self, name: &str, what: &[u8]) -> io::Result<()> {
        write_down(&self.journal, name, what)
    }
}

/// Puts a file into a journal, and onto the disk.
pub(super) fn write_down(journal: &Tree, name: &str, what: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
    let file = journal.make(Path::new(name), flags, Mode::RUSR | Mode::WUSR)?;
    let mut file = File::from(file);
    file.write_all(what)?;
    file.sync_all()?;
    Ok(rustix::fs::fsync(journal)?)
}

/// Permissions and attributes of the user's; nothing that gives a program another's rights.
pub(super) fn dress(
    to: &impl std::os::fd::AsFd,
    from: &impl std::os::fd::AsFd,
    copy: Option<Seen>,
) -> io::Result<()> {
    for (name, value) in attributes_of(from)? {
        let name = OsBytes::from(name);
        match rustix::fs::fsetxattr(to, name.as_os_str(), &value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mode = permissions(copy.map_or(0o600, |copy| copy.mode));
    Ok(rustix::fs::fchmod(to, Mode::from_raw_mode(mode))?)
}
