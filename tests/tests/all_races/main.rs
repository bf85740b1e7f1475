//! Paths whose meaning changes while they are added, for a minute each: for `cargo xtask test --all`.
//!
//! Each race is first won outside by a program that opens a path as programs do.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use oz_e2e::fixtures::write;
use oz_e2e::race::while_swapping;
use oz_e2e::{Inside, Session, oz};

const MINUTE: Duration = Duration::from_secs(60);
const SECRET: &[u8] = b"the secret";

/// A directory in which a name is now a directory of the user's, now a link to a secret one.
struct Race {
    good: PathBuf,
    evil: PathBuf,
    secret: PathBuf,
}

impl Race {
    fn new(session: &Session) -> Self {
        let dir = session.fresh_dir("racing");
        let secret = write(&session.fresh_dir("never-given").join("file"), SECRET);
        write(&dir.join("good/file"), b"fine");
        let evil = dir.join("evil");
        symlink(secret.parent().expect("a directory"), &evil).expect("linked");
        Self {
            good: dir.join("good"),
            evil,
            secret,
        }
    }

    /// That whoever opens by the path gets the secret now and then.
    fn is_won_by_opening(&self) -> bool {
        let end = Instant::now() + MINUTE;
        while Instant::now() < end {
            if fs::read(self.good.join("file")).is_ok_and(|read| read == SECRET) {
                return true;
            }
        }
        false
    }

    fn secret_dir(&self) -> &Path {
        self.secret.parent().expect("a directory")
    }
}

/// Adds what is named over and over, for a minute, and looks each time what is inside; how often it was
/// added.
fn adds(race: &Race, inside: &Inside, options: &[&str], named: &Path) -> usize {
    let end = Instant::now() + MINUTE;
    let mut added = 0;
    while Instant::now() < end {
        let ran = oz(["add", inside.id()]).args(options).arg(named).run();
        added += usize::from(ran.code == 0);
        // A link that the user named is followed, and what it leads to shows at its real place alone.
        let look = inside.sh(&format!("cat {}/file", race.good.display()));
        assert!(!look.text().contains("the secret"), "{look}");
        for path in [named, race.secret_dir(), &race.secret] {
            oz(["remove", inside.id()]).arg(path).run();
        }
        // What stays is nothing.
        let held = oz_e2e::cli::json(["files", inside.id()]).to_string();
        assert!(!held.contains("never-given"), "{held}");
    }
    added
}

#[test]
fn for_a_minute_no_directory_is_another_than_was_named() {
    let session = Session::begin();
    let race = Race::new(&session);
    let inside = Inside::start(&["--", "sleep", "1000"]);
    while_swapping(&race.good, &race.evil, || {
        assert!(race.is_won_by_opening(), "it is no race here");
        let added = adds(&race, &inside, &[], &race.good);
        assert!(added > 0, "nothing was ever added");
    });
}

#[test]
fn for_a_minute_no_file_is_another_than_was_named() {
    let session = Session::begin();
    let race = Race::new(&session);
    let inside = Inside::start(&["--", "sleep", "1000"]);
    let named = race.good.join("file");
    while_swapping(&race.good, &race.evil, || {
        assert!(race.is_won_by_opening(), "it is no race here");
        let added = adds(&race, &inside, &["--write"], &named);
        assert!(added > 0, "nothing was ever added");
    });
    assert_eq!(fs::read(&race.secret).expect("read"), SECRET);
}
