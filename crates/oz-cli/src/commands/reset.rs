//! `oz reset`: a sandbox as if nothing had ever run in it.

use oz_core::OsBytes;
use oz_host::copies;
use oz_host::reset::{Of, State};
use serde::Serialize;

use super::data::in_words;
use crate::arguments::Reset;
use crate::bus::Bus;
use crate::error::{Error, Result};
use crate::{ask, out};

/// A thing that goes, in `--json`; the schema is tested.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Row {
    /// `copies` for what it wrote over copies of the user's files, `home` for its own home, `log` for what its programs said.
    what: &'static str,
    /// Where it is, or was.
    path: String,
    /// Bytes, of a home.
    size: Option<u64>,
}

pub(crate) async fn run(what: Reset) -> Result<u8> {
    let advised = |error: copies::Error| Error::advised(&error);
    let state = State::of(&what.id).map_err(advised)?;
    if let Some(id) = running(&what.id, state.home().is_some()).await {
        return Err(Error::failed(
            format!("{id} runs, and what it has is in use."),
            format!("End it first: `oz stop {id}`."),
        ));
    }
    let _held = state.hold().map_err(advised)?;
    let rows: Vec<Row> = state.all.iter().map(row).collect();
    if rows.is_empty() {
        return Err(Error::failed(
            format!("{} has kept nothing.", out::safe(&what.id)),
            "`oz ps` lists what runs; `oz data APP list` says what an app has kept.",
        ));
    }
    if !what.json || !what.yes {
        let say = |row: &Row| {
            let size = row.size.map(|size| format!(", {}", in_words(size)));
            format!(
                "{}{}: {}\n",
                words(row.what),
                size.unwrap_or_default(),
                row.path
            )
        };
        out::aside(&rows.iter().map(say).collect::<String>())?;
    }
    let stays = "Your own files, the profile and what it was given for good stay as they are.";
    if !what.yes && !ask::yes(&format!("Throw this away? {stays}"))? {
        return Err(Error::failed(
            "nothing was thrown away.",
            "`--yes` does it without a question.",
        ));
    }
    state.remove().map_err(advised)?;
    match what.json {
        true => out::json(&rows)?,
        false => out::note(&format!("{} is as if it had never run", what.id)),
    }
    Ok(0)
}

fn row(of: &Of) -> Row {
    let (what, path, size) = match of {
        Of::Copies(kept) => ("copies", &kept.directory, None),
        Of::Home(place) => ("home", &place.path, Some(place.size)),
        Of::Log(path) => ("log", path, None),
    };
    Row {
        what,
        path: OsBytes::from(path.as_path()).to_string(),
        size,
    }
}

fn words(what: &str) -> &'static str {
    match what {
        "copies" => "what it wrote over copies of your files",
        "home" => "its own home",
        _ => "what its programs said",
    }
}

/// The sandbox, or another that has the same home; without a session there is none.
async fn running(id: &str, home: bool) -> Option<String> {
    let list = Bus::connect().await.ok()?.list().await.ok()?;
    let has = |one: &&crate::bus::Summary| one.id == id || home && one.profile == id;
    Some(list.iter().find(has)?.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_what_the_schema_says() {
        insta::assert_json_snapshot!("reset-schema", schemars::schema_for!(Vec<Row>));
    }
}
