//! Places beneath the new root.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, ResolveFlags, StatxFlags};
use rustix::io::Errno;

use super::{attach, filesystems};

/// Enough for mount points and small files.
const SIZE: u64 = 16 << 20;

/// Directories that a plan does not name.
const USUAL: Mode = Mode::from_raw_mode(0o755);

/// Most things that are moved out of the way of one name.
const MOVED: u32 = 100;

/// The new root before it is entered.
pub struct Root(OwnedFd);

impl Root {
    /// Mounts an empty one over the host's `/`; only its descriptor leads to it.
    pub fn mount() -> io::Result<Self> {
        let root = filesystems::tmpfs(USUAL.as_raw_mode(), SIZE, false)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        attach(&root, rustix::fs::openat(CWD, "/", flags, Mode::empty())?)?;
        Ok(Self(root))
    }

    /// Opens what is at `path`, where no component may be a symlink.
    pub fn open(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let how = ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(&self.0, path, flags | OFlags::CLOEXEC, Mode::empty(), how)
    }

    /// Opens the directory at `path`; makes it and its parents if they are missing.
    pub fn directory(&self, path: &Path) -> io::Result<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        match self.open(path, flags) {
            Err(Errno::NOENT) => {
                self.make_directory(path, USUAL)?;
                Ok(self.open(path, flags)?)
            }
            other => Ok(other?),
        }
    }

    /// Makes the way to a mount point in the app's home free again: what the app has left there instead of
    /// directories (or of a file, at its end) is renamed, and so followed by nobody.
    ///
    /// Only what lies on the home's own mount is touched: that is the app's, and nobody else's.
    pub fn clear(&self, home: &Path, path: &Path, directory: bool) -> io::Result<()> {
        let below = path.strip_prefix(home).map_err(|_| Errno::LOOP)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let mut here = self.open(home, flags)?;
        let of_home = mount_id(&here)?;
        let mut parts = below.components().peekable();
        while let Some(Component::Normal(name)) = parts.next() {
            let look = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let next = match rustix::fs::openat(&here, name, look, Mode::empty()) {
                Err(Errno::NOENT) => return Ok(()),
                next => next?,
            };
            let wanted = if directory || parts.peek().is_some() {
                FileType::Directory
            } else {
                FileType::RegularFile
            };
            if FileType::from_raw_mode(rustix::fs::fstat(&next)?.st_mode) != wanted {
                if mount_id(&here)? != of_home {
                    return Err(Errno::LOOP.into());
                }
                return move_away(&here, name);
            }
            here = next;
        }
        Ok(())
    }

    /// Makes a directory, and its parents if they are missing. One that exists stays as it is.
    pub fn make_directory(&self, path: &Path, mode: Mode) -> io::Result<()> {
        let (parent, name) = self.parent(path)?;
        match rustix::fs::mkdirat(parent, name, mode) {
            Err(Errno::EXIST) => {
                self.open(path, OFlags::PATH | OFlags::DIRECTORY)?;
            }
            made => made?,
        }
        Ok(())
    }

    /// Opens the file at `path`, an empty one if there is none, to be mounted on.
    pub fn placeholder(&self, path: &Path) -> io::Result<OwnedFd> {
        match self.open(path, OFlags::PATH) {
            Err(Errno::NOENT) => {
                let (parent, name) = self.parent(path)?;
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
                drop(rustix::fs::openat(parent, name, flags, Mode::RUSR)?);
                Ok(self.open(path, OFlags::PATH)?)
            }
            other => Ok(other?),
        }
    }

    /// The directory of `path`, made if it is missing, and the last component.
    pub fn parent<'p>(&self, path: &'p Path) -> io::Result<(OwnedFd, &'p OsStr)> {
        let plain = |part| matches!(part, Component::Normal(_) | Component::RootDir);
        if !path.is_absolute() || !path.components().all(plain) {
            return Err(Errno::INVAL.into());
        }
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => Ok((self.directory(parent)?, name)),
            _ => Err(Errno::EXIST.into()),
        }
    }
}

/// Gives a thing a name that nothing has.
fn move_away(directory: &OwnedFd, name: &OsStr) -> io::Result<()> {
    for number in 1..=MOVED {
        let mut other = name.to_owned();
        other.push(format!(".moved-{number}"));
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(directory, name, directory, &other, flags) {
            Err(Errno::EXIST) => {}
            moved => return Ok(moved?),
        }
    }
    Err(Errno::EXIST.into())
}

fn mount_id(place: &OwnedFd) -> io::Result<u64> {
    let empty = AtFlags::EMPTY_PATH;
    Ok(rustix::fs::statx(place, "", empty, StatxFlags::MNT_ID)?.stx_mnt_id)
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
