//! The output of programs that nobody waits for: a FIFO in the sandbox's runtime directory, copied
//! into its log.
//!
//! See [`super::fifo`] for what happens while no daemon lives.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oz_core::plan::SandboxId;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::time::Instant;

use super::fifo::Fifo;
use super::log::Log;
use crate::directories::Directories;

/// Name of the FIFO.
const NAME: &str = "output";
/// Bytes that are copied in a second. A program that says more waits, as with any pipe, instead of
/// keeping the daemon and the disk busy.
const RATE: usize = 2 << 20;

/// The way of one sandbox's output into its log.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// It is being copied.
    copying: Arc<AtomicBool>,
}

impl Output {
    /// An end for a program. Copying begins, and ends with the last program that holds one.
    pub(crate) fn open(&self, directories: &Directories, id: &SandboxId) -> io::Result<OwnedFd> {
        let fifo = Fifo::of(directories, id, NAME);
        let program = fifo.writer()?;
        self.copy(&fifo, Log::open(&directories.logs(), id)?)?;
        Ok(program)
    }

    /// Goes on copying after a daemon died.
    pub(crate) fn resume(&self, directories: &Directories, id: &SandboxId) -> io::Result<()> {
        let fifo = Fifo::of(directories, id, NAME);
        if fifo.exists() {
            self.copy(&fifo, Log::open(&directories.logs(), id)?)?;
        }
        Ok(())
    }

    fn copy(&self, fifo: &Fifo, mut log: Log) -> io::Result<()> {
        if self.copying.load(Ordering::Relaxed) {
            return Ok(());
        }
        let ours = fifo.reader()?;
        let mut receiver = Receiver::from_owned_fd(ours)?;
        let copying = Arc::clone(&self.copying);
        copying.store(true, Ordering::Relaxed);
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            let (mut second, mut copied) = (Instant::now(), 0);
            while let Ok(count @ 1..) = receiver.read(&mut buffer).await {
                if let Err(error) = log.write(&buffer[..count]) {
                    // What cannot be kept is thrown away: the program is not to hang on it.
                    tracing::warn!(%error, "cannot write the log of a sandbox");
                }
                copied += count;
                if copied >= RATE {
                    tokio::time::sleep_until(second + Duration::from_secs(1)).await;
                    (second, copied) = (Instant::now(), 0);
                }
            }
            copying.store(false, Ordering::Relaxed);
        });
        Ok(())
    }
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
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not in the log");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_program_that_says_too_much_waits() {
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
        let mut program = std::fs::File::from(output.open(&directories, &id).expect("opens"));
        let begun = std::time::Instant::now();
        let flood = move || {
            // The FIFO itself holds a part of it.
            program
                .write_all(&vec![b'x'; 2 * RATE + RATE / 2])
                .expect("written");
            program.write_all(b"the end\n").expect("written");
        };
        tokio::task::spawn_blocking(flood).await.expect("wrote");
        assert!(begun.elapsed() >= Duration::from_secs(1));
        logged(&directories, "the end\n").await;
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
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // As a program has it whose daemon died.
        let fifo = Fifo::of(&directories, &id, NAME);
        let mut orphan = std::fs::File::from(fifo.writer().expect("opens"));
        orphan
            .write_all(b"three\n")
            .expect("written without a reader");
        output.resume(&directories, &id).expect("resumed");
        logged(&directories, "two\nthree\n").await;
    }
}
