//! What a path of the host is.

use std::path::Path;

use oz_core::plan::facts::{PathFact, Paths};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::resolve::canonical;

/// Adds what the path is, if it exists.
///
/// Below the home only the first component may be a symlink (a ~/Documents that lies on another
/// disk): the home itself is never writable inside, so no app has made it. Deeper ones may be an
/// app's, and lead wherever it wants at the next launch.
pub(super) fn look(home: &Path, path: &Path, facts: &mut Paths) {
    let below = path
        .strip_prefix(home)
        .ok()
        .filter(|below| !below.as_os_str().is_empty());
    let Some(below) = below else {
        if let Some(fact) = by_itself(path) {
            facts.insert(path.to_owned(), fact);
        }
        return;
    };
    let fact = without_links(path);
    let mut parts = below.components();
    let Some(first) = parts.next().map(|part| home.join(part)) else {
        return;
    };
    // Where a link is in the way it is seen first, whatever else is missing.
    let is_linked = || matches!(by_itself(&first), Some(PathFact::Symlink(_)));
    if !matches!(fact, Some(PathFact::Symlink(_))) || !is_linked() {
        if let Some(fact) = fact {
            facts.insert(path.to_owned(), fact);
        }
        return;
    }
    let Ok(found) = canonical(&first) else { return };
    let rest = parts.as_path();
    let behind = if rest.as_os_str().is_empty() {
        found
    } else {
        found.join(rest)
    };
    if let Some(fact) = without_links(&behind) {
        facts.insert(path.to_owned(), PathFact::Symlink(behind.clone()));
        facts.insert(behind, fact);
    }
}

/// What the path is, its own last component not followed.
fn by_itself(path: &Path) -> Option<PathFact> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    let kind = metadata.file_type();
    Some(if kind.is_symlink() {
        PathFact::Symlink(std::fs::read_link(path).ok()?)
    } else if kind.is_dir() {
        PathFact::Directory
    } else if kind.is_file() {
        PathFact::File
    } else {
        PathFact::Other
    })
}

/// The same where no component may be a symlink; a path with one stands for a link to itself.
fn without_links(path: &Path) -> Option<PathFact> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    match rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(fd) => match FileType::from_raw_mode(rustix::fs::fstat(fd).ok()?.st_mode) {
            FileType::Directory => Some(PathFact::Directory),
            FileType::RegularFile => Some(PathFact::File),
            _ => Some(PathFact::Other),
        },
        Err(Errno::LOOP) => Some(PathFact::Symlink(path.to_owned())),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    #[test]
    fn only_the_first_component_below_the_home_may_be_a_link() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = canonical(directory.path()).expect("a path");
        let (home, disk) = (at.join("home"), at.join("disk"));
        for path in [
            home.join("Music/deep"),
            home.join(".ssh"),
            disk.join("docs/sub"),
        ] {
            std::fs::create_dir_all(path).expect("a directory");
        }
        symlink(disk.join("docs"), home.join("Documents")).expect("a link");
        symlink("../.ssh", home.join("Music/planted")).expect("a link");
        symlink(home.join(".ssh"), disk.join("docs/planted")).expect("a link");

        let mut facts = Paths::new();
        for probe in [
            "Documents",
            "Documents/sub",
            "Documents/planted",
            "Music/deep",
            "Music/planted",
            "missing",
        ] {
            look(&home, &home.join(probe), &mut facts);
        }
        let fact = |path: PathBuf| facts.get(path).cloned();
        assert_eq!(
            fact(home.join("Documents")),
            Some(PathFact::Symlink(disk.join("docs")))
        );
        assert_eq!(fact(disk.join("docs")), Some(PathFact::Directory));
        assert_eq!(
            fact(home.join("Documents/sub")),
            Some(PathFact::Symlink(disk.join("docs/sub")))
        );
        assert_eq!(fact(home.join("Music/deep")), Some(PathFact::Directory));
        assert_eq!(fact(home.join("missing")), None);
        for planted in [home.join("Music/planted"), disk.join("docs/planted")] {
            assert_eq!(fact(planted.clone()), Some(PathFact::Symlink(planted)));
        }
    }
}
