//! `oz disable`: everything as it was before `oz enable`.

use oz_host::data::Data;

use super::enable::{here, refused, say_left, tell_bus};
use crate::arguments::Disable;
use crate::error::{Error, Result};
use crate::out;

pub(crate) fn run(what: &Disable) -> Result<u8> {
    let (launchers, catalogue) = here()?;
    let apps = if what.all {
        let all = launchers
            .status(&catalogue)
            .map_err(|error| refused(&error))?;
        let enabled = all.into_iter().filter(|app| app.enabled);
        enabled.map(|app| app.profile).collect()
    } else {
        what.apps.clone()
    };
    let mut code = 0;
    let mut services = false;
    for app in apps {
        match launchers.disable(&catalogue, &app) {
            Ok((profile, done)) => {
                services |= done.services;
                out::line(&format!(
                    "{profile} is started as before, without a sandbox"
                ))?;
                say_left(&done);
                let data = Data::of_this_user();
                let given = data.given(&profile);
                if data
                    .take(&profile)
                    .map_err(|error| Error::advised(&error))?
                {
                    let places = given.iter().map(|place| place.to_string_lossy());
                    let places = out::safe(&places.collect::<Vec<_>>().join(", "));
                    out::note(&format!(
                        "what {profile} has is where it was, with what has changed in its sandbox: {places}"
                    ));
                }
                if let Some(place) = data.inside(&profile) {
                    let path = out::safe(&place.path.to_string_lossy());
                    out::note(&format!(
                        "what {profile} has kept in its sandbox stays in {path}: `oz data {profile} export PLACE` copies it"
                    ));
                }
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
