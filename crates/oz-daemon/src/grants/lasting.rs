//! Grants that last: files that every sandbox of a profile gets, in a state of the daemon's own.
//!
//! A file for each profile in `grants` beneath the state directory, which no app ever sees. What is kept of
//! a file is its path and whether it is a directory: it may be another inode next time, because programs save by
//! replacing. A path that leads somewhere else then, or to something of another kind, is not given.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use oz_core::OsBytes;
use oz_core::plan::Access;
use oz_host::resolve::{self, ResolveError, Resolved};
use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};
use serde::{Deserialize, Serialize};

use super::change::{Wanted, in_time};
use super::{Grant, Lifetime, Origin};
use crate::directories::{self, Directories};
use crate::failure::{Failure, Kind, Result};

/// Where they are, beneath the state.
const DIRECTORY: &str = "grants";

/// Version of the encoding.
const VERSION: u32 = 1;

/// Most of one profile.
const MOST: usize = 1000;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lasting {
    pub(crate) path: OsBytes,
    directory: bool,
    pub(crate) access: Access,
    /// Seconds since 1970.
    pub(crate) since: u64,
}

/// One that a new sandbox does not get, and why: a sentence.
pub(crate) struct Withheld(pub(crate) String);

/// Those of a profile, by path.
pub(crate) fn of(directories: &Directories, profile: &str) -> Result<Vec<Lasting>> {
    let fail = |error: &io::Error| Failure::host("read", &place(directories, profile), error);
    let directory = open(directories)?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut bytes = Vec::new();
    match openat(&directory, profile, flags, Mode::empty()) {
        Err(rustix::io::Errno::NOENT) => return Ok(Vec::new()),
        Err(errno) => return Err(fail(&errno.into())),
        Ok(file) => io::Read::read_to_end(&mut std::fs::File::from(file), &mut bytes),
    }
    .map_err(|error| fail(&error))?;
    match postcard::from_bytes::<(u32, Vec<Lasting>)>(&bytes) {
        Ok((VERSION, all)) => Ok(all),
        // Nothing is lost by saying so, and everything by writing over it.
        Ok(_) | Err(_) => Err(fail(&io::Error::other("it is not understood"))),
    }
}

/// The profiles that have any, with them.
pub(crate) fn all(directories: &Directories) -> Result<Vec<(String, Vec<Lasting>)>> {
    let fail = |error: &io::Error| Failure::host("list", &place(directories, ""), error);
    let directory = open(directories)?;
    let entries = rustix::fs::Dir::read_from(&directory).map_err(|errno| fail(&errno.into()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|errno| fail(&errno.into()))?;
        if let Ok(name) = entry.file_name().to_str()
            && !name.starts_with('.')
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    let with = |name: String| Ok((name.clone(), of(directories, &name)?));
    names.into_iter().map(with).collect()
}

/// Keeps these grants for the profile.
pub(crate) fn keep(directories: &Directories, profile: &str, grants: &[&Grant]) -> Result<()> {
    let mut all = of(directories, profile)?;
    for grant in grants {
        all.retain(|other| other.path != grant.path);
        all.push(Lasting {
            path: grant.path.clone(),
            directory: grant.identity.directory,
            access: grant.access,
            since: grant.since,
        });
    }
    if all.len() > MOST {
        return Err(Failure::new(
            Kind::Refused,
            format!("the profile {profile} would have more than {MOST} files for good"),
            "Give it a directory instead, or take some back: `oz files --lasting`",
        ));
    }
    write(directories, profile, all)
}

/// Forgets these paths of the profile; which of them there were.
pub(crate) fn forget(
    directories: &Directories,
    profile: &str,
    paths: &[OsBytes],
) -> Result<Vec<OsBytes>> {
    let all = of(directories, profile)?;
    let (gone, left): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| paths.contains(&one.path));
    if !gone.is_empty() {
        write(directories, profile, left)?;
    }
    Ok(gone.into_iter().map(|one| one.path).collect())
}

/// What of a profile's a new sandbox is to get, looked at again.
pub(crate) async fn look(all: Vec<Lasting>) -> Result<(Vec<Wanted>, Vec<Withheld>)> {
    if all.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    in_time(None, move || {
        let (mut wanted, mut withheld) = (Vec::new(), Vec::new());
        for one in all {
            let resolved = resolve::resolve(one.path.as_path(), Path::new("/"));
            match as_before(&one, resolved) {
                Ok(resolved) => wanted.push(Wanted {
                    resolved,
                    access: one.access,
                    origin: Origin::Added,
                    lifetime: Lifetime::Lasting,
                    since: Some(one.since),
                }),
                Err(why) => withheld.push(Withheld(format!("{} is not given: {why}", one.path))),
            }
        }
        (wanted, withheld)
    })
    .await
}

fn as_before(
    one: &Lasting,
    resolved: std::result::Result<Resolved, ResolveError>,
) -> std::result::Result<Resolved, String> {
    let resolved = match resolved {
        Ok(resolved) => resolved,
        Err(ResolveError::Missing(_)) => return Err("it is not there any more".to_owned()),
        Err(error) => return Err(error.to_string()),
    };
    if resolved.path != one.path {
        return Err(format!("it leads to {} now", resolved.path));
    }
    if resolved.identity.directory != one.directory {
        let now = if one.directory {
            "it is no directory any more"
        } else {
            "it is a directory now"
        };
        return Err(now.to_owned());
    }
    Ok(resolved)
}

fn write(directories: &Directories, profile: &str, mut all: Vec<Lasting>) -> Result<()> {
    all.sort_by(|a, b| a.path.cmp(&b.path));
    let directory = open(directories)?;
    let written = if all.is_empty() {
        match unlinkat(&directory, profile, AtFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    } else {
        postcard::to_stdvec(&(VERSION, all))
            .map_err(io::Error::other)
            .and_then(|bytes| directories::replace(directory.as_fd(), profile, &bytes))
    };
    written.map_err(|error| Failure::host("write", &place(directories, profile), &error))
}

fn open(directories: &Directories) -> Result<std::os::fd::OwnedFd> {
    directories::make_beneath(&directories.state, Path::new(DIRECTORY))
}

fn place(directories: &Directories, profile: &str) -> std::path::PathBuf {
    directories.state.join(DIRECTORY).join(profile)
}

#[cfg(test)]
mod tests {
    use super::super::tests::grant;
    use super::*;

    fn directories(base: &Path) -> Directories {
        Directories {
            runtime: base.join("runtime"),
            state: base.join("state"),
            libexec: base.join("libexec"),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_and_what_is_forgotten_is_gone() {
        let base = tempfile::tempdir().expect("a directory");
        let directories = directories(base.path());
        assert_eq!(of(&directories, "app").expect("read"), []);
        let (one, two) = (grant("/h/b", Access::Read), grant("/h/a", Access::Write));
        keep(&directories, "app", &[&one, &two]).expect("kept");
        keep(&directories, "app", &[&grant("/h/b", Access::Write)]).expect("kept");
        let all = of(&directories, "app").expect("read");
        let said: Vec<_> = all
            .iter()
            .map(|one| (one.path.to_string(), one.access))
            .collect();
        assert_eq!(
            said,
            [
                ("/h/a".to_owned(), Access::Write),
                ("/h/b".to_owned(), Access::Write)
            ]
        );
        let gone = forget(&directories, "app", &["/h/a".into(), "/h/x".into()]).expect("written");
        assert_eq!(gone, ["/h/a".into()]);
        assert_eq!(super::all(&directories).expect("listed").len(), 1);
        forget(&directories, "app", &["/h/b".into()]).expect("written");
        assert!(super::all(&directories).expect("listed").is_empty());
    }

    #[test]
    fn what_is_not_understood_is_not_written_over() {
        let base = tempfile::tempdir().expect("a directory");
        let directories = directories(base.path());
        keep(&directories, "app", &[&grant("/h/b", Access::Read)]).expect("kept");
        let path = place(&directories, "app");
        std::fs::write(&path, b"\xff\xff").expect("written");
        assert!(of(&directories, "app").is_err());
        assert!(keep(&directories, "app", &[&grant("/h/c", Access::Read)]).is_err());
        assert_eq!(std::fs::read(&path).expect("there"), b"\xff\xff");
    }

    #[tokio::test]
    async fn a_path_that_leads_elsewhere_or_is_something_else_is_withheld() {
        let base = tempfile::tempdir().expect("a directory");
        let base = base.path().canonicalize().expect("a path");
        let lasting = |name: &str, directory| Lasting {
            path: base.join(name).as_path().into(),
            directory,
            access: Access::Read,
            since: 1,
        };
        std::fs::write(base.join("file"), "").expect("written");
        std::fs::write(base.join("was-directory"), "").expect("written");
        std::os::unix::fs::symlink("file", base.join("link")).expect("made");
        let all = vec![
            lasting("file", false),
            lasting("was-directory", true),
            lasting("link", false),
            lasting("gone", false),
        ];
        let (wanted, withheld) = look(all).await.expect("looked");
        assert_eq!(wanted.len(), 1);
        assert_eq!(wanted[0].since, Some(1));
        let why: Vec<_> = withheld
            .iter()
            .map(|one| one.0.rsplit(": ").next().unwrap_or_default())
            .collect();
        assert_eq!(why[0], "it is no directory any more");
        assert!(why[1].starts_with("it leads to "), "{why:?}");
        assert_eq!(why[2], "it is not there any more");
    }
}
