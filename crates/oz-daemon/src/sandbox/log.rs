//! The log of a sandbox: a file that keeps the last megabyte of what its programs said.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use oz_core::plan::SandboxId;

/// Largest size of a log in bytes.
const LIMIT: u64 = 1 << 20;
/// What is kept of one that grew too large.
const KEPT: u64 = LIMIT / 2;

/// A log that is written.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
    size: u64,
}

impl Log {
    /// Opens it at its end. The directory is the daemon's own.
    pub(crate) fn open(directory: &Path, id: &SandboxId) -> io::Result<Self> {
        let path = path(directory, id);
        let file = open(
            &path,
            rustix::fs::OFlags::APPEND | rustix::fs::OFlags::CREATE,
        )?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size })
    }

    /// Adds to it, and forgets the oldest half when it grows too large.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        if self.size > LIMIT {
            self.shorten()?;
        }
        Ok(())
    }

    /// Whoever reads the old file goes on to the end of it and then opens the new one.
    fn shorten(&mut self) -> io::Result<()> {
        let mut tail = Vec::new();
        let mut old = open(&self.path, rustix::fs::OFlags::empty())?;
        old.seek(SeekFrom::Start(self.size.saturating_sub(KEPT)))?;
        old.take(LIMIT).read_to_end(&mut tail)?;
        // From the first whole line on.
        let start = tail
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let temporary = self.path.with_extension("new");
        let _ = std::fs::remove_file(&temporary);
        let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::EXCL;
        self.file = open(&temporary, flags | rustix::fs::OFlags::APPEND)?;
        self.file.write_all(&tail[start..])?;
        self.size = (tail.len() - start) as u64;
        std::fs::rename(&temporary, &self.path)
    }
}

/// Where it is.
fn path(directory: &Path, id: &SandboxId) -> PathBuf {
    directory.join(format!("{id}.log"))
}

fn open(path: &Path, flags: rustix::fs::OFlags) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let access = if flags.contains(OFlags::APPEND) {
        OFlags::WRONLY
    } else {
        OFlags::RDONLY
    };
    let flags = flags | access | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// A new sandbox of that name begins with an empty log.
pub(crate) fn forget(directory: &Path, id: &SandboxId) {
    let _ = std::fs::remove_file(path(directory, id));
}

/// For a reader.
pub(crate) fn reader(directory: &Path, id: &SandboxId) -> io::Result<OwnedFd> {
    open(&path(directory, id), rustix::fs::OFlags::empty()).map(OwnedFd::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_the_last_lines_and_stays_small() {
        let directory = tempfile::tempdir().expect("a directory");
        let id: SandboxId = "gedit".parse().expect("a name");
        let mut log = Log::open(directory.path(), &id).expect("opens");
        for number in 0..200_000 {
            log.write(format!("line {number}\n").as_bytes())
                .expect("written");
        }
        drop(log);
        let text = std::fs::read_to_string(directory.path().join("gedit.log")).expect("text");
        assert!(text.len() as u64 <= LIMIT);
        assert!(text.starts_with("line "));
        assert!(text.ends_with("line 199999\n"));
        let log = Log::open(directory.path(), &id).expect("opens again");
        assert_eq!(log.size, text.len() as u64);
    }

    #[test]
    fn a_planted_symlink_is_not_written_through() {
        let directory = tempfile::tempdir().expect("a directory");
        let id: SandboxId = "gedit".parse().expect("a name");
        std::os::unix::fs::symlink("/dev/null", directory.path().join("gedit.log")).expect("made");
        assert!(Log::open(directory.path(), &id).is_err());
    }
}
