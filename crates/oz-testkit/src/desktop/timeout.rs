//! Running a program to its end, with a deadline.

use std::io::{Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::patience::scaled;

/// A program that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
}

impl Finished {
    /// stdout as text, without the last line break.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end().to_owned()
    }

    /// stderr as text, without the last line break.
    #[must_use]
    pub fn errors(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim_end().to_owned()
    }

    /// The exit status, if it was not a signal.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

/// Runs a program to its end with `input` on stdin; kills it when the time is over.
///
/// Output that a child of the program still holds open when the program itself has ended is not
/// waited for beyond the deadline either.
///
/// # Errors
/// When it cannot be started or does not end in time; a status other than 0 is no error.
pub fn finish(command: &mut Command, input: &[u8], longest: Duration) -> Result<Finished> {
    let name = command.get_program().display().to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let end = Instant::now() + scaled(longest);
    let mut stdin = child.stdin.take().context("no stdin")?;
    let input = input.to_vec();
    // A program need not read what it is given.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            bail!(
                "{name} did not end within {longest:?}; stdout: {:?}, stderr: {:?}",
                String::from_utf8_lossy(&settled(stdout, Instant::now())),
                String::from_utf8_lossy(&settled(stderr, Instant::now())),
            );
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    drop(writer);
    Ok(Finished {
        status,
        stdout: settled(stdout, end),
        stderr: settled(stderr, end),
    })
}

type Collected = std::sync::Arc<std::sync::Mutex<Vec<u8>>>;

fn collect(stream: Option<impl Read + Send + 'static>) -> (Collected, JoinHandle<()>) {
    let kept = Collected::default();
    let filled = kept.clone();
    let thread = std::thread::spawn(move || {
        let mut block = [0; 8192];
        let Some(mut stream) = stream else { return };
        while let Ok(count @ 1..) = stream.read(&mut block) {
            if let Ok(mut kept) = filled.lock() {
                kept.extend_from_slice(&block[..count]);
            }
        }
    });
    (kept, thread)
}

fn settled((kept, thread): (Collected, JoinHandle<()>), end: Instant) -> Vec<u8> {
    let end = end.max(Instant::now() + Duration::from_millis(200));
    while !thread.is_finished() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
    kept.lock().map(|bytes| bytes.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_output_are_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "cat; echo no >&2; exit 3"]);
        let done = finish(&mut command, b"in\n", Duration::from_secs(10)).unwrap();
        assert_eq!(
            (done.code(), done.text(), done.errors()),
            (Some(3), "in".into(), "no".into())
        );
    }

    #[test]
    fn a_program_that_hangs_is_killed() {
        let start = Instant::now();
        let error = finish(
            Command::new("sleep").arg("60"),
            b"",
            Duration::from_millis(100),
        )
        .unwrap_err();
        assert!(error.to_string().contains("sleep did not end"));
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}
