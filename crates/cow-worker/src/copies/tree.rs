//! A tree that others may change while it is read: everything in it is opened beneath its root, through no link.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use oz_core::wire::copies::{Kind, Seen};
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, XattrFlags};
use rustix::io::Errno;

/// Bytes that are compared or copied at a time.
pub const CHUNK: usize = 128 << 10;
/// Longest attribute.
const ATTRIBUTE: usize = 64 << 10;
/// Attributes that overlays keep for themselves.
const OVERLAY: &[u8] = b"user.overlay.";
/// Those of them that are in layers of ours: nothing of what is below is seen, it was copied from there, something in it was.
const NOTES: &[&str] = &[OPAQUE, "user.overlay.origin", "user.overlay.impure"];
const OPAQUE: &str = "user.overlay.opaque";

/// The root of it.
pub struct Tree(OwnedFd);

impl Tree {
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::openat(CWD, path, flags, Mode::empty())?))
    }

    /// Opens what is at a relative path; the root itself is the empty one.
    pub fn at(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        self.make(path, flags, Mode::empty())
    }

    /// The same, for what is to be made.
    pub fn make(&self, path: &Path, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        rustix::fs::openat2(&self.0, path, flags, mode, how)
    }

    /// What is there, itself; none if there is nothing.
    pub fn look(&self, path: &Path) -> io::Result<Option<Stat>> {
        match self.at(path, OFlags::PATH) {
            Ok(there) => Ok(Some(rustix::fs::fstat(there)?)),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Names in a directory, sorted.
    pub fn names(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let directory = self.at(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        let mut names = Vec::new();
        for entry in Dir::read_from(&directory)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(PathBuf::from(OsStr::from_bytes(name)));
            }
        }
        names.sort();
        Ok(names)
    }

    /// A file to read; nothing else is ever opened so.
    pub fn file(&self, path: &Path) -> io::Result<std::fs::File> {
        let file = self.at(path, OFlags::RDONLY | OFlags::NONBLOCK)?;
        match kind(&rustix::fs::fstat(&file)?) {
            Kind::File => Ok(file.into()),
            _ => Err(Errno::INVAL.into()),
        }
    }

    pub fn link(&self, path: &Path) -> io::Result<Vec<u8>> {
        let link = self.at(path, OFlags::PATH)?;
        Ok(rustix::fs::readlinkat(link, "", Vec::new())?.into_bytes())
    }

    /// Whether a directory of an upper layer has nothing of what is below it.
    pub fn is_opaque(&self, path: &Path) -> io::Result<bool> {
        let directory = self.at(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        Ok(attribute(directory, OsStr::new(OPAQUE))?.as_deref() == Some(b"y"))
    }

    /// Whether a file of an upper layer was copied there from below.
    pub fn is_copied_up(&self, path: &Path) -> bool {
        let file = self.at(path, OFlags::RDONLY | OFlags::NONBLOCK);
        let origin = file.map(|file| attribute(file, OsStr::new("user.overlay.origin")));
        matches!(origin, Ok(Ok(Some(_))))
    }

    /// The user's attributes of a file or directory, without those of overlays, sorted.
    pub fn attributes(&self, path: &Path) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let file = self.at(path, OFlags::RDONLY | OFlags::NONBLOCK)?;
        attributes_of(&file)
    }
}

impl AsFd for Tree {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

pub fn attributes_of(file: &impl AsFd) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut names = vec![0; ATTRIBUTE];
    let length = match rustix::fs::flistxattr(file, &mut names) {
        Err(Errno::OPNOTSUPP) => 0,
        length => length?,
    };
    names.truncate(length);
    let mut all = Vec::new();
    for name in names.split(|byte| *byte == 0) {
        if name.starts_with(b"user.") && !name.starts_with(OVERLAY) {
            let value = attribute(file, OsStr::from_bytes(name))?;
            all.extend(value.map(|value| (name.to_vec(), value)));
        }
    }
    all.sort();
    Ok(all)
}

/// What overlays have noted of a file or directory.
pub fn notes_of(file: &impl AsFd) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut all = Vec::new();
    for name in NOTES {
        let value = attribute(file, OsStr::new(name))?;
        all.extend(value.map(|value| (name.as_bytes().to_vec(), value)));
    }
    Ok(all)
}

/// Gives a file or directory permissions, and of another the attributes and what overlays have noted of it.
pub fn dress(from: &impl AsFd, to: &impl AsFd, mode: Mode) -> io::Result<()> {
    for (name, value) in attributes_of(from)?.into_iter().chain(notes_of(from)?) {
        rustix::fs::fsetxattr(to, OsStr::from_bytes(&name), &value, XattrFlags::empty())?;
    }
    Ok(rustix::fs::fchmod(to, mode)?)
}

fn attribute(file: impl AsFd, name: &OsStr) -> io::Result<Option<Vec<u8>>> {
    let mut value = vec![0; ATTRIBUTE];
    match rustix::fs::fgetxattr(file, name, &mut value) {
        Ok(length) => {
            value.truncate(length);
            Ok(Some(value))
        }
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether two files have the same content.
pub fn same_content(one: &std::fs::File, other: &std::fs::File) -> io::Result<bool> {
    same_content_while(one, other, &mut |_| true)
}

/// The same; before so many bytes are read of each it is asked whether to go on, and without that they are not.
pub fn same_content_while(
    mut one: &std::fs::File,
    mut other: &std::fs::File,
    goes_on: &mut dyn FnMut(usize) -> bool,
) -> io::Result<bool> {
    let (mut first, mut second) = (vec![0; CHUNK], vec![0; CHUNK]);
    loop {
        let read = one.read(&mut first)?;
        if read == 0 {
            return Ok(other.read(&mut second)? == 0);
        }
        if !goes_on(read) {
            return Ok(false);
        }
        match other.read_exact(&mut second[..read]) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            all => all?,
        }
        if first[..read] != second[..read] {
            return Ok(false);
        }
    }
}

pub fn kind(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

/// Whether a mode (`st_mode`) is a directory's.
pub fn is_directory(mode: u32) -> bool {
    FileType::from_raw_mode(mode) == FileType::Directory
}

/// What overlays take for a deleted file.
pub fn is_whiteout(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0
}

pub fn seen(stat: &Stat) -> Seen {
    Seen {
        identity: (stat.st_dev, stat.st_ino),
        changed: changed(stat),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        mode: stat.st_mode,
    }
}

/// Seconds and nanoseconds.
pub fn changed(stat: &Stat) -> (i64, i64) {
    (
        stat.st_ctime,
        i64::try_from(stat.st_ctime_nsec).unwrap_or(0),
    )
}

/// Its permissions, without what would give a program another's rights.
pub fn permissions(mode: u32) -> u32 {
    mode & 0o1777
}
