//! The FIFO on which a proxy hears the daemon, by whose name the next daemon finds a proxy that lives.

use std::io;
use std::os::fd::OwnedFd;

use oz_core::plan::SandboxId;

use crate::directories::Directories;
use crate::sandbox::fifo::Fifo;

/// One FIFO.
pub(in crate::sandbox) struct Pipe(Fifo);

impl Pipe {
    /// The one of that name.
    pub(in crate::sandbox) fn of(directories: &Directories, id: &SandboxId, name: &str) -> Self {
        Self(Fifo::of(directories, id, name))
    }

    /// A new one without what an earlier proxy has not read, and the proxy's end.
    pub(in crate::sandbox) fn fresh(&self) -> io::Result<OwnedFd> {
        self.0.remove()?;
        // Open for writing too, so that it is no end of file when a daemon dies.
        self.0.writer()
    }

    /// The daemon's end.
    pub(in crate::sandbox) fn writer(&self) -> io::Result<OwnedFd> {
        self.0.sender()
    }
}
