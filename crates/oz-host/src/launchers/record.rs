//! What was made for a profile, and what was there before.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Done, Error, Result};
use crate::small;

/// A file that is to be in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub path: PathBuf,
    pub text: String,
    pub mode: u32,
}

/// Such files, each once.
#[derive(Default)]
pub(super) struct Files(Vec<Made>);

impl Files {
    pub fn add(&mut self, path: PathBuf, text: String, mode: u32) {
        if !self.0.iter().any(|made| made.path == path) {
            self.0.push(Made { path, text, mode });
        }
    }
}

impl From<Files> for Vec<Made> {
    fn from(files: Files) -> Self {
        files.0
    }
}

/// Everything that was made for one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The profile.
    pub profile: String,
    /// Commands of a shell are among it.
    pub shell: bool,
    /// Each file.
    pub files: Vec<Written>,
    /// Directories that did not exist before, outermost first.
    directories: Vec<PathBuf>,
}

/// A file that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// What was written.
    text: String,
    /// Name beneath the records of what was there before.
    before: Option<String>,
}

const NAME: &str = "record.json";

impl Record {
    /// Profiles for which something was made.
    pub(super) fn names(records: &Path) -> Result<Vec<String>> {
        let entries = match fs::read_dir(records) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| failed("list", records, error))?,
        };
        let names = entries
            .flatten()
            .filter(|entry| entry.path().join(NAME).exists());
        let mut names: Vec<String> = names
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    /// What was made for a profile, if something was.
    pub(super) fn read(records: &Path, profile: &str) -> Result<Option<Self>> {
        let path = records.join(profile).join(NAME);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| failed("read", &path, error))?,
        };
        let record = serde_json::from_slice(&text);
        record
            .map(Some)
            .map_err(|error| failed("understand", &path, error.into()))
    }

    /// Makes files, and writes down what was there before the first time.
    pub(super) fn make(
        records: &Path,
        profile: &str,
        shell: bool,
        files: Vec<Made>,
        done: &mut Done,
    ) -> Result<()> {
        let mut record = Self::read(records, profile)?.unwrap_or_else(|| Self {
            profile: profile.to_owned(),
            shell,
            files: Vec::new(),
            directories: Vec::new(),
        });
        record.shell = shell;
        let place = records.join(profile);
        make_directories(&place)?;
        for Made { path, text, mode } in files {
            let known = record.files.iter().position(|file| file.path == path);
            let there = fs::read_to_string(&path).ok();
            if known.is_some_and(|at| record.files[at].text == text)
                && there.as_deref() == Some(&text)
            {
                continue;
            }
            if known.is_some_and(|at| {
                there.is_some() && there.as_deref() != Some(&record.files[at].text)
            }) {
                done.left.push(path);
                continue;
            }
            let written = match known {
                Some(at) => &mut record.files[at],
                None => {
                    let before = keep(&place, &path, record.files.len())?;
                    record.files.push(Written {
                        path: path.clone(),
                        text: String::new(),
                        before,
                    });
                    record
                        .files
                        .last_mut()
                        .ok_or_else(|| Error::NotEnabled(profile.to_owned()))?
                }
            };
            written.text.clone_from(&text);
            for directory in missing(&path) {
                if !record.directories.contains(&directory) {
                    record.directories.push(directory);
                }
            }
            // Before the file itself: what is written down and not made is undone without harm.
            record.write(&place)?;
            if let Some(parent) = path.parent() {
                make_directories(parent)?;
            }
            replace(&path, text.as_bytes(), mode)?;
            done.services |= is_service(&path);
            done.files.push(path);
        }
        record.write(&place)
    }

    /// Everything as it was before.
    pub(super) fn undo(self, records: &Path, done: &mut Done) -> Result<()> {
        self.undo_others(records, &BTreeSet::new(), done)
    }

    /// The same but for some files.
    pub(super) fn undo_others(
        mut self,
        records: &Path,
        kept: &BTreeSet<&Path>,
        done: &mut Done,
    ) -> Result<()> {
        let place = records.join(&self.profile);
        let (stay, go): (Vec<_>, Vec<_>) = std::mem::take(&mut self.files)
            .into_iter()
            .partition(|file| kept.contains(file.path.as_path()));
        for file in &go {
            file.undo(&place, done)?;
        }
        self.files = stay;
        if !self.files.is_empty() {
            return self.write(&place);
        }
        for directory in self.directories.iter().rev() {
            // One that somebody else has put something into stays.
            let _ = fs::remove_dir(directory);
        }
        let remove = fs::remove_dir_all(&place);
        remove.map_err(|error| failed("remove", &place, error))?;
        let _ = fs::remove_dir(records);
        Ok(())
    }

    /// Whether it is of just these files.
    pub(super) fn is_of(&self, files: &[Made]) -> bool {
        self.files.len() == files.len()
            && files.iter().all(|made| {
                let same = |file: &Written| file.path == made.path && file.text == made.text;
                self.files.iter().any(same)
            })
    }

    /// Whether each file is there as it was written.
    pub(super) fn is_in_place(&self) -> bool {
        self.files
            .iter()
            .all(|file| fs::read(&file.path).is_ok_and(|there| there == file.text.as_bytes()))
    }

    /// What was at a path before, if we put something there.
    pub(super) fn before(&self, records: &Path, path: &Path) -> Option<String> {
        let file = self.files.iter().find(|file| file.path == path)?;
        let before = records.join(&self.profile).join(file.before.as_ref()?);
        fs::read_to_string(before).ok()
    }

    fn write(&self, place: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| failed("write", place, error.into()))?;
        replace(&place.join(NAME), &text, 0o600)
    }
}

impl Written {
    fn undo(&self, place: &Path, done: &mut Done) -> Result<()> {
        match fs::read(&self.path) {
            Ok(there) if there != self.text.as_bytes() => {
                done.left.push(self.path.clone());
                return Ok(());
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("read", &self.path, error));
            }
            _ => {}
        }
        match &self.before {
            Some(name) => move_file(&place.join(name), &self.path)?,
            None => match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("remove", &self.path, error));
                }
                _ => {}
            },
        }
        done.services |= is_service(&self.path);
        done.files.push(self.path.clone());
        Ok(())
    }
}

/// Keeps what is at a path; its name among what is kept.
fn keep(place: &Path, path: &Path, number: usize) -> Result<Option<String>> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let name = format!("before-{number}");
    move_file(path, &place.join(&name))?;
    Ok(Some(name))
}

/// With its mode and times, also to another file system.
fn move_file(from: &Path, to: &Path) -> Result<()> {
    let renamed = fs::rename(from, to);
    let moved = renamed.or_else(|_| {
        let metadata = fs::symlink_metadata(from)?;
        if metadata.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(from)?, to)?;
        } else {
            fs::copy(from, to)?;
            let times = fs::FileTimes::new().set_modified(metadata.modified()?);
            fs::File::options()
                .append(true)
                .open(to)?
                .set_times(times)?;
        }
        fs::remove_file(from)
    });
    moved.map_err(|error| failed("move", from, error))
}

/// Directories of a path that do not exist, outermost first.
fn missing(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = path
        .ancestors()
        .skip(1)
        .take_while(|directory| !directory.exists())
        .map(Path::to_owned)
        .collect();
    all.reverse();
    all
}

fn make_directories(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| failed("make", path, error))
}

/// In one step: a launcher is there whole or not at all.
fn replace(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    small::replace(path, content, mode).map_err(|error| failed("write", path, error))
}

fn is_service(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "service")
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Io {
        what,
        path: path.to_owned(),
        source,
    }
}
