//! `oz merge`: taking over what a sandbox wrote over copies of the user's files, and taking that back.

use std::collections::BTreeSet;
use std::path::PathBuf;

use oz_core::OsBytes;
use oz_core::wire::copies::{Change, Combined, Conflict, Kind};
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
    let wanted = wanted(&what.paths)?;
    let combined = match what.combine {
        true => combine(&kept, &held, &wanted)?,
        false => BTreeSet::new(),
    };
    let what = What {
        wanted: &wanted,
        decided: what.decided,
        combined: &combined,
    };
    let taken = take_over(&kept, &held, &what, how)?;
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

/// What is to be taken over.
pub(crate) struct What<'a> {
    /// What is at these whole paths or below; without any all.
    pub(crate) wanted: &'a [PathBuf],
    pub(crate) decided: Decided,
    /// Whole paths of copies that have what was changed outside as well.
    pub(crate) combined: &'a BTreeSet<PathBuf>,
}

impl What<'_> {
    /// All, as it was decided.
    pub(crate) fn all(decided: Decided) -> Self {
        static NONE: BTreeSet<PathBuf> = BTreeSet::new();
        Self {
            wanted: &[],
            decided,
            combined: &NONE,
        }
    }
}

/// Takes it over.
pub(crate) fn take_over(kept: &Kept, _held: &Held, what: &What<'_>, how: How) -> Result<Taken> {
    let failed = |error: String| {
        Error::failed(
            format!("the merge of {} was not finished: {error}.", kept.id),
            "What was done is whole; `oz merge` again goes on with it.",
        )
    };
    let finished = copies::finish(&kept.directory).map_err(|error| failed(error.to_string()))?;
    if finished > 0 {
        out::note(&format!(
            "a merge that was cut off is finished: {} taken over",
            are(usize::try_from(finished).unwrap_or(usize::MAX))
        ));
    }
    let (orders, undecided) = choose(kept, what, how)?;
    let count: usize = orders.iter().map(|(_, chosen)| chosen.len()).sum();
    if count == 0 {
        out::note("there is nothing to take over");
        return Ok(Taken {
            undecided,
            ..Taken::default()
        });
    }
    let question = match count {
        1 => "Take over this change?".to_owned(),
        _ => format!("Take over these {count} changes?"),
    };
    if how == How::Ask && !ask::yes(&question)? {
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
    out::note(&format!("{} taken over", are(count - left)));
    Ok(Taken {
        taken: count - left,
        left,
        undecided,
    })
}

/// Puts the changes of both together in texts that both have changed, and says of which that cannot be; the whole paths of those in
/// which they are.
fn combine(kept: &Kept, held: &Held, wanted: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    let mut done = BTreeSet::new();
    for place in &kept.about.places {
        let mut changes = look(kept, place, wanted)?.all;
        changes.retain(|change| change.conflict == Some(Conflict::Changed));
        let paths: Vec<OsBytes> = changes.iter().map(|change| change.path.clone()).collect();
        let combined = copies::combine(place, held, changes);
        let combined = combined.map_err(|error| Error::advised(&error))?;
        for (path, combined) in paths.iter().zip(combined) {
            let why = match combined {
                Combined::Done => {
                    done.insert(place.at(path));
                    continue;
                }
                Combined::Overlap => "both have changed the same lines".to_owned(),
                Combined::NoBefore => {
                    "what it was before is not known: it was changed outside before the sandbox had ended".to_owned()
                }
                Combined::NoText => "it is no text of up to 1 MiB on both sides".to_owned(),
                Combined::Unknown(why) => out::safe(&why),
            };
            out::note(&format!(
                "{} is not put together: {why}",
                shown(place, path)
            ));
        }
    }
    Ok(done)
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
        "{} taken back and in the sandbox again",
        are(count - left)
    ));
    Ok(u8::from(left > 0))
}

/// So many are something.
pub(crate) fn are(count: usize) -> String {
    match count {
        1 => "1 change is".to_owned(),
        _ => format!("{count} changes are"),
    }
}

/// What is taken over, shown; and how much of what was asked for needs a decision.
fn choose<'c>(
    kept: &'c Kept,
    what: &What<'_>,
    how: How,
) -> Result<(Vec<(&'c Place, Chosen)>, usize)> {
    let home = oz_host::facts::home()?;
    let wanted = what.wanted;
    let decided = copies::Decided {
        theirs: what.decided.take_theirs,
        both: what.decided.both,
        protected: what.decided.protected,
    };
    let mut orders = Vec::new();
    let mut undecided = 0;
    for place in &kept.about.places {
        let mut chosen = Vec::new();
        let found = look(kept, place, wanted)?;
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
        for change in found.all {
            let line = line(&home, place, &change);
            let combined = what.combined.contains(&place.at(&change.path));
            let decided = copies::Decided {
                theirs: decided.theirs || combined,
                ..decided
            };
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
