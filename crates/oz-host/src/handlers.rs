//! Which app of the desktop opens a file.
//!
//! The type is told by the name alone: nobody here reads a file for it, since what is in it may be anything.
//!
//! - <https://specifications.freedesktop.org/shared-mime-info-spec/latest/>
//! - <https://specifications.freedesktop.org/mime-apps-spec/latest/>

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::desktop::{self, Entry};
use crate::environment;

/// How far up types are looked for an app: a kind of source text is text as well.
const PARENTS_MAX: usize = 8;

/// The app for a file of this name, as its vendor installed it; none if nothing is known of such names, or what is known
/// needs a terminal.
pub fn of(name: &str) -> Option<Entry> {
    let places = Places {
        data: environment::data(),
        config: environment::configs(),
        desktops: environment::desktops(),
    };
    places.handler(name)
}

/// Where it is said.
struct Places {
    /// Data directories, the user's own first.
    data: Vec<PathBuf>,
    /// Likewise of configuration.
    config: Vec<PathBuf>,
    /// What the desktop calls itself, in small letters.
    desktops: Vec<String>,
}

impl Places {
    fn handler(&self, name: &str) -> Option<Entry> {
        let known = self.type_of(name)?;
        let lists = self.lists();
        let types = self.with_parents(known);
        types.iter().find_map(|known| self.app_for(known, &lists))
    }

    /// The type of a name: by the heaviest of the patterns that fit, then by the longest.
    fn type_of(&self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        let mut best: Option<((u32, usize), String)> = None;
        for directory in &self.data {
            let text = desktop::read(&directory.join("mime/globs2")).unwrap_or_default();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let mut parts = line.splitn(4, ':');
                let (Some(weight), Some(known), Some(glob)) =
                    (parts.next(), parts.next(), parts.next())
                else {
                    continue;
                };
                let is_exact = parts
                    .next()
                    .is_some_and(|flags| flags.split(',').any(|flag| flag == "cs"));
                let name = if is_exact { name } else { lower.as_str() };
                let rank = (weight.parse().unwrap_or(0), glob.len());
                if fits(glob, name) && best.as_ref().is_none_or(|(most, _)| rank > *most) {
                    best = Some((rank, known.to_owned()));
                }
            }
        }
        best.map(|(_, known)| known)
    }

    /// A type and what it is a kind of, the nearest first.
    fn with_parents(&self, known: String) -> Vec<String> {
        let texts = self.data.iter();
        let texts = texts.filter_map(|data| desktop::read(&data.join("mime/subclasses")));
        let texts: Vec<String> = texts.collect();
        let mut all = vec![known];
        let mut at = 0;
        while let Some(child) = all.get(at).cloned() {
            for line in texts.iter().flat_map(|text| text.lines()) {
                if let Some((of, parent)) = line.split_once(' ')
                    && of == child
                    && all.len() < PARENTS_MAX
                    && !all.iter().any(|one| one == parent)
                {
                    all.push(parent.to_owned());
                }
            }
            at += 1;
        }
        let plain = "text/plain";
        if all[0].starts_with("text/") && !all.iter().any(|one| one == plain) {
            all.push(plain.to_owned());
        }
        all
    }

    /// The texts that say which app is for what, the first to be heard first.
    fn lists(&self) -> Vec<String> {
        let applications = self.data.iter().map(|data| data.join("applications"));
        let directories = self.config.iter().cloned().chain(applications);
        let mut texts = Vec::new();
        for directory in directories {
            let own = self.desktops.iter();
            let own = own.map(|desktop| format!("{desktop}-mimeapps.list"));
            for name in own.chain(["mimeapps.list".to_owned()]) {
                texts.extend(desktop::read(&directory.join(name)));
            }
        }
        texts
    }

    fn app_for(&self, known: &str, lists: &[String]) -> Option<Entry> {
        let caches = self.data.iter();
        let caches = caches
            .filter_map(|data| desktop::read(&data.join("applications/mimeinfo.cache")))
            .collect::<Vec<_>>();
        let removed = lists
            .iter()
            .flat_map(|list| named(list, "Removed Associations", known));
        let removed: BTreeSet<&str> = removed.collect();
        let chosen = lists
            .iter()
            .flat_map(|list| named(list, "Default Applications", known));
        let added = lists
            .iter()
            .flat_map(|list| named(list, "Added Associations", known));
        let able = caches
            .iter()
            .flat_map(|cache| named(cache, "MIME Cache", known))
            .filter(|id| !removed.contains(id));
        let mut all = chosen.chain(added).chain(able);
        all.find_map(|id| desktop::find_in(&self.data, id).filter(|entry| !entry.terminal))
    }
}

/// Whether a name is that of a pattern: a whole name, or a star and an ending. There are others, for which no app is
/// found.
fn fits(glob: &str, name: &str) -> bool {
    let is_plain = |text: &str| !text.contains(['*', '?', '[']);
    match glob.strip_prefix('*') {
        Some(ending) => is_plain(ending) && name.len() > ending.len() && name.ends_with(ending),
        None => is_plain(glob) && name == glob,
    }
}

/// The ids that a group of a list has for a type.
fn named<'a>(list: &'a str, group: &str, known: &str) -> Vec<&'a str> {
    let mut inside = false;
    let mut ids = Vec::new();
    for line in list.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            inside = name.strip_suffix(']') == Some(group);
        } else if inside
            && let Some((of, value)) = line.split_once('=')
            && of.trim_end() == known
        {
            ids.extend(value.split(';').map(str::trim).filter(|id| !id.is_empty()));
        }
    }
    ids
}

/// The command line of an app for one file, by what its entry says.
pub fn command(entry: &Entry, file: &Path) -> Vec<std::ffi::OsString> {
    let mut words = Vec::new();
    for word in &entry.exec {
        match word.as_str() {
            "%f" | "%F" | "%u" | "%U" => words.push(file.into()),
            "%i" | "%c" | "%k" => {}
            other => words.push(other.replace("%%", "%").into()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(base: &Path) -> Places {
        Places {
            data: vec![base.join("own"), base.join("system")],
            config: vec![base.join("config")],
            desktops: vec!["gnome".to_owned()],
        }
    }

    fn write(path: PathBuf, text: &str) {
        std::fs::create_dir_all(path.parent().expect("has one")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    fn app(base: &Path, id: &str, more: &str) {
        let path = base.join(format!("system/applications/{id}.desktop"));
        let text = format!("[Desktop Entry]\nType=Application\nExec={id} -o %U\n{more}");
        write(path, &text);
    }

    #[test]
    fn the_app_is_the_users_choice_then_any_that_can_and_needs_no_terminal() {
        let directory = tempfile::tempdir().expect("a directory");
        let base = directory.path();
        write(
            base.join("system/mime/globs2"),
            "# made\n50:application/pdf:*.pdf\n50:application/gzip:*.gz\n50:application/x-tar-gz:*.tar.gz\n\
             50:text/x-csrc:*.c\n60:text/x-c++src:*.C:cs\n50:text/x-make:makefile\n",
        );
        write(
            base.join("system/mime/subclasses"),
            "application/x-tar-gz application/gzip\n",
        );
        let cache = "[MIME Cache]\napplication/pdf=viewer.desktop;\ntext/plain=inside.desktop;editor.desktop;\n\
                     application/gzip=gone.desktop;archiver.desktop;\n";
        write(base.join("system/applications/mimeinfo.cache"), cache);
        for id in ["viewer", "editor", "archiver", "other"] {
            app(base, id, "");
        }
        app(base, "inside", "Terminal=true\n");
        let places = places(base);
        let id = |name: &str| places.handler(name).map(|entry| entry.id);
        assert_eq!(id("a.PDF").as_deref(), Some("viewer"));
        assert_eq!(id("a.c").as_deref(), Some("editor"));
        assert_eq!(id("Makefile").as_deref(), Some("editor"));
        assert_eq!(id("a.tar.gz").as_deref(), Some("archiver"));
        for none in ["a.unknown", "pdf", ".pdf", "", "a.pdf/", "*.pdf\n"] {
            assert_eq!(id(none), None, "{none:?}");
        }
        assert_eq!(places.type_of("a.C").as_deref(), Some("text/x-c++src"));
        let choice = "[Default Applications]\napplication/pdf=missing.desktop;other.desktop\n";
        write(base.join("config/mimeapps.list"), choice);
        assert_eq!(id("a.pdf").as_deref(), Some("other"));
        let choice = "[Default Applications]\napplication/pdf=editor.desktop\n";
        write(base.join("config/gnome-mimeapps.list"), choice);
        assert_eq!(id("a.pdf").as_deref(), Some("editor"));
    }

    #[test]
    fn a_command_line_is_the_entrys_with_the_file_in_it() {
        let directory = tempfile::tempdir().expect("a directory");
        app(directory.path(), "viewer", "");
        let places = places(directory.path());
        let entry = desktop::find_in(&places.data, "viewer").expect("found");
        let words = command(&entry, Path::new("/a %U.pdf"));
        assert_eq!(words, ["viewer", "-o", "/a %U.pdf"]);
    }
}
