//! `oz profile new`: a profile made to measure, by what is known of a program without running it.

use std::ffi::{OsStr, OsString};

use clap::Args;
use oz_core::plan::SandboxId;
use oz_core::profile::measure::{self, Facts};
use oz_core::profile::{Layer, Text};
use oz_host::profile_edit;
use oz_host::profiles::Directories;

use super::{catalogue, drawn};
use crate::ask;
use crate::error::{Error, Result};
use crate::out;

/// Make a profile to measure for a program, by its desktop entry and what its file needs, and say why
///
/// Nothing of the program is run. Without --yes it asks before it saves, and where nobody can be asked it only prints.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// A program: a name, or a path
    command: OsString,
    /// Name of the profile, instead of the program's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Save it without asking
    #[arg(long, conflicts_with = "print")]
    yes: bool,
    /// Only print it
    #[arg(long)]
    print: bool,
}

pub(super) fn run(what: &New) -> Result<u8> {
    let facts = oz_host::measure::facts(&what.command).map_err(|error| Error::advised(&error))?;
    let name = match &what.name {
        Some(name) => name.clone(),
        None => measure::name_of(&facts.name),
    };
    name.parse::<SandboxId>().map_err(|error| {
        Error::usage(
            format!("{} is no name of a profile: {error}.", out::safe(&name)),
            "Name it with --name, in small letters.",
        )
    })?;
    let directories = Directories::of_this_installation();
    let catalogue = catalogue()?;
    if !what.print {
        refuse_known(&catalogue, &facts, &name, &what.command)?;
    }
    let text = measure::text(&measure::propose(&facts, &name));
    let path = directories.user.join(format!("{name}.json"));
    let profile = Text {
        name: name.clone(),
        layer: Layer::User,
        path: path.clone(),
        text: text.clone(),
        template: false,
    };
    // It is what every reader of profiles says that it is, or it is not proposed.
    catalogue
        .with(profile)
        .resolve(&name)
        .map_err(|error| drawn(&error))?;
    out::text(&text)?;
    let shown = oz_core::OsBytes::from(path.as_path());
    let save = !what.print && (what.yes || ask::yes(&format!("Save it as {shown}?"))?);
    if save {
        profile_edit::create(&directories, &name, &text, &[])
            .map_err(|error| Error::advised(&error))?;
        out::note(&format!("{shown} is there: `oz run {name}` follows it"));
    } else if !what.print && !ask::somebody_is_there() {
        out::note("it is not saved, since nobody can be asked: --yes saves it");
    }
    Ok(0)
}

/// What has a profile is not given a second one by accident, of which nobody knows which one holds.
fn refuse_known(
    catalogue: &oz_core::profile::Catalogue,
    facts: &Facts,
    name: &str,
    command: &OsStr,
) -> Result<()> {
    let entry = facts.entry.as_ref().map(|entry| entry.id.clone());
    let words = [Some(facts.path.clone()), entry, Some(name.to_owned())];
    let known = words
        .into_iter()
        .flatten()
        .find_map(|word| catalogue.find(&word));
    let Some(known) = known else {
        return Ok(());
    };
    let command = out::safe(&command.to_string_lossy());
    Err(Error::failed(
        format!("{command} has the profile {known} already."),
        format!("`oz profile show {known}` says what is in it; --print shows what would be made."),
    ))
}
