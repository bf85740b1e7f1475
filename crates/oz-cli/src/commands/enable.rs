//! `oz enable`: the desktop's launchers of an app start it in its sandbox.

use std::path::PathBuf;

use oz_core::profile::Catalogue;
use oz_host::launchers::{Done, Error as Refused, Launchers};
use oz_host::profiles::{Directories, load};

use crate::arguments::Enable;
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
