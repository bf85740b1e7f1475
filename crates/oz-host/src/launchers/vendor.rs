//! Launchers that came with an app.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oz_core::profile::Catalogue;

use super::{Record, entry};
use crate::desktop::read;

/// A launcher that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vendor {
    /// Its id, without `.desktop`.
    pub id: String,
    /// What is in it.
    pub text: String,
    /// The session bus would start the app for whoever asks for this id.
    pub service: bool,
}

/// Most entries of a directory that are looked at.
const MOST: usize = 10_000;

/// The launchers of every profile's app: those that the profile names, and all that start one of its programs.
///
/// The user's own count before the system's, but for those that we made: then it counts what was there before.
pub(super) fn all(
    own: &Path,
    system: &[PathBuf],
    catalogue: &Catalogue,
    records: &Path,
) -> BTreeMap<String, Vec<Vendor>> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let names = Record::names(records).unwrap_or_default().into_iter();
    let made = names.filter_map(|name| Record::read(records, &name).ok().flatten());
    let made: Vec<Record> = made.collect();
    for data in std::iter::once(own).chain(system.iter().map(PathBuf::as_path)) {
        for (id, path) in entries(&data.join("applications")) {
            if found.contains_key(&id) {
                continue;
            }
            let mut before = made
                .iter()
                .filter_map(|record| record.before(records, &path));
            let text = before.next().or_else(|| read(&path));
            let Some(text) = text.filter(|text| !entry::is_ours(text)) else {
                continue;
            };
            found.insert(id, text);
        }
    }
    let mut all: BTreeMap<String, Vec<Vendor>> = BTreeMap::new();
    for (id, text) in found {
        let by_program = || {
            let program = entry::main_exec(&text).and_then(entry::program)?;
            catalogue.find(&program)
        };
        let known = catalogue.find(&format!("{id}.desktop")).or_else(by_program);
        let Some(profile) = known.filter(|_| !entry::is_true(&text, "Hidden")) else {
            continue;
        };
        let service = entry::is_true(&text, "DBusActivatable") || has_service(own, system, &id);
        let vendor = Vendor { id, text, service };
        all.entry(profile).or_default().push(vendor);
    }
    all
}

/// Names of the programs of a profile that a shell would find on this system.
pub(super) fn programs(catalogue: &Catalogue, profile: &str) -> Vec<String> {
    let Ok(profile) = catalogue.resolve(profile) else {
        return Vec::new();
    };
    let names = profile.matches.executables.iter();
    let names = names.map(|name| name.as_str()).filter(|name| {
        let there = |dir: &str| Path::new(dir).join(name).exists();
        !name.contains('/')
            && ["/usr/bin", "/usr/local/bin", "/usr/games"]
                .into_iter()
                .any(there)
    });
    names.map(str::to_owned).collect()
}

fn has_service(own: &Path, system: &[PathBuf], id: &str) -> bool {
    let line = format!("Name={id}");
    system
        .iter()
        .map(PathBuf::as_path)
        .chain(std::iter::once(own))
        .any(|data| {
            let path = data.join("dbus-1/services").join(format!("{id}.service"));
            read(&path).is_some_and(|text| text.lines().any(|known| known.trim() == line))
        })
}

/// Ids with their files, also of the subdirectories: `kde/foo.desktop` is `kde-foo`.
fn entries(applications: &Path) -> Vec<(String, PathBuf)> {
    let mut all = Vec::new();
    let list = |directory: &Path, prefix: &str, all: &mut Vec<(String, PathBuf)>| {
        let mut below = Vec::new();
        let read = std::fs::read_dir(directory).into_iter().flatten().flatten();
        for entry in read.take(MOST) {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if let Some(id) = name.strip_suffix(".desktop").filter(|id| !id.is_empty()) {
                all.push((format!("{prefix}{id}"), entry.path()));
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                below.push((entry.path(), format!("{prefix}{name}-")));
            }
        }
        below
    };
    for (directory, prefix) in list(applications, "", &mut all) {
        list(&directory, &prefix, &mut all);
    }
    all
}
