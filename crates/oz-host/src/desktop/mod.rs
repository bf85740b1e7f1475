//! Desktop entries of the host.
//! <https://specifications.freedesktop.org/desktop-entry-spec/latest/>

mod exec;

use std::path::{Path, PathBuf};

use crate::{environment, small};

/// What a desktop entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id, without `.desktop`.
    pub id: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Name for people.
    pub name: Option<String>,
    /// `Exec`, split into arguments, field codes (`%U`, …) left in place.
    pub exec: Vec<String>,
    /// What its windows call themselves.
    pub startup_wm_class: Option<String>,
    /// It wants to be started in a terminal.
    pub terminal: bool,
    /// What kind of app it is, for menus.
    pub categories: Vec<String>,
    /// Menus do not show it.
    pub no_display: bool,
}

pub(crate) use exec::split;

/// An `Exec` value as the specification reads it: escapes, then quotes.
#[cfg(test)]
pub(crate) fn read_exec(value: &str) -> Option<Vec<String>> {
    split(&exec::unescape(value))
}

/// Largest entry that is read, in bytes: translations make some long.
const MAX: u64 = 512 << 10;

/// The entry of that id (with or without `.desktop`), the user's own before the system's; those that
/// [`launchers`](crate::launchers) made are passed over.
pub fn find(id: &str) -> Option<Entry> {
    find_in(&environment::data(), id)
}

pub(crate) fn find_in(data: &[PathBuf], id: &str) -> Option<Entry> {
    let id = id.strip_suffix(".desktop").unwrap_or(id);
    if id.is_empty() || id.contains(['/', '\0']) || id.starts_with('.') {
        return None;
    }
    for directory in data {
        for relative in spellings(id) {
            let path = directory.join("applications").join(relative);
            if let Some(text) = read(&path)
                && !crate::launchers::entry::is_ours(&text)
                && let Some(entry) = parse(id, &path, &text)
            {
                return Some(entry);
            }
        }
    }
    None
}

/// All entries, each id once, as [`find`] finds them; at most some thousands.
pub fn all() -> Vec<Entry> {
    const MOST: usize = 4096;
    let mut found: Vec<Entry> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for data in environment::data() {
        for (id, path) in ids(&data.join("applications"), "", 0) {
            if found.len() < MOST
                && !seen.contains(&id)
                && let Some(text) = read(&path)
                && !crate::launchers::entry::is_ours(&text)
            {
                found.extend(parse(&id, &path, &text));
                seen.insert(id);
            }
        }
    }
    found
}

/// The ids in a directory and in those below it, whose names come before with hyphens.
fn ids(directory: &Path, before: &str, depth: usize) -> Vec<(String, PathBuf)> {
    const DEPTH: usize = 3;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Some(id) = name.strip_suffix(".desktop") {
            found.push((format!("{before}{id}"), path));
        } else if depth < DEPTH && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(ids(&path, &format!("{before}{name}-"), depth + 1));
        }
    }
    found.sort();
    found
}

/// The text of an entry, or of a file that is no larger.
pub(crate) fn read(path: &Path) -> Option<String> {
    String::from_utf8(small::read(path, MAX).ok()?).ok()
}

/// A hyphen in an id may stand for a subdirectory: `kde-foo` is `kde-foo.desktop` or
/// `kde/foo.desktop`.
fn spellings(id: &str) -> impl Iterator<Item = String> {
    let mut parts: Vec<usize> = id.match_indices('-').map(|(at, _)| at).collect();
    parts.truncate(4);
    let nested = parts
        .into_iter()
        .map(move |at| format!("{}/{}.desktop", &id[..at], &id[at + 1..]));
    std::iter::once(format!("{id}.desktop")).chain(nested)
}

fn parse(id: &str, path: &Path, text: &str) -> Option<Entry> {
    let mut in_entry = false;
    let mut value_of = std::collections::BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            in_entry = line == "[Desktop Entry]";
        } else if in_entry
            && !line.starts_with('#')
            && let Some((key, value)) = line.split_once('=')
        {
            value_of
                .entry(key.trim_end())
                .or_insert_with(|| exec::unescape(value.trim_start()));
        }
    }
    if value_of
        .get("Type")
        .is_some_and(|kind| kind != "Application")
        || value_of
            .get("Hidden")
            .is_some_and(|hidden| hidden == "true")
    {
        return None;
    }
    let list = |key: &str| {
        let list = value_of.get(key).map(|list| list.split(';').map(str::trim));
        let said = list.into_iter().flatten().filter(|word| !word.is_empty());
        said.map(str::to_owned).collect::<Vec<_>>()
    };
    Some(Entry {
        categories: list("Categories"),
        no_display: value_of.get("NoDisplay").is_some_and(|word| word == "true"),
        id: id.to_owned(),
        path: path.to_owned(),
        exec: value_of
            .get("Exec")
            .and_then(|line| split(line))
            .unwrap_or_default(),
        name: value_of.remove("Name"),
        startup_wm_class: value_of.remove("StartupWMClass"),
        terminal: value_of.get("Terminal").is_some_and(|word| word == "true"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_entry_comes_first_and_actions_are_not_the_entry() {
        let directory = tempfile::tempdir().expect("a directory");
        let (own, system) = (
            directory.path().join("own"),
            directory.path().join("system"),
        );
        let write = |data: &Path, name: &str, text: &str| {
            let path = data.join("applications").join(name);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        };
        write(
            &system,
            "org.x.App.desktop",
            "[Desktop Entry]\nType=Application\nName=App\nExec=app --new \"a b\" %U\nStartupWMClass=App\n[Desktop Action new]\nExec=other\n",
        );
        write(&system, "kde/foo.desktop", "[Desktop Entry]\nExec=foo\n");
        write(&own, "org.x.Own.desktop", "[Desktop Entry]\nExec=own\n");
        write(
            &system,
            "org.x.Own.desktop",
            "[Desktop Entry]\nExec=systems\n",
        );
        let data = [own, system];
        let entry = find_in(&data, "org.x.App.desktop").expect("is found");
        assert_eq!(entry.exec, ["app", "--new", "a b", "%U"]);
        assert_eq!(entry.startup_wm_class.as_deref(), Some("App"));
        assert_eq!(find_in(&data, "org.x.Own").expect("is found").exec, ["own"]);
        assert_eq!(find_in(&data, "kde-foo").expect("is found").exec, ["foo"]);
        assert_eq!(find_in(&data, "../own/applications/org.x.Own"), None);
        assert_eq!(find_in(&data, "missing"), None);
    }
}
