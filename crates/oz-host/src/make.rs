//! Making the directories that a profile's rules are to make.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use oz_core::plan::{HostFacts, place_of};
use oz_core::profile::Profile;
use oz_core::protected;
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::resolve;

/// A directory that cannot be made.
#[derive(Debug)]
pub struct Unmade {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub error: io::Error,
}

/// Makes what is not there. Protected places are left alone: planning refuses their rules, and says why.
///
/// # Errors
/// The first directory that cannot be made; that it is not below the home is one reason.
pub fn directories(profile: &Profile, facts: &HostFacts) -> Result<(), Unmade> {
    let home = &facts.user.home;
    for (rule, said) in &profile.files.rules {
        if !said.make || rule.is_pattern() {
            continue;
        }
        let Some(place) = place_of(facts, rule) else {
            continue;
        };
        if place.exists() || protected::is_protected(home, &place).is_some() {
            continue;
        }
        let made = match place.strip_prefix(home) {
            Ok(below) => below_home(home, below),
            Err(_) => Err(io::Error::other("only directories below the home are made")),
        };
        made.map_err(|error| Unmade { path: place, error })?;
    }
    Ok(())
}

/// Goes down from the home and makes what is missing. The first name may be a link of the user's own; behind it no
/// link is followed, since an app could have made it.
fn below_home(home: &Path, below: &Path) -> io::Result<()> {
    let mut names = below.components().peekable();
    let mut top = home.to_owned();
    if let Some(first) = names.peek()
        && let Ok(real) = resolve::canonical(&home.join(first))
    {
        top = real;
        names.next();
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut directory = rustix::fs::openat(CWD, &top, flags, Mode::empty())?;
    for name in names {
        let Component::Normal(name) = name else {
            return Err(Errno::INVAL.into());
        };
        directory = match open(&directory, Path::new(name)) {
            Err(Errno::NOENT) => {
                match rustix::fs::mkdirat(&directory, name, Mode::from(0o755)) {
                    // Somebody was faster.
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(errno.into()),
                }
                open(&directory, Path::new(name))?
            }
            opened => opened?,
        };
    }
    Ok(())
}

fn open(directory: &OwnedFd, name: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    rustix::fs::openat2(directory, name, flags, Mode::empty(), resolve)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_made_and_no_link_followed_but_the_users_own() {
        let base = tempfile::tempdir().expect("a directory");
        let base = base.path().canonicalize().expect("a path");
        let (home, other) = (base.join("home"), base.join("other"));
        std::fs::create_dir_all(home.join("there")).expect("made");
        std::fs::create_dir(&other).expect("made");
        below_home(&home, Path::new("a/b c/d")).expect("made");
        assert!(home.join("a/b c/d").is_dir());
        below_home(&home, Path::new("a/b c/d")).expect("is there");

        std::os::unix::fs::symlink(&other, home.join("mine")).expect("made");
        below_home(&home, Path::new("mine/x")).expect("made");
        assert!(other.join("x").is_dir());
        std::os::unix::fs::symlink(&other, home.join("there/planted")).expect("made");
        assert!(below_home(&home, Path::new("there/planted/y")).is_err());
        assert!(!other.join("y").exists());
        std::fs::write(home.join("there/file"), "").expect("written");
        assert!(below_home(&home, Path::new("there/file/z")).is_err());
    }
}
