//! The process that becomes a sandbox: what it is started from, and what is held of it until there is a task for it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use oz_core::wire::init::{FromInit, ToInit};

use crate::aside::Careful;
use crate::child::{self, Child};
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::connection::Connection;
use crate::sandbox::proxy::KillOnDrop;
use crate::sandbox::spawn;

/// A sandbox that is not yet one.
pub(crate) struct Nascent {
    pub(crate) connection: Connection,
    /// The process before init, if init has not been heard of.
    pub(crate) stage: Option<KillOnDrop>,
    /// Init, which has made what all begin with.
    pub(crate) init: Option<KillOnDrop>,
}

impl Nascent {
    /// One that has been told nothing.
    pub(super) fn start(daemon: &Daemon) -> Result<Self> {
        let arguments = ["--control", "3"].map(String::from);
        let (stage, socket) = spawn::with_socket(&program(daemon), &arguments)?;
        let connection = Connection::new(socket).map_err(|error| {
            Failure::new(Kind::Host, format!("cannot talk to init: {error}"), "")
        })?;
        Ok(Self {
            connection,
            stage: Some(KillOnDrop::new(stage)),
            init: None,
        })
    }

    /// Has it make what all begin with, and waits until that is made.
    pub(super) async fn begin(&mut self, begin: &ToInit) -> anyhow::Result<()> {
        self.connection.send(begin, &[]).await?;
        loop {
            match self.connection.receive().await? {
                (FromInit::Born, fds) => {
                    let [pidfd] = <[OwnedFd; 1]>::try_from(Careful::all(fds))
                        .map_err(|_| anyhow::anyhow!("it sends the wrong descriptors"))?;
                    self.init = Some(KillOnDrop::new(Child::new(pidfd)?));
                    // It ends now that init exists.
                    if let Some(stage) = self.stage.take().and_then(KillOnDrop::keep) {
                        child::reap(stage);
                    }
                }
                (FromInit::Begun, _) if self.init.is_some() => return Ok(()),
                (FromInit::Failed { subject, errno, .. }, _) => {
                    anyhow::bail!("{subject}: {}", io::Error::from_raw_os_error(errno))
                }
                _ => anyhow::bail!("it says something else"),
            }
        }
    }

    /// Whether it can still become one.
    pub(super) fn lives(&self) -> bool {
        self.init.as_ref().is_some_and(KillOnDrop::lives)
    }
}

/// What it is started from.
pub(super) fn program(daemon: &Daemon) -> PathBuf {
    daemon.directories.program("oz-init")
}
