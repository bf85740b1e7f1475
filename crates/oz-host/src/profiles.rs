//! The profiles of this installation.

use std::path::PathBuf;

use oz_core::profile::Catalogue;

/// Where profiles are read; each holds `NAME.json` and `templates/NAME.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// What came with Oz.
    pub shipped: PathBuf,
    /// The administrator's.
    pub administrator: PathBuf,
    /// The user's.
    pub user: PathBuf,
}

impl Directories {
    /// Those of the installation that the running program belongs to.
    pub fn of_this_installation() -> Self {
        Self {
            shipped: "/usr/share/oz/profiles".into(),
            administrator: "/etc/oz/profiles".into(),
            user: PathBuf::new(),
        }
    }
}

/// Why profiles cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A directory that exists cannot be listed.
    #[error("cannot list the profiles in {}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Reads all profiles.
pub fn load(_directories: &Directories) -> Result<Catalogue, LoadError> {
    Ok(Catalogue::default())
}
