//! `oz run --try`: what a command changed over copies, and what becomes of it.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use oz_core::OsBytes;
use oz_host::copies::{self, Held, Kept, protection};

use crate::arguments::{Decided, Then};
use crate::bus::Bus;
use crate::commands::changes::{find, line, look, shown};
use crate::commands::merge;
use crate::error::{Error, Result};
use crate::{ask, launch, out};

/// Most changes that are shown before the question; `oz changes` has all.
const SHOWN: usize = 100;
/// Most directories of one trial.
const PLACES: usize = 8;

/// Opens directories that are to be copied.
pub(super) fn places(paths: &[PathBuf]) -> Result<Option<Vec<zbus::OwnedFd>>> {
    if paths.len() > PLACES {
        return Err(Error::usage(
            format!("more than {PLACES} directories cannot be copied at once."),
            "Name a directory that holds some of them.",
        ));
    }
    let from = launch::current_directory()?;
    let place = |path: &PathBuf| {
        let fd = launch::open(path, &from)?;
        let file = std::fs::File::from(std::os::fd::OwnedFd::from(fd));
        let owner = file.metadata()?.uid();
        if owner != rustix::process::getuid().as_raw() {
            return Err(Error::usage(
                format!(
                    "{} belongs to another user, and what belongs to others cannot be changed in a copy of an ordinary user's either.",
                    OsBytes::from(path.as_path())
                ),
                "Have it install into your home, which is copied anyway: `make install PREFIX=$HOME/.local`, `pip install --user`.",
            ));
        }
        Ok(std::os::fd::OwnedFd::from(file).into())
    };
    let places = paths.iter().map(place).collect::<Result<Vec<_>>>()?;
    Ok((!places.is_empty()).then_some(places))
}

/// Shows what was changed, asks what becomes of it, and does that; the exit code.
pub(super) async fn end(id: &str, code: u8, then: Option<Then>, protected: bool) -> Result<u8> {
    // What the command has left running would go on changing things.
    if let Ok(bus) = Bus::connect().await {
        let _ = bus.stop(id).await;
    }
    let kept = find(id)?;
    let held = kept.hold().map_err(|error| Error::advised(&error))?;
    let found = show(&kept)?;
    if found.count == 0 {
        copies::remove(&kept.directory).map_err(|error| Error::advised(&error))?;
        out::note("nothing was changed");
        return Ok(code);
    }
    match then.map_or_else(|| question(&found), Ok)? {
        Then::Keep => {
            out::note(&format!(
                "it is kept in the sandbox {id}: `oz changes {id}`, `oz merge {id}`, `oz run --sandbox {id}`, `oz discard {id}`"
            ));
            Ok(code)
        }
        Then::Discard => {
            copies::remove(&kept.directory).map_err(|error| Error::advised(&error))?;
            out::note("all of it is thrown away; your files are as they were");
            Ok(code)
        }
        Then::Merge => {
            let protected = protected || found.protected > 0 && then.is_none() && also(&found)?;
            take_over(&kept, &held, code, protected)
        }
    }
}

/// What there is to decide on.
struct Found {
    count: usize,
    protected: usize,
}

/// On standard error: the output is the command's.
fn show(kept: &Kept) -> Result<Found> {
    let home = oz_host::facts::home()?;
    let mut found = Found {
        count: 0,
        protected: 0,
    };
    let mut text = String::new();
    for place in &kept.about.places {
        let changes = look(kept, place)?;
        for path in &changes.unreadable {
            out::note(&format!("{} cannot be looked at", shown(place, path)));
        }
        found.count += changes.unreadable.len();
        for change in &changes.all {
            found.count += 1;
            let guarded = protection(&home, place, change.path.as_path());
            found.protected += usize::from(guarded.is_some());
            if found.count <= SHOWN {
                text.push_str(&line(&home, place, change));
                text.push('\n');
            }
        }
    }
    out::aside(&text)?;
    if found.count > SHOWN {
        let more = found.count - SHOWN;
        out::note(&format!("and {more} more: `oz changes {}`", kept.id));
    }
    Ok(found)
}

/// Where nobody can be asked it is kept: that can be undone.
fn question(found: &Found) -> Result<Then> {
    if !ask::somebody_is_there() {
        return Ok(Then::Keep);
    }
    let count = found.count;
    ask::forget_what_was_typed();
    loop {
        let question =
            format!("Merge these {count} changes, discard them, or keep them in the sandbox?");
        let Some(answer) = ask::answer(&question, "merge/discard/keep")? else {
            return Ok(Then::Keep);
        };
        let known = [
            ("merge", Then::Merge),
            ("discard", Then::Discard),
            ("keep", Then::Keep),
        ];
        if let Some((_, then)) = known.iter().find(|(word, _)| word.starts_with(&answer)) {
            return Ok(*then);
        }
    }
}

fn also(found: &Found) -> Result<bool> {
    let count = found.protected;
    ask::yes(&format!(
        "{count} of them are in protected places: they may run when you log in, or stand in for the system's programs. Merge them too?"
    ))
}

fn take_over(kept: &Kept, held: &Held, code: u8, protected: bool) -> Result<u8> {
    let id = &kept.id;
    let decided = Decided {
        take_theirs: false,
        both: false,
        protected,
    };
    let taken = merge::take_over(kept, held, &[], decided, merge::How::Go)?;
    if taken.taken > 0 {
        out::note(&format!("`oz merge {id} --undo` takes that back"));
    }
    if taken.left + taken.undecided > 0 {
        out::note(&format!(
            "what is left is in the sandbox {id}: `oz merge {id}` with --protected, --take-theirs or --both takes it over"
        ));
        return Ok(code.max(1));
    }
    Ok(code)
}
