//! `oz profile apparmor`: a profile for AppArmor, from the plan that is enforced.

use std::path::{Path, PathBuf};

use clap::Args;
use oz_core::plan::apparmor::apparmor;

use super::{catalogue, drawn};
use crate::error::Result;
use crate::launch::{self, Options};
use crate::out;

/// Print what an app may use as a profile for AppArmor, for when it is started without Oz
#[derive(Debug, Args)]
pub(crate) struct Apparmor {
    /// A profile, a desktop id or an executable
    name: String,
}

pub(crate) async fn run(what: &Apparmor) -> Result<u8> {
    let catalogue = catalogue()?;
    let name = catalogue
        .find(&what.name)
        .unwrap_or_else(|| what.name.clone());
    let profile = catalogue.resolve(&name).map_err(|error| drawn(&error))?;
    let mut options = Options::default();
    launch::session(&mut options);
    let argv = launch::app(vec![name.clone().into()], &mut options)?;
    let json = launch::plan(argv, options).await?;
    let plan = launch::read_plan(&json)?;
    let executables = profile.matches.executables.iter().map(|name| name.as_str());
    let mut found: Vec<PathBuf> = executables
        .filter_map(|name| oz_host::measure::find(name.as_ref()).ok())
        .collect();
    found.sort();
    found.dedup();
    let executables: Vec<&Path> = found.iter().map(PathBuf::as_path).collect();
    let home = &plan.user.home;
    let data: Vec<PathBuf> = profile
        .files
        .data
        .iter()
        .map(|place| home.join(place.below_home()))
        .collect();
    let data: Vec<&Path> = data.iter().map(PathBuf::as_path).collect();
    out::text(&apparmor(&plan, &executables, &data))?;
    Ok(0)
}
