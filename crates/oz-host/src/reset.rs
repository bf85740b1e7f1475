//! What a sandbox keeps of its own, and throwing that away.
//!
//! Profiles, and what was given for good, are the user's decisions and no state of a sandbox.

use std::path::PathBuf;

use oz_core::plan::SandboxId;

use crate::copies::{self, Error, Held, Kept};
use crate::data::{Data, Place};
use crate::environment;

/// One of the things that it keeps.
#[derive(Debug)]
pub enum Of {
    /// What it wrote over copies of the user's files.
    Copies(Kept),
    /// The home that is its own.
    Home(Place),
    /// What its programs said.
    Log(PathBuf),
}

/// All of them.
#[derive(Debug)]
pub struct State {
    /// None if nothing is kept.
    pub all: Vec<Of>,
}

impl State {
    /// What the sandbox of a name has kept.
    ///
    /// # Errors
    /// It is no name, or what is known of its copies cannot be read.
    pub fn of(name: &str) -> Result<Self, Error> {
        let id: SandboxId = name.parse().map_err(|_| Error::Name(name.into()))?;
        let kept = match Kept::find(&copies::here(), name) {
            Err(Error::None(_)) => None,
            kept => Some(kept?),
        };
        // Only the first sandbox of an app is called like it, and has its home.
        let home = Data::of_this_user().inside(name);
        let log = environment::state().join(format!("oz/logs/{id}.log"));
        let log = Some(log).filter(|log| log.is_file());
        let all = kept.map(Of::Copies).into_iter();
        let all = all.chain(home.map(Of::Home)).chain(log.map(Of::Log));
        Ok(Self { all: all.collect() })
    }

    /// Its own home.
    #[must_use]
    pub fn home(&self) -> Option<&Place> {
        self.all.iter().find_map(|of| match of {
            Of::Home(place) => Some(place),
            _ => None,
        })
    }

    /// Keeps sandboxes from the copies.
    ///
    /// # Errors
    /// One has them.
    pub fn hold(&self) -> Result<Option<Held>, Error> {
        let kept = self.all.iter().find_map(|of| match of {
            Of::Copies(kept) => Some(kept),
            _ => None,
        });
        kept.map(Kept::hold).transpose()
    }

    /// Throws all of it away. The caller has made sure that nobody uses it.
    ///
    /// # Errors
    /// Something stays.
    pub fn remove(&self) -> Result<(), Error> {
        for of in &self.all {
            match of {
                Of::Copies(kept) => copies::remove(&kept.directory)?,
                // Whatever an app has left there, and however it is named.
                Of::Home(place) => copies::remove(&place.path)?,
                Of::Log(path) => std::fs::remove_file(path).map_err(|source| Error::Io {
                    what: "remove",
                    path: path.clone(),
                    source,
                })?,
            }
        }
        Ok(())
    }
}
