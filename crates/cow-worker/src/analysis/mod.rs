//! What a program is and what it needs, by its file and those of the libraries of this machine.

mod elf;
mod script;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::Path;

use anyhow::{Context, Result};
use oz_core::wire::analysis::{Analysis, Kind, LONGEST, MOST};

use crate::confine;

/// Where libraries and interpreters of this machine are.
const SYSTEM: &[&str] = &[
    "/usr",
    "/lib",
    "/lib64",
    "/lib32",
    "/bin",
    "/sbin",
    "/opt",
    "/nix/store",
    "/gnu/store",
];

/// Reads the file that is standard input, which lies at `path`, and prints an [`Analysis`].
pub(crate) fn job(path: &Path) -> Result<()> {
    let file = io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .context("no file")?;
    let mut places: Vec<&Path> = SYSTEM.iter().map(Path::new).collect();
    // Programs from elsewhere bring their libraries along; a program in a directory of many has none beside it.
    let beside = path.parent().filter(|place| brings_libraries(place));
    places.extend(beside);
    confine::reading(&places)?;
    let analysis = analyse(&mut File::from(file), path);
    let json = serde_json::to_vec(&analysis)?;
    anyhow::ensure!(json.len() as u64 <= MOST, "too much is known");
    io::stdout().write_all(&json).context("nobody listens")
}

/// Not the home itself, nor what is above it.
fn brings_libraries(place: &Path) -> bool {
    place.components().count() > 3
}

fn analyse(file: &mut File, path: &Path) -> Analysis {
    let mut start = [0; 4];
    let begun = file.read(&mut start).unwrap_or(0);
    if file.seek(SeekFrom::Start(0)).is_err() {
        return Analysis::default();
    }
    let mut analysis = match &start[..begun] {
        b"\x7fELF" => elf::analyse(file, path),
        [b'#', b'!', ..] => script::analyse(file),
        _ => Analysis {
            kind: Kind::Other,
            complete: true,
            ..Analysis::default()
        },
    };
    if analysis
        .interpreter
        .as_ref()
        .is_some_and(|it| it.len() > LONGEST)
    {
        analysis.interpreter = None;
    }
    analysis
}
