//! `oz changes`: what a sandbox wrote over copies of the user's files.

mod diff;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::wire::copies::{
    Change, Changes as Found, Conflict, Kind, MOST_CHANGES, Seen, Target, What,
};
use oz_host::copies::{self, Kept, Place, guard};
use serde::Serialize;

use crate::arguments::Changes;
use crate::error::{Error, Result};
use crate::out;

/// One change in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Row {
    /// The whole path. What is no text in it, or steers a terminal, is escaped.
    path: String,
    /// `added`, `changed`, `attributes`, `deleted` or `renamed`.
    change: &'static str,
    /// `file`, `directory`, `symlink` or `other`.
    kind: &'static str,
    /// Bytes, of a file that is there.
    size: Option<u64>,
    /// Bytes of the original.
    size_before: Option<u64>,
    /// Permissions, octal.
    mode: Option<String>,
    /// Those of the original, octal.
    mode_before: Option<String>,
    /// Where it was before it was renamed.
    from: Option<String>,
    /// Why it needs a decision: `changed` outside as well, `deleted` outside, or `unseen` by the sandbox.
    conflict: Option<&'static str>,
    /// Where a link leads, as far as it is told; what is odd in it is written out.
    target: Option<String>,
    /// Why it needs a yes of its own, as what is in a protected place.
    protected: Option<&'static str>,
    /// How many other names share its content.
    links: u64,
    /// Somebody can write to it: the sandbox while it runs, another one to which it has passed its descriptor after that.
    open: bool,
    /// With `--diff`: how its content differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<diff::Diff>,
}

pub(crate) fn run(what: &Changes) -> Result<u8> {
    let kept = find(&what.id)?;
    let home = oz_host::facts::home()?;
    let wanted = wanted(&what.paths)?;
    let mut rows = Vec::new();
    let mut text = String::new();
    for place in &kept.about.places {
        let found = look(&kept, place, &wanted)?;
        for path in &found.unreadable {
            out::note(&format!("{} cannot be looked at", shown(place, path)));
        }
        if !found.complete {
            out::note("there are more changes than can be listed");
        }
        let differences = match what.diff {
            true => diff::of(&kept, place, &found.all)?,
            false => vec![None; found.all.len()],
        };
        for (change, difference) in found.all.iter().zip(differences) {
            if what.json {
                rows.push(Row {
                    diff: difference,
                    ..row(&home, place, change)
                });
            } else {
                let _ = writeln!(text, "{}", line(&home, place, change));
                text.extend(difference.map(|difference| difference.to_string()));
            }
        }
    }
    match what.json {
        true => out::json(&rows)?,
        false if text.is_empty() => out::note(&format!("{} has changed nothing", what.id)),
        false => out::text(&text)?,
    }
    Ok(0)
}

/// Whole paths.
pub(crate) fn wanted(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let paths = paths.iter().map(std::path::absolute);
    Ok(paths.collect::<std::io::Result<_>>()?)
}

/// The copies of a sandbox.
pub(crate) fn find(id: &str) -> Result<Kept> {
    Kept::find(&copies::here(), id).map_err(|error| Error::advised(&error))
}

/// What it changed in one place, at some whole paths or below; without any all.
pub(crate) fn look(kept: &Kept, place: &Place, wanted: &[PathBuf]) -> Result<Found> {
    kept.look(place, wanted, MOST_CHANGES).map_err(|error| {
        let source = OsBytes::from(place.overlay.source.as_path());
        let id = &kept.id;
        let what = format!("cannot find out what {id} has changed in {source}: {error}.");
        Error::failed(what, "")
    })
}

pub(crate) fn shown(place: &Place, path: &OsBytes) -> OsBytes {
    OsBytes::from(place.at(path))
}

pub(crate) fn row(home: &Path, place: &Place, change: &Change) -> Row {
    let size = |seen: Option<Seen>| {
        let file = seen.filter(|_| change.kind == Kind::File);
        file.map(|seen| seen.size)
    };
    let mode = |seen: Seen| format!("{:04o}", seen.mode & 0o7777);
    Row {
        path: shown(place, &change.path).to_string(),
        change: change.what.word(),
        kind: change.kind.word(),
        size: size(change.copy),
        size_before: size(change.original),
        mode: change.copy.map(mode),
        mode_before: change.original.map(mode),
        from: match &change.what {
            What::Renamed { from, .. } => Some(shown(place, from).to_string()),
            _ => None,
        },
        conflict: change.conflict.map(Conflict::word),
        target: change.target.as_ref().map(Target::to_string),
        protected: guard(home, place, change),
        links: change.links,
        open: change.open,
        diff: None,
    }
}

/// For people.
pub(crate) fn line(home: &Path, place: &Place, change: &Change) -> String {
    let mut line = format!("{:<10}  {}", change.what.word(), shown(place, &change.path));
    if change.kind == Kind::Directory {
        line.push('/');
    }
    if let Some(target) = &change.target {
        let _ = write!(line, " -> {target}");
    }
    if let What::Renamed { from, .. } = &change.what {
        let _ = write!(line, "  from {}", shown(place, from));
    }
    if let What::Renamed { changed: true, .. } = &change.what {
        line.push_str(", and changed");
    }
    match (change.kind, change.copy, change.original) {
        (Kind::File, Some(copy), Some(before)) if change.what == What::Changed => {
            let _ = write!(line, "  {} bytes, before {}", copy.size, before.size);
        }
        (Kind::File, Some(copy), _) if change.what == What::Added => {
            let _ = write!(line, "  {} bytes", copy.size);
        }
        (Kind::Other, ..) => {
            line.push_str("  (neither file, directory nor link: never taken over)");
        }
        _ => {}
    }
    if change.open {
        line.push_str("  (open for writing)");
    }
    if let Some((before, now)) = change.other_mode() {
        let _ = write!(line, "  {before:04o} → {now:04o}");
    }
    line.push_str(match change.conflict {
        None => "",
        Some(Conflict::Changed) => "  ! changed outside as well",
        Some(Conflict::Deleted) => "  ! deleted outside meanwhile",
        Some(Conflict::Unseen) => "  ! there is one that the sandbox did not see",
    });
    if let Some(reason) = guard(home, place, change) {
        let _ = write!(line, "  ! protected: {reason}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_what_the_schema_says() {
        insta::assert_json_snapshot!("changes-schema", schemars::schema_for!(Vec<Row>));
    }
}
