//! `oz merge`: taking over what a sandbox wrote over copies of the user's files, and taking that back.

use std::path::PathBuf;

use oz_core::OsBytes;
use oz_core::wire::copies::{Change, Kind};
use oz_host::copies::{self, Held, Kept, Place};

use super::changes::{find, line, look, shown, wanted};
use crate::arguments::{Decided, Merge};
use crate::error::{Error, Result};
use crate::{ask, out};

/// Changes with the path that each gets.
type Chosen = Vec<(Change, OsBytes)>;

pub(crate) fn run(what: &Merge) -> Result<u8> {
    let kept = find(&what.id)?;
    // From here on what is shown cannot become something else.
    let held = kept.hold().map_err(|error| Error::advised(&error))?;
    if what.undo {
        return undo(&kept, &held, what);
    }
    let how = How::of(what.yes);
    let taken = take_over(&kept, &held, &wanted(&what.paths)?, what.decided, how)?;
    let nothing = taken.taken == 0 && taken.undecided > 0;
    Ok(u8::from(nothing || taken.left > 0))
}

/// What became of what was asked for.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) taken: usize,
    /// Not, because something was in the way.
    pub(crate) left: usize,
    /// Not, because it needs a decision, or cannot be looked at.
    pub(crate) undecided: usize,
}

/// What comes before it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// It is shown, and asked about.
    Ask,
    /// It is shown.
    Show,
    /// Both were done.
    Go,
}

impl How {
    /// Of somebody who has said yes already, or has not.
    pub(crate) fn of(yes: bool) -> Self {
        if yes { Self::Show } else { Self::Ask }
    }
}

/// Takes over what is at these whole paths or below; without any all.
pub(crate) fn take_over(
    kept: &Kept,
    _held: &Held,
    wanted: &[PathBuf],
    decided: Decided,
    how: How,
) -> Result<Taken> {
    let failed = |error: String| {
        Error::failed(
            format!("the merge of {} was not finished: {error}.", kept.id),
            "What was done is whole; `oz merge` again goes on with it.",
        )
    };
    let finished = copies::finish(&kept.directory).map_err(|error| failed(error.to_string()))?;
    if finished > 0 {
        out::note(&format!(
            "a merge that was cut off is finished: {finished} changes are taken over"
        ));
    }
    let (orders, undecided) = choose(kept, wanted, decided, how)?;
    let count: usize = orders.iter().map(|(_, chosen)| chosen.len()).sum();
    if count == 0 {
        out::note("there is nothing to take over");
        return Ok(Taken {
            undecided,
            ..Taken::default()
        });
    }
    if how == How::Ask && !ask::yes(&format!("Take over these {count} changes?"))? {
        return Err(Error::failed(
            "nothing was taken over.",
            "`--yes` takes it over without a question.",
        ));
    }
    let mut left = 0;
    let number = copies::next_merge(&kept.directory);
    let orders = orders.into_iter().filter(|(_, chosen)| !chosen.is_empty());
    for (index, (place, chosen)) in orders.enumerate() {
        let order = copies::order(&kept.directory, number, (index, place), chosen)?;
        let merged = copies::merge(&order).map_err(|error| failed(error.to_string()))?;
        for (path, why) in &merged.left {
            let path = shown(place, path);
            out::note(&format!("{path} is left as it was: {}", out::safe(why)));
        }
        left += merged.left.len();
    }
    out::note(&format!("{} changes are taken over", count - left));
    Ok(Taken {
        taken: count - left,
        left,
        undecided,
    })
}

/// Takes the last merge back.
fn undo(kept: &Kept, held: &Held, what: &Merge) -> Result<u8> {
    // One that was cut off is finished first: then it is known what it has done.
    let finished = copies::finish(&kept.directory);
    let finished = finished.map_err(|error| Error::advised(&copies::Error::from(error)))?;
    let merges = copies::last(&kept.directory);
    if finished > 0 && merges.is_empty() {
        out::note("what was cut off when it was taken back is taken back");
        return Ok(0);
    }
    let mut count = 0;
    for (_, merge) in &merges {
        for (change, target) in &merge.chosen {
            let path = OsBytes::from(merge.place.source.join(target.as_path()));
            out::line(&format!("{:<10}  {path}", change.what.word()))?;
            count += 1;
        }
    }
    let question = format!("Take back that these {count} changes were taken over?");
    if count > 0 && !what.yes && !ask::yes(&question)? {
        return Err(Error::failed(
            "nothing was taken back.",
            "`--yes` takes it back without a question.",
        ));
    }
    let undone = copies::undo(kept, held).map_err(|error| Error::advised(&error))?;
    let mut left = 0;
    for (source, undone) in &undone {
        for (path, why) in &undone.left {
            let path = OsBytes::from(source.join(path.as_path()));
            out::note(&format!("{path} is not taken back: {}", out::safe(why)));
        }
        left += undone.left.len();
    }
    out::note(&format!(
        "{} changes are taken back, and are in the sandbox again",
        count - left
    ));
    Ok(u8::from(left > 0))
}

/// What is taken over, shown; and how much of what was asked for needs a decision.
fn choose<'c>(
    kept: &'c Kept,
    wanted: &[PathBuf],
    decided: Decided,
    how: How,
) -> Result<(Vec<(&'c Place, Chosen)>, usize)> {
    let home = oz_host::facts::home()?;
    let decided = copies::Decided {
        theirs: decided.take_theirs,
        both: decided.both,
        protected: decided.protected,
    };
    let mut orders = Vec::new();
    let mut undecided = 0;
    for place in &kept.about.places {
        let asked = |change: &Change| place.is_wanted(change, wanted);
        let mut chosen = Vec::new();
        let found = look(kept, place)?;
        for path in found.unreadable.iter().filter(|_| wanted.is_empty()) {
            out::note(&format!(
                "left out: {} cannot be looked at",
                shown(place, path)
            ));
            undecided += 1;
        }
        if !found.complete {
            out::note("there are more changes than can be listed");
            undecided += 1;
        }
        for change in found.all.into_iter().filter(asked) {
            let line = line(&home, place, &change);
            if let Some(target) = copies::target(decided, &kept.id, &home, place, &change) {
                if how != How::Go {
                    out::line(&line)?;
                }
                chosen.push((change, target));
            } else {
                out::note(&format!("left out: {line}"));
                // Of what can never be taken over there is nothing to decide.
                undecided += usize::from(change.kind != Kind::Other);
            }
        }
        orders.push((place, chosen));
    }
    Ok((orders, undecided))
}
