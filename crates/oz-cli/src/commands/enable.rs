//! `oz enable`: the desktop's launchers of an app start it in its sandbox.

use std::path::PathBuf;

use oz_core::profile::{Catalogue, Profile};
use oz_host::data::{Data, Error as Refusal, Place};
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

/// What becomes of what the app has kept so far. It is asked once: whoever starts fresh has something there the next
/// time.
fn bring_data(catalogue: &Catalogue, name: &str, wanted: Option<DataOf>) -> Result<()> {
    let profile = catalogue.resolve(name);
    let profile = profile.map_err(|error| Error::advised(&error))?;
    let data = Data::of_this_user();
    let refused = |error: Refusal| Error::advised(&error);
    match wanted {
        Some(DataOf::Present) => return give(&data, &profile),
        // Whoever wants a copy or nothing no longer wants what it has itself.
        Some(_) if data.take(name).map_err(refused)? => {
            let running = "; one that runs has it until it ends";
            out::line(&format!(
                "{name} no longer has in its sandbox what it has outside{running}"
            ))?;
        }
        None if !data.given(name).is_empty() => return Ok(()),
        _ => {}
    }
    let missing = data.missing(&profile);
    if missing.is_empty() || wanted == Some(DataOf::Fresh) {
        return Ok(());
    }
    let (size, places) = described(&missing);
    let choice = match wanted {
        Some(_) => DataOf::Copy,
        None if data.inside(name).is_some() => DataOf::Fresh,
        None if ask::somebody_is_there() => {
            let present = data.giveable(&profile).is_ok();
            asked(name, &size, &places, present)?
        }
        None => {
            out::note(&format!(
                "{name} starts fresh; what it has in {places} it is given by `oz enable {name} --data present`, a copy of it by `--data copy`"
            ));
            DataOf::Fresh
        }
    };
    match choice {
        DataOf::Present => give(&data, &profile)?,
        DataOf::Copy => {
            warn_in_use(&data, &profile);
            data.copy_in(&profile).map_err(refused)?;
            out::line(&format!(
                "{size} copied from {places}; the sandbox goes on with the copy"
            ))?;
        }
        DataOf::Fresh => {}
    }
    Ok(())
}

/// No answer is the one by which nothing is given away.
fn asked(name: &str, size: &str, places: &str, present: bool) -> Result<DataOf> {
    let (or, answers) = match present {
        true => ("Use it as it is, copy it", "present/copy/fresh"),
        false => ("Copy it", "copy/fresh"),
    };
    let question = format!("{name} has {size} in {places}. {or} into the sandbox, or start fresh?");
    let answer = ask::answer(&question, answers)?.unwrap_or_default();
    Ok(match answer.as_str() {
        "" => DataOf::Fresh,
        answer if "copy".starts_with(answer) => DataOf::Copy,
        answer if present && "present".starts_with(answer) => DataOf::Present,
        _ => DataOf::Fresh,
    })
}

/// Lets the app have in its sandbox what it has.
fn give(data: &Data, profile: &Profile) -> Result<()> {
    warn_in_use(data, profile);
    let given = data.give(profile);
    let given = given.map_err(|error| Error::advised(&error))?;
    let (size, places) = described(&given);
    out::line(&format!(
        "{size} in {places} is the app's in its sandbox as well, from its next start"
    ))
}

/// Two programs that write the same files break them.
fn warn_in_use(data: &Data, profile: &Profile) {
    if let Some(program) = data.in_use(profile) {
        let name = out::safe(&program.name);
        out::warning(&format!(
            "{name} (process {}) runs without a sandbox and has the same files in use: close it before you start {} again.",
            program.pid, profile.name
        ));
    }
}

fn described(places: &[Place]) -> (String, String) {
    let size = in_words(places.iter().map(|place| place.size).sum());
    let paths = places.iter().map(|place| place.path.to_string_lossy());
    let paths: Vec<_> = paths.collect();
    (size, out::safe(&paths.join(", ")))
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
