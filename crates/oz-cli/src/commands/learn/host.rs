//! Of the places that a program was seen in, those that are on the host and that its sandbox does not show.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use oz_core::learn::Folded;
use oz_core::profile::Profile;
use oz_core::profile::files::Home;
use oz_core::profile::learn::Host;
use oz_core::protected;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::launch;

/// Looks at the places; `plan` is that of the sandbox, and `given` what the user gave to single runs.
pub(super) fn look(
    profile: &Profile,
    names: Vec<String>,
    seen: &Folded,
    plan: &Value,
    given: &[String],
) -> Result<Host> {
    let home = oz_host::facts::home()
        .map_err(|error| Error::failed(format!("cannot find your home: {error}."), "Set HOME."))?;
    let xdg: BTreeMap<String, String> = oz_host::facts::well_known(&home)
        .into_iter()
        .map(|(name, path)| (name, path.to_string_lossy().into_owned()))
        .collect();
    let mut host = Host {
        names,
        home: home.to_string_lossy().into_owned(),
        xdg,
        unseen: BTreeSet::new(),
    };
    let mut shown: Vec<String> = given.to_vec();
    texts(plan, &mut shown);
    let rules = profile.files.rules.keys();
    shown.extend(rules.filter_map(|rule| absolute(rule.as_str(), &host)));
    let all_of_home = profile.files.home == Home::CopyOnWrite;
    for place in &seen.places {
        let path = host.absolute(&place.path);
        // What the app was given lies in it, or it in that.
        let is_shown = shown.iter().any(|shown| {
            let (shown, path) = (Path::new(shown), Path::new(&path));
            path.starts_with(shown)
                || (given.iter().any(|it| Path::new(it) == shown) && shown.starts_with(path))
        });
        let is_shown = is_shown || (all_of_home && shows(&host, &path));
        if !is_shown && is_there(&path)? {
            host.unseen.insert(place.path.clone());
        }
    }
    Ok(host)
}

/// Whether a home that is the user's own shows a place.
fn shows(host: &Host, path: &str) -> bool {
    let (home, path) = (Path::new(&host.home), Path::new(path));
    path.starts_with(home) && protected::is_protected(home, path).is_none()
}

fn is_there(path: &str) -> Result<bool> {
    let place = path.to_owned();
    launch::in_time(Path::new(path), move || {
        std::fs::symlink_metadata(place).is_ok()
    })
}

/// The path of a rule that is no pattern; none if the user has no such well-known directory.
fn absolute(rule: &str, host: &Host) -> Option<String> {
    let Some(rest) = rule.strip_prefix("xdg:") else {
        return Some(host.absolute(rule));
    };
    let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
    let base = host.xdg.get(name)?;
    Some(if below.is_empty() {
        base.clone()
    } else {
        format!("{base}/{below}")
    })
}

/// Paths of the system that a plan names; of `/etc` itself nothing follows.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if ["/etc/", "/var/"].iter().any(|top| text.starts_with(top)) => {
            found.push(text.clone())
        }
        Value::Array(all) => all.iter().for_each(|value| texts(value, found)),
        Value::Object(all) => all.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_the_user_does_not_have_shows_nothing() {
        let host = Host {
            names: Vec::new(),
            home: "/home/u".to_owned(),
            xdg: BTreeMap::from([("MUSIC".to_owned(), "/home/u/Musik".to_owned())]),
            unseen: BTreeSet::new(),
        };
        let music = absolute("xdg:MUSIC/new", &host);
        assert_eq!(music.as_deref(), Some("/home/u/Musik/new"));
        // In user-dirs.dirs it is the home itself, which stands for none.
        assert_eq!(absolute("xdg:DESKTOP", &host), None);
        assert_eq!(absolute("~/a", &host).as_deref(), Some("/home/u/a"));
    }
}
