//! What a profile's rules mean on this host: what patterns match, and what lies on the way to protected places.
//!
//! Names are all that is learnt here. No symlink is followed but one directly in the home, which no app can have
//! made; and whatever is found is opened again, without links, by whoever mounts it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use oz_core::plan::facts::{MAX_LISTED, MAX_MATCHES, MAX_NAMES, Matches, PathFact};
use oz_core::plan::{Effect, HostFacts, place_of, ways};
use oz_core::profile::Profile;
use oz_core::profile::rules::{Base, RulePath, is_pattern, matches};
use rustix::fs::{CWD, Dir, Mode, OFlags, ResolveFlags};

use super::paths::look;
use super::user_dirs;

/// Adds to the facts what the rules of a profile depend on.
pub fn look_for_rules(profile: &Profile, facts: &mut HostFacts) {
    facts.xdg = user_dirs::read(&facts.user.home);
    for path in facts.xdg.values() {
        look(&facts.user.home, path, &mut facts.paths);
    }
    for (path, rule) in &profile.files.rules {
        if path.is_pattern() {
            let found = Search::new(facts, rule.effect == Effect::Hide).run(path);
            for place in &found.paths {
                look_at(place, facts);
            }
            facts.matches.insert(path.to_string(), found);
        } else if let Some(place) = place_of(facts, path) {
            look_at(&place, facts);
        }
    }
    for directory in ways(profile, facts) {
        let Some(mut names) = names(&directory, &mut { MAX_LISTED }) else {
            continue;
        };
        names.sort();
        // What cannot be said in a plan stays as the directory is.
        let mut names: Vec<String> = names.into_iter().flat_map(OsString::into_string).collect();
        names.truncate(MAX_NAMES + 1);
        for name in &names {
            look_at(&directory.join(name), facts);
        }
        facts.listings.insert(directory, names);
    }
}

fn look_at(path: &Path, facts: &mut HostFacts) {
    let home = facts.user.home.clone();
    if let Ok(below) = path.strip_prefix(&home)
        && let Some(first) = below.components().next()
    {
        look(&home, &home.join(first), &mut facts.paths);
    }
    look(&home, path, &mut facts.paths);
}

/// A walk along a pattern.
struct Search<'f> {
    facts: &'f HostFacts,
    /// Patterns stand for hidden names, too.
    hidden: bool,
    found: Matches,
    /// Names that may still be read.
    left: usize,
}

impl<'f> Search<'f> {
    fn new(facts: &'f HostFacts, hidden: bool) -> Self {
        Self {
            facts,
            hidden,
            found: Matches {
                paths: Vec::new(),
                complete: true,
            },
            left: MAX_LISTED,
        }
    }

    fn run(mut self, path: &RulePath) -> Matches {
        let base = match path.base() {
            Base::Home => Some(self.facts.user.home.clone()),
            Base::Root => Some(PathBuf::from("/")),
            Base::Xdg(name) => self.facts.xdg.get(name).cloned(),
        };
        let names: Vec<&str> = path.names().collect();
        if let Some(base) = base {
            self.walk(&base, &names);
        }
        self.found.paths.sort();
        self.found
    }

    fn walk(&mut self, at: &Path, rest: &[&str]) {
        if !self.found.complete {
            return;
        }
        let Some((name, rest)) = rest.split_first() else {
            self.add(at);
            return;
        };
        if !is_pattern(name) {
            self.walk(&at.join(name), rest);
            return;
        }
        let Some(real) = self.real(at) else { return };
        let listed = names(&real, &mut self.left);
        let Some(mut listed) = listed else { return };
        if self.left == 0 {
            self.found.complete = false;
            return;
        }
        listed.sort();
        for found in listed {
            if matches(name, found.as_encoded_bytes(), self.hidden) {
                self.walk(&at.join(found), rest);
            }
        }
    }

    fn add(&mut self, place: &Path) {
        if self.real(place).is_none() {
            return;
        }
        if self.found.paths.len() == MAX_MATCHES {
            self.found.complete = false;
        } else {
            self.found.paths.push(place.to_owned());
        }
    }

    /// Where a place is without links, if it is there and no link of an app's leads to it.
    fn real(&self, place: &Path) -> Option<PathBuf> {
        let home = &self.facts.user.home;
        if place == home {
            return Some(home.clone());
        }
        let mut facts = super::Paths::new();
        look(home, place, &mut facts);
        match facts.get(place)? {
            PathFact::Symlink(to) => match facts.get(to)? {
                PathFact::Symlink(_) => None,
                _ => Some(to.clone()),
            },
            _ => Some(place.to_owned()),
        }
    }
}

/// The names in a directory that is reached without links; none if there is no such directory. `left` is how many
/// may still be read, 0 afterwards if there were more.
fn names(directory: &Path, left: &mut usize) -> Option<Vec<OsString>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let plain = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let directory = rustix::fs::openat2(CWD, directory, flags, Mode::empty(), plain).ok()?;
    let mut names = Vec::new();
    for entry in Dir::new(directory).ok()?.flatten() {
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        *left = left.saturating_sub(1);
        if *left == 0 {
            break;
        }
        names.push(OsString::from_vec(name.to_vec()));
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use crate::resolve::canonical;

    struct Host {
        _directory: tempfile::TempDir,
        facts: HostFacts,
    }

    impl Host {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let home = canonical(directory.path()).expect("a path").join("home");
            std::fs::create_dir(&home).expect("made");
            let mut user = crate::facts::user().expect("a user");
            user.home = home;
            let facts = crate::facts::gather(user, Default::default(), &[], Default::default());
            Self {
                _directory: directory,
                facts: facts.expect("facts"),
            }
        }

        fn path(&self, below: &str) -> PathBuf {
            self.facts.user.home.join(below)
        }

        fn directory(&self, below: &str) {
            std::fs::create_dir_all(self.path(below)).expect("made");
        }

        fn matched(&self, pattern: &str, hidden: bool) -> Matches {
            let path = RulePath::try_from(pattern.to_owned()).expect("a path");
            Search::new(&self.facts, hidden).run(&path)
        }

        /// What a pattern matches, below the home.
        fn found(&self, pattern: &str, hidden: bool) -> Vec<String> {
            let found = self.matched(pattern, hidden);
            assert!(found.complete);
            let below =
                |path: &PathBuf| path.strip_prefix(&self.facts.user.home).map(Path::to_owned);
            found
                .paths
                .iter()
                .map(|path| below(path).expect("in the home").display().to_string())
                .collect()
        }
    }

    #[test]
    fn patterns_match_names_at_each_depth_and_hidden_ones_only_to_hide_them() {
        let host = Host::new();
        for dir in ["P/a/target", "P/b/target", "P/c/other", "P/.git/target"] {
            host.directory(dir);
        }
        std::fs::write(host.path("P/file"), "").expect("written");
        assert_eq!(
            host.found("~/P/*/target", false),
            ["P/a/target", "P/b/target"]
        );
        assert_eq!(
            host.found("~/P/*/target", true),
            ["P/.git/target", "P/a/target", "P/b/target"]
        );
        assert_eq!(host.found("~/P/?", false), ["P/a", "P/b", "P/c"]);
        assert_eq!(host.found("~/P/f*", false), ["P/file"]);
        assert_eq!(host.found("~/nothing/*", false), [""; 0]);
        assert_eq!(host.found("~/P/file/*", false), [""; 0]);
    }

    #[test]
    fn no_link_is_followed_but_one_directly_in_the_home() {
        let host = Host::new();
        host.directory("P/a/target");
        host.directory("secret/target");
        symlink("../secret", host.path("P/planted")).expect("linked");
        symlink(host.path("P"), host.path("Q")).expect("linked");
        assert_eq!(host.found("~/P/*/target", false), ["P/a/target"]);
        assert_eq!(host.found("~/P/*", false), ["P/a"]);
        assert_eq!(host.found("~/Q/*/target", false), ["Q/a/target"]);
        let mut facts = host.facts.clone();
        look_at(&host.path("Q/a/target"), &mut facts);
        assert_eq!(
            facts.paths.get(host.path("Q/a/target")),
            Some(&PathFact::Symlink(host.path("P/a/target")))
        );
    }

    #[test]
    fn what_matches_too_much_is_said_to_and_names_may_be_any_bytes() {
        let host = Host::new();
        host.directory("many");
        for number in 0..=MAX_MATCHES {
            std::fs::write(host.path(&format!("many/{number}")), "").expect("written");
        }
        assert!(!host.matched("~/many/*", false).complete);
        assert!(host.matched("~/many/1*", false).complete);
        host.directory("odd");
        let odd = std::ffi::OsStr::from_bytes(b"a\xff");
        std::fs::write(host.path("odd").join(odd), "").expect("written");
        assert_eq!(
            host.matched("~/odd/a?", false).paths,
            [host.path("odd").join(odd)]
        );
    }
}
