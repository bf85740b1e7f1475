//! Giving a file its name, and taking it away, without losing what somebody else saves under that name meanwhile: it is
//! done in one step, and what it has replaced is looked at afterwards.
//!
//! Whatever was replaced has a temporary name beside it then. Who is cut off there finds it by that name the next time.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use oz_core::wire::copies::Seen;
use rustix::fs::{AtFlags, RenameFlags, Stat};
use rustix::io::Errno;

use super::tree::{Tree, seen};

/// The names of what is made, or was taken away, beside a file.
pub(super) struct Names {
    /// Of what is not ready: nobody else's.
    pub(super) unready: PathBuf,
    /// Of what is to be put there, and then of what was there.
    pub(super) aside: PathBuf,
    /// In the journal, of what was there.
    pub(super) kept: PathBuf,
}

impl Names {
    /// The same in each try, so that none stays; others in each journal. `kept` begins the name there.
    pub(super) fn of(journal: &Path, kept: &str, number: usize) -> Self {
        let name = |path: Option<&Path>| {
            let name = path.and_then(Path::file_name).unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        let (sandbox, merge) = (name(journal.parent()), name(Some(journal)));
        let unready = format!(".oz-{sandbox}-{merge}-{number}");
        Self {
            aside: format!("{unready}-ready").into(),
            unready: unready.into(),
            kept: format!("{kept}-{number}").into(),
        }
    }

    /// Removes what a try that was cut off has left; `is_elsewhere` knows what need not be kept.
    pub(super) fn clear(
        &self,
        above: &OwnedFd,
        journal: &Tree,
        is_elsewhere: impl Fn(Seen) -> bool,
    ) {
        self.remove(above, &self.unready);
        match look(above, self.aside.as_os_str()) {
            Ok(there) if is_elsewhere(seen(&there)) => self.remove(above, &self.aside),
            Ok(_) => self.keep(above, journal),
            Err(_) => {}
        }
    }

    /// Moves what was there into the journal, if that is on the same file system.
    pub(super) fn keep(&self, above: &OwnedFd, journal: &Tree) {
        let _ = rustix::fs::renameat(above, &self.aside, journal, &self.kept);
        self.remove(above, &self.aside);
    }

    /// What is not there need not go.
    pub(super) fn remove(&self, above: &OwnedFd, name: &Path) {
        let _ = rustix::fs::unlinkat(above, name, AtFlags::empty());
    }
}

/// What somebody did meanwhile is the reason.
pub(super) const CHANGED: &str = "it was changed while this went on: look at the changes again";

/// Whether it is what it was. To be renamed, or get another name, does not matter.
pub(super) fn is_same(one: &Stat, other: &Stat) -> bool {
    let content = |stat: &Stat| {
        (
            stat.st_size,
            stat.st_mtime,
            stat.st_mtime_nsec,
            stat.st_mode,
        )
    };
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino) && content(one) == content(other)
}

pub(super) fn look(above: &OwnedFd, name: &OsStr) -> rustix::io::Result<Stat> {
    rustix::fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW)
}

/// Some file systems, of networks and of programs, know no such renames.
fn is_unknown(error: Errno) -> bool {
    [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP].contains(&error)
}

/// Renames to a name that nothing has.
///
/// # Errors
/// `EEXIST`: something has it.
pub(super) fn put_new(above: &OwnedFd, from: &Path, name: &OsStr) -> rustix::io::Result<()> {
    match rustix::fs::renameat_with(above, from, above, name, RenameFlags::NOREPLACE) {
        Err(error) if is_unknown(error) => {
            rustix::fs::linkat(above, from, above, name, AtFlags::empty())?;
            rustix::fs::unlinkat(above, from, AtFlags::empty())
        }
        put => put,
    }
}

/// Puts `aside` in the place of what is expected under a name. Whether it is there: what it has replaced has its name then,
/// unless the file system can only replace; if not, all is as it was.
pub(super) fn exchange(
    above: &OwnedFd,
    aside: &Path,
    name: &OsStr,
    is_expected: impl Fn(&Stat) -> bool,
) -> rustix::io::Result<bool> {
    let swap = || rustix::fs::renameat_with(above, aside, above, name, RenameFlags::EXCHANGE);
    let ours = look(above, aside.as_os_str())?;
    match swap() {
        Err(error) if is_unknown(error) => {
            let expected = is_expected(&look(above, name)?);
            if expected {
                rustix::fs::renameat(above, aside, above, name)?;
            }
            return Ok(expected);
        }
        swapped => swapped?,
    }
    if is_expected(&look(above, aside.as_os_str())?) {
        return Ok(true);
    }
    swap()?;
    let back = look(above, aside.as_os_str())?;
    if (back.st_dev, back.st_ino) != (ours.st_dev, ours.st_ino) {
        // Saved in place of ours, and so later than what has just come back.
        swap()?;
    }
    Ok(false)
}

/// Takes away what is expected under a name. Whether it is away: it has the name `aside` then; if not, all is as it was.
pub(super) fn take_away(
    above: &OwnedFd,
    name: &OsStr,
    aside: &Path,
    is_expected: impl Fn(&Stat) -> bool,
) -> rustix::io::Result<bool> {
    rustix::fs::renameat(above, name, above, aside)?;
    if is_expected(&look(above, aside.as_os_str())?) {
        return Ok(true);
    }
    match put_new(above, aside, name) {
        // Saved there since, and so later.
        Err(Errno::EXIST) => rustix::fs::unlinkat(above, aside, AtFlags::empty())?,
        back => back?,
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags};
    use std::fs;

    fn directory() -> (tempfile::TempDir, OwnedFd) {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("name"), "of the user").expect("written");
        fs::write(directory.path().join("aside"), "ours").expect("written");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let above = rustix::fs::openat(CWD, directory.path(), flags, Mode::empty());
        (directory, above.expect("opened"))
    }

    #[test]
    fn what_has_a_name_already_keeps_it() {
        let (directory, above) = directory();
        let put = put_new(&above, Path::new("aside"), OsStr::new("name"));
        assert_eq!(put, Err(Errno::EXIST));
        let read = |name| fs::read_to_string(directory.path().join(name)).expect("there");
        assert_eq!(read("name"), "of the user");
        assert_eq!(read("aside"), "ours");
    }

    #[test]
    fn what_is_not_what_was_expected_stays_where_it_is() {
        let (directory, above) = directory();
        let read = |name| fs::read_to_string(directory.path().join(name)).expect("there");
        let (name, aside) = (OsStr::new("name"), Path::new("aside"));
        assert_eq!(exchange(&above, aside, name, |_| false), Ok(false));
        assert_eq!(read("name"), "of the user");
        assert_eq!(exchange(&above, aside, name, |_| true), Ok(true));
        assert_eq!(read("name"), "ours");
        assert_eq!(read("aside"), "of the user");
        assert_eq!(
            take_away(&above, name, Path::new("away"), |_| false),
            Ok(false)
        );
        assert_eq!(read("name"), "ours");
        assert_eq!(
            take_away(&above, name, Path::new("away"), |_| true),
            Ok(true)
        );
        assert_eq!(read("away"), "ours");
    }
}
