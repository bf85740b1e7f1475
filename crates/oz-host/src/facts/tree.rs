//! What is in an unpacked distribution that is to stand for the host's system.
//!
//! Anybody may have made it: nothing of it is opened but directories, each beneath it, and no link leads out.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use oz_core::plan::Tree;
use oz_core::plan::facts::{PathFact, TreeFacts};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::Paths;

/// The directories of which it is known what is in them.
const LISTED: &[&str] = &["/", "/etc", "/var"];
/// Most names in one of them; the /etc of a full desktop has some three hundred.
const NAMES: usize = 512;

/// Looks at a tree.
///
/// # Errors
/// It cannot be read, or has more in it than distributions have.
pub fn look_at_tree(tree: Tree) -> io::Result<TreeFacts> {
    let root = open_tree(&tree.path)?;
    let mut entries = BTreeMap::new();
    for place in LISTED {
        match open_in(&root, Path::new(place), OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(directory) => list(&directory, Path::new(place), tree.copied, &mut entries)?,
            // What there is instead is no directory of a system.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(TreeFacts { tree, entries })
}

/// What paths are in a tree as if it were the root, the last link not followed.
///
/// # Errors
/// There is no tree.
pub fn look_in_tree(tree: &Path, probes: &[PathBuf]) -> io::Result<Paths> {
    let root = open_tree(tree)?;
    let fact = |path: &PathBuf| {
        let parent = open_in(&root, path.parent()?, OFlags::PATH | OFlags::DIRECTORY).ok()?;
        Some((path.clone(), kind(&parent, path.file_name()?.to_str()?)?))
    };
    Ok(probes.iter().filter_map(fact).collect())
}

/// Whether a path in a tree leads to a program.
pub fn has_program(tree: &Path, path: &Path) -> bool {
    let look = || {
        let file = open_in(&open_tree(tree)?, path, OFlags::PATH)?;
        rustix::fs::fstat(file)
    };
    look().is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_mode & 0o111 != 0
    })
}

fn open_tree(tree: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat2(CWD, tree, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)
}

fn open_in(root: &OwnedFd, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let how = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), how)
}

/// Adds what is in a directory. Empty directories are mounts for nothing, unless an app may write in them.
fn list(
    directory: &OwnedFd,
    place: &Path,
    with_empty: bool,
    entries: &mut BTreeMap<PathBuf, PathFact>,
) -> io::Result<()> {
    for (count, entry) in Dir::read_from(directory)?.enumerate() {
        if count > NAMES {
            return Err(io::Error::other(format!(
                "there are more than {NAMES} names in its {}",
                place.display()
            )));
        }
        let entry = entry?;
        // A plan is text.
        let Ok(name) = entry.file_name().to_str() else {
            continue;
        };
        if name == "." || name == ".." {
            continue;
        }
        match kind(directory, name) {
            Some(PathFact::Directory) if !with_empty && is_empty(directory, name) => {}
            Some(fact) => drop(entries.insert(place.join(name), fact)),
            None => {}
        }
    }
    Ok(())
}

fn kind(directory: impl AsFd, name: &str) -> Option<PathFact> {
    let stat = rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => PathFact::Directory,
        FileType::RegularFile => PathFact::File,
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(&directory, name, Vec::new()).ok()?;
            PathFact::Symlink(target.into_string().ok()?.into())
        }
        _ => PathFact::Other,
    })
}

/// One that cannot be listed is taken for empty: nothing of it could be seen inside either.
fn is_empty(directory: &OwnedFd, name: &str) -> bool {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(directory, name, flags, Mode::empty());
    let entries = opened.and_then(|opened| Dir::read_from(&opened));
    !entries.is_ok_and(|entries| {
        let mut names = entries.flatten().map(|entry| entry.file_name().to_owned());
        names.any(|name| name.as_c_str() != c"." && name.as_c_str() != c"..")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    use crate::resolve::canonical;

    #[test]
    fn no_link_of_a_tree_leads_out_of_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = canonical(directory.path()).expect("a path");
        let tree = at.join("tree");
        for path in ["usr/bin", "opt", "var/lib/x", "real-etc"] {
            std::fs::create_dir_all(tree.join(path)).expect("made");
        }
        std::fs::write(at.join("secret"), "").expect("written");
        std::fs::write(tree.join("real-etc/a"), "").expect("written");
        symlink(&at, tree.join("out")).expect("a link");
        symlink("/real-etc", tree.join("etc")).expect("a link");
        symlink("../../secret", tree.join("usr/bin/up")).expect("a link");
        symlink(at.join("secret"), tree.join("usr/bin/abroad")).expect("a link");
        rustix::fs::mknodat(CWD, tree.join("fifo"), FileType::Fifo, Mode::RWXU, 0).expect("made");

        let look = |copied| {
            let path = tree.clone();
            look_at_tree(Tree { path, copied }).expect("looked").entries
        };
        assert!(
            look(true).contains_key(Path::new("/opt")),
            "to be written in"
        );
        let entries = look(false);
        let fact = |path: &str| entries.get(Path::new(path));
        assert_eq!(fact("/usr"), Some(&PathFact::Directory));
        assert_eq!(fact("/opt"), None);
        assert_eq!(fact("/etc/a"), Some(&PathFact::File));
        assert_eq!(fact("/var/lib"), Some(&PathFact::Directory));
        assert_eq!(fact("/out"), Some(&PathFact::Symlink(at.clone())));
        assert_eq!(fact("/fifo"), Some(&PathFact::Other));
        assert!(!entries.keys().any(|path| path.ends_with("secret")));

        let probes = ["/out/secret", "/usr/bin/up", "/usr/bin"].map(PathBuf::from);
        let found = look_in_tree(&tree, &probes).expect("looked");
        assert!(!found.contains_key(Path::new("/out/secret")));
        assert_eq!(found.get(Path::new("/usr/bin")), Some(&PathFact::Directory));
        for name in ["/usr/bin/up", "/usr/bin/abroad", "/out/secret"] {
            assert!(!has_program(&tree, Path::new(name)), "{name}");
        }
    }
}
