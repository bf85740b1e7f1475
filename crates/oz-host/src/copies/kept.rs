//! The copies of one sandbox, for whoever shows, merges or removes them.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use oz_core::OsBytes;
use oz_core::plan::SandboxId;
use oz_core::wire::copies::{Changes, Count};

use super::{About, Place};
use crate::worker;

/// How long a sandbox may take to end, and how often it is looked whether it has.
const ENDING: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);

/// Why it could not be done; each message ends with what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are none.
    #[error(
        "no sandbox {0} has written over copies: `oz run --cow -- COMMAND` makes one that does"
    )]
    None(OsBytes),
    /// A sandbox has them mounted.
    #[error("{0} still runs, and could change what is looked at: end it first, by `oz stop {0}`")]
    Runs(SandboxId),
    /// There is something of that name.
    #[error("there is something of the name {0} already: take another name")]
    Taken(OsBytes),
    /// It is no name.
    #[error("{0} cannot be the name of a sandbox: take small letters, digits, `-`, `_` and `.`")]
    Name(OsBytes),
    /// There is no merge, or it was taken back.
    #[error(
        "nothing is left of {0} that was merged and can be taken back: `oz changes {0}` lists what can be merged"
    )]
    NotMerged(SandboxId),
    /// The file system.
    #[error("cannot {what} {}: {source}: make room, or give yourself the right to", OsBytes::from(path.as_path()))]
    Io {
        /// What.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Nobody says what is in them.
    #[error("{0}: try again, or throw all of it away by `oz discard`")]
    Worker(#[from] worker::Error),
}

impl Error {
    /// What the file system did not do.
    pub(super) fn io<E: Into<io::Error>>(
        what: &'static str,
        path: &Path,
    ) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            what,
            path,
            source: source.into(),
        }
    }
}

/// Nobody else has the layers while this is held: what is seen of them stays so.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "held")] Vec<OwnedFd>);

/// The copies of one sandbox.
#[derive(Debug)]
pub struct Kept {
    /// Its name.
    pub id: SandboxId,
    /// Whose they are.
    pub about: About,
    /// Where they are.
    pub directory: PathBuf,
}

impl Kept {
    /// Finds those of a name.
    ///
    /// # Errors
    /// There are none, or they cannot be read.
    pub fn find(copies: &Path, id: &str) -> Result<Self, Error> {
        let none = || Error::None(OsBytes::from(id));
        let id: SandboxId = id.parse().map_err(|_| none())?;
        let directory = copies.join(id.as_str());
        let about = super::read(copies, &id).map_err(Error::io("read", &directory))?;
        Ok(Self {
            about: about.ok_or_else(none)?,
            directory,
            id,
        })
    }

    /// Keeps everybody else from the layers. A sandbox whose programs have just ended may need a moment to be gone.
    ///
    /// # Errors
    /// The sandbox runs, or the layers are not as we make them.
    pub fn hold(&self) -> Result<Held, Error> {
        let until = Instant::now() + ENDING;
        let lock = |place: &Place| {
            let layers = &place.overlay.layers;
            loop {
                let locked = super::lock(&place.overlay).map_err(Error::io("lock", layers))?;
                match locked {
                    Some(lock) => return Ok(lock),
                    None if Instant::now() >= until => return Err(Error::Runs(self.id.clone())),
                    None => std::thread::sleep(LOOK),
                }
            }
        };
        let locks = self.about.places.iter().map(lock);
        locks.collect::<Result<_, _>>().map(Held)
    }

    /// What is different in one place, at some whole paths or below (without any at all of it): so much of it at most.
    ///
    /// # Errors
    /// The worker does not say.
    pub fn look(&self, place: &Place, wanted: &[PathBuf], most: usize) -> Result<Changes, Error> {
        Ok(super::changes(place, wanted, most)?)
    }

    /// How much is different in one place.
    ///
    /// # Errors
    /// The worker does not say.
    pub fn count(&self, place: &Place) -> Result<Count, Error> {
        Ok(super::count(place)?)
    }
}
