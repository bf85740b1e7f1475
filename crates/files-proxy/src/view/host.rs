//! Files of the host's directory, each by its name, never through a symlink.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

/// The directory.
#[derive(Debug)]
pub(crate) struct Host(OwnedFd);

/// A file that gets its name when it is complete.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    /// Its provisional name, where the file system has no files without one.
    name: Option<OsString>,
}

impl Host {
    pub(crate) fn new(directory: OwnedFd) -> Self {
        Self(directory)
    }

    /// What has a name, if it is a regular file.
    pub(crate) fn stat(&self, name: &OsStr) -> Result<Stat, Errno> {
        let stat = rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(stat),
            _ => Err(Errno::ACCESS),
        }
    }

    /// Opens a regular file.
    pub(crate) fn open(&self, name: &OsStr, flags: OFlags) -> Result<File, Errno> {
        // What is not a regular file could hold the open: a FIFO does, a device might do more.
        self.stat(name)?;
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.0, name, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&file)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(file.into()),
            _ => Err(Errno::ACCESS),
        }
    }

    /// Makes a file that is not there.
    pub(crate) fn make(&self, name: &OsStr, flags: OFlags, mode: Mode) -> Result<File, Errno> {
        let flags = flags | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.0, name, flags, mode)?.into())
    }

    pub(crate) fn remove(&self, name: &OsStr) -> Result<(), Errno> {
        self.stat(name)?;
        rustix::fs::unlinkat(&self.0, name, AtFlags::empty())
    }

    /// A new file beside the others, to take a name later.
    pub(crate) fn draft(&self, name: &OsStr) -> Result<Draft, Errno> {
        let mode = Mode::RUSR | Mode::WUSR;
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.0, ".", flags, mode) {
            Ok(file) => Ok(Draft {
                file: file.into(),
                name: None,
            }),
            // Network and older file systems.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {
                let provisional = provisional(name)?;
                let file = self.make(&provisional, OFlags::RDWR, mode)?;
                // Says that the file is in use; see `sweep`.
                rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
                Ok(Draft {
                    file,
                    name: Some(provisional),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Gives a draft the name, in place of the file that has it, in one step. The file that had it
    /// passes its permissions on.
    pub(crate) fn publish(&self, draft: Draft, name: &OsStr) -> Result<File, Errno> {
        match self.stat(name) {
            Ok(old) => {
                rustix::fs::fchmod(&draft.file, Mode::from_raw_mode(old.st_mode & 0o777))?;
            }
            Err(Errno::NOENT) => {}
            Err(error) => {
                self.discard(draft);
                return Err(error);
            }
        }
        let published = self.take_name(&draft, name);
        match published {
            Ok(()) => Ok(draft.file),
            Err(error) => {
                self.discard(draft);
                Err(error)
            }
        }
    }

    fn take_name(&self, draft: &Draft, name: &OsStr) -> Result<(), Errno> {
        rustix::fs::fsync(&draft.file)?;
        let temporary = match &draft.name {
            Some(provisional) => provisional.clone(),
            None => {
                let provisional = provisional(name)?;
                // Not needed for long, but another proxy might sweep in between.
                rustix::fs::flock(&draft.file, FlockOperation::NonBlockingLockExclusive)?;
                let link = link_of(&draft.file);
                rustix::fs::linkat(CWD, link, &self.0, &provisional, AtFlags::SYMLINK_FOLLOW)?;
                provisional
            }
        };
        let renamed = rustix::fs::renameat(&self.0, &temporary, &self.0, name);
        if renamed.is_err() {
            let _ = rustix::fs::unlinkat(&self.0, &temporary, AtFlags::empty());
        }
        renamed?;
        rustix::fs::flock(&draft.file, FlockOperation::Unlock)?;
        // The name itself lasts after this; where a directory cannot be synced nothing is lost.
        if let Ok(directory) = rustix::fs::openat(
            &self.0,
            ".",
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        ) {
            let _ = rustix::fs::fsync(directory);
        }
        Ok(())
    }

    /// Throws a draft away.
    pub(crate) fn discard(&self, draft: Draft) {
        if let Some(name) = draft.name {
            let _ = rustix::fs::unlinkat(&self.0, name, AtFlags::empty());
        }
    }

    /// Removes provisional files of a name that a crash has left, which nobody holds any more.
    pub(crate) fn sweep(&self, name: &OsStr) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(&self.0, ".", flags, Mode::empty())?;
        for entry in rustix::fs::Dir::new(directory)? {
            let entry = entry?;
            let found = OsStr::from_bytes(entry.file_name().to_bytes());
            if !is_provisional(found, name) {
                continue;
            }
            if let Ok(file) = self.open(found, OFlags::RDONLY)
                && rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
            {
                let _ = rustix::fs::unlinkat(&self.0, found, AtFlags::empty());
            }
        }
        Ok(())
    }

    pub(crate) fn statvfs(&self) -> Result<rustix::fs::StatVfs, Errno> {
        rustix::fs::fstatvfs(&self.0)
    }
}

impl Draft {
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

use std::os::unix::ffi::OsStrExt;

/// The same file, opened once more.
pub(crate) fn reopen(file: &File, flags: OFlags) -> Result<File, Errno> {
    let flags = flags - OFlags::CREATE - OFlags::EXCL - OFlags::TRUNC - OFlags::NOFOLLOW;
    Ok(rustix::fs::open(link_of(file), flags | OFlags::CLOEXEC, Mode::empty())?.into())
}

fn link_of(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// `.NAME.oz-` and 16 hexadecimal digits; a long name is cut.
fn provisional(name: &OsStr) -> Result<OsString, Errno> {
    let mut random = [0; 8];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
    let mut result = prefix(name);
    result.push(format!("{:016x}", u64::from_ne_bytes(random)));
    Ok(result)
}

fn prefix(name: &OsStr) -> OsString {
    let bytes = name.as_bytes();
    let mut result = OsString::from(".");
    result.push(OsStr::from_bytes(&bytes[..bytes.len().min(200)]));
    result.push(".oz-");
    result
}

fn is_provisional(found: &OsStr, name: &OsStr) -> bool {
    let rest = found.as_bytes().strip_prefix(prefix(name).as_bytes());
    rest.is_some_and(|rest| rest.len() == 16 && rest.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn host() -> (tempfile::TempDir, Host) {
        let directory = tempfile::tempdir().expect("a directory");
        let fd = File::open(directory.path()).expect("opens");
        (directory, Host::new(fd.into()))
    }

    #[test]
    fn a_published_draft_replaces_the_file_and_keeps_its_permissions() {
        let (directory, host) = host();
        let path = directory.path().join("a");
        std::fs::write(&path, "old").expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).expect("set");
        let mut old = File::open(&path).expect("opens");
        let draft = host.draft(OsStr::new("a")).expect("made");
        draft.file().write_all(b"new").expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"old");
        host.publish(draft, OsStr::new("a")).expect("published");
        assert_eq!(std::fs::read(&path).expect("read"), b"new");
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        let mut kept = String::new();
        old.read_to_string(&mut kept).expect("read");
        assert_eq!(kept, "old");
        assert_eq!(
            std::fs::read_dir(directory.path()).expect("list").count(),
            1
        );
    }

    #[test]
    fn neither_a_symlink_nor_a_directory_nor_a_fifo_is_opened_or_replaced() {
        let (directory, host) = host();
        let secret = directory.path().join("secret");
        std::fs::write(&secret, "s").expect("written");
        symlink(&secret, directory.path().join("link")).expect("linked");
        std::fs::create_dir(directory.path().join("directory")).expect("made");
        rustix::fs::mknodat(
            CWD,
            directory.path().join("fifo"),
            FileType::Fifo,
            Mode::RUSR,
            0,
        )
        .expect("made");
        for name in ["link", "directory", "fifo"] {
            let name = OsStr::new(name);
            assert!(host.open(name, OFlags::RDONLY).is_err(), "{name:?}");
            let draft = host.draft(name).expect("made");
            assert!(host.publish(draft, name).is_err(), "{name:?}");
            assert!(host.remove(name).is_err(), "{name:?}");
        }
        assert_eq!(std::fs::read(&secret).expect("read"), b"s");
        assert_eq!(
            std::fs::read_dir(directory.path()).expect("list").count(),
            4
        );
    }

    #[test]
    fn only_what_a_crash_left_is_swept() {
        let (directory, host) = host();
        let name = OsStr::new("a");
        let stale = directory.path().join(provisional(name).expect("a name"));
        let held = directory.path().join(provisional(name).expect("a name"));
        let other = directory.path().join(".a.oz-something-of-the-users");
        for path in [&stale, &held, &other] {
            std::fs::write(path, "").expect("written");
        }
        let holder = File::open(&held).expect("opens");
        rustix::fs::flock(&holder, FlockOperation::NonBlockingLockExclusive).expect("locked");
        host.sweep(name).expect("swept");
        assert!(!stale.exists() && held.exists() && other.exists());
    }
}
