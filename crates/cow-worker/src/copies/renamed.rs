//! Files that have another name.
//!
//! An overlay of an ordinary user notes nothing of it: at the new name there is a file, at the old one a mark. So they are
//! found by what is in them: a file that is new and has the content of one that is gone is that one; and one that was
//! copied from below, although nothing is there below, is the one that has most in common with it.

use std::collections::hash_map::{DefaultHasher, HashMap};
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::Path;

use oz_core::wire::copies::{Kind, What};

use super::changes::Walk;
use super::tree::same_content;

/// Most files that are compared with one that may have been renamed, if they have the same size,
const ALIKE: usize = 8;
/// and if they have not.
const SIMILAR: usize = 32;
/// Larger ones are not looked at for what they have in common.
const LARGEST: u64 = 8 << 20;
/// Where nothing ends a line, as many bytes are one.
const LINE: usize = 64;

pub fn find(walk: &mut Walk<'_>) {
    let mut taken = Vec::new();
    of_same_content(walk, &mut taken);
    of_like_content(walk, &mut taken);
    taken.sort_unstable();
    for at in taken.into_iter().rev() {
        walk.found.all.remove(at);
    }
}

fn of_same_content(walk: &mut Walk<'_>, taken: &mut Vec<usize>) {
    let mut gone: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, change) in walk.found.all.iter().enumerate() {
        let size = change.original.map_or(0, |original| original.size);
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
        let is_same = |from: &&usize| {
            let from = &walk.found.all[**from].path;
            files(walk, change.path.as_path(), from.as_path())
                .and_then(|(new, old)| same_content(&new, &old))
                .unwrap_or(false)
        };
        let Some(from) = alike.iter().take(ALIKE).find(is_same).copied() else {
            continue;
        };
        alike.retain(|one| *one != from);
        rename(walk, at, from, false);
        taken.push(from);
    }
}

/// Only what was copied from below may be one that was changed as well.
fn of_like_content(walk: &mut Walk<'_>, taken: &mut Vec<usize>) {
    for at in std::mem::take(&mut walk.orphans) {
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
        let Some(from) = nearest(walk, at, taken) else {
            continue;
        };
        if walk.found.all[from].what == What::Deleted {
            rename(walk, at, from, true);
            taken.push(from);
        } else {
            // Something new is where it was.
            walk.found.all[at].conflict = None;
        }
    }
}

/// A file that is gone, or was written anew, and of which at least half is in this one.
fn nearest(walk: &Walk<'_>, at: usize, taken: &[usize]) -> Option<usize> {
    let all = &walk.found.all;
    let change = &all[at];
    let size = change.copy?.size;
    let may_be = |from: &usize| {
        let other = &all[*from];
        let gone = other.what == What::Deleted || other.what == What::Changed;
        let large = other.original.map_or(u64::MAX, |original| original.size);
        let (less, more) = (large.min(size), large.max(size));
        gone && other.kind == Kind::File
            && more <= LARGEST
            && less >= more / 2
            && !taken.contains(from)
    };
    let mut candidates: Vec<usize> = (0..all.len()).filter(may_be).collect();
    // Most stay in their directory.
    let elsewhere = |from: &usize| {
        let (new, old) = (change.path.as_path(), all[*from].path.as_path());
        (
            new.parent() != old.parent(),
            new.file_name() != old.file_name(),
        )
    };
    candidates.sort_by_key(elsewhere);
    let in_common = |from: &usize| {
        let (new, old) = files(walk, change.path.as_path(), all[*from].path.as_path()).ok()?;
        let (common, whole) = common(&new, &old).ok()?;
        (common >= whole.div_ceil(2)).then_some((common, *from))
    };
    let best = candidates.iter().take(SIMILAR).filter_map(in_common);
    best.max_by_key(|(common, _)| *common).map(|(_, from)| from)
}

fn rename(walk: &mut Walk<'_>, at: usize, from: usize, changed: bool) {
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

fn files(walk: &Walk<'_>, new: &Path, old: &Path) -> io::Result<(File, File)> {
    Ok((walk.upper.file(new)?, walk.lower.file(old)?))
}

/// How many bytes of lines both have, and how many the larger one has.
fn common(one: &File, other: &File) -> io::Result<(u64, u64)> {
    let (first, of_first) = lines(one)?;
    let (second, of_second) = lines(other)?;
    let shared = first
        .iter()
        .map(|(line, bytes)| second.get(line).map_or(0, |others| *bytes.min(others)));
    Ok((shared.sum(), of_first.max(of_second)))
}

/// How many bytes there are of each line, and of all.
fn lines(file: &File) -> io::Result<(HashMap<u64, u64>, u64)> {
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
    Ok((all, content.len() as u64))
}
