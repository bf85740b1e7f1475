//! What is different between a place and what a sandbox sees of it.
//!
//! The upper layer is not believed: what it says is compared with the place as it is now, so that a copy that is
//! equal to its original is no change.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use oz_core::wire::copies::{
    Change, Changes, Conflict, Count, Kind, Look, MOST_CHANGES, Place, Target, What,
};
use oz_sys::lease::Lease;
use rustix::fs::Stat;

use super::budget::Budget;
use super::renamed;
use super::settled::Known;
use super::tree::{Tree, is_whiteout, kind, permissions, same_content, seen};
use crate::progress;

pub(super) struct Walk<'p> {
    place: &'p Place,
    known: Known<'p>,
    pub(super) upper: Tree,
    pub(super) lower: Tree,
    pub(super) found: Changes,
    /// Those that were copied from a place where nothing is any more.
    pub(super) orphans: Vec<usize>,
    /// Files of the copy, by device and inode, that have an original at one of their names.
    pub(super) with_original: HashSet<(u64, u64)>,
    /// For what is renamed.
    pub(super) budget: Budget,
}

/// A directory that is still to be looked at.
struct Todo {
    path: PathBuf,
    /// Nothing of what is below it is seen.
    opaque: bool,
    /// It, or one that it is in, may have come in the place of the one that the sandbox saw.
    replaced: bool,
}

pub fn of(place: &Place) -> Result<Changes> {
    within(place, &mut Budget::default())
}

/// Those of them that are asked for. All are found for that: what was renamed may be anywhere.
pub fn wanted(look: &Look) -> Result<Changes> {
    let mut found = of(&look.place)?;
    let wanted = &look.wanted;
    let is_below = |path: &Path| wanted.iter().any(|above| path.starts_with(above.as_path()));
    found
        .all
        .retain(|change| wanted.is_empty() || is_below(change.path.as_path()));
    let most = usize::try_from(look.most).unwrap_or(usize::MAX);
    found.complete &= found.all.len() <= most && found.unreadable.len() <= most;
    found.all.truncate(most);
    found.unreadable.truncate(most);
    Ok(found)
}

/// How many there are.
pub fn count(place: &Place) -> Result<Count> {
    let found = of(place)?;
    Ok(Count {
        changes: found.all.len() as u64,
        complete: found.complete && found.unreadable.is_empty(),
    })
}

/// All of them, and what is left of a budget.
pub(super) fn within(place: &Place, budget: &mut Budget) -> Result<Changes> {
    let mut walk = Walk {
        place,
        known: Known::of(place),
        upper: Tree::open(&place.upper)?,
        lower: Tree::open(&place.source)?,
        found: Changes {
            complete: true,
            ..Changes::default()
        },
        orphans: Vec::new(),
        with_original: HashSet::new(),
        budget: budget.clone(),
    };
    let root = Path::new("");
    let replaced = walk.lower.look(root)?;
    let replaced = replaced.is_some_and(|there| walk.known.is_replaced(root, &there));
    let mut todo = vec![Todo {
        path: root.to_owned(),
        opaque: false,
        replaced,
    }];
    while let Some(directory) = todo.pop() {
        if walk.found.all.len() + walk.found.unreadable.len() > MOST_CHANGES {
            walk.found.complete = false;
            break;
        }
        if walk.directory(&directory, &mut todo).is_err() {
            walk.found.unreadable.push(directory.path.as_path().into());
        }
    }
    renamed::find(&mut walk);
    *budget = walk.budget;
    // Components, so that a directory comes right before what is in it.
    walk.found
        .all
        .sort_by(|one, other| one.path.as_path().cmp(other.path.as_path()));
    Ok(walk.found)
}

impl Walk<'_> {
    fn directory(&mut self, directory: &Todo, todo: &mut Vec<Todo>) -> io::Result<()> {
        let names = self.upper.names(&directory.path)?;
        for name in &names {
            let path = directory.path.join(name);
            if self.entry(&path, directory, todo).is_err() {
                self.found.unreadable.push(path.into());
            }
        }
        // What is below an opaque directory and not in it was deleted.
        if directory.opaque
            && !self.is_hidden(&directory.path)
            && let Some(there) = self.lower.look(&directory.path)?
            && let Ok(below) = self.lower.names(&directory.path)
        {
            let changed = directory.replaced || self.known.has_changed(&directory.path, &there);
            for name in below.iter().filter(|name| !names.contains(name)) {
                self.deleted(&directory.path.join(name), changed)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, above: &Todo, todo: &mut Vec<Todo>) -> io::Result<()> {
        progress::step();
        let Some(copy) = self.upper.look(path)? else {
            return Ok(());
        };
        let original = self.lower.look(path)?;
        let unseen = self.is_hidden(path);
        if is_whiteout(&copy) {
            if !unseen && !above.opaque {
                self.deleted(path, above.replaced)?;
            }
            return Ok(());
        }
        if original.is_some() {
            self.with_original.insert((copy.st_dev, copy.st_ino));
        }
        let changed = original
            .as_ref()
            .is_some_and(|original| above.replaced || self.known.has_changed(path, original));
        let is_directory = kind(&copy) == Kind::Directory;
        let was_directory = original
            .as_ref()
            .is_some_and(|stat| kind(stat) == Kind::Directory);
        if is_directory {
            let opaque = above.opaque || self.upper.is_opaque(path)?;
            let replaced = original
                .as_ref()
                .is_some_and(|original| self.known.is_replaced(path, original));
            todo.push(Todo {
                path: path.to_owned(),
                opaque: opaque && was_directory,
                replaced: above.replaced || replaced,
            });
        } else if was_directory && !unseen {
            for name in self.lower.names(path)? {
                self.deleted(&path.join(name), changed)?;
            }
        }
        let what = match &original {
            None => What::Added,
            Some(original) => match self.difference(path, &copy, original)? {
                Some(what) => what,
                None => return Ok(()),
            },
        };
        // Others of what it is are of no matter to a directory that the sandbox made where it saw none.
        if unseen && is_directory && was_directory {
            return Ok(());
        }
        let is_orphan = original.is_none() && self.upper.is_copied_up(path);
        let conflict = match &original {
            Some(_) if unseen => Some(Conflict::Unseen),
            Some(_) => changed.then_some(Conflict::Changed),
            None => (is_orphan && self.names_changed(path)?).then_some(Conflict::Deleted),
        };
        if is_orphan {
            self.orphans.push(self.found.all.len());
        }
        // What happens to names in a directory changes it, too; that is looked at where it happens.
        let conflict = conflict.filter(|_| !(is_directory && was_directory));
        self.push(path, what, &copy, Some(&copy), original.as_ref(), conflict);
        Ok(())
    }

    fn difference(&self, path: &Path, copy: &Stat, original: &Stat) -> io::Result<Option<What>> {
        if kind(copy) != kind(original) {
            return Ok(Some(What::Changed));
        }
        let content = match kind(copy) {
            Kind::File => {
                copy.st_size != original.st_size
                    || !same_content(&self.upper.file(path)?, &self.lower.file(path)?)?
            }
            Kind::Symlink => self.upper.link(path)? != self.lower.link(path)?,
            Kind::Directory => false,
            Kind::Other => true,
        };
        if content {
            return Ok(Some(What::Changed));
        }
        let attributes = match kind(copy) {
            Kind::File | Kind::Directory => {
                permissions(copy.st_mode) != permissions(original.st_mode)
                    || self.upper.attributes(path)? != self.lower.attributes(path)?
            }
            Kind::Symlink | Kind::Other => false,
        };
        Ok(attributes.then_some(What::Attributes))
    }

    /// With all that is in it. In a directory that was changed anything may be one that was moved there, which leaves what is in that
    /// as it was.
    fn deleted(&mut self, path: &Path, changed: bool) -> io::Result<()> {
        let mut todo = vec![(path.to_owned(), changed)];
        while let Some((path, changed)) = todo.pop() {
            progress::step();
            if self.found.all.len() > MOST_CHANGES {
                self.found.complete = false;
                return Ok(());
            }
            // What was not seen was not deleted.
            if self.is_hidden(&path) {
                continue;
            }
            let Some(original) = self.lower.look(&path)? else {
                continue;
            };
            let changed = changed || self.known.has_changed(&path, &original);
            if kind(&original) == Kind::Directory {
                let names = self.lower.names(&path)?;
                todo.extend(names.iter().map(|name| (path.join(name), changed)));
            }
            let conflict = changed.then_some(Conflict::Changed);
            self.push(
                &path,
                What::Deleted,
                &original,
                None,
                Some(&original),
                conflict,
            );
        }
        Ok(())
    }

    fn is_hidden(&self, path: &Path) -> bool {
        self.place
            .hidden
            .iter()
            .any(|hidden| path.starts_with(hidden))
    }

    /// Whether something may have been deleted outside that was at a path: then the names in a directory on the way there
    /// have changed.
    fn names_changed(&self, path: &Path) -> io::Result<bool> {
        for above in path.ancestors().skip(1) {
            if let Some(there) = self.lower.look(above)? {
                return Ok(kind(&there) != Kind::Directory || self.known.has_changed(above, &there));
            }
        }
        Ok(true)
    }

    /// Whether somebody can write to a file of the copy. As long as a sandbox runs that is nothing special; of one that has
    /// ended it is another, to which it has passed a descriptor, and no time of the file says what that one writes.
    fn is_open(&self, path: &Path, copy: &Stat) -> bool {
        let file = || self.upper.file(path).ok();
        let is_written = |file| matches!(Lease::take(&file), Ok(None));
        kind(copy) == Kind::File && file().is_some_and(is_written)
    }

    fn push(
        &mut self,
        path: &Path,
        what: What,
        of: &Stat,
        copy: Option<&Stat>,
        original: Option<&Stat>,
        conflict: Option<Conflict>,
    ) {
        let is_link = copy.is_some_and(|copy| kind(copy) == Kind::Symlink);
        let link = is_link.then(|| self.upper.link(path).ok()).flatten();
        // One that cannot be read is none that was shown.
        let unknown = || Target {
            path: Vec::new().into(),
            whole: false,
        };
        let target = is_link.then(|| link.map_or_else(unknown, Target::of));
        self.found.all.push(Change {
            path: path.into(),
            what,
            kind: kind(of),
            copy: copy.map(seen),
            original: original.map(seen),
            conflict,
            links: copy
                .filter(|copy| kind(copy) == Kind::File)
                .map_or(0, |copy| copy.st_nlink.saturating_sub(1)),
            target,
            open: copy.is_some_and(|copy| self.is_open(path, copy)),
        });
    }
}
