//! `oz enable`: the desktop's launchers of an app start it in its sandbox.

use std::path::PathBuf;

use oz_core::profile::Catalogue;
use oz_host::data::Data;
use oz_host::launchers::{Done, Error as Refused, Launchers};
use oz_host::profiles::{Directories, load};

use super::data::in_words;
use crate::arguments::{DataOf, Enable};
use crate::ask;
use crate::bus::Bus;
use crate::error::{Error, Result};
use crate::out;

pub(crate) fn run(what: &Enable) -> Result<u8> {
    let (launchers, catalogue) = here()?;
    let apps = if what.all_known {
        launchers.installed(&catalogue)
    } else {
        what.apps.clone()
    };
    if apps.is_empty() {
        out::note("no app is installed for which there is a profile");
    }
    // One that cannot be leaves the others as asked.
    let mut code = 0;
    let mut services = false;
    for app in apps {
        match launchers.enable(&catalogue, &app, what.shell) {
            Ok((profile, done)) => {
                services |= done.services;
                out::line(&format!(
                    "{profile} is started in its sandbox{}",
                    also(&done)
                ))?;
                say_left(&done);
                bring_data(&catalogue, &profile, what.data)?;
            }
            Err(error) => {
                out::error(&refused(&error));
                code = 1;
            }
        }
    }
    tell_bus(services);
    Ok(code)
}

/// Copies what the app has kept so far into its sandbox, if that is wanted. It is asked once: whoever starts fresh has something
/// there the next time.
fn bring_data(catalogue: &Catalogue, name: &str, wanted: Option<DataOf>) -> Result<()> {
    let profile = catalogue.resolve(name);
    let profile = profile.map_err(|error| Error::advised(&error))?;
    let data = Data::of_this_user();
    let missing = data.missing(&profile);
    if missing.is_empty() || wanted == Some(DataOf::Fresh) {
        return Ok(());
    }
    let size = in_words(missing.iter().map(|place| place.size).sum());
    let places: Vec<_> = missing
        .iter()
        .map(|place| place.path.to_string_lossy())
        .collect();
    let places = out::safe(&places.join(", "));
    let copy = match wanted {
        Some(_) => true,
        None if data.inside(name).is_some() => false,
        None if ask::somebody_is_there() => {
            let question =
                format!("{name} has {size} in {places}. Copy it into the sandbox, or start fresh?");
            ask::answer(&question, "copy/fresh")?.is_some_and(|answer| "copy".starts_with(&answer))
        }
        None => {
            out::note(&format!(
                "{name} starts fresh; what it has in {places} is copied by `oz enable {name} --data copy`"
            ));
            false
        }
    };
    if copy {
        let copied = data.copy_in(&profile);
        copied.map_err(|error| Error::advised(&error))?;
        out::line(&format!(
            "{size} copied from {places}; the sandbox goes on with the copy"
        ))?;
    }
    Ok(())
}

fn also(done: &Done) -> &'static str {
    if done.files.is_empty() {
        ", as before"
    } else {
        ""
    }
}

/// The launchers of this user, and all profiles.
pub(super) fn here() -> Result<(Launchers, Catalogue)> {
    let catalogue = load(&Directories::of_this_installation());
    let catalogue = catalogue.map_err(|error| Error::advised(&error))?;
    Ok((Launchers::of_this_user(own_path()?), catalogue))
}

fn own_path() -> Result<PathBuf> {
    std::env::current_exe().map_err(|error| {
        Error::failed(
            format!("cannot find out where `oz` is: {error}."),
            "Run it by its whole path.",
        )
    })
}

pub(super) fn refused(error: &Refused) -> Error {
    Error::advised(error)
}

/// Files that somebody has changed.
pub(super) fn say_left(done: &Done) {
    for path in &done.left {
        let path = out::safe(&path.to_string_lossy());
        out::note(&format!(
            "{path} was changed by somebody since, so it was left as it is"
        ));
    }
}

/// Has the session bus, if there is one, read its service files again.
pub(super) fn tell_bus(services: bool) {
    if !services {
        return;
    }
    let tell = async {
        Bus::connect().await?.reload_services().await?;
        Ok(0)
    };
    // Without a session it will read them when it starts.
    let _ = crate::block_on(tell);
}
