//! Launchers of the user's desktop that start apps in their sandboxes: an entry of the same id as the vendor's, in the
//! user's own directory, is the one that every launcher takes.
//!
//! What is made is written down before it is made, with what was there before, so that it can be undone exactly, after a
//! crash as well.

pub mod entry;
mod record;
mod vendor;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use oz_core::profile::Catalogue;

use crate::environment;
use entry::Rewrite;
pub use record::Record;
use record::{Files, Made};
pub use vendor::Vendor;

/// Where everything is.
pub struct Launchers {
    /// The user's data directory, where launchers look first.
    own: PathBuf,
    /// The others.
    system: Vec<PathBuf>,
    /// Where shims go.
    programs: PathBuf,
    /// Our records.
    records: PathBuf,
    /// The command `oz`.
    oz: PathBuf,
}

/// Why something could not be done; each message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No profile is for it.
    #[error(
        "no profile is for {0}: `oz profile list` shows for what there are some; write one, or run it once with `oz run -- {0}`"
    )]
    Unknown(String),
    /// It is not there.
    #[error("no launcher of {0} is installed: install the app, or start it with `oz run {0}`")]
    NotInstalled(String),
    /// Nothing was made for it.
    #[error("{0} is not enabled: `oz status` shows what is")]
    NotEnabled(String),
    /// Something of the user's is where a shim would go.
    #[error("{} is there already and not ours: move it away, or leave `--shell` out", .0.display())]
    InTheWay(PathBuf),
    /// A file was changed since.
    #[error("{} was changed since it was made, so it was left as it is: remove it yourself if you do not need it", .0.display())]
    Changed(PathBuf),
    /// The file system.
    #[error("cannot {what} {}: {source}: make room or give yourself the right to", path.display())]
    Io {
        /// What.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Shorthand.
pub type Result<T> = std::result::Result<T, Error>;

/// What one call did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Files that are new, or as they were before.
    pub files: Vec<PathBuf>,
    /// The session bus has to read its service files again.
    pub services: bool,
    /// Files that were left as they are, because somebody has changed them.
    pub left: Vec<PathBuf>,
}

/// How an app stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its profile.
    pub profile: String,
    /// Ids of its launchers that are installed.
    pub launchers: Vec<String>,
    /// Its launchers start it in its sandbox.
    pub enabled: bool,
    /// The vendor's launchers have changed since, or are gone, or ours were changed.
    pub outdated: bool,
    /// Commands of a shell that start it in its sandbox.
    pub shims: Vec<PathBuf>,
}

impl Launchers {
    /// Those of this user; `oz` is the command's absolute path.
    pub fn of_this_user(oz: PathBuf) -> Self {
        let mut data = environment::data().into_iter();
        let own = data.next().unwrap_or_default();
        Self {
            system: data.filter(|path| *path != own).collect(),
            own,
            programs: environment::home().unwrap_or_default().join(".local/bin"),
            records: environment::state().join("oz/launchers"),
            oz,
        }
    }

    /// Has the launchers of an app start it in its sandbox; what was made before is made again. With `shell` its commands
    /// do as well.
    pub fn enable(&self, catalogue: &Catalogue, app: &str, shell: bool) -> Result<(String, Done)> {
        let profile = find(catalogue, app)?;
        let vendors = self.vendors(catalogue).remove(&profile);
        let vendors = vendors.ok_or_else(|| Error::NotInstalled(app.to_owned()))?;
        let files = self.files(catalogue, &profile, &vendors, shell)?;
        let mut done = Done::default();
        if let Some(old) = Record::read(&self.records, &profile)? {
            let kept = files.iter().map(|made| made.path.as_path()).collect();
            old.undo_others(&self.records, &kept, &mut done)?;
        }
        Record::make(&self.records, &profile, shell, files, &mut done)?;
        Ok((profile, done))
    }

    /// Undoes that: everything is as it was before.
    pub fn disable(&self, catalogue: &Catalogue, app: &str) -> Result<(String, Done)> {
        // Its profile may be gone by now.
        let profile = find(catalogue, app).unwrap_or_else(|_| app.to_owned());
        let record = Record::read(&self.records, &profile)?;
        let record = record.ok_or_else(|| Error::NotEnabled(app.to_owned()))?;
        let mut done = Done::default();
        record.undo(&self.records, &mut done)?;
        Ok((profile, done))
    }

    /// Profiles of apps whose launchers are installed.
    pub fn installed(&self, catalogue: &Catalogue) -> Vec<String> {
        self.vendors(catalogue).into_keys().collect()
    }

    /// How each app stands that is installed or enabled.
    pub fn status(&self, catalogue: &Catalogue) -> Result<Vec<Status>> {
        let mut vendors = self.vendors(catalogue);
        for enabled in Record::names(&self.records)? {
            vendors.entry(enabled).or_default();
        }
        let all = vendors.into_iter();
        all.map(|(profile, vendors)| self.status_of(catalogue, profile, vendors))
            .collect()
    }

    fn status_of(
        &self,
        catalogue: &Catalogue,
        profile: String,
        vendors: Vec<Vendor>,
    ) -> Result<Status> {
        let record = Record::read(&self.records, &profile)?;
        let outdated = match &record {
            None => false,
            Some(record) => {
                let now = self.files(catalogue, &profile, &vendors, record.shell);
                !now.is_ok_and(|now| record.is_of(&now)) || !record.is_in_place()
            }
        };
        let shims = record.iter().flat_map(|record| &record.files);
        Ok(Status {
            shims: shims
                .map(|file| file.path.clone())
                .filter(|path| path.starts_with(&self.programs))
                .collect(),
            enabled: record.is_some(),
            outdated,
            launchers: vendors.into_iter().map(|vendor| vendor.id).collect(),
            profile,
        })
    }

    /// Makes again what the vendors have changed since, and undoes what is of apps that are gone. What somebody has
    /// edited is left alone.
    pub fn refresh(&self, catalogue: &Catalogue) -> Result<Done> {
        let mut done = Done::default();
        let enabled = Record::names(&self.records)?;
        if enabled.is_empty() {
            return Ok(done);
        }
        let mut vendors = self.vendors(catalogue);
        for profile in enabled {
            let Some(record) = Record::read(&self.records, &profile)? else {
                continue;
            };
            let Some(vendors) = vendors.remove(&profile) else {
                record.undo(&self.records, &mut done)?;
                continue;
            };
            let now = self.files(catalogue, &profile, &vendors, record.shell)?;
            if !record.is_of(&now) {
                let kept = now.iter().map(|made| made.path.as_path()).collect();
                let shell = record.shell;
                record.undo_others(&self.records, &kept, &mut done)?;
                Record::make(&self.records, &profile, shell, now, &mut done)?;
            }
        }
        Ok(done)
    }

    /// What is installed, by profile.
    fn vendors(&self, catalogue: &Catalogue) -> BTreeMap<String, Vec<Vendor>> {
        vendor::all(&self.own, &self.system, catalogue, &self.records)
    }

    /// What is to be in place for a profile.
    fn files(
        &self,
        catalogue: &Catalogue,
        profile: &str,
        vendors: &[Vendor],
        shell: bool,
    ) -> Result<Vec<Made>> {
        let is_known = |program: &str| catalogue.find(program).as_deref() == Some(profile);
        let name_of = |program: &str| if is_known(program) { program } else { profile }.to_owned();
        let rewrite = Rewrite {
            oz: &self.oz,
            profile,
            name_of: &name_of,
        };
        let mut files = Files::default();
        for vendor in vendors {
            let Some(text) = entry::rewrite(&vendor.text, &rewrite) else {
                continue;
            };
            let name = format!("{}.desktop", vendor.id);
            files.add(self.own.join("applications").join(name), text, 0o644);
            // Whoever asks the bus for the app by its id is refused, instead of getting it without a sandbox.
            if vendor.service {
                let name = format!("{}.service", vendor.id);
                let text = format!(
                    "# {} is run in a sandbox: oz disable {profile}\n[D-BUS Service]\nName={}\nExec=/bin/false\n",
                    vendor.id, vendor.id
                );
                files.add(self.own.join("dbus-1/services").join(name), text, 0o644);
            }
        }
        if shell {
            for program in vendor::programs(catalogue, profile) {
                let path = self.programs.join(&program);
                let ours = Record::read(&self.records, profile)?
                    .is_some_and(|record| record.files.iter().any(|file| file.path == path));
                if !ours && path.symlink_metadata().is_ok() {
                    return Err(Error::InTheWay(path));
                }
                let oz = shell_quoted(&self.oz);
                let text = format!(
                    "#!/bin/sh\n# {program} is run in a sandbox: oz disable {profile}\nexec {oz} run {program} \"$@\"\n"
                );
                files.add(path, text, 0o755);
            }
        }
        Ok(files.into())
    }
}

fn find(catalogue: &Catalogue, app: &str) -> Result<String> {
    catalogue
        .find(app)
        .ok_or_else(|| Error::Unknown(app.to_owned()))
}

fn shell_quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests;
