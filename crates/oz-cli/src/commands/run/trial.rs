//! `oz run --try`: what a command changed over copies, and what becomes of it.

use oz_core::wire::copies::What;
use oz_host::copies::{self, Held, Kept, guard};
use serde::Serialize;

use crate::arguments::{Decided, Then};
use crate::bus::{self, Bus};
use crate::commands::changes::{Row, find, line, look, row, shown};
use crate::commands::merge;
use crate::error::{Error, Result};
use crate::{ask, out};

/// Most changes that are shown before the question.
const SHOWN: usize = 100;

/// What `--json` says at the end, on standard error: the output is the command's. The schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Report {
    /// The sandbox, if what was changed is kept in it.
    id: Option<String>,
    /// The command's exit status.
    exit: u8,
    /// `merge`, `discard` or `keep`; `nothing` if nothing was changed.
    then: &'static str,
    /// What was changed, as `oz changes` says it.
    changes: Vec<Row>,
    /// How many of the changes were taken over.
    taken: usize,
}

/// How it ends, as it was asked for.
pub(super) struct Wish {
    pub(super) then: Option<Then>,
    pub(super) protected: bool,
    pub(super) json: bool,
}

/// Shows what was changed, asks what becomes of it, and does that; the exit code.
pub(super) async fn end(id: &str, code: u8, wish: &Wish) -> Result<u8> {
    // What the command has left running would go on changing things.
    if let Ok(bus) = Bus::connect().await {
        let _ = bus.stop(id).await;
    }
    let ended = decide(id, code, wish);
    bus::say_that_copies_changed().await;
    ended
}

fn decide(id: &str, code: u8, wish: &Wish) -> Result<u8> {
    let kept = find(id)?;
    let held = kept.hold().map_err(|error| Error::advised(&error))?;
    let found = show(&kept, wish.json)?;
    let (then, taken, code) = settle(&kept, &held, &found, code, wish)?;
    if wish.json {
        let report = Report {
            id: copies::is_there(&kept.directory).then(|| id.to_owned()),
            exit: code,
            then,
            changes: found.rows,
            taken,
        };
        out::json_aside(&report)?;
    }
    Ok(code)
}

/// Asks, and does it: what was done, how many changes were taken over, the exit code.
fn settle(
    kept: &Kept,
    held: &Held,
    found: &Found,
    code: u8,
    wish: &Wish,
) -> Result<(&'static str, usize, u8)> {
    let id = &kept.id;
    let discard = || copies::remove(&kept.directory).map_err(|error| Error::advised(&error));
    let note = |text: &str| {
        if !wish.json {
            out::note(text);
        }
    };
    if found.count == 0 {
        discard()?;
        note("nothing was changed");
        return Ok(("nothing", 0, code));
    }
    match wish.then.map_or_else(|| question(found), Ok)? {
        Then::Keep => {
            note(&format!(
                "it is kept in the sandbox {id}: `oz changes {id}`, `oz merge {id}`, `oz run --sandbox {id}`, `oz discard {id}`"
            ));
            Ok(("keep", 0, code))
        }
        Then::Discard => {
            discard()?;
            note("all of it is thrown away; your files are as they were");
            Ok(("discard", 0, code))
        }
        Then::Merge => {
            let unasked = wish.protected || wish.then.is_some() || found.protected == 0;
            let protected = wish.protected || !unasked && also(found)?;
            let (taken, code) = take_over(kept, held, code, protected)?;
            Ok(("merge", taken, code))
        }
    }
}

/// What there is to decide on.
struct Found {
    count: usize,
    protected: usize,
    /// There is more than was shown.
    more: bool,
    /// With `--json`: all of it.
    rows: Vec<Row>,
}

/// On standard error: the output is the command's.
fn show(kept: &Kept, json: bool) -> Result<Found> {
    let home = oz_host::facts::home()?;
    let mut found = Found {
        count: 0,
        protected: 0,
        more: false,
        rows: Vec::new(),
    };
    let mut lines = Lines::default();
    for place in &kept.about.places {
        let changes = look(kept, place, &[])?;
        for path in &changes.unreadable {
            out::note(&format!("{} cannot be looked at", shown(place, path)));
        }
        found.count += changes.unreadable.len();
        found.more |= !changes.complete;
        for change in &changes.all {
            found.count += 1;
            let guarded = guard(&home, place, change).is_some();
            found.protected += usize::from(guarded);
            if json {
                found.rows.push(row(&home, place, change));
            } else {
                lines.add(weight(guarded, &change.what), || line(&home, place, change));
            }
        }
    }
    out::aside(&lines.text())?;
    if found.count > SHOWN && !json {
        found.more = true;
        let more = found.count - SHOWN;
        out::note(&format!("and {more} more: `oz changes {}`", kept.id));
    }
    Ok(found)
}

/// The lines that are shown: of too many, those that weigh most, so that a hundred new files hide nothing.
#[derive(Default)]
struct Lines([Vec<String>; WEIGHTS]);

/// From what could do most harm to what is only new.
const WEIGHTS: usize = 4;

fn weight(guarded: bool, what: &What) -> usize {
    match what {
        _ if guarded => 0,
        What::Deleted => 1,
        What::Changed | What::Renamed { .. } | What::Attributes => 2,
        What::Added => 3,
    }
}

impl Lines {
    fn add(&mut self, weight: usize, line: impl FnOnce() -> String) {
        let same = &mut self.0[weight];
        if same.len() < SHOWN {
            same.push(line());
        }
    }

    fn text(self) -> String {
        let all = self.0.into_iter().flatten().take(SHOWN);
        all.map(|line| line + "\n").collect()
    }
}

/// What is answered.
const KNOWN: &[(&str, Then)] = &[
    ("merge", Then::Merge),
    ("discard", Then::Discard),
    ("keep", Then::Keep),
];

/// Where nobody can be asked it is kept: that can be undone.
fn question(found: &Found) -> Result<Then> {
    if !ask::somebody_is_there() {
        return Ok(Then::Keep);
    }
    let count = found.count;
    // What was not seen is not to be merged by one word: `oz merge` shows all of it first.
    let (question, answers) = if found.more {
        let question = format!(
            "Discard these {count} changes, or keep them in the sandbox, for `oz merge` to show all of them?"
        );
        (question, &KNOWN[1..])
    } else {
        let question =
            format!("Merge these {count} changes, discard them, or keep them in the sandbox?");
        (question, KNOWN)
    };
    let words: Vec<&str> = answers.iter().map(|(word, _)| *word).collect();
    let words = words.join("/");
    ask::forget_what_was_typed();
    loop {
        let Some(answer) = ask::answer(&question, &words)? else {
            return Ok(Then::Keep);
        };
        if let Some((_, then)) = answers.iter().find(|(word, _)| word.starts_with(&answer)) {
            return Ok(*then);
        }
    }
}

fn also(found: &Found) -> Result<bool> {
    let count = found.protected;
    ask::yes(&format!(
        "{count} of them are in protected places or lead to one: they may run when you log in, stand in for the system's programs, or give away keys. Merge them too?"
    ))
}

fn take_over(kept: &Kept, held: &Held, code: u8, protected: bool) -> Result<(usize, u8)> {
    let id = &kept.id;
    let decided = Decided {
        take_theirs: false,
        both: false,
        protected,
    };
    let taken = merge::take_over(kept, held, &merge::What::all(decided), merge::How::Go)?;
    if taken.taken > 0 {
        out::note(&format!("`oz merge {id} --undo` takes that back"));
    }
    if taken.left + taken.undecided > 0 {
        out::note(&format!(
            "what is left is in the sandbox {id}: `oz merge {id}` with --protected, --take-theirs or --both takes it over"
        ));
        return Ok((taken.taken, code.max(1)));
    }
    Ok((taken.taken, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_what_the_schema_says() {
        insta::assert_json_snapshot!("trial-schema", schemars::schema_for!(Report));
    }
}
