//! `oz learn`: what an app uses while it runs in its sandbox, and what its profile should be by that.

mod host;
mod proposal;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use oz_core::plan::SandboxId;
use oz_core::profile::Catalogue;
use oz_core::profile::measure::name_of;
use oz_host::training::{Base, Training};

use super::profile::catalogue;
use crate::arguments::Learn;
use crate::ask;
use crate::error::{Error, Result};
use crate::launch::{self, How, Options, Wanted};
use crate::out;
use proposal::Proposal;

pub(crate) async fn run(what: Learn) -> Result<u8> {
    let kept_one = what.show.as_ref().or(what.save.as_ref());
    let Some(word) = kept_one.or(what.forget.as_ref()) else {
        return train(what).await.map_err(Error::of_a_launch);
    };
    let name = known_name(&catalogue()?, word.as_ref())?;
    let training = Training::of(&name);
    if what.forget.is_some() {
        let forgotten = training.forget().map_err(|error| kept(&name, &error))?;
        let said = if forgotten {
            "is forgotten; what was saved stays"
        } else {
            "was not there"
        };
        out::note(&format!("what was seen of {name} {said}"));
        return Ok(0);
    }
    let proposal = Proposal::of(&name, &training).await?;
    proposal.show(what.json)?;
    if what.save.is_some() {
        proposal.save(what.yes, &what.give)?;
    }
    Ok(0)
}

fn kept(name: &str, error: &std::io::Error) -> Error {
    Error::failed(
        format!("cannot keep what is seen of {name}: {error}."),
        "Make room in ~/.local/state, or give yourself the right to write there.",
    )
}

/// The name under which an app's trainings are kept: its profile's, or the one that it would get.
///
/// It is a directory's as well, so it has to be a name.
fn known_name(catalogue: &Catalogue, word: &OsStr) -> Result<String> {
    let text = word.to_string_lossy();
    let found = catalogue.find(&text);
    let name = found.unwrap_or_else(|| name_of(text.rsplit('/').next().unwrap_or_default()));
    name.parse::<SandboxId>().map_err(|error| {
        Error::usage(
            format!("{} is no name of a profile: {error}.", out::safe(&name)),
            "Name an app, or a command by its path.",
        )
    })?;
    Ok(name)
}

async fn train(what: Learn) -> Result<u8> {
    let catalogue = catalogue()?;
    let Some(first) = what.words.first().cloned() else {
        return Err(Error::usage(
            "there is nothing to train.",
            "Name an app, or write a command behind `--`.",
        ));
    };
    let mut options = Options::default();
    launch::session(&mut options);
    let name = known_name(&catalogue, &first)?;
    let profile = catalogue
        .names()
        .contains(&name.as_str())
        .then(|| name.clone());
    let template = match &profile {
        Some(_) => None,
        None => Some(oz_host::measure::for_a_run(&first).ok_or_else(|| {
            let error = oz_host::measure::Error::NotFound(first.to_string_lossy().into_owned());
            Error::advised(&error)
        })?),
    };
    if let Some(template) = &template {
        options.profile = Some(template.template.clone());
        options.ephemeral = Some(true);
    } else if what.command {
        options.profile.clone_from(&profile);
    }
    let base = Base {
        command: first.to_string_lossy().into_owned(),
        profile,
        template,
    };
    let training = Training::of(&name);
    let begun = training.begin(&base).and_then(|log| {
        training.give(&given(&what))?;
        Ok(log)
    });
    let log = begun.map_err(|error| kept(&name, &error))?;
    let wanted = Wanted {
        read: what.read,
        write: what.write,
    };
    wanted.open(&mut options)?;
    let argv = if what.command {
        launch::command(what.words)
    } else {
        launch::app(what.words, &mut options)?
    };
    let how = How {
        train: Some(Arc::new(log)),
        ..How::default()
    };
    let code = launch::attached(argv, options, Some(how)).await?;
    if ask::somebody_is_there() {
        let proposal = Proposal::of(&name, &training).await?;
        proposal.show(false)?;
        proposal.save(false, &[])?;
    } else {
        out::note(&format!(
            "`oz learn --show {name}` says what follows, `oz learn --save {name} --yes` saves it"
        ));
    }
    Ok(code)
}

/// What the user gives to this run: that it is opened says nothing.
fn given(what: &Learn) -> Vec<PathBuf> {
    let words = what.words.iter().skip(1).map(PathBuf::from);
    let named = what.read.iter().chain(&what.write).cloned();
    words
        .chain(named)
        .filter_map(|path| path.canonicalize().ok())
        .collect()
}
