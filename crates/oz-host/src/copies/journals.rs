//! Merges that were done, were cut off, or are taken back: each has a journal for each place, next to the layers, where no app
//! gets.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oz_core::OsBytes;
use oz_core::wire::copies::{Change, Merge, Merged, Undo};
use rustix::fs::Mode;

use super::{Error, Held, Kept, Place, coarse, is_untouched, merge, settled, to_look_at};
use crate::worker;

/// Begins the names of journals.
const JOURNAL: &str = "merge-";

/// Finishes merges of a sandbox that were cut off, and those that were to be taken back; says how many changes that
/// were. The caller holds the lock of each place.
///
/// # Errors
/// The worker gives no answer.
pub fn finish(of_sandbox: &Path) -> Result<u64, worker::Error> {
    let mut finished = 0;
    for (_, journal) in journals(of_sandbox) {
        // Without a whole order nothing was begun.
        let Some(order) = ordered(&journal) else {
            continue;
        };
        if !has(&journal, Merge::DONE) {
            finished += merge(&order)?.done;
        } else if is_half_undone(&journal) {
            finished += take_back(&journal, order)?.done;
        }
    }
    Ok(finished)
}

/// Whether one was cut off.
#[must_use]
pub fn is_unfinished(of_sandbox: &Path) -> bool {
    let is_open = |journal: &Path| !has(journal, Merge::DONE) || is_half_undone(journal);
    journals(of_sandbox)
        .iter()
        .any(|(_, journal)| is_open(journal))
}

/// The number of the next merge.
#[must_use]
pub fn next_merge(of_sandbox: &Path) -> u32 {
    let last = journals(of_sandbox)
        .into_iter()
        .map(|(number, _)| number)
        .max();
    last.map_or(0, |last| last.saturating_add(1))
}

/// A merge of changes of one of the places, with the paths that they get, and a journal of its own. The caller holds the lock of
/// the place.
///
/// # Errors
/// The journal cannot be made.
pub fn order(
    of_sandbox: &Path,
    merge: u32,
    (index, place): (usize, &Place),
    chosen: Vec<(Change, OsBytes)>,
) -> io::Result<Merge> {
    Ok(Merge {
        place: to_look_at(place),
        journal: new_journal(of_sandbox, merge, index)?,
        chosen,
    })
}

/// Makes the directory for what a merge replaces in one of the places.
fn new_journal(of_sandbox: &Path, merge: u32, place: usize) -> io::Result<PathBuf> {
    let journal = of_sandbox.join(format!("{JOURNAL}{merge:05}-{place:03}"));
    rustix::fs::mkdir(&journal, Mode::RWXU)?;
    Ok(journal)
}

/// What the last merge that was not taken back has done, for each of its places.
#[must_use]
pub fn last(of_sandbox: &Path) -> Vec<(PathBuf, Merge)> {
    let mut all = journals(of_sandbox);
    all.retain(|(_, journal)| has(journal, Merge::BECAME) && !has(journal, Merge::UNDONE));
    let last = all.iter().map(|(number, _)| *number).max();
    all.retain(|(number, _)| Some(*number) == last);
    let read = |(_, journal): (u32, PathBuf)| Some((journal.clone(), ordered(&journal)?));
    all.into_iter().filter_map(read).collect()
}

/// Takes the last merge back, as far as nothing was changed since: the user's files are as they were, and the changes are in the
/// copy again. Returns what became of it in each place.
///
/// # Errors
/// There is none, or the worker gives no answer; it may have done a part.
pub fn undo(kept: &Kept, _held: &Held) -> Result<Vec<(PathBuf, Merged)>, Error> {
    let merges = last(&kept.directory);
    if merges.is_empty() {
        return Err(Error::NotMerged(kept.id.clone()));
    }
    let mut about = kept.about.clone();
    let mut all = Vec::new();
    for (journal, order) in merges {
        let source = order.place.source.clone();
        let mut places = about.places.iter_mut();
        let place = places.find(|place| place.overlay.source == source);
        let empty = place
            .as_ref()
            .is_some_and(|place| is_untouched(&place.overlay));
        let plain = order
            .chosen
            .iter()
            .all(|(change, _)| change.conflict.is_none());
        let undone = take_back(&journal, order)?;
        // What comes back has been touched, and nothing else was copied yet. Where others had changed something before it was
        // merged, that they have is to be decided again.
        if let Some(place) = place.filter(|_| empty && plain) {
            place.since = the_next_moment();
        }
        all.push((source, undone));
    }
    super::write(&kept.directory, &about).map_err(Error::io("write into", &kept.directory))?;
    Ok(all)
}

/// One that is behind all that files have been stamped with so far, some of them by the exact clock, and not behind what they
/// will be.
fn the_next_moment() -> (i64, i64) {
    let exact = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    loop {
        let coarse = coarse();
        if coarse > (exact.tv_sec, exact.tv_nsec) {
            return coarse;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn take_back(journal: &Path, mut order: Merge) -> Result<Merged, worker::Error> {
    // The order says what was settled before the merge, which has settled more since.
    order.place.settled = settled::read(&order.place.upper);
    let undo = Undo {
        place: order.place,
        journal: journal.to_owned(),
    };
    let undone: Merged = super::ask("undo", &undo)?;
    settled::note(&undo.place, &undone);
    Ok(undone)
}

fn is_half_undone(journal: &Path) -> bool {
    has(journal, Merge::UNDO) && !has(journal, Merge::UNDONE)
}

fn has(journal: &Path, name: &str) -> bool {
    journal.join(name).exists()
}

fn ordered(journal: &Path) -> Option<Merge> {
    let order = std::fs::read(journal.join(Merge::ORDER)).ok()?;
    postcard::from_bytes(&order).ok()
}

/// With the numbers of their merges.
fn journals(of_sandbox: &Path) -> Vec<(u32, PathBuf)> {
    let entries = std::fs::read_dir(of_sandbox)
        .into_iter()
        .flatten()
        .flatten();
    let of = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        let numbers = name.to_str()?.strip_prefix(JOURNAL)?;
        let (merge, _) = numbers.split_once('-')?;
        Some((merge.parse().ok()?, entry.path()))
    };
    let mut all: Vec<_> = entries.filter_map(of).collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_are_of_a_merge_and_one_of_its_places() {
        let directory = tempfile::tempdir().expect("a directory");
        let copies = directory.path();
        assert_eq!(next_merge(copies), 0);
        for place in 0..2 {
            new_journal(copies, 0, place).expect("made");
        }
        new_journal(copies, 1, 0).expect("made");
        assert_eq!(next_merge(copies), 2);
        let numbers: Vec<u32> = journals(copies)
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        assert_eq!(numbers, [0, 0, 1]);
        assert!(is_unfinished(copies) && last(copies).is_empty());
    }
}
