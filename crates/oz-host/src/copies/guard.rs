//! Which changes need a yes of their own, whatever else was decided: those that would have something run later, or give away
//! what a sandbox may not see.

use std::path::{Component, Path, PathBuf};

use oz_core::protected::{self, ABOVE, CLOSES, LEADS_FAR, LEADS_IN, LEADS_OUT, OPENS};
use oz_core::wire::copies::{Change, Kind, Seen, What};
use rustix::fs::FileType;

use super::Place;
use crate::resolve::canonical;

/// Why a change needs a yes of its own, if it does.
#[must_use]
pub fn guard(home: &Path, place: &Place, change: &Change) -> Option<&'static str> {
    let path = change.path.as_path();
    let places = Places { home, place };
    let from = match &change.what {
        What::Renamed { from, .. } => places.protection(from.as_path()),
        _ => None,
    };
    let protection = || places.protection(path);
    from.or_else(protection)
        .or_else(|| places.comes_above(change))
        .or_else(|| places.leads(change))
        .or_else(|| opens_or_closes(change))
}

struct Places<'p> {
    home: &'p Path,
    place: &'p Place,
}

impl Places<'_> {
    /// Why a path below the place is protected.
    fn protection(&self, path: &Path) -> Option<&'static str> {
        let hidden = &self.place.overlay.hidden;
        let unnamed = || hidden.iter().any(|hidden| path.starts_with(hidden));
        let named = protected::is_protected(self.home, &self.place.overlay.source.join(path));
        let named = named.map(|place| place.reason);
        named.or_else(|| unnamed().then_some(protected::LINKED))
    }

    /// Whether there are protected places below a path, or would be if it were a directory.
    fn is_above(&self, path: &Path) -> bool {
        let source = &self.place.overlay.source;
        let hidden = || {
            let all = self.place.overlay.hidden.iter();
            all.map(|hidden| source.join(hidden))
                .any(|hidden| hidden.starts_with(path))
        };
        protected::covers_protected(self.home, path).is_some() || hidden()
    }

    /// A link where a directory of protected places would be has them in another directory, which nobody protects.
    fn comes_above(&self, change: &Change) -> Option<&'static str> {
        let path = self.place.at(&change.path);
        (change.kind != Kind::Directory && self.is_above(&path)).then_some(ABOVE)
    }

    /// Who opens what a link leads to has named the link, and a link of the user's own, as it is then, is believed.
    fn leads(&self, change: &Change) -> Option<&'static str> {
        let link = change.target.as_ref()?;
        if !link.whole {
            return Some(LEADS_FAR);
        }
        let overlay = &self.place.overlay;
        let to = link.path.as_path();
        let from = |root: &Path| {
            let path = root.join(change.path.as_path());
            path.parent().unwrap_or(root).join(to)
        };
        // On the host, and in the sandbox: a tree of its own is somewhere else there.
        let (outside, inside) = (plain(&from(&overlay.source)), plain(&from(&overlay.path)));
        let is_in = |path: &Path| {
            let below = path.strip_prefix(&overlay.source);
            let protected = below.is_ok_and(|below| self.protection(below).is_some());
            protected || protected::is_protected(self.home, path).is_some() || self.is_above(path)
        };
        if is_in(&outside) || is_in(&inside) || is_in(&real(&from(&overlay.source))) {
            return Some(LEADS_IN);
        }
        let stays = match tree(&overlay.source, &overlay.path) {
            None => outside.starts_with(&overlay.source),
            // In it links name all of it as if it were the whole system.
            Some(_) if to.is_absolute() => !inside.starts_with(self.home),
            Some(tree) => outside.starts_with(tree),
        };
        // Programs and their data, as an environment of Python's links to: each sandbox sees them anyway.
        let is_system = SYSTEM.iter().any(|top| outside.starts_with(top));
        (!stays && !is_system).then_some(LEADS_OUT)
    }
}

/// What the system's packages own, where nothing is the user's.
const SYSTEM: &[&str] = &["/usr", "/bin", "/lib", "/lib64", "/sbin"];

/// What its owner may do with a directory, and others with anything (inode(7)).
const OWNER: u32 = 0o700;
const OTHERS: u32 = 0o002;

/// A directory that the user cannot use any more, or something that others can change.
fn opens_or_closes(change: &Change) -> Option<&'static str> {
    let copy = change.copy.filter(|_| change.kind != Kind::Symlink)?;
    let is_directory = |seen: &Seen| FileType::from_raw_mode(seen.mode) == FileType::Directory;
    let before = change.original;
    let directories = before.filter(|before| is_directory(before) && is_directory(&copy));
    if directories.is_some_and(|before| before.mode & !copy.mode & OWNER != 0) {
        return Some(CLOSES);
    }
    let is_open = |mode: u32| mode & OTHERS != 0;
    let was_open = before.is_some_and(|before| is_open(before.mode));
    (is_open(copy.mode) && !was_open).then_some(OPENS)
}

/// The root of the tree that a place is mounted from, if it has another path there.
fn tree<'p>(source: &'p Path, path: &Path) -> Option<&'p Path> {
    let below = path.strip_prefix("/").unwrap_or(path);
    if source == path || !source.ends_with(below) {
        return None;
    }
    source.ancestors().nth(below.components().count())
}

/// Without `.` and `..`, by the names alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// Where a path leads by the links that are there now, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let real = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        Some(canonical(above).ok()?.join(rest))
    });
    plain(&real.unwrap_or_else(|| path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use oz_core::plan::Overlay;
    use oz_core::wire::copies::{Seen, Target};

    fn place(source: &Path, path: &Path) -> Place {
        Place {
            overlay: Overlay {
                source: source.to_owned(),
                path: path.to_owned(),
                layers: "/l".into(),
                hidden: vec![".ssh".into(), "dotfiles/bashrc".into()],
                volatile: false,
            },
            since: (0, 0),
        }
    }

    fn change(path: &str, kind: Kind, target: Option<&str>) -> Change {
        Change {
            path: path.as_bytes().to_vec().into(),
            what: What::Added,
            kind,
            copy: Some(Seen {
                identity: (1, 1),
                changed: (0, 0),
                size: 0,
                mode: 0o755,
            }),
            original: None,
            conflict: None,
            links: 0,
            target: target.map(|target| Target::of(target.as_bytes().to_vec())),
            open: false,
        }
    }

    fn of_link(path: &str, target: &str) -> Option<&'static str> {
        let home = Path::new("/home/u");
        let link = change(path, Kind::Symlink, Some(target));
        guard(home, &place(home, home), &link)
    }

    #[test]
    fn a_link_to_a_key_that_has_the_name_of_a_note_is_not_merged_without_a_yes() {
        for target in [
            ".ssh/id_ed25519",
            "./.ssh",
            "/home/u/.ssh/id_ed25519",
            "a/../.ssh/id_ed25519",
            "../u/.gnupg",
            "dotfiles/bashrc",
            // What has one in it.
            ".",
            ".config",
            "/",
            "..",
            "dotfiles",
        ] {
            assert_eq!(of_link("notes.html", target), Some(LEADS_IN), "{target}");
        }
        assert_eq!(of_link("a/b/notes.html", "../../.ssh/x"), Some(LEADS_IN));
        for target in ["/etc/passwd", "../other/file", "/home/u2/.ssh"] {
            assert_eq!(of_link("notes.html", target), Some(LEADS_OUT), "{target}");
        }
        let long = format!("{}x", "./".repeat(200));
        assert_eq!(of_link("notes.html", &long), Some(LEADS_FAR));
    }

    #[test]
    fn links_among_files_need_no_yes() {
        for target in [
            "other",
            "./other",
            "d/../other",
            "/home/u/other",
            ".ssh2",
            "/usr/bin/python3",
        ] {
            assert_eq!(of_link("d/link", target), None, "{target}");
        }
        assert_eq!(of_link("d/e/link", "../../f/file"), None);
    }

    #[test]
    fn nothing_but_a_directory_comes_above_a_protected_place_without_a_yes() {
        let home = Path::new("/home/u");
        let guard =
            |path, kind, target| guard(home, &place(home, home), &change(path, kind, target));
        assert_eq!(guard("go", Kind::Symlink, Some("Documents/g")), Some(ABOVE));
        assert_eq!(guard("dotfiles", Kind::File, None), Some(ABOVE));
        assert_eq!(guard("go", Kind::Directory, None), None);
        assert_eq!(guard("go/src", Kind::Symlink, Some("x")), None);
        assert!(guard("go/bin/git", Kind::File, None).is_some());
    }

    #[test]
    fn a_link_through_a_link_of_the_users_own_is_followed() {
        let directory = tempfile::tempdir().expect("a directory");
        let home = directory.path().canonicalize().expect("a path");
        std::fs::create_dir(home.join(".ssh")).expect("made");
        std::os::unix::fs::symlink(".ssh", home.join("keys")).expect("made");
        let link = change("notes.html", Kind::Symlink, Some("keys/id_ed25519"));
        assert_eq!(guard(&home, &place(&home, &home), &link), Some(LEADS_IN));
    }

    #[test]
    fn who_could_not_use_it_or_who_could_change_it_then_is_asked_about() {
        let home = Path::new("/home/u");
        let guard = |kind, before: Option<u32>, mode| {
            let seen = |mode| Seen {
                identity: (1, 1),
                changed: (0, 0),
                size: 0,
                mode,
            };
            let mut change = change("Documents", kind, None);
            change.original = before.map(seen);
            change.copy = Some(seen(mode));
            guard(home, &place(home, home), &change)
        };
        let (directory, file) = (0o40_000, 0o100_000);
        let of_directory =
            |before, mode| guard(Kind::Directory, Some(directory | before), directory | mode);
        for mode in [0, 0o400, 0o500, 0o600, 0o055] {
            assert_eq!(of_directory(0o755, mode), Some(CLOSES), "{mode:o}");
        }
        assert_eq!(of_directory(0o755, 0o777), Some(OPENS));
        assert_eq!(of_directory(0o777, 0o777), None);
        assert_eq!(of_directory(0o500, 0o500), None);
        assert_eq!(of_directory(0o755, 0o700), None);
        assert_eq!(guard(Kind::Directory, None, directory | 0o555), None);
        assert_eq!(
            guard(Kind::Directory, None, directory | 0o1777),
            Some(OPENS)
        );
        assert_eq!(guard(Kind::File, Some(file | 0o644), file | 0o400), None);
        assert_eq!(
            guard(Kind::File, Some(file | 0o644), file | 0o666),
            Some(OPENS)
        );
        assert_eq!(guard(Kind::Symlink, None, 0o120_777), None);
    }

    #[test]
    fn links_of_a_tree_stay_in_it() {
        let home = Path::new("/home/u");
        for tree in ["/srv/tree", "/home/u/tree"] {
            let usr = place(&Path::new(tree).join("usr"), Path::new("/usr"));
            let guard = |target| guard(home, &usr, &change("bin/vi", Kind::Symlink, Some(target)));
            assert_eq!(guard("/etc/alternatives/vi"), None);
            assert_eq!(guard("../../etc/alternatives/vi"), None);
            assert_eq!(guard("/home/u/notes"), Some(LEADS_OUT));
            assert_eq!(guard("/home/u/.ssh/id"), Some(LEADS_IN));
            assert_eq!(guard("../../../../home/u/.ssh/id"), Some(LEADS_IN));
            assert_eq!(guard("../../../etc/passwd"), Some(LEADS_OUT));
        }
    }
}
