//! The directories that the daemon owns: opened once, never through a symlink.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::net::SocketAddrUnix;

use crate::failure::{Failure, Kind, Result};

/// Where things of ours lie.
#[derive(Clone, Debug)]
pub(crate) struct Directories {
    /// `$XDG_RUNTIME_DIR/oz`.
    pub(crate) runtime: PathBuf,
    /// `$XDG_STATE_HOME/oz`.
    pub(crate) state: PathBuf,
    /// Where this program's siblings are.
    pub(crate) libexec: PathBuf,
}

impl Directories {
    /// Finds and makes them. This is the one place that asks the environment for a directory.
    pub(crate) fn open() -> Result<Self> {
        let variable = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let missing = |name: &str| {
            Failure::new(
                Kind::Host,
                format!("the variable {name} is not set to an absolute path"),
                "Start oz-daemon from within a session of the user, by the session bus",
            )
        };
        let runtime = variable("XDG_RUNTIME_DIR").ok_or_else(|| missing("XDG_RUNTIME_DIR"))?;
        let state = match variable("XDG_STATE_HOME") {
            Some(state) => state,
            None => variable("HOME")
                .ok_or_else(|| missing("HOME"))?
                .join(".local/state"),
        };
        let libexec = std::env::current_exe()
            .ok()
            .and_then(|exe| exe.parent().map(Path::to_owned))
            .ok_or_else(|| {
                Failure::new(
                    Kind::Host,
                    "cannot find out where oz-daemon is installed",
                    "Make sure that /proc is mounted",
                )
            })?;
        let directories = Self {
            runtime: runtime.join("oz"),
            state: state.join("oz"),
            libexec,
        };
        for path in [
            directories.runtime.clone(),
            directories.sandboxes(),
            directories.live(),
            directories.state.clone(),
            directories.logs(),
        ] {
            make_private(&path)?;
        }
        Ok(directories)
    }

    /// One directory for each running sandbox.
    pub(crate) fn sandboxes(&self) -> PathBuf {
        self.runtime.join("sandboxes")
    }

    /// Files of the host that sandboxes see as they change.
    pub(crate) fn live(&self) -> PathBuf {
        self.runtime.join("live")
    }

    /// What sandboxes said.
    pub(crate) fn logs(&self) -> PathBuf {
        self.state.join("logs")
    }

    /// A program of this installation.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.libexec.join(name)
    }
}

/// Makes a directory of mode 0700, and those above it that are missing, and opens it.
///
/// The parts of the path that exist may be symlinks as long as the user or root made them; what
/// is made here, and the last component, is a directory that belongs to the user.
pub(crate) fn make_private(path: &Path) -> Result<OwnedFd> {
    let fail = |error: io::Error| Failure::host("make the directory", path, &error);
    if let Some(parent) = path.parent().filter(|parent| !parent.exists()) {
        make_private(parent)?;
    }
    match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(errno) => return Err(fail(errno.into())),
    }
    let directory = rustix::fs::open(path, DIRECTORY, Mode::empty()).map_err(|e| fail(e.into()))?;
    own(&directory).map_err(fail)?;
    Ok(directory)
}

/// A socket in a directory, by a name that is short enough for a socket wherever the directory lies.
pub(crate) fn socket_in(directory: &OwnedFd, name: &str) -> io::Result<SocketAddrUnix> {
    let path = format!("/proc/self/fd/{}/{name}", directory.as_raw_fd());
    Ok(SocketAddrUnix::new(path)?)
}

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A directory of ours has our owner and nobody else's access.
fn own(directory: &OwnedFd) -> io::Result<()> {
    let stat = rustix::fs::fstat(directory)?;
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    if stat.st_mode & 0o077 != 0 {
        rustix::fs::fchmod(directory, Mode::RWXU)?;
    }
    Ok(())
}

/// Makes and opens a directory beneath one of ours, following no symlink on the way: an app may
/// have had a hand in it.
pub(crate) fn make_beneath(base: &Path, relative: &Path) -> Result<OwnedFd> {
    let mut directory = make_private(base)?;
    let mut path = base.to_owned();
    for component in relative.components() {
        let Component::Normal(name) = component else {
            let error = io::Error::other("the path is not plain");
            return Err(Failure::host("make the directory", relative, &error));
        };
        path.push(name);
        let fail = |error: io::Error| Failure::host("make the directory", &path, &error);
        match mkdirat(&directory, name, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
        directory =
            openat(&directory, name, DIRECTORY, Mode::empty()).map_err(|e| fail(e.into()))?;
        own(&directory).map_err(fail)?;
    }
    Ok(directory)
}

/// Replaces a file of a directory of ours in one step.
pub(crate) fn replace(directory: BorrowedFd<'_>, name: &str, content: &[u8]) -> io::Result<()> {
    let temporary = format!(".{name}.new");
    let _ = unlinkat(directory, &temporary, AtFlags::empty());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = openat(directory, &temporary, flags, Mode::RUSR | Mode::WUSR)?;
    io::Write::write_all(&mut std::fs::File::from(file), content)?;
    rustix::fs::renameat(directory, &temporary, directory, name)?;
    Ok(())
}

/// Removes a flat directory of ours with its files.
pub(crate) fn remove_flat(parent: &Path, name: &str) -> io::Result<()> {
    let parent = rustix::fs::open(parent, DIRECTORY, Mode::empty())?;
    let directory = openat(&parent, name, DIRECTORY, Mode::empty())?;
    for entry in rustix::fs::Dir::read_from(&directory)? {
        let entry = entry?;
        if ![c".", c".."].contains(&entry.file_name()) {
            unlinkat(&directory, entry.file_name(), AtFlags::empty())?;
        }
    }
    unlinkat(&parent, name, AtFlags::REMOVEDIR)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_planted_symlink_is_not_followed() {
        let base = tempfile::tempdir().expect("a directory");
        let target = tempfile::tempdir().expect("a directory");
        std::os::unix::fs::symlink(target.path(), base.path().join("homes")).expect("a link");
        assert!(make_beneath(base.path(), Path::new("homes/app")).is_err());
        assert_eq!(
            std::fs::read_dir(target.path()).expect("readable").count(),
            0
        );
        assert!(make_beneath(base.path(), Path::new("../x")).is_err());
    }

    #[test]
    fn a_private_directory_is_private_also_when_it_was_not() {
        use std::os::unix::fs::PermissionsExt;
        let base = tempfile::tempdir().expect("a directory");
        let path = base.path().join("a/b");
        std::fs::create_dir_all(&path).expect("made");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
        make_private(&path).expect("opened");
        let mode = std::fs::metadata(&path)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_file_is_replaced_whole_and_a_flat_directory_removed() {
        let base = tempfile::tempdir().expect("a directory");
        let directory = make_beneath(base.path(), Path::new("x")).expect("made");
        replace(directory.as_fd(), "state", b"one").expect("written");
        replace(directory.as_fd(), "state", b"two").expect("written");
        let path = base.path().join("x/state");
        assert_eq!(std::fs::read(&path).expect("there"), b"two");
        assert!(path.exists() && !base.path().join("x/.state.new").exists());
        remove_flat(base.path(), "x").expect("removed");
        assert!(!base.path().join("x").exists());
    }
}
