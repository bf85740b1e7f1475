//! Extended attributes: those of the user, no others.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{OFlags, XattrFlags};
use rustix::io::Errno;

use super::{Spot, View};

/// The kernel's own limits.
const VALUE: usize = 64 << 10;
const LIST: usize = 64 << 10;

impl View {
    pub(crate) fn xattr(&self, ino: u64, name: &OsStr) -> Result<Vec<u8>, Errno> {
        users(name)?;
        let file = self.readable(ino)?;
        let mut value = vec![0; VALUE];
        let length = rustix::fs::fgetxattr(&file, name, &mut value[..])?;
        value.truncate(length);
        Ok(value)
    }

    /// The names, each with a NUL behind it.
    pub(crate) fn xattrs(&self, ino: u64) -> Result<Vec<u8>, Errno> {
        let file = match self.readable(ino) {
            Ok(file) => file,
            Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut list = vec![0; LIST];
        let length = rustix::fs::flistxattr(&file, &mut list[..])?;
        list.truncate(length);
        let users = list
            .split_inclusive(|byte| *byte == 0)
            .filter(|name| name.starts_with(b"user."));
        Ok(users.flatten().copied().collect())
    }

    pub(crate) fn set_xattr(
        &self,
        ino: u64,
        name: &OsStr,
        value: &[u8],
        flags: i32,
    ) -> Result<(), Errno> {
        users(name)?;
        let flags = XattrFlags::from_bits_truncate(flags.cast_unsigned());
        rustix::fs::fsetxattr(self.readable(ino)?, name, value, flags)
    }

    pub(crate) fn remove_xattr(&self, ino: u64, name: &OsStr) -> Result<(), Errno> {
        users(name)?;
        rustix::fs::fremovexattr(self.readable(ino)?, name)
    }

    fn readable(&self, ino: u64) -> Result<File, Errno> {
        match self.spot_of(ino)? {
            Spot::Root => Err(Errno::OPNOTSUPP),
            Spot::Below(entry) => entry.open(OFlags::RDONLY).map_err(|error| match error {
                // Directories, symlinks, sockets.
                Errno::ACCESS | Errno::LOOP | Errno::ISDIR | Errno::NXIO => Errno::OPNOTSUPP,
                error => error,
            }),
            Spot::Granted(name) => self.open_granted(name, OFlags::RDONLY),
        }
    }
}

fn users(name: &OsStr) -> Result<(), Errno> {
    if name.as_bytes().starts_with(b"user.") {
        Ok(())
    } else {
        Err(Errno::OPNOTSUPP)
    }
}
