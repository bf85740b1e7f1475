//! What is known of a program without running it, for [`oz_core::profile::measure`].

mod known;

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use oz_core::plan::layout;
use oz_core::profile::files::DataPath;
use oz_core::profile::is_of_system;
use oz_core::profile::measure::{EntryFacts, Facts};
use oz_core::wire::analysis::{Analysis, MOST};
use rustix::fs::OFlags;

use crate::desktop::{self, Entry};
use crate::{environment, worker};

pub use known::for_a_run;

/// Why nothing is known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such program.
    #[error("there is no program {0:?}: name one that a sandbox finds, or its path")]
    NotFound(String),
    /// Nobody read it.
    #[error(transparent)]
    Worker(#[from] worker::Error),
}

/// The program that a command starts: as a sandbox finds it, without links.
///
/// # Errors
/// There is none.
pub fn find(command: &OsStr) -> Result<PathBuf, Error> {
    let not_found = || Error::NotFound(command.to_string_lossy().into_owned());
    let path = Path::new(command);
    let found = if path.components().count() > 1 {
        path.canonicalize().ok()
    } else {
        let mut places = layout::PATH
            .split(':')
            .map(|place| Path::new(place).join(path));
        places.find_map(|path| path.canonicalize().ok().filter(|path| is_program(path)))
    };
    found.filter(|path| is_program(path)).ok_or_else(not_found)
}

fn is_program(path: &Path) -> bool {
    let found = std::fs::metadata(path);
    found.is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// All that is known of it. What cannot be read is left out.
///
/// # Errors
/// There is no such program, or nobody read its file.
pub fn facts(command: &OsStr) -> Result<Facts, Error> {
    let path = find(command)?;
    let analysis = analyse(&path)?;
    let targets: Vec<PathBuf> = std::iter::once(path.clone())
        .chain(
            analysis
                .runs
                .iter()
                .filter_map(|word| find(word.as_ref()).ok()),
        )
        .collect();
    let entry = entry_of(&targets, desktop::all());
    let name = Path::new(command).file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let home = environment::home();
    Ok(Facts {
        data: home.map_or_else(Vec::new, |home| data(&home, &name, entry.as_ref())),
        of_system: is_of_system(&path) && only_roots(&path),
        path: path.to_string_lossy().into_owned(),
        name,
        entry: entry.map(|entry| EntryFacts {
            of_system: only_roots(&entry.path),
            id: entry.id,
            name: entry.name,
            categories: entry.categories,
            terminal: entry.terminal,
        }),
        analysis: Some(analysis),
    })
}

fn analyse(path: &Path) -> Result<Analysis, Error> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = File::options();
    let file = options
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    let Ok(file) = file else {
        // A program that can be executed and not read.
        return Ok(Analysis::default());
    };
    let said = worker::run("analyse", path.as_os_str(), file, MOST)?;
    let analysis: Analysis = serde_json::from_slice(&said).map_err(|_| worker::Error::Failed)?;
    if !analysis.is_sane() {
        return Err(worker::Error::TooMuch.into());
    }
    Ok(analysis)
}

/// Whether nobody but root can replace or change the file.
fn only_roots(path: &Path) -> bool {
    let closed = |path: &Path| {
        let found = std::fs::metadata(path);
        found.is_ok_and(|found| found.uid() == 0 && found.permissions().mode() & 0o022 == 0)
    };
    path.is_absolute() && path.ancestors().all(closed)
}

/// The entry that starts one of these programs: of several the one that menus show and that says least beside it.
fn entry_of(targets: &[PathBuf], entries: Vec<Entry>) -> Option<Entry> {
    let fits = |entry: &Entry| {
        let program = first_program(&entry.exec)?;
        // `emacs -f message-mailto %u` is another app than Emacs, in the same program.
        let mut rest = entry
            .exec
            .iter()
            .skip_while(|word| *word != program)
            .skip(1);
        if rest.any(|word| !word.starts_with(['-', '%'])) {
            return None;
        }
        let path = find(program.as_ref()).ok()?;
        targets.iter().position(|target| *target == path)
    };
    let fitting = entries
        .into_iter()
        .filter_map(|entry| Some((fits(&entry)?, entry)));
    let best = fitting.min_by_key(|(position, entry)| {
        (
            entry.no_display,
            *position,
            entry.exec.len(),
            entry.id.len(),
        )
    });
    best.map(|(_, entry)| entry)
}

/// The program of a command line, behind `env` and its variables.
fn first_program(exec: &[String]) -> Option<&str> {
    let mut words = exec.iter().map(String::as_str).peekable();
    if words
        .peek()
        .is_some_and(|word| word.rsplit('/').next() == Some("env"))
    {
        words.next();
        return words.find(|word| !word.contains('=') && !word.starts_with('-'));
    }
    words.next()
}

/// Where in the home an app of this name keeps what is its own, of what is there.
fn data(home: &Path, name: &str, entry: Option<&Entry>) -> Vec<DataPath> {
    let mut names = vec![name.to_owned()];
    if let Some(entry) = entry {
        names.push(entry.id.clone());
        names.extend(entry.id.rsplit('.').next().map(str::to_owned));
        names.extend(entry.startup_wm_class.clone());
    }
    let mut found: Vec<DataPath> = Vec::new();
    for name in &names {
        for place in [".config/", ".local/share/", ".local/state/", "."] {
            let below = format!("{place}{name}");
            let Ok(path) = DataPath::try_from(format!("~/{below}")) else {
                continue;
            };
            let kind = std::fs::symlink_metadata(home.join(&below));
            // `.config` itself, for an app of that name, is not one app's.
            let is_shared = [".config", ".local", ".cache"].contains(&&*below);
            if kind.is_ok_and(|kind| kind.is_dir()) && !is_shared && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, exec: &str, no_display: bool) -> Entry {
        Entry {
            id: id.to_owned(),
            path: PathBuf::new(),
            name: None,
            exec: exec.split(' ').map(str::to_owned).collect(),
            startup_wm_class: None,
            terminal: false,
            categories: Vec::new(),
            no_display,
        }
    }

    #[test]
    fn the_entry_is_the_one_that_starts_the_program() {
        let entries = vec![
            entry("other", "cat %U", false),
            entry("writer", "env A=b sh --writer %U", false),
            entry("hidden", "sh", true),
            entry("mail", "sh -f mail %u", false),
            entry("main", "/bin/sh -n %U", false),
        ];
        let sh = find("sh".as_ref()).expect("is installed");
        let found = entry_of(&[sh], entries.clone()).expect("is found");
        assert_eq!(found.id, "main");
        assert_eq!(entry_of(&[PathBuf::from("/bin/none")], entries), None);
    }

    #[test]
    fn only_what_is_there_is_the_apps_own() {
        let home = tempfile::tempdir().expect("a directory");
        for place in [".config/app", ".local/share/org.x.App", ".config/other"] {
            std::fs::create_dir_all(home.path().join(place)).expect("made");
        }
        std::os::unix::fs::symlink("/", home.path().join(".app")).expect("made");
        let entry = entry("org.x.App", "app", false);
        let found = data(home.path(), "app", Some(&entry));
        let found: Vec<String> = found.into_iter().map(String::from).collect();
        assert_eq!(found, ["~/.config/app", "~/.local/share/org.x.App"]);
        assert_eq!(data(home.path(), "config", None), []);
        assert_eq!(data(home.path(), "..", None), []);
    }

    #[test]
    fn what_others_than_root_can_change_is_not_the_systems() {
        assert!(only_roots(&find("sh".as_ref()).expect("is installed")));
        assert!(!only_roots(Path::new("/tmp/x")));
        assert!(!only_roots(Path::new("relative")));
    }
}
