//! What a program sees of a directory of which it was granted some files.
//!
//! A granted name is the host's file of that name, at each moment: it is read and written in place,
//! and what is renamed over it becomes the host's file in one step. All other names are the
//! sandbox's own and lie in the directory below the view. Nothing here knows FUSE: numbers of nodes
//! and handles go in, attributes and errors come out.

mod below;
mod change;
mod grants;
mod handles;
mod host;
mod io;
mod locks;
mod nodes;
mod outside;
mod rename;
#[cfg(test)]
mod tests;
mod xattrs;

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;

use rustix::fs::{FileType, OFlags, Stat};
use rustix::io::Errno;

pub(crate) use below::Listed;
use below::{Below, Entry};
pub(crate) use change::{Changes, Time};
use grants::{Grants, State};
use handles::Handles;
use host::Host;
pub(crate) use locks::{Lock, Locks, Span};
use nodes::Nodes;
pub(crate) use nodes::ROOT;

/// A view and everything that is open in it.
#[derive(Debug)]
pub(crate) struct View {
    host: Host,
    below: Below,
    grants: Grants,
    nodes: Nodes,
    handles: Handles,
}

/// A file, by number.
#[derive(Debug)]
pub(crate) struct Attributes {
    pub(crate) ino: u64,
    pub(crate) stat: Stat,
    /// The host may change it at any moment.
    pub(crate) granted: bool,
}

/// What a name stands for.
#[derive(Debug)]
enum Spot<'a> {
    /// The view's own directory.
    Root,
    /// A file of the host.
    Granted(&'a OsStr),
    /// A name of the sandbox.
    Below(Entry),
}

impl View {
    /// Over the host's directory `host` and the sandbox's `below`. Nothing is granted yet.
    pub(crate) fn new(host: OwnedFd, below: OwnedFd) -> Self {
        Self {
            host: Host::new(host),
            below: Below::new(below),
            grants: Grants::default(),
            nodes: Nodes::default(),
            handles: Handles::default(),
        }
    }

    fn spot<'a>(&self, parent: u64, name: &'a OsStr) -> Result<Spot<'a>, Errno> {
        if parent == ROOT && self.grants.has(name) {
            return Ok(Spot::Granted(name));
        }
        Ok(Spot::Below(
            self.below.entry(&self.nodes.path(parent)?, name)?,
        ))
    }

    fn spot_of(&self, ino: u64) -> Result<Spot<'_>, Errno> {
        match self.nodes.place(ino)? {
            None => Ok(Spot::Root),
            Some((parent, name)) => self.spot(parent, name),
        }
    }

    fn stat(&self, spot: &Spot<'_>) -> Result<Stat, Errno> {
        match spot {
            Spot::Root => self.below.stat(),
            Spot::Below(entry) => entry.stat(),
            Spot::Granted(name) => match self.grants.state(name) {
                State::Shown => self.host.stat(name),
                State::Draft(draft) => rustix::fs::fstat(draft.file()),
                State::Vacant => Err(Errno::NOENT),
            },
        }
    }

    /// A name, told to the kernel.
    fn told(&mut self, parent: u64, name: &OsStr) -> Result<Attributes, Errno> {
        let spot = self.spot(parent, name)?;
        let granted = matches!(spot, Spot::Granted(_));
        let stat = self.stat(&spot)?;
        let ino = self.nodes.tell(parent, name)?;
        Ok(Attributes { ino, stat, granted })
    }

    pub(crate) fn lookup(&mut self, parent: u64, name: &OsStr) -> Result<Attributes, Errno> {
        self.told(parent, name)
    }

    pub(crate) fn forget(&mut self, ino: u64, times: u64) {
        self.nodes.forget(ino, times);
    }

    pub(crate) fn attributes(&self, ino: u64, handle: Option<u64>) -> Result<Attributes, Errno> {
        let by_handle = |file: &File| rustix::fs::fstat(file);
        let spot = self.spot_of(ino);
        let granted = matches!(spot, Ok(Spot::Granted(_)));
        let stat = match (spot, handle) {
            (_, Some(handle)) => by_handle(self.handles.get(handle)?.file()?)?,
            (Ok(spot), None) => self.stat(&spot)?,
            // The name is gone, what is open is not.
            (Err(error), None) => match self.handles.of(ino) {
                Some(handle) => by_handle(handle.file()?)?,
                None => return Err(error),
            },
        };
        Ok(Attributes { ino, stat, granted })
    }

    pub(crate) fn read_link(&self, ino: u64) -> Result<Vec<u8>, Errno> {
        match self.spot_of(ino)? {
            Spot::Below(entry) => entry.read_link(),
            _ => Err(Errno::INVAL),
        }
    }

    /// Lists a directory; what changes in it afterwards is seen by the next listing.
    pub(crate) fn open_directory(&mut self, ino: u64) -> Result<u64, Errno> {
        self.handles.room()?;
        let mut listing = self.below.list(&self.nodes.path(ino)?)?;
        if ino == ROOT {
            listing.retain(|entry| !self.grants.has(&entry.name));
            for name in self.grants.names() {
                if let Ok(stat) = self.stat(&Spot::Granted(name)) {
                    listing.push(Listed {
                        name: name.to_owned(),
                        inode: stat.st_ino,
                        kind: FileType::RegularFile,
                    });
                }
            }
        }
        Ok(self.handles.add_directory(listing))
    }

    pub(crate) fn listing(&self, handle: u64) -> Result<&[Listed], Errno> {
        self.handles.directory(handle)
    }

    /// Whether a program may read, write or execute, as `access` asks it.
    pub(crate) fn may(&self, ino: u64, access: rustix::fs::Access) -> Result<(), Errno> {
        let stat = self.stat(&self.spot_of(ino)?)?;
        // All programs of the sandbox are the same user, and the server of the file says the rest.
        let bits = stat.st_mode >> 6 & 0o7;
        let wanted = u32::from(access.contains(rustix::fs::Access::READ_OK)) << 2
            | u32::from(access.contains(rustix::fs::Access::WRITE_OK)) << 1
            | u32::from(access.contains(rustix::fs::Access::EXEC_OK));
        if bits & wanted == wanted {
            Ok(())
        } else {
            Err(Errno::ACCESS)
        }
    }

    pub(crate) fn statvfs(&self) -> Result<rustix::fs::StatVfs, Errno> {
        self.host.statvfs()
    }
}

/// The flags of an open that mean something to the file behind the view.
fn open_flags(flags: i32) -> OFlags {
    let wanted = OFlags::RWMODE | OFlags::APPEND | OFlags::TRUNC | OFlags::SYNC | OFlags::DSYNC;
    OFlags::from_bits_retain(flags.cast_unsigned()) & wanted
}
