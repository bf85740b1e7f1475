//! Files that have another name.
//!
//! An overlay of an ordinary user notes nothing of it: at the new name there is a file, at the old one a mark. So they are
//! found by what is in them: a file that is new and has the content of one that is gone is that one; and one that was
//! copied from below, although nothing is there below, is the one that has most in common with it.
//!
//! That may be asked of as many files, and as large ones, as an app likes to make. So there is a [`Budget`] for all of them;
//! once it is spent, what is left is what was added and what was deleted.

use std::collections::hash_map::{DefaultHasher, HashMap};
use std::ffi::OsString;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use oz_core::wire::copies::{Change, Kind, What};

use super::budget::Budget;
use super::changes::Walk;

/// Most files that are compared with one that may have been renamed, if they have the same size,
const ALIKE: usize = 8;
/// and if they have not.
const SIMILAR: usize = 32;
/// Larger ones are not looked at for what they have in common.
const LARGEST: u64 = 8 << 20;
/// Where nothing ends a line, as many bytes are one.
const LINE: usize = 64;

/// Device and inode.
type Identity = (u64, u64);

pub fn find(walk: &mut Walk<'_>) {
    let mut search = Search {
        taken: vec![false; walk.found.all.len()],
        same: HashMap::new(),
        common: HashMap::new(),
    };
    search.of_same_content(walk);
    search.of_like_content(walk);
    let mut taken = search.taken.into_iter();
    walk.found.all.retain(|_| !taken.next().unwrap_or(false));
}

struct Search {
    /// What is the old name of another.
    taken: Vec<bool>,
    /// Of a new file and an old one, whether they are the same, and what they have in common: names share files.
    same: HashMap<(Identity, Identity), bool>,
    common: HashMap<(Identity, Identity), Option<u64>>,
}

impl Search {
    fn of_same_content(&mut self, walk: &mut Walk<'_>) {
        let mut gone: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, change) in walk.found.all.iter().enumerate() {
            let size = before(change);
            if change.what == What::Deleted && change.kind == Kind::File && size > 0 {
                gone.entry(size).or_default().push(at);
            }
        }
        for at in 0..walk.found.all.len() {
            let change = &walk.found.all[at];
            let size = change.copy.map_or(0, |copy| copy.size);
            if change.what != What::Added || change.kind != Kind::File {
                continue;
            }
            let Some(alike) = gone.get_mut(&size) else {
                continue;
            };
            let candidates = alike.iter().take(ALIKE).copied();
            let found = candidates
                .enumerate()
                .find(|(_, from)| self.is_same(walk, at, *from));
            let Some((place, from)) = found else {
                continue;
            };
            alike.remove(place);
            self.rename(walk, at, from, false);
        }
    }

    fn is_same(&mut self, walk: &mut Walk<'_>, new: usize, old: usize) -> bool {
        let Some(pair) = pair(walk, new, old) else {
            return false;
        };
        if let Some(same) = self.same.get(&pair) {
            return *same;
        }
        let same = walk.budget.pair()
            && files(walk, new, old)
                .and_then(|(new, old)| same_content(&new, &old, &mut walk.budget))
                .unwrap_or(false);
        self.same.insert(pair, same);
        same
    }

    /// Only what was copied from below may be one that was changed as well.
    fn of_like_content(&mut self, walk: &mut Walk<'_>) {
        let orphans = std::mem::take(&mut walk.orphans);
        let gone = match orphans.is_empty() {
            true => Gone::default(),
            false => Gone::of(&walk.found.all),
        };
        for at in orphans {
            let change = &walk.found.all[at];
            if change.what != What::Added || change.kind != Kind::File {
                continue;
            }
            let identity = change.copy.map(|copy| copy.identity);
            if identity.is_some_and(|identity| walk.with_original.contains(&identity)) {
                // Another name of one that has its original where it was.
                walk.found.all[at].conflict = None;
                continue;
            }
            let Some(from) = self.nearest(walk, &gone, at) else {
                continue;
            };
            if walk.found.all[from].what == What::Deleted {
                self.rename(walk, at, from, true);
            } else {
                // Something new is where it was.
                walk.found.all[at].conflict = None;
            }
        }
    }

    /// A file that is gone, or was written anew, and of which at least half is in this one.
    fn nearest(&mut self, walk: &mut Walk<'_>, gone: &Gone, at: usize) -> Option<usize> {
        let mut lines_of_new = None;
        let mut best = None;
        for from in self.candidates(walk, gone, at) {
            let pair = pair(walk, at, from)?;
            let common = match self.common.get(&pair) {
                Some(common) => *common,
                None => {
                    let common = common(walk, at, from, &mut lines_of_new).ok().flatten();
                    self.common.insert(pair, common);
                    common
                }
            };
            // Of those that have as much the first, which is nearest.
            let is_more = |common: &u64| best.is_none_or(|(most, _)| *common > most);
            if let Some(common) = common.filter(is_more) {
                best = Some((common, from));
            }
        }
        best.map(|(_, from)| from)
    }

    /// What may have been renamed to this. Most files stay in their directory, or keep their name.
    fn candidates(&self, walk: &mut Walk<'_>, gone: &Gone, at: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let change = &walk.found.all[at];
        let Some(size) = change.copy.map(|copy| copy.size) else {
            return found;
        };
        let path = change.path.as_path();
        let (above, name) = (path.parent(), path.file_name());
        let beside = above.and_then(|above| gone.by_directory.get(above));
        let named = name.and_then(|name| gone.by_name.get(name));
        let others = beside.into_iter().chain(named).flatten().copied();
        for from in others.chain(gone.near(size)) {
            if found.len() == SIMILAR || !walk.budget.look() {
                break;
            }
            let large = before(&walk.found.all[from]);
            let (less, more) = (large.min(size), large.max(size));
            let is_like = more <= LARGEST && less >= more / 2;
            if is_like && !self.taken[from] && !found.contains(&from) {
                found.push(from);
            }
        }
        found
    }

    fn rename(&mut self, walk: &mut Walk<'_>, at: usize, from: usize, changed: bool) {
        self.taken[from] = true;
        let old = walk.found.all[from].clone();
        let change = &mut walk.found.all[at];
        // Nothing was ever at its own place: it counts what happened to the original.
        change.conflict = old.conflict;
        change.original = old.original;
        change.what = What::Renamed {
            from: old.path,
            changed,
        };
    }
}

/// Files that are gone, or were written anew.
#[derive(Default)]
struct Gone {
    by_directory: HashMap<PathBuf, Vec<usize>>,
    by_name: HashMap<OsString, Vec<usize>>,
    /// Sorted, with their sizes.
    by_size: Vec<(u64, usize)>,
}

impl Gone {
    fn of(all: &[Change]) -> Self {
        let mut gone = Self::default();
        for (at, change) in all.iter().enumerate() {
            let is_gone = matches!(change.what, What::Deleted | What::Changed);
            let path = change.path.as_path();
            let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
                continue;
            };
            if !is_gone || change.kind != Kind::File || before(change) > LARGEST {
                continue;
            }
            let beside = gone.by_directory.entry(above.to_owned()).or_default();
            beside.push(at);
            gone.by_name.entry(name.to_owned()).or_default().push(at);
            gone.by_size.push((before(change), at));
        }
        gone.by_size.sort_unstable();
        gone
    }

    /// Those of which the sizes are nearest, smaller and larger in turn.
    fn near(&self, size: u64) -> impl Iterator<Item = usize> {
        let middle = self.by_size.partition_point(|(one, _)| *one < size);
        let (smaller, larger) = self.by_size.split_at(middle);
        let mut smaller = smaller
            .iter()
            .rev()
            .take_while(move |(one, _)| *one >= size / 2);
        let mut larger = larger.iter().take_while(move |(one, _)| *one / 2 <= size);
        let mut turn = false;
        std::iter::from_fn(move || {
            turn = !turn;
            let next = match turn {
                true => larger.next().or_else(|| smaller.next()),
                false => smaller.next().or_else(|| larger.next()),
            };
            next.map(|(_, at)| *at)
        })
    }
}

/// How large the original is, or was.
fn before(change: &Change) -> u64 {
    change.original.map_or(0, |original| original.size)
}

fn pair(walk: &Walk<'_>, new: usize, old: usize) -> Option<(Identity, Identity)> {
    let (new, old) = (&walk.found.all[new], &walk.found.all[old]);
    Some((new.copy?.identity, old.original?.identity))
}

fn files(walk: &Walk<'_>, new: usize, old: usize) -> io::Result<(File, File)> {
    let path = |at: usize| -> &Path { walk.found.all[at].path.as_path() };
    Ok((walk.upper.file(path(new))?, walk.lower.file(path(old))?))
}

/// Whether two files have the same content, as far as the budget goes.
fn same_content(one: &File, other: &File, budget: &mut Budget) -> io::Result<bool> {
    let mut within = |bytes: usize| budget.read(bytes as u64);
    super::tree::same_content_while(one, other, &mut within)
}

/// How many bytes of lines both have, if that is at least half of what the larger one has.
fn common(
    walk: &mut Walk<'_>,
    new: usize,
    old: usize,
    lines_of_new: &mut Option<Lines>,
) -> io::Result<Option<u64>> {
    if !walk.budget.pair() {
        return Ok(None);
    }
    let (new, old) = files(walk, new, old)?;
    if lines_of_new.is_none() {
        *lines_of_new = lines(&new, &mut walk.budget)?;
    }
    let (Some((first, of_first)), Some((second, of_second))) =
        (lines_of_new.as_ref(), lines(&old, &mut walk.budget)?)
    else {
        return Ok(None);
    };
    let shared = first
        .iter()
        .map(|(line, bytes)| second.get(line).map_or(0, |others| *bytes.min(others)));
    let (common, whole): (u64, u64) = (shared.sum(), (*of_first).max(of_second));
    Ok((common >= whole.div_ceil(2)).then_some(common))
}

/// How many bytes there are of each line, and of all.
type Lines = (HashMap<u64, u64>, u64);

/// None if that is more than is left.
fn lines(file: &File, budget: &mut Budget) -> io::Result<Option<Lines>> {
    let size = u64::try_from(rustix::fs::fstat(file)?.st_size).unwrap_or(0);
    if !budget.hash(size.min(LARGEST)) {
        return Ok(None);
    }
    let mut content = Vec::new();
    file.take(LARGEST).read_to_end(&mut content)?;
    let mut all: HashMap<u64, u64> = HashMap::new();
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        for part in line.chunks(LINE) {
            let mut hasher = DefaultHasher::new();
            part.hash(&mut hasher);
            *all.entry(hasher.finish()).or_default() += part.len() as u64;
        }
    }
    Ok(Some((all, content.len() as u64)))
}
