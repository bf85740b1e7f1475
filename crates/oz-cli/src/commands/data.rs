//! `oz data`: what an app in a sandbox has kept in the home that is its own.

use std::path::{Path, PathBuf};

use oz_core::profile::Profile;
use oz_host::data::{Data, Place};
use serde::Serialize;

use super::enable::here;
use crate::arguments::{Data as What, DataVerb};
use crate::bus::Bus;
use crate::error::{Error, Result};
use crate::{ask, out};

/// A place in `list --json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// `sandbox` for the app's own home, `home` for what it has in yours and its sandbox does not see, `both` for what it has
    /// there and in its sandbox as well.
    of: &'static str,
    /// Bytes that are not UTF-8 and control characters are `\xNN`.
    path: String,
    /// In bytes.
    size: u64,
}

pub(crate) async fn run(what: What) -> Result<u8> {
    let profile = profile(&what.app)?;
    let data = Data::of_this_user();
    match what.what {
        DataVerb::List { json } => list(&data, &profile, json),
        DataVerb::Export { place } => export(&data, &profile, &place).await,
        DataVerb::Delete { yes } => delete(&data, &profile, yes).await,
    }
}

fn profile(app: &str) -> Result<Profile> {
    let (_, catalogue) = here()?;
    let name = catalogue.find(app).unwrap_or_else(|| app.to_owned());
    catalogue
        .resolve(&name)
        .map_err(|error| Error::advised(&error))
}

fn list(data: &Data, profile: &Profile, json: bool) -> Result<u8> {
    let row = |of: &'static str| {
        move |place: Place| Row {
            of,
            path: out::safe(&place.path.to_string_lossy()),
            size: place.size,
        }
    };
    let inside = data.inside(&profile.name).into_iter().map(row("sandbox"));
    let given = data.given(&profile.name);
    let outside = data.outside(profile).into_iter().map(|place| {
        let both = given.contains(&place.path);
        row(if both { "both" } else { "home" })(place)
    });
    let rows: Vec<Row> = inside.chain(outside).collect();
    if json {
        out::json(&rows)?;
    } else if rows.is_empty() {
        out::note(&format!("{} has kept nothing", profile.name));
    } else {
        out::text(&table(&rows))?;
    }
    Ok(0)
}

fn table(rows: &[Row]) -> String {
    let row = |row: &Row| vec![row.of.to_owned(), in_words(row.size), row.path.clone()];
    let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    out::table(&["OF", "SIZE", "PATH"], &rows)
}

/// A size for people.
pub(super) fn in_words(size: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| size >= *unit) {
        Some((unit, name)) => format!("{} {name}", size.div_ceil(unit)),
        None => format!("{size} B"),
    }
}

async fn export(data: &Data, profile: &Profile, place: &Path) -> Result<u8> {
    // What it changes meanwhile may be copied half.
    if let Some(id) = running(profile).await {
        out::note(&format!(
            "{id} runs, and may change what is copied meanwhile"
        ));
    }
    let to = std::path::absolute(place)?;
    let done = data.export(&profile.name, &to);
    let done = done.map_err(|error| Error::advised(&error))?;
    out::line(&format!("{} copied to {}", in_words(done.size), shown(&to)))?;
    if done.closed.is_empty() {
        return Ok(0);
    }
    for path in &done.closed {
        out::note(&format!("not copied: {}", shown(path)));
    }
    Err(Error::failed(
        format!(
            "{} closed to its own user, and not copied; all else is.",
            match done.closed.len() {
                1 => "one place is".to_owned(),
                many => format!("{many} places are"),
            }
        ),
        "Open what is listed by `chmod u+rwx`, and export again to another place.",
    ))
}

async fn delete(data: &Data, profile: &Profile, yes: bool) -> Result<u8> {
    if let Some(id) = running(profile).await {
        return Err(Error::failed(
            format!("{id} runs, and its home is in use."),
            format!("End it first: `oz stop {id}`."),
        ));
    }
    let Some(place) = data.inside(&profile.name) else {
        return Err(Error::failed(
            format!("{} has no data of its own.", profile.name),
            "`oz data APP list` shows what there is.",
        ));
    };
    let question = format!(
        "Remove all that {} has kept in its sandbox: {} in {}?",
        profile.name,
        in_words(place.size),
        shown(&place.path)
    );
    if !yes && !ask::yes(&question)? {
        return Err(Error::failed(
            "nothing was removed.",
            "Say yes, or use `--yes` where nobody can be asked.",
        ));
    }
    let done = data.delete(&profile.name);
    let done = done.map_err(|error| Error::advised(&error))?;
    out::line(&format!("{} removed", in_words(done.size)))?;
    Ok(0)
}

/// A sandbox of the profile; without a session there is none.
async fn running(profile: &Profile) -> Option<String> {
    let list = Bus::connect().await.ok()?.list().await.ok()?;
    let of_it = list.into_iter().find(|one| one.profile == profile.name)?;
    Some(of_it.id)
}

fn shown(path: &Path) -> String {
    out::safe(&PathBuf::from(path).to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_listed_with_their_sizes() {
        let row = |of, path: &str, size| Row {
            of,
            path: path.into(),
            size,
        };
        let rows = [
            row(
                "sandbox",
                "/home/user/.local/state/oz/homes/firefox",
                300 << 20,
            ),
            row("home", "/home/user/.mozilla", 1025),
        ];
        insta::assert_snapshot!(table(&rows), @r"
        OF       SIZE     PATH
        sandbox  300 MiB  /home/user/.local/state/oz/homes/firefox
        home     2 KiB    /home/user/.mozilla
        ");
        insta::assert_json_snapshot!("data_schema", schemars::schema_for!(Vec<Row>));
        assert_eq!(in_words(1023), "1023 B");
    }
}
