//! `oz changes`: what a sandbox wrote over copies of the user's files.

use std::fmt::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::plan::SandboxId;
use oz_core::protected;
use oz_core::wire::copies::{Change, Changes as Found, Conflict, Kind, Seen, What};
use oz_host::copies::{self, About, Place};
use serde::Serialize;

use crate::arguments::Changes;
use crate::error::{Error, Result};
use crate::out;

/// One change in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
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
    /// Why the place is protected.
    protected: Option<&'static str>,
    /// How many other names share its content.
    links: u64,
}

pub(crate) fn run(what: &Changes) -> Result<u8> {
    let copied = Copied::find(&what.id)?;
    let home = oz_host::facts::user()?.home;
    let mut rows = Vec::new();
    let mut text = String::new();
    for place in &copied.about.places {
        let found = copied.look(place)?;
        for path in &found.unreadable {
            out::note(&format!("{} cannot be looked at", shown(place, path)));
        }
        if !found.complete {
            out::note("there are more changes than can be listed");
        }
        for change in &found.all {
            if what.json {
                rows.push(row(&home, place, change));
            } else {
                let _ = writeln!(text, "{}", line(&home, place, change));
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

/// The copies of a sandbox.
pub(crate) struct Copied {
    pub(crate) about: About,
    /// Where they are.
    pub(crate) directory: PathBuf,
    id: String,
}

impl Copied {
    pub(crate) fn find(id: &str) -> Result<Self> {
        let copies = copies::here();
        let known: Option<SandboxId> = id.parse().ok();
        let about = known.map(|id| copies::read(&copies, &id)).transpose();
        let about = about.map_err(|error| {
            let what = format!("cannot read what is known of the copies of {id}: {error}.");
            Error::failed(what, format!("Look into {}.", copies.display()))
        })?;
        let Some(about) = about.flatten() else {
            return Err(Error::failed(
                format!("no sandbox {} has written over copies.", out::safe(id)),
                "`oz run --cow -- COMMAND` makes one that does.",
            ));
        };
        Ok(Self {
            about,
            directory: copies.join(id),
            id: id.to_owned(),
        })
    }

    pub(crate) fn look(&self, place: &Place) -> Result<Found> {
        copies::changes(place).map_err(|error| {
            let source = OsBytes::from(place.overlay.source.as_path());
            let id = &self.id;
            let what = format!("cannot find out what {id} has changed in {source}: {error}.");
            Error::failed(what, "`oz discard` throws all of it away.")
        })
    }

    /// Nobody else has the layers while these are held.
    pub(crate) fn lock(&self) -> Result<Vec<OwnedFd>> {
        let mut locks = Vec::new();
        for place in &self.about.places {
            match copies::lock(&place.overlay) {
                Ok(Some(lock)) => locks.push(lock),
                Ok(None) => {
                    let id = &self.id;
                    return Err(Error::failed(
                        format!("{id} still runs, and could change what is looked at."),
                        format!("End it first: `oz stop {id}`."),
                    ));
                }
                Err(error) => {
                    let layers = OsBytes::from(place.overlay.layers.as_path());
                    let what = format!("cannot lock {layers}: {error}.");
                    return Err(Error::failed(what, "`oz run` makes it anew."));
                }
            }
        }
        Ok(locks)
    }
}

pub(crate) fn shown(place: &Place, path: &OsBytes) -> OsBytes {
    OsBytes::from(place.overlay.source.join(path.as_path()))
}

/// Why the place is protected, if it is.
pub(crate) fn protection(home: &Path, place: &Place, path: &Path) -> Option<&'static str> {
    let path = place.overlay.source.join(path);
    let hidden = |hidden: &PathBuf| path.starts_with(place.overlay.source.join(hidden));
    let unnamed = place.overlay.hidden.iter().any(hidden);
    let named = protected::is_protected(home, &path).map(|place| place.reason);
    named.or(unnamed.then_some(protected::LINKED))
}

fn row(home: &Path, place: &Place, change: &Change) -> Row {
    let size = |seen: Option<Seen>| {
        let file = seen.filter(|_| change.kind == Kind::File);
        file.map(|seen| seen.size)
    };
    let mode = |seen: Seen| format!("{:04o}", seen.mode & 0o7777);
    Row {
        path: shown(place, &change.path).to_string(),
        change: word(&change.what),
        kind: match change.kind {
            Kind::File => "file",
            Kind::Directory => "directory",
            Kind::Symlink => "symlink",
            Kind::Other => "other",
        },
        size: size(change.copy),
        size_before: size(change.original),
        mode: change.copy.map(mode),
        mode_before: change.original.map(mode),
        from: match &change.what {
            What::Renamed(from) => Some(shown(place, from).to_string()),
            _ => None,
        },
        conflict: change.conflict.map(|conflict| match conflict {
            Conflict::Changed => "changed",
            Conflict::Deleted => "deleted",
            Conflict::Unseen => "unseen",
        }),
        protected: protection(home, place, change.path.as_path()),
        links: change.links,
    }
}

fn word(what: &What) -> &'static str {
    match what {
        What::Added => "added",
        What::Changed => "changed",
        What::Attributes => "attributes",
        What::Deleted => "deleted",
        What::Renamed(_) => "renamed",
    }
}

/// For people.
pub(crate) fn line(home: &Path, place: &Place, change: &Change) -> String {
    let mut line = format!("{:<10}  {}", word(&change.what), shown(place, &change.path));
    if change.kind == Kind::Directory {
        line.push('/');
    }
    if let What::Renamed(from) = &change.what {
        let _ = write!(line, "  from {}", shown(place, from));
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
    line.push_str(match change.conflict {
        None => "",
        Some(Conflict::Changed) => "  ! changed outside as well",
        Some(Conflict::Deleted) => "  ! deleted outside meanwhile",
        Some(Conflict::Unseen) => "  ! there is one that the sandbox did not see",
    });
    if let Some(reason) = protection(home, place, change.path.as_path()) {
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
