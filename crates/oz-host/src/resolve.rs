//! A path that the user named, opened once and kept.
//!
//! The user may name it through symlinks. What it leads to is opened by its canonical path, in which
//! no component is a symlink, and the descriptor is its identity from then on: whoever opens the path
//! again compares device, inode and kind.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use oz_core::OsBytes;
use oz_core::wire::mount::Identity;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Stat, StatxFlags};
use rustix::io::Errno;

/// A file or a directory of the host.
#[derive(Debug)]
pub struct Resolved {
    /// Its canonical path.
    pub path: OsBytes,
    /// What it is.
    pub identity: Identity,
    /// It, opened with O_PATH.
    pub fd: OwnedFd,
}

/// Why a path cannot be granted: one sentence, a colon, what to do.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// It is not there.
    #[error("{0} does not exist: check its spelling")]
    Missing(Shown),
    /// The user may not look there.
    #[error("{0} cannot be opened, because permission is denied: name a file that you can read")]
    Permission(Shown),
    /// Links lead in a circle.
    #[error("{0} leads in a circle of symbolic links: name what is meant directly")]
    Loop(Shown),
    /// A link leads out of the directory in which it lies, and an app may have put it there.
    #[error(
        "{path} is reached by a link to {to}, which an app may have made: take it where it really is, if you mean it"
    )]
    Link {
        /// What was pointed at.
        path: Shown,
        /// What it leads to.
        to: Shown,
    },
    /// A FIFO, a socket, a device.
    #[error("{path} is a {kind}: only regular files and directories can be given to a sandbox")]
    Kind {
        /// Which.
        path: Shown,
        /// What it is.
        kind: &'static str,
    },
    /// It lies on a file system that has no files of a user.
    #[error(
        "{0} is made by the kernel: only regular files and directories of yours can be given to a sandbox"
    )]
    Kernel(Shown),
    /// The descriptor's file has no name any more.
    #[error("{0} was deleted: name a file that still exists")]
    Deleted(Shown),
    /// Between two looks another file took its place.
    #[error("{0} was replaced while it was opened: try again")]
    Replaced(Shown),
    /// What was received is no file at all.
    #[error("a descriptor that is no file was received: send one opened with O_PATH")]
    NoFile,
    /// A system call failed.
    #[error("{path} cannot be opened, because {}: check that it can be listed", std::io::Error::from(*errno))]
    Os {
        /// Which.
        path: Shown,
        /// How.
        errno: Errno,
    },
}

/// A path as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(PathBuf);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OsBytes::from(self.0.as_path()).fmt(f)
    }
}

impl From<&Path> for Shown {
    fn from(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

const LOOK: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// The magic number of FUSE.
const FUSE: rustix::fs::FsWord = 0x6573_5546;

/// Trees whose files the kernel makes; a mount helper asks the file system itself.
const KERNEL: &[&str] = &["/proc", "/sys", "/dev"];

/// Opens a path that the user named; a relative one is relative to `directory`.
pub fn resolve(path: &Path, directory: &Path) -> Result<Resolved, ResolveError> {
    let path = directory.join(path);
    // Magic links lead to what other processes have open, which has no canonical path of its own.
    let fd = rustix::fs::openat2(CWD, &path, LOOK, Mode::empty(), ResolveFlags::NO_MAGICLINKS)
        .map_err(|errno| failed(&path, errno))?;
    named(fd, &path)
}

/// Opens a path that a person has pointed at, in a dialog or by dragging it: what they see of it is a name, and an app
/// that may change a directory can have it lead anywhere. So links are followed if they cannot be an app's (they are
/// somebody else's, or lie in the home itself, which no app may change) or lead to what lies beneath their own directory.
pub fn pointed_at(path: &Path, home: &Path) -> Result<Resolved, ResolveError> {
    let (leads_to, links) = way(path).map_err(|errno| failed(path, errno))?;
    let own = rustix::process::getuid().as_raw();
    let home = canonical(home).unwrap_or_else(|_| home.to_owned());
    let may_lead_astray = |(directory, owner): &(PathBuf, u32)| {
        *owner == own && *directory != home && !leads_to.starts_with(directory)
    };
    if links.iter().any(may_lead_astray) {
        return Err(ResolveError::Link {
            path: path.into(),
            to: leads_to.as_path().into(),
        });
    }
    // If one has come since, it leads elsewhere.
    let found = resolve(&leads_to, Path::new("/"))?;
    match found.path.as_path() == leads_to {
        true => Ok(found),
        false => Err(ResolveError::Replaced(path.into())),
    }
}

/// Directories in which links lie, and whose they are.
type Links = Vec<(PathBuf, u32)>;

/// Where an absolute path leads, and the links on the way.
fn way(path: &Path) -> Result<(PathBuf, Links), Errno> {
    const MOST: usize = 40;
    let (mut at, mut links) = (PathBuf::from("/"), Links::new());
    let mut left: Vec<Part> = parts(path);
    while let Some(part) = left.pop() {
        let name = match part {
            Part::Top => PathBuf::from("/"),
            Part::Up => at.parent().unwrap_or(&at).to_owned(),
            Part::Down(name) => at.join(name),
        };
        match rustix::fs::readlinkat(CWD, &name, Vec::new()) {
            Ok(target) if links.len() < MOST => {
                let owner = rustix::fs::lstat(&name)?.st_uid;
                links.push((at.clone(), owner));
                left.extend(parts(Path::new(OsStr::from_bytes(target.as_bytes()))));
            }
            Ok(_) => return Err(Errno::LOOP),
            Err(Errno::INVAL) => at = name,
            Err(errno) => return Err(errno),
        }
    }
    Ok((at, links))
}

/// One step on the way.
enum Part {
    Top,
    Up,
    Down(OsString),
}

/// The steps of a path, the last one first.
fn parts(path: &Path) -> Vec<Part> {
    let part = |component| match component {
        Component::RootDir | Component::Prefix(_) => Some(Part::Top),
        Component::ParentDir => Some(Part::Up),
        Component::Normal(name) => Some(Part::Down(name.to_owned())),
        Component::CurDir => None,
    };
    path.components().rev().filter_map(part).collect()
}

/// Finds out what a received descriptor is, trusting nothing that its sender says.
pub fn from_fd(fd: OwnedFd) -> Result<Resolved, ResolveError> {
    named(fd, Path::new("what was named"))
}

/// What the kernel calls a regular file on a FUSE file system; none for any other. It says which name the file has where it was
/// opened, and nothing of which file of the host that is.
pub fn name_on_fuse(fd: BorrowedFd<'_>) -> Option<PathBuf> {
    let system = rustix::fs::fstatfs(fd).ok()?;
    let stat = rustix::fs::fstat(fd).ok()?;
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    let is_there = system.f_type == FUSE && is_file && stat.st_nlink > 0;
    is_there.then(|| name_of(fd).ok())?
}

/// Whether a descriptor is of a file system that may have to be asked about it: it is no socket, pipe, namespace, process or
/// device. This asks none.
pub fn is_of_a_file_system(fd: BorrowedFd<'_>) -> bool {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let kind = rustix::fs::statx(fd, "", flags, StatxFlags::TYPE);
    let kind = kind.map(|found| FileType::from_raw_mode(found.stx_mode.into()));
    let is_device = kind == Ok(FileType::CharacterDevice);
    // All others have names that begin with their kind.
    !is_device && name_of(fd).map_or(true, |name| name.is_absolute())
}

/// The canonical path of something that exists.
pub fn canonical(path: &Path) -> Result<PathBuf, Errno> {
    let fd = rustix::fs::openat(CWD, path, LOOK, Mode::empty())?;
    name_of(fd.as_fd())
}

/// `said` is for messages until the real name is known.
fn named(fd: OwnedFd, said: &Path) -> Result<Resolved, ResolveError> {
    let stat = rustix::fs::fstat(&fd).map_err(|errno| failed(said, errno))?;
    let path = name_of(fd.as_fd()).map_err(|errno| failed(said, errno))?;
    if !path.is_absolute() {
        return Err(ResolveError::NoFile);
    }
    let identity = identity(&stat).map_err(|kind| ResolveError::Kind {
        path: path.as_path().into(),
        kind,
    })?;
    if stat.st_nlink == 0 {
        return Err(ResolveError::Deleted(path.as_path().into()));
    }
    if KERNEL.iter().any(|tree| path.starts_with(tree)) {
        return Err(ResolveError::Kernel(path.as_path().into()));
    }
    let plain = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let again = rustix::fs::openat2(CWD, &path, LOOK | OFlags::NOFOLLOW, Mode::empty(), plain)
        .map_err(|errno| match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => {
                ResolveError::Replaced(path.as_path().into())
            }
            errno => failed(&path, errno),
        })?;
    let same = rustix::fs::fstat(&again)
        .map_err(|errno| failed(&path, errno))
        .map(|now| self::identity(&now) == Ok(identity))?;
    if !same {
        return Err(ResolveError::Replaced(path.as_path().into()));
    }
    Ok(Resolved {
        path: path.into(),
        identity,
        fd: again,
    })
}

/// What the kernel calls the file behind a descriptor. It may be wrong by the time it is read.
fn name_of(fd: BorrowedFd<'_>) -> Result<PathBuf, Errno> {
    use std::os::unix::ffi::OsStringExt;
    let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let name = rustix::fs::readlinkat(CWD, link, Vec::new())?;
    Ok(OsString::from_vec(name.into_bytes()).into())
}

/// Device, inode and kind; or the name of a kind that cannot be given.
fn identity(stat: &Stat) -> Result<Identity, &'static str> {
    let directory = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => true,
        FileType::RegularFile => false,
        FileType::Fifo => return Err("FIFO"),
        FileType::Socket => return Err("socket"),
        FileType::CharacterDevice | FileType::BlockDevice => return Err("device"),
        FileType::Symlink => return Err("symbolic link"),
        FileType::Unknown => return Err("thing of an unknown kind"),
    };
    Ok(Identity {
        device: stat.st_dev,
        inode: stat.st_ino,
        directory,
    })
}

fn failed(path: &Path, errno: Errno) -> ResolveError {
    let shown = Shown::from(path);
    match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => ResolveError::Missing(shown),
        Errno::ACCESS | Errno::PERM => ResolveError::Permission(shown),
        Errno::LOOP => ResolveError::Loop(shown),
        errno => ResolveError::Os { path: shown, errno },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn temporary() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = canonical(directory.path()).expect("a path");
        (directory, path)
    }

    #[test]
    fn links_are_followed_once_and_the_canonical_path_is_kept() {
        let (_keep, at) = temporary();
        std::fs::create_dir(at.join("real")).expect("a directory");
        std::fs::write(at.join("real/file"), "x").expect("a file");
        symlink(at.join("real"), at.join("link")).expect("a link");
        let resolved = resolve(Path::new("link/file"), &at).expect("resolves");
        assert_eq!(resolved.path.as_path(), at.join("real/file"));
        assert!(!resolved.identity.directory);
        let sent = resolved.fd.try_clone().expect("a copy");
        let received = from_fd(sent).expect("resolves");
        assert_eq!(received.path, resolved.path);
        assert_eq!(received.identity, resolved.identity);
    }

    #[test]
    fn what_a_person_points_at_is_not_what_an_apps_link_leads_to() {
        let (_keep, home) = temporary();
        for directory in ["shelf/inner", "secret", "elsewhere"] {
            std::fs::create_dir_all(home.join(directory)).expect("a directory");
        }
        for file in ["shelf/inner/file", "secret/file", "elsewhere/file"] {
            std::fs::write(home.join(file), "x").expect("a file");
        }
        let link = |to: &str, at: &str| symlink(to, home.join(at)).expect("a link");
        // The user's own, directly in the home, and one that leads down.
        link("elsewhere", "Documents");
        link("inner", "shelf/latest");
        // An app's, of a file, of a directory, and by way of one that is harmless.
        link("../secret/file", "shelf/report");
        link("../secret", "shelf/photos");
        link("latest/../../secret/file", "shelf/deep");
        let point = |path: &str| pointed_at(&home.join(path), &home);
        for (path, real) in [
            ("shelf/inner/file", "shelf/inner/file"),
            ("shelf/latest/file", "shelf/inner/file"),
            ("shelf/latest", "shelf/inner"),
            ("Documents/file", "elsewhere/file"),
            ("shelf/./inner/../inner/file", "shelf/inner/file"),
        ] {
            let found = point(path).map(|found| found.path.as_path().to_owned());
            assert_eq!(found.expect(path), home.join(real), "{path}");
        }
        for path in [
            "shelf/report",
            "shelf/photos/file",
            "shelf/photos",
            "shelf/deep",
        ] {
            let refused = point(path).expect_err(path);
            assert!(matches!(refused, ResolveError::Link { .. }), "{refused:?}");
            assert!(refused.to_string().contains("secret"), "{refused}");
        }
        link("circle", "shelf/circle");
        assert!(matches!(point("shelf/circle"), Err(ResolveError::Loop(_))));
        assert!(matches!(point("shelf/none"), Err(ResolveError::Missing(_))));
        // Those of the system are nobody's.
        let system = pointed_at(Path::new("/bin/sh"), &home).expect("found");
        assert_eq!(
            system.path,
            resolve(Path::new("/bin/sh"), &home).expect("found").path
        );
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let (_keep, at) = temporary();
        rustix::fs::mkfifoat(CWD, at.join("fifo"), 0o600.into()).expect("a FIFO");
        let _socket = std::os::unix::net::UnixListener::bind(at.join("socket")).expect("a socket");
        let kind = |name: &str| match resolve(Path::new(name), &at) {
            Err(ResolveError::Kind { kind, .. }) => kind,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(kind("fifo"), "FIFO");
        assert_eq!(kind("socket"), "socket");
        assert_eq!(kind("/dev/null"), "device");
        assert!(matches!(
            resolve(Path::new("/proc/self/status"), &at),
            Err(ResolveError::Kernel(_))
        ));
        let (pipe, _other) = rustix::pipe::pipe().expect("a pipe");
        assert!(matches!(from_fd(pipe), Err(ResolveError::NoFile)));
    }

    #[test]
    fn deleted_replaced_and_missing_differ() {
        let (_keep, at) = temporary();
        let file = at.join("file");
        std::fs::write(&file, "x").expect("a file");
        let fd = resolve(&file, &at).expect("resolves").fd;
        std::fs::remove_file(&file).expect("removes");
        assert!(matches!(from_fd(fd), Err(ResolveError::Deleted(_))));
        assert!(matches!(resolve(&file, &at), Err(ResolveError::Missing(_))));
        symlink("loop", at.join("loop")).expect("a link");
        assert!(matches!(
            resolve(Path::new("loop"), &at),
            Err(ResolveError::Loop(_))
        ));
    }

    #[test]
    fn messages_say_what_to_do_and_cannot_steer_a_terminal() {
        let (_keep, at) = temporary();
        let error = resolve(Path::new("a\x1b[31m"), &at).expect_err("is missing");
        let message = error.to_string();
        assert!(
            message.ends_with("a\\x1b[31m does not exist: check its spelling"),
            "{message}"
        );
    }
}
