//! Programs that run outside of sandboxes and have an app's data in use.

use std::fs;
use std::path::{Path, PathBuf};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its number.
    pub pid: u32,
    /// What it is called: a program's own word.
    pub name: String,
}

/// The first that is one of these programs, or has a file of these places open. Of other users' nothing is seen, nor do
/// those count that run in a sandbox.
#[must_use]
pub fn using(programs: &[&str], places: &[PathBuf]) -> Option<Program> {
    using_in(Path::new("/proc"), programs, places)
}

fn using_in(proc: &Path, programs: &[&str], places: &[PathBuf]) -> Option<Program> {
    let own = fs::read_link(proc.join("self/ns/pid")).ok()?;
    let entries = fs::read_dir(proc).ok()?.flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut outside = numbers.filter(|pid| {
        let namespace = fs::read_link(proc.join(format!("{pid}/ns/pid")));
        namespace.is_ok_and(|namespace| namespace == own)
    });
    let pid = outside.find(|pid| {
        let process = proc.join(pid.to_string());
        is_one(&process, programs) || has_open(&process, places)
    })?;
    let name = fs::read_to_string(proc.join(format!("{pid}/comm"))).unwrap_or_default();
    let name = name.trim().to_owned();
    Some(Program { pid, name })
}

/// LibreOffice's own program is `soffice.bin`, started by a script of the name that people know.
fn is_one(process: &Path, programs: &[&str]) -> bool {
    let Ok(executed) = fs::read_link(process.join("exe")) else {
        return false;
    };
    let name = executed.file_name().unwrap_or_default().to_string_lossy();
    programs.contains(&name.strip_suffix(".bin").unwrap_or(&name))
}

fn has_open(process: &Path, places: &[PathBuf]) -> bool {
    let open = fs::read_dir(process.join("fd")).into_iter().flatten();
    open.flatten().any(|fd| {
        let Ok(path) = fs::read_link(fd.path()) else {
            return false;
        };
        places.iter().any(|place| path.starts_with(place))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_file_of_a_place_open_uses_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let place = directory.path().join("data");
        fs::create_dir(&place).expect("made");
        let places = [place.clone()];
        assert_eq!(using(&[], &places), None);
        let _open = fs::File::create(place.join("lock")).expect("made");
        let found = using(&[], &places).expect("we have it open");
        assert_eq!(found.pid, std::process::id());
        assert_eq!(using(&[], &[directory.path().join("dat")]), None);
    }

    #[test]
    fn a_program_is_known_by_its_file() {
        let own = std::env::current_exe().expect("known");
        let own = own.file_name().expect("has one").to_string_lossy();
        let found = using(&[&own], &[]).expect("we are one");
        assert_eq!(found.pid, std::process::id());
        assert_eq!(using(&["no-such-program"], &[]), None);
    }
}
