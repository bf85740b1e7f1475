//! Copying: the content of a file, and a whole layer for another sandbox.
//!
//! In a layer what overlays note stays what it means: marks for what is deleted, directories that hide what is below. Links
//! stay links, and names that share a file share its copy. What gives a program another's rights does not come along, nor
//! do sockets, which nobody listens on any more.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use oz_core::OsBytes;
use oz_core::wire::copies::{Copy, Kind};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, SeekFrom, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use super::tree::{CHUNK, Tree, dress, is_whiteout, kind, permissions};
use crate::progress;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// By sharing the blocks, where the file system can; else what is not written in the file is not written in the copy.
pub fn content(from: &File, mut to: &File) -> io::Result<()> {
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    let size = u64::try_from(rustix::fs::fstat(from)?.st_size).unwrap_or(0);
    let mut buffer = vec![0; CHUNK];
    let mut at = 0;
    while at < size {
        let start = match rustix::fs::seek(from, SeekFrom::Data(at)) {
            Err(Errno::NXIO) => break,
            start => start?,
        };
        let end = rustix::fs::seek(from, SeekFrom::Hole(start))?;
        rustix::fs::seek(from, SeekFrom::Start(start))?;
        rustix::fs::seek(to, SeekFrom::Start(start))?;
        let mut left = from.take(end - start);
        loop {
            match left.read(&mut buffer)? {
                0 => break,
                count => to.write_all(&buffer[..count])?,
            }
        }
        at = end;
    }
    Ok(rustix::fs::ftruncate(to, size)?)
}

struct Hand {
    from: Tree,
    to: Tree,
    /// Where files are that have more names, by device and inode.
    shared: HashMap<(u64, u64), PathBuf>,
    /// What could not be read as it was, and was opened for that.
    closed: HashMap<PathBuf, Mode>,
}

/// Copies a layer into an empty directory.
pub fn layer(order: &Copy) -> io::Result<()> {
    let mut hand = Hand {
        from: Tree::open(&order.from)?,
        to: Tree::open(&order.to)?,
        shared: HashMap::new(),
        closed: HashMap::new(),
    };
    let copied = hand.all();
    hand.close_again();
    copied?;
    Ok(rustix::fs::syncfs(&hand.to)?)
}

impl Hand {
    fn all(&mut self) -> io::Result<()> {
        let mut todo = vec![PathBuf::new()];
        let mut directories = Vec::new();
        while let Some(directory) = todo.pop() {
            self.open(&directory, DIRECTORY)?;
            for name in self.from.names(&directory)? {
                let path = directory.join(name);
                if self.entry(&path)? {
                    todo.push(path);
                }
            }
            directories.push(directory);
        }
        // The innermost first: then nothing changes in one that has its times and permissions already.
        for directory in directories.iter().rev() {
            let from = self.open(directory, DIRECTORY)?;
            let to = self.to.at(directory, DIRECTORY)?;
            self.dress(directory, &from, &to)?;
        }
        Ok(())
    }

    /// Copies one, of a directory only that there is one; whether it is one.
    fn entry(&mut self, path: &Path) -> io::Result<bool> {
        progress::step();
        let Some(stat) = self.from.look(path)? else {
            return Err(io::Error::other("it changed meanwhile"));
        };
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(false);
        };
        let above = self.to.at(above, DIRECTORY)?;
        let identity = (stat.st_dev, stat.st_ino);
        if kind(&stat) == Kind::Directory {
            rustix::fs::mkdirat(&above, name, Mode::RWXU)?;
            return Ok(true);
        }
        if let Some(first) = self.shared.get(&identity) {
            rustix::fs::linkat(&self.to, first, &above, name, AtFlags::empty())?;
            return Ok(false);
        }
        match kind(&stat) {
            Kind::Symlink => {
                let to = OsBytes::from(self.from.link(path)?);
                rustix::fs::symlinkat(to.as_os_str(), &above, name)?;
            }
            Kind::File => self.file(path, &above, name)?,
            _ if is_whiteout(&stat) => mark_deleted(&above, name)?,
            _ if FileType::from_raw_mode(stat.st_mode) == FileType::Fifo => {
                let mode = Mode::from_raw_mode(permissions(stat.st_mode));
                rustix::fs::mknodat(&above, name, FileType::Fifo, mode, 0)?;
            }
            _ => return Ok(false),
        }
        if stat.st_nlink > 1 {
            self.shared.insert(identity, path.to_owned());
        }
        Ok(false)
    }

    fn file(&mut self, path: &Path, above: &OwnedFd, name: &OsStr) -> io::Result<()> {
        let from = File::from(self.open(path, OFlags::RDONLY | OFlags::NONBLOCK)?);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let to = rustix::fs::openat(above, name, flags, Mode::RUSR | Mode::WUSR)?;
        let to = File::from(to);
        content(&from, &to)?;
        self.dress(path, &from, &to)
    }

    /// Permissions, attributes, times, and what overlays note.
    fn dress(&self, path: &Path, from: &impl AsFd, to: &impl AsFd) -> io::Result<()> {
        let stat = rustix::fs::fstat(from)?;
        let mode = Mode::from_raw_mode(permissions(stat.st_mode));
        let mode = self.closed.get(path).copied().unwrap_or(mode);
        dress(from, to, mode)?;
        Ok(rustix::fs::futimens(to, &times(&stat))?)
    }

    /// Opens a file or a directory, which may say that nobody reads it. It is ours, and nobody else changes it.
    fn open(&mut self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(self.from.at(path, flags)?);
        };
        match self.from.at(path, flags) {
            Err(Errno::ACCESS) => {}
            opened => return Ok(opened?),
        }
        let above = self.from.at(above, DIRECTORY)?;
        let stat = rustix::fs::statat(&above, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let mode = Mode::from_raw_mode(permissions(stat.st_mode));
        rustix::fs::chmodat(&above, name, mode | Mode::RWXU, AtFlags::empty())?;
        self.closed.insert(path.to_owned(), mode);
        Ok(self.from.at(path, flags)?)
    }

    /// The innermost first, which nobody would get at then.
    fn close_again(&mut self) {
        let mut closed: Vec<_> = self.closed.drain().collect();
        closed.sort_by(|(one, _), (other, _)| other.cmp(one));
        for (path, mode) in closed {
            let above = path.parent().map(|above| self.from.at(above, DIRECTORY));
            if let (Some(Ok(above)), Some(name)) = (above, path.file_name()) {
                // What stays open is the same, and nobody but its owner gets there.
                let _ = rustix::fs::chmodat(&above, name, mode, AtFlags::empty());
            }
        }
    }
}

/// What overlays take for a deleted file.
pub fn mark_deleted(above: impl AsFd, name: &OsStr) -> io::Result<()> {
    let device = FileType::CharacterDevice;
    Ok(rustix::fs::mknodat(above, name, device, Mode::empty(), 0)?)
}

/// Of a file, as `make` and others look at.
pub fn times(stat: &Stat) -> Timestamps {
    let time = |seconds, nanoseconds| Timespec {
        tv_sec: seconds,
        tv_nsec: i64::try_from(nanoseconds).unwrap_or(0),
    };
    Timestamps {
        last_access: time(stat.st_atime, stat.st_atime_nsec),
        last_modification: time(stat.st_mtime, stat.st_mtime_nsec),
    }
}
