//! The directory that the view lies over: where every name is that was not granted.
//!
//! It is the sandbox's own, so a program may change it at any moment. Every path is walked beneath
//! it and through no symlink: the kernel follows those that a program uses, inside, before it asks.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags, Stat, Timestamps,
};
use rustix::io::Errno;

/// Most names of a directory that are listed at once; what a program has beyond is not shown.
const LISTED: usize = 1 << 17;

/// The directory.
#[derive(Debug)]
pub(crate) struct Below(OwnedFd);

/// A name in one of its directories.
#[derive(Debug)]
pub(crate) struct Entry {
    directory: OwnedFd,
    name: OsString,
}

/// A name of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: OsString,
    pub(crate) inode: u64,
    pub(crate) kind: FileType,
}

impl Below {
    pub(crate) fn new(directory: OwnedFd) -> Self {
        Self(directory)
    }

    /// A directory, by its path.
    fn directory(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let flags = flags | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat2(&self.0, path, flags, Mode::empty(), how)
    }

    /// A name, by the path of its directory.
    pub(crate) fn entry(&self, directory: &Path, name: &OsStr) -> Result<Entry, Errno> {
        if name.is_empty() || name == "." || name == ".." || name.as_bytes().contains(&b'/') {
            return Err(Errno::INVAL);
        }
        Ok(Entry {
            directory: self.directory(directory, OFlags::PATH)?,
            name: name.to_owned(),
        })
    }

    /// The directory itself.
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        rustix::fs::fstat(&self.0)
    }

    /// What is in one of its directories.
    pub(crate) fn list(&self, path: &Path) -> Result<Vec<Listed>, Errno> {
        let mut all = Vec::new();
        for entry in rustix::fs::Dir::new(self.directory(path, OFlags::RDONLY)?)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            if all.len() >= LISTED {
                break;
            }
            all.push(Listed {
                name: name.to_owned(),
                inode: entry.ino(),
                kind: entry.file_type(),
            });
        }
        Ok(all)
    }
}

impl Entry {
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        rustix::fs::statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    pub(crate) fn exists(&self) -> Result<bool, Errno> {
        match self.stat() {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens a regular file.
    pub(crate) fn open(&self, flags: OFlags) -> Result<File, Errno> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, &self.name, flags, Mode::empty())?;
        match FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(file.into()),
            _ => Err(Errno::ACCESS),
        }
    }

    /// Makes a regular file, or opens it.
    pub(crate) fn create(&self, flags: OFlags, mode: Mode) -> Result<File, Errno> {
        let flags = flags | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, &self.name, flags, mode)?;
        match FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(file.into()),
            _ => Err(Errno::ACCESS),
        }
    }

    /// A FIFO, a socket or an empty file; devices are nobody's to make.
    pub(crate) fn make_node(&self, kind: FileType, mode: Mode) -> Result<(), Errno> {
        match kind {
            FileType::Fifo | FileType::Socket | FileType::RegularFile => {
                rustix::fs::mknodat(&self.directory, &self.name, kind, mode, 0)
            }
            _ => Err(Errno::PERM),
        }
    }

    pub(crate) fn make_directory(&self, mode: Mode) -> Result<(), Errno> {
        rustix::fs::mkdirat(&self.directory, &self.name, mode)
    }

    pub(crate) fn make_symlink(&self, target: &Path) -> Result<(), Errno> {
        rustix::fs::symlinkat(target, &self.directory, &self.name)
    }

    pub(crate) fn link_to(&self, other: &Entry) -> Result<(), Errno> {
        let flags = AtFlags::empty();
        rustix::fs::linkat(
            &self.directory,
            &self.name,
            &other.directory,
            &other.name,
            flags,
        )
    }

    pub(crate) fn read_link(&self) -> Result<Vec<u8>, Errno> {
        let target = rustix::fs::readlinkat(&self.directory, &self.name, Vec::new())?;
        Ok(target.into_bytes())
    }

    pub(crate) fn remove(&self) -> Result<(), Errno> {
        rustix::fs::unlinkat(&self.directory, &self.name, AtFlags::empty())
    }

    pub(crate) fn remove_directory(&self) -> Result<(), Errno> {
        rustix::fs::unlinkat(&self.directory, &self.name, AtFlags::REMOVEDIR)
    }

    pub(crate) fn rename_to(&self, other: &Entry, flags: RenameFlags) -> Result<(), Errno> {
        let (from, to) = (&self.directory, &other.directory);
        rustix::fs::renameat_with(from, &self.name, to, &other.name, flags)
    }

    pub(crate) fn set_mode(&self, mode: Mode) -> Result<(), Errno> {
        let (_held, link) = self.link()?;
        rustix::fs::chmodat(CWD, link, mode, AtFlags::empty())
    }

    pub(crate) fn set_times(&self, times: &Timestamps) -> Result<(), Errno> {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::utimensat(&self.directory, &self.name, times, flags)
    }

    /// A path that leads to this very file, and what keeps it so.
    pub(crate) fn link(&self) -> Result<(OwnedFd, PathBuf), Errno> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let held = rustix::fs::openat(&self.directory, &self.name, flags, Mode::empty())?;
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&held)?.st_mode);
        if kind == FileType::Symlink {
            return Err(Errno::OPNOTSUPP);
        }
        let link = format!("/proc/self/fd/{}", held.as_raw_fd());
        Ok((held, link.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let inner = directory.path().join("below");
        std::fs::create_dir(&inner).expect("made");
        std::fs::write(directory.path().join("secret"), "s").expect("written");
        std::os::unix::fs::symlink("..", inner.join("up")).expect("linked");
        std::os::unix::fs::symlink("../secret", inner.join("file")).expect("linked");
        let below = Below::new(File::open(&inner).expect("opens").into());
        for (path, name) in [("..", "secret"), ("up", "secret"), ("/etc", "passwd")] {
            assert!(below.entry(path.as_ref(), name.as_ref()).is_err(), "{path}");
        }
        for name in ["..", ".", "", "a/b"] {
            assert!(below.entry(".".as_ref(), name.as_ref()).is_err(), "{name}");
        }
        let link = below.entry(".".as_ref(), "file".as_ref()).expect("named");
        assert_eq!(link.open(OFlags::RDONLY).err(), Some(Errno::LOOP));
        assert!(link.set_mode(Mode::RUSR).is_err());
    }
}
