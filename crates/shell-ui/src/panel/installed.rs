//! The apps that are installed, and starting them in their sandboxes: what `oz enable`, `disable` and `status` do.

use std::collections::BTreeMap;

use gtk::gio;
use gtk::gio::prelude::*;
use oz_core::OsBytes;
use oz_core::profile::{Catalogue, Profile};
use oz_host::data::{Data, Place};
use oz_host::launchers::{Done, Launchers};
use oz_host::profiles::{Directories, load};

use super::application::ID;
use super::profiles::away;
use super::terminal::oz;
use crate::bus::Result;
use crate::model::{App, Launcher, apps};

/// What came of a switch.
pub(super) struct Switched {
    /// The bus has to read its service files again.
    pub(super) services: bool,
    /// Files that were left as they are, because somebody has changed them.
    pub(super) left: Vec<String>,
    /// What the app has kept so far and its sandbox has not, or what stays there.
    pub(super) data: Option<Kept>,
}

/// What an app has kept.
pub(super) struct Kept {
    /// In bytes.
    pub(super) size: u64,
    /// Where.
    pub(super) places: String,
    /// The sandbox can have it as it is.
    pub(super) present: bool,
    /// The program that has it in use.
    pub(super) in_use: Option<String>,
}

/// All apps.
pub(super) async fn list() -> Result<Vec<App>> {
    away(|| {
        let (launchers, catalogue) = here()?;
        let known = launchers.status(&catalogue);
        Ok(apps(known.map_err(|error| error.to_string())?, seen()))
    })
    .await
}

/// The profile of that name as it is now.
pub(super) async fn profile(name: &str) -> Result<Profile> {
    let name = name.to_owned();
    away(move || resolve(&here()?.1, &name)).await
}

/// Has an app started in its sandbox; `data` is what it has outside and there is no answer for yet.
pub(super) async fn enable(name: &str) -> Result<Switched> {
    let name = name.to_owned();
    away(move || {
        let (launchers, catalogue) = here()?;
        let enabled = launchers.enable(&catalogue, &name, false);
        let (profile, done) = enabled.map_err(|error| error.to_string())?;
        let data = Data::of_this_user();
        let resolved = resolve(&catalogue, &profile)?;
        // It was asked before, or is the app's already.
        let settled = data.inside(&profile).is_some() || !data.given(&profile).is_empty();
        let missing = if settled {
            Vec::new()
        } else {
            data.missing(&resolved)
        };
        let mut switched = Switched::of(&done, &missing);
        if let Some(kept) = &mut switched.data {
            kept.present = data.giveable(&resolved).is_ok();
            let program = data.in_use(&resolved);
            kept.in_use = program.map(|program| OsBytes::from(program.name.as_str()).to_string());
        }
        Ok(switched)
    })
    .await
}

/// Lets the app have in its sandbox what it has kept so far, as it is.
pub(super) async fn give_data(name: &str) -> Result<()> {
    let name = name.to_owned();
    away(move || {
        let profile = resolve(&here()?.1, &name)?;
        let given = Data::of_this_user().give(&profile);
        given.map(drop).map_err(|error| error.to_string())
    })
    .await
}

/// Copies what the app has kept so far into its sandbox.
pub(super) async fn copy_data(name: &str) -> Result<()> {
    let name = name.to_owned();
    away(move || {
        let profile = resolve(&here()?.1, &name)?;
        let copied = Data::of_this_user().copy_in(&profile);
        copied.map(drop).map_err(|error| error.to_string())
    })
    .await
}

/// Has an app started without a sandbox; `data` is what stays in the sandbox's own place.
pub(super) async fn disable(name: &str) -> Result<Switched> {
    let name = name.to_owned();
    away(move || {
        let (launchers, catalogue) = here()?;
        let disabled = launchers.disable(&catalogue, &name);
        let (profile, done) = disabled.map_err(|error| error.to_string())?;
        let stays: Vec<Place> = Data::of_this_user().inside(&profile).into_iter().collect();
        Ok(Switched::of(&done, &stays))
    })
    .await
}

impl Switched {
    fn of(done: &Done, places: &[Place]) -> Self {
        let shown = |path: &std::path::PathBuf| OsBytes::from(path.as_path()).to_string();
        let paths: Vec<String> = places.iter().map(|place| shown(&place.path)).collect();
        let size = places.iter().map(|place| place.size).sum();
        Self {
            services: done.services,
            left: done.left.iter().map(shown).collect(),
            data: (!places.is_empty()).then(|| Kept {
                size,
                places: paths.join(", "),
                present: false,
                in_use: None,
            }),
        }
    }
}

fn here() -> Result<(Launchers, Catalogue)> {
    let catalogue = load(&Directories::of_this_installation());
    let catalogue = catalogue.map_err(|error| error.to_string())?;
    Ok((Launchers::of_this_user(oz()), catalogue))
}

fn resolve(catalogue: &Catalogue, name: &str) -> Result<Profile> {
    catalogue.resolve(name).map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    })
}

/// The launchers that people see, by their ids.
fn seen() -> BTreeMap<String, Launcher> {
    let all = gio::AppInfo::all().into_iter();
    let launcher = |app: gio::AppInfo| {
        let id = app.id()?;
        let id = id.strip_suffix(".desktop").unwrap_or(&id).to_owned();
        let icon = app.icon().and_then(|icon| icon.to_string());
        let launcher = Launcher {
            name: OsBytes::from(app.display_name().as_str()).to_string(),
            icon: icon.map(String::from),
        };
        (app.should_show() && id != ID).then_some((id, launcher))
    };
    all.filter_map(launcher).collect()
}
