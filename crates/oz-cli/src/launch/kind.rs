//! What kind of sandbox a launch asks for: its home, its network, its system.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::plan::Mode;
use oz_core::profile::files::Home;

use super::Options;
use crate::error::{Error, Result};

/// Most directories of one trial.
const PLACES: usize = 8;

/// As the options of `oz run` and `oz plan` say it.
pub(crate) struct Kind<'a> {
    pub(crate) home: Option<Home>,
    pub(crate) cow: bool,
    pub(crate) trial: bool,
    pub(crate) dir: &'a [PathBuf],
    pub(crate) network: Option<Mode>,
    pub(crate) root: Option<&'a Path>,
    pub(crate) root_cow: bool,
}

impl Kind<'_> {
    /// Says it to the daemon.
    pub(crate) fn ask(&self, options: &mut Options) -> Result<()> {
        let copied = (self.cow || self.trial).then_some(Home::CopyOnWrite);
        let home = copied.or(self.home);
        let network = self.network.or(self.trial.then_some(Mode::None));
        options.home = home.map(|home| home.word().to_owned());
        options.network = network.map(|mode| mode.word().to_owned());
        options.trial = self.trial.then_some(true);
        options.copy = places(self.dir)?;
        if let Some(root) = self.root {
            options.root = Some(super::open(root, &super::current_directory()?)?);
            options.root_copy = self.root_cow.then_some(true);
        }
        Ok(())
    }
}

/// Opens directories that are to be copied.
fn places(paths: &[PathBuf]) -> Result<Option<Vec<zbus::OwnedFd>>> {
    if paths.len() > PLACES {
        return Err(Error::usage(
            format!("more than {PLACES} directories cannot be copied at once."),
            "Name a directory that holds some of them.",
        ));
    }
    let from = super::current_directory()?;
    let place = |path: &PathBuf| {
        let fd = super::open(path, &from)?;
        let file = std::fs::File::from(std::os::fd::OwnedFd::from(fd));
        let owner = file.metadata()?.uid();
        if owner != rustix::process::getuid().as_raw() {
            return Err(Error::usage(
                format!(
                    "{} belongs to another user, and what belongs to others cannot be changed in a copy of an ordinary user's either.",
                    OsBytes::from(path.as_path())
                ),
                "Have it install into your home, which is copied anyway: `make install PREFIX=$HOME/.local`, `pip install --user`.",
            ));
        }
        Ok(std::os::fd::OwnedFd::from(file).into())
    };
    let places = paths.iter().map(place).collect::<Result<Vec<_>>>()?;
    Ok((!places.is_empty()).then_some(places))
}
