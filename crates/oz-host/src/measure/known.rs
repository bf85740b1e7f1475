//! Templates of commands that were run before, so that only the first run of a program takes the time to measure it.
//!
//! They are kept in Oz's own part of the user's cache, which no app can write. What is kept holds as long as the
//! program's file and the directories of desktop entries are those that were looked at.

use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use oz_core::profile::measure::{self, Choice};
use serde::{Deserialize, Serialize};

use crate::stamp::Stamp;
use crate::{environment, small};

/// Another number is of other rules.
const VERSION: u32 = 1;
/// A longer one is none of ours.
const MOST: u64 = 16 << 10;

/// What is kept of a program.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    basis: Basis,
    choice: Choice,
}

/// What it was told by.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Basis {
    version: u32,
    path: PathBuf,
    program: Option<Stamp>,
    entries: Vec<Option<Stamp>>,
}

/// The template for a command that is about to be run; nothing if it cannot be told.
pub fn for_a_run(command: &OsStr) -> Option<Choice> {
    let path = super::find(command).ok()?;
    let data = environment::data();
    let entries = data
        .iter()
        .map(|data| Stamp::of(&data.join("applications")));
    let basis = Basis {
        version: VERSION,
        program: Stamp::of(&path),
        entries: entries.collect(),
        path,
    };
    let place = environment::cache()
        .join("oz/measured")
        .join(name(&basis.path));
    if let Some(known) = read(&place).filter(|known| known.basis == basis) {
        return Some(known.choice);
    }
    let choice = measure::for_a_run(&super::facts(command).ok()?);
    let known = Known { basis, choice };
    // Without it the next run takes as long.
    let _ = write(&place, &known);
    Some(known.choice)
}

fn read(place: &Path) -> Option<Known> {
    let text = small::read(place, MOST).ok()?;
    serde_json::from_slice(&text).ok()
}

fn write(place: &Path, known: &Known) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    let directory = place.parent().unwrap_or(place);
    builder.recursive(true).mode(0o700).create(directory)?;
    small::replace(place, &serde_json::to_vec(known)?, 0o600)
}

/// A file's name for a path. Two paths of one name take turns.
fn name(path: &Path) -> String {
    // FNV-1a.
    let hash = path
        .as_os_str()
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
    format!("{hash:016x}.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_nothing_else_is() {
        let base = tempfile::tempdir().expect("a directory");
        let place = base.path().join("a/b").join(name(Path::new("/bin/sh")));
        let known = Known {
            basis: Basis {
                version: VERSION,
                path: "/bin/sh".into(),
                program: Stamp::of(Path::new("/bin/sh")),
                entries: vec![None],
            },
            choice: Choice {
                template: "generic".to_owned(),
                why: "x".to_owned(),
            },
        };
        assert_eq!(read(&place), None);
        write(&place, &known).expect("written");
        assert_eq!(read(&place), Some(known));
        std::fs::write(&place, "{").expect("written");
        assert_eq!(read(&place), None);
    }
}
