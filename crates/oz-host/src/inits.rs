//! The first process of each sandbox, written down by the daemon for whoever has to end one without it: when
//! the session's bus takes no connection, nothing else leads there.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use oz_core::plan::SandboxId;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::environment;

/// Name of the file in a sandbox's runtime directory.
pub const FILE: &str = "init";

/// A process, by its number and its start time: together they name it for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Init(pub i32, pub u64);

impl Init {
    /// As the file has it.
    pub fn line(self) -> String {
        format!("{} {}\n", self.0, self.1)
    }

    fn parse(line: &str) -> Option<Self> {
        let (pid, start) = line.trim_end().split_once(' ')?;
        Some(Self(pid.parse().ok()?, start.parse().ok()?))
    }

    /// The process, if it is still that one.
    pub fn open(self) -> io::Result<OwnedFd> {
        let pid = Some(self.0).filter(|pid| *pid > 0).and_then(Pid::from_raw);
        let pid = pid.ok_or(io::ErrorKind::InvalidInput)?;
        let process = pidfd_open(pid, PidfdFlags::empty())?;
        // Looked at once the number cannot come to mean another one unseen.
        match start_time(self.0) {
            Some(start) if start == self.1 => Ok(process),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// Those of this user's sandboxes.
pub fn list() -> Vec<(SandboxId, Init)> {
    list_in(&environment::runtime().join("oz/sandboxes"))
}

fn list_in(directory: &Path) -> Vec<(SandboxId, Init)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let all = entries.filter_map(|entry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        let line = fs::read_to_string(entry.path().join(FILE)).ok()?;
        Some((id, Init::parse(&line)?))
    });
    all.collect()
}

/// When a process started, in clock ticks since boot: with its number it names a process for
/// good.
pub fn start_time(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in parentheses, which may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_found_again_and_another_of_its_number_is_not() {
        let pid = i32::try_from(std::process::id()).expect("a number");
        let own = Init(pid, start_time(pid).expect("it runs"));
        assert!(own.open().is_ok());
        assert!(Init(own.0, own.1 + 1).open().is_err());
        assert!(Init(0, 0).open().is_err() && Init(-1, 0).open().is_err());
    }

    #[test]
    fn what_was_written_down_is_listed_and_nonsense_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let write = |id: &str, text: &str| {
            let below = directory.path().join(id);
            fs::create_dir(&below).expect("made");
            fs::write(below.join(FILE), text).expect("written");
        };
        write("firefox-2", &Init(12, 34).line());
        write("broken", "12");
        write("Not A Name", "1 2\n");
        let id = "firefox-2".parse().expect("a name");
        assert_eq!(list_in(directory.path()), [(id, Init(12, 34))]);
        assert_eq!(list_in(Path::new("/nonexistent")), []);
    }
}
