//! `oz profile`: the profiles of this installation, without the daemon.

mod apparmor;
mod new;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use oz_core::profile::{self, Catalogue, Layer, ProfileError, Text};
use oz_host::profiles::{Directories, load};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::out;

/// Look at profiles: what they are for, what they say, and whether they are right
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    List(List),
    Show(Show),
    Check(Check),
    New(new::New),
    Apparmor(apparmor::Apparmor),
}

/// List the profiles
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Print what results of a profile and all that it builds on, and where each key comes from
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A profile, a desktop id or an executable
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Say whether a file is right; without one, whether all profiles are
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The file
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A profile in `list --json`.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    description: String,
    /// Absent if it is right.
    error: Option<String>,
}

/// A key in `show --json`.
#[derive(Debug, Serialize)]
struct Key {
    key: String,
    value: serde_json::Value,
    origin: String,
}

/// A profile in `check --json`.
#[derive(Debug, Serialize)]
struct Checked {
    name: String,
    error: Option<String>,
}

pub(crate) async fn run(verb: &Verb) -> Result<u8> {
    match verb {
        Verb::List(what) => list(what),
        Verb::Show(what) => show(what),
        Verb::Check(what) => check(what),
        Verb::New(what) => new::run(what),
        // The only one that asks the daemon: what it would do is what is printed.
        Verb::Apparmor(what) => apparmor::run(what).await,
    }
}

pub(super) fn catalogue() -> Result<Catalogue> {
    load(&Directories::of_this_installation())
        .map_err(|error| Error::failed(format!("{error}."), "Check the directory's permissions."))
}

fn list(what: &List) -> Result<u8> {
    let catalogue = catalogue()?;
    let listed: Vec<Listed> = catalogue
        .names()
        .into_iter()
        .map(|name| {
            let profile = catalogue.resolve(name);
            Listed {
                name: name.to_owned(),
                description: profile
                    .as_ref()
                    .map(|p| p.description.clone())
                    .unwrap_or_default(),
                error: profile.err().map(|error| error.to_string()),
            }
        })
        .collect();
    if what.json {
        out::json(&listed)?;
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|listed| {
            let text = match &listed.error {
                Some(error) => format!("broken: {error}"),
                None => listed.description.clone(),
            };
            vec![listed.name.clone(), out::safe(&text)]
        })
        .collect();
    out::text(&out::table(&["NAME", "FOR"], &rows))?;
    Ok(0)
}

fn show(what: &Show) -> Result<u8> {
    let catalogue = catalogue()?;
    let name = catalogue
        .find(&what.name)
        .unwrap_or_else(|| what.name.clone());
    let profile = catalogue.resolve(&name).map_err(|error| drawn(&error))?;
    let keys = profile.explain();
    if what.json {
        let keys: Vec<Key> = keys
            .into_iter()
            .map(|(key, value, origin)| Key {
                key,
                value: serde_json::from_str(&value).unwrap_or(serde_json::Value::String(value)),
                origin: origin.to_string(),
            })
            .collect();
        out::json(&keys)?;
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = keys
        .into_iter()
        .map(|(key, value, origin)| vec![key, value, origin.to_string()])
        .collect();
    out::text(&out::table(&["KEY", "VALUE", "FROM"], &rows))?;
    Ok(0)
}

fn check(what: &Check) -> Result<u8> {
    let results: Vec<(String, Option<ProfileError>)> = match &what.file {
        Some(file) => {
            let text = read(file)?;
            let name = text.name.clone();
            let error = match profile::parse(&text) {
                Err(error) => Some(error),
                // What it builds on counts too, as if the user had installed it.
                Ok(_) => catalogue()?.with(text).resolve(&name).err(),
            };
            vec![(name, error)]
        }
        None => {
            let catalogue = catalogue()?;
            let names = catalogue.names().into_iter();
            names
                .map(|name| (name.to_owned(), catalogue.resolve(name).err()))
                .collect()
        }
    };
    let wrong = results.iter().any(|(_, error)| error.is_some());
    if what.json {
        let checked: Vec<Checked> = results
            .into_iter()
            .map(|(name, error)| Checked {
                name,
                error: error.map(|error| error.to_string()),
            })
            .collect();
        out::json(&checked)?;
    } else {
        for (_, error) in &results {
            if let Some(error) = error {
                out::error(&drawn(error));
            }
        }
        if !wrong {
            let count = results.len();
            let profiles = if count == 1 {
                "profile is"
            } else {
                "profiles are"
            };
            out::line(&format!("{count} {profiles} right"))?;
        }
    }
    Ok(u8::from(wrong))
}

/// A file that is not installed yet.
fn read(path: &Path) -> Result<Text> {
    let shown = oz_core::OsBytes::from(path);
    let fail = |error: &dyn std::fmt::Display| {
        Error::failed(
            format!("cannot read {shown}: {error}."),
            "Check the name and its permissions.",
        )
    };
    let text = std::fs::read(path).map_err(|error| fail(&error))?;
    let text = String::from_utf8(text).map_err(|error| fail(&error))?;
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Text {
        name,
        layer: Layer::User,
        path: path.to_owned(),
        text,
        template: false,
    })
}

/// With the caret under what is wrong.
pub(super) fn drawn(error: &ProfileError) -> Error {
    let text = error.render();
    Error::failed(text.strip_prefix("error: ").unwrap_or(&text), "")
}
