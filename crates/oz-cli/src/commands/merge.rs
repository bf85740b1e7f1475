//! `oz merge`: taking over what a sandbox wrote over copies of the user's files.

use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::wire::copies::{Change, Kind, Merge as Order, What};
use oz_host::copies::{self, Place};

use super::changes::{Copied, line, protection, shown};
use crate::arguments::Merge;
use crate::error::{Error, Result};
use crate::{ask, out};

/// Changes with the path that each gets.
type Chosen = Vec<(Change, OsBytes)>;

pub(crate) fn run(what: &Merge) -> Result<u8> {
    let copied = Copied::find(&what.id)?;
    // From here on what is shown cannot become something else.
    let _locks = copied.lock()?;
    let failed = |error| {
        Error::failed(
            format!("the merge of {} was not finished: {error}.", what.id),
            "What was done is whole; `oz merge` again goes on with it.",
        )
    };
    let finished = copies::finish(&copied.directory).map_err(failed)?;
    if finished > 0 {
        out::note(&format!(
            "a merge that was cut off is finished: {finished} changes are taken over"
        ));
    }
    let (orders, left_out) = choose(what, &copied)?;
    let count: usize = orders.iter().map(|(_, chosen)| chosen.len()).sum();
    if count == 0 {
        out::note("there is nothing to take over");
        return Ok(u8::from(left_out > 0));
    }
    if !what.yes && !ask::yes(&format!("Take over these {count} changes?"))? {
        return Err(Error::failed(
            "nothing was taken over.",
            "`--yes` takes it over without a question.",
        ));
    }
    let mut left = 0;
    for (place, chosen) in orders.into_iter().filter(|(_, chosen)| !chosen.is_empty()) {
        let order = Order {
            place: copies::to_look_at(place),
            journal: copies::new_journal(&copied.directory)?,
            chosen,
        };
        let merged = copies::merge(&order).map_err(failed)?;
        for (path, why) in &merged.left {
            let path = shown(place, path);
            out::note(&format!("{path} is left as it was: {}", out::safe(why)));
        }
        left += merged.left.len();
    }
    out::note(&format!("{} changes are taken over", count - left));
    Ok(u8::from(left > 0))
}

/// What is taken over, shown; and how much of what was asked for is not.
fn choose<'c>(what: &Merge, copied: &'c Copied) -> Result<(Vec<(&'c Place, Chosen)>, usize)> {
    let wanted = what.paths.iter().map(std::path::absolute);
    let wanted: Vec<PathBuf> = wanted.collect::<std::io::Result<_>>()?;
    let home = oz_host::facts::user()?.home;
    let mut orders = Vec::new();
    let mut left_out = 0;
    for place in &copied.about.places {
        let source = &place.overlay.source;
        let asked = |change: &Change| {
            let path = source.join(change.path.as_path());
            wanted.is_empty() || wanted.iter().any(|wanted| path.starts_with(wanted))
        };
        let mut chosen = Vec::new();
        for change in copied.look(place)?.all.into_iter().filter(asked) {
            let line = line(&home, place, &change);
            if let Some(target) = target(what, &home, place, &change) {
                out::line(&line)?;
                chosen.push((change, target));
            } else {
                out::note(&format!("left out: {line}"));
                left_out += 1;
            }
        }
        orders.push((place, chosen));
    }
    Ok((orders, left_out))
}

/// Where a change goes; none if it is left out.
fn target(what: &Merge, home: &Path, place: &Place, change: &Change) -> Option<OsBytes> {
    let path = change.path.as_path();
    let is_protected = |path: &Path| protection(home, place, path).is_some();
    let guarded = is_protected(path)
        || matches!(&change.what, What::Renamed(from) if is_protected(from.as_path()));
    if guarded && !what.protected || change.kind == Kind::Other {
        return None;
    }
    if change.conflict.is_none() || what.take_theirs {
        return Some(change.path.clone());
    }
    let is_file = change.copy.is_some() && change.kind != Kind::Directory;
    let keeps = is_file && !matches!(change.what, What::Renamed(_));
    (what.both && keeps).then(|| beside(path, &what.id))
}

/// `notes.txt.firefox`.
fn beside(path: &Path, id: &str) -> OsBytes {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{id}"));
    path.with_file_name(name).into()
}
