//! The apps that are installed, and how each is started.

use std::collections::BTreeMap;

use oz_host::launchers::Status;

use crate::words::tr;

/// One app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct App {
    /// The id of its launcher; of one that is gone, its profile.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its profile; none is for it otherwise.
    pub profile: Option<String>,
    /// Its launchers start it in its sandbox.
    pub enabled: bool,
    /// They have changed since.
    pub outdated: bool,
    /// Its picture, as the toolkit writes it.
    pub icon: Option<String>,
}

impl App {
    /// How it is started, in a line.
    pub fn words(&self) -> String {
        match (&self.profile, self.enabled, self.outdated) {
            (None, ..) => tr("There is no profile for it"),
            (Some(_), false, _) => tr("Starts without a sandbox"),
            (Some(_), true, false) => tr("Starts in its sandbox"),
            (Some(_), true, true) => tr("Its launcher has changed since: switch it on again"),
        }
    }

    /// By which the list is sorted: what can be switched comes first.
    pub fn place(&self) -> (bool, String) {
        (self.profile.is_none(), self.name.to_lowercase())
    }

    /// Whether a search finds it.
    pub fn is_found_by(&self, search: &str) -> bool {
        let search = search.trim().to_lowercase();
        let profile = self.profile.as_deref().unwrap_or_default();
        let mut all = [self.name.as_str(), self.id.as_str(), profile].into_iter();
        all.any(|text| text.to_lowercase().contains(&search))
    }
}

/// What a launcher says to people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launcher {
    /// The app's name.
    pub name: String,
    /// Its picture, as the toolkit writes it.
    pub icon: Option<String>,
}

/// Those for which there is a profile, and the others; `seen` has all launchers that people see, by their ids.
pub fn apps(known: Vec<Status>, mut seen: BTreeMap<String, Launcher>) -> Vec<App> {
    let mut all = Vec::new();
    for status in known {
        // The first launcher that people see gives the name; the others start the same app.
        let ids = status.launchers.iter();
        let mut of_it: Vec<_> = ids
            .filter_map(|id| seen.remove_entry(id.as_str()))
            .collect();
        let (id, launcher) = match of_it.is_empty() {
            false => of_it.swap_remove(0),
            true => {
                let id = status.launchers.first().unwrap_or(&status.profile);
                let name = status.profile.clone();
                (id.clone(), Launcher { name, icon: None })
            }
        };
        all.push(App {
            id,
            name: launcher.name,
            icon: launcher.icon,
            profile: Some(status.profile),
            enabled: status.enabled,
            outdated: status.outdated,
        });
    }
    all.extend(seen.into_iter().map(|(id, launcher)| App {
        id,
        name: launcher.name,
        icon: launcher.icon,
        ..App::default()
    }));
    all.sort_by_key(App::place);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(profile: &str, launchers: &[&str], enabled: bool) -> Status {
        Status {
            profile: profile.into(),
            launchers: launchers.iter().map(|id| (*id).to_owned()).collect(),
            enabled,
            outdated: false,
            shims: Vec::new(),
        }
    }

    fn seen(all: &[(&str, &str)]) -> BTreeMap<String, Launcher> {
        let launcher = |name: &str| Launcher {
            name: name.into(),
            icon: None,
        };
        all.iter()
            .map(|(id, name)| ((*id).to_owned(), launcher(name)))
            .collect()
    }

    #[test]
    fn known_apps_come_first_and_have_one_row_however_many_launchers() {
        let known = vec![
            status("office", &["writer", "calc"], true),
            status("gone", &[], true),
        ];
        let all = apps(
            known,
            seen(&[("writer", "Writer"), ("calc", "Calc"), ("z", "another")]),
        );
        let shown: Vec<_> = all
            .iter()
            .map(|app| (app.name.as_str(), app.profile.as_deref()))
            .collect();
        assert_eq!(
            shown,
            [
                ("gone", Some("gone")),
                ("Writer", Some("office")),
                ("another", None)
            ]
        );
        assert_eq!(all[1].words(), "Starts in its sandbox");
        assert_eq!(all[2].words(), "There is no profile for it");
        assert!(all[1].is_found_by(" OFF") && !all[2].is_found_by("off"));
    }
}
