//! The output of programs that nobody waits for: a FIFO in the sandbox's runtime directory, copied
//! into its log.
//!
//! The programs' end is open for reading as well, so that they are not killed by a write while no
//! daemon lives, and the FIFO has a name, by which the next daemon goes on copying.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oz_core::plan::SandboxId;
use rustix::fs::{CWD, FileType, Mode, OFlags};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

use super::log::Log;
use crate::directories::Directories;

/// Name of the FIFO.
const NAME: &str = "output";

/// The way of one sandbox's output into its log.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// It is being copied.
    copying: Arc<AtomicBool>,
}

impl Output {
    /// An end for a program. Copying begins, and ends with the last program that holds one.
    pub(crate) fn open(&self, directories: &Directories, id: &SandboxId) -> io::Result<OwnedFd> {
        let path = path(directories, id);
        match rustix::fs::mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        let program = open(&path, OFlags::RDWR)?;
        self.copy(&path, Log::open(&directories.logs(), id)?)?;
        Ok(program)
    }

    /// Goes on copying after a daemon died.
    pub(crate) fn resume(&self, directories: &Directories, id: &SandboxId) -> io::Result<()> {
        let path = path(directories, id);
        if path.exists() {
            self.copy(&path, Log::open(&directories.logs(), id)?)?;
        }
        Ok(())
    }

    fn copy(&self, path: &Path, mut log: Log) -> io::Result<()> {
        if self.copying.load(Ordering::Relaxed) {
            return Ok(());
        }
        let ours = open(path, OFlags::RDONLY | OFlags::NONBLOCK)?;
        let mut receiver = Receiver::from_owned_fd(ours)?;
        let copying = Arc::clone(&self.copying);
        copying.store(true, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = receiver.read(&mut buffer).await {
                if let Err(error) = log.write(&buffer[..count]) {
                    // What cannot be kept is thrown away: the program is not to hang on it.
                    tracing::warn!(%error, "cannot write the log of a sandbox");
                }
            }
            copying.store(false, Ordering::Relaxed);
        });
        Ok(())
    }
}

fn path(directories: &Directories, id: &SandboxId) -> PathBuf {
    directories.sandboxes().join(id.as_str()).join(NAME)
}

fn open(path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    async fn logged(directories: &Directories, what: &str) {
        let path = directories.logs().join("x.log");
        for _ in 0..500 {
            if std::fs::read_to_string(&path).is_ok_and(|text| text.ends_with(what)) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("not in the log");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn output_reaches_the_log_also_after_a_time_without_a_daemon() {
        let base = tempfile::tempdir().expect("a directory");
        let directories = Directories {
            runtime: base.path().join("run"),
            state: base.path().join("state"),
            libexec: base.path().into(),
        };
        std::fs::create_dir_all(directories.sandboxes().join("x")).expect("made");
        std::fs::create_dir_all(directories.logs()).expect("made");
        let id: SandboxId = "x".parse().expect("a name");
        let output = Output::default();
        let mut first = std::fs::File::from(output.open(&directories, &id).expect("opens"));
        let mut second = std::fs::File::from(output.open(&directories, &id).expect("opens"));
        first.write_all(b"one\n").expect("written");
        logged(&directories, "one\n").await;
        second.write_all(b"two\n").expect("written");
        logged(&directories, "one\ntwo\n").await;
        drop((first, second));
        while output.copying.load(Ordering::Relaxed) {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        // As a program has it whose daemon died.
        let path = path(&directories, &id);
        let mut orphan = std::fs::File::from(open(&path, OFlags::RDWR).expect("opens"));
        orphan
            .write_all(b"three\n")
            .expect("written without a reader");
        output.resume(&directories, &id).expect("resumed");
        logged(&directories, "two\nthree\n").await;
    }
}
