//! Having `cow-worker` do a job: it reads what may be hostile, so that nobody else has to.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long a job may take. Libraries of the largest programs are read in a tenth of a second.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not start.
    #[error("cannot start {}: {source}: install Oz anew", path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has ended without an answer.
    #[error("what reads the file gave up: it is broken, or made to break its readers")]
    Failed,
    /// It was ended.
    #[error("the file could not be read within {} seconds: it is on a slow disk, or made to be slow", DEADLINE.as_secs())]
    Late,
    /// It said more than it may.
    #[error("what reads the file said too much: the file is made to deceive")]
    TooMuch,
}

/// Does a job on a file, and returns what it says, up to `most` bytes.
///
/// # Errors
/// There is no answer that could be used.
pub fn run(job: &str, argument: &OsStr, input: File, most: u64) -> Result<Vec<u8>, Error> {
    do_it(job, argument, Stdio::from(input), &[], most, DEADLINE)
}

/// Does a job that is told more than a word.
///
/// # Errors
/// There is no answer that could be used.
pub fn order(
    job: &str,
    argument: &OsStr,
    order: &[u8],
    most: u64,
    within: Duration,
) -> Result<Vec<u8>, Error> {
    do_it(job, argument, Stdio::piped(), order, most, within)
}

/// Hears how far a job is: how much of it is done, or that it is over.
pub type Watcher = fn(Option<u64>);

/// Who wants to know it of all jobs of this process, if anybody does.
static WATCHER: OnceLock<Watcher> = OnceLock::new();

/// Has somebody told how far jobs are; for programs in front of which somebody waits. Only the first counts.
pub fn watch(watcher: Watcher) {
    let _ = WATCHER.set(watcher);
}

fn do_it(
    job: &str,
    argument: &OsStr,
    input: Stdio,
    order: &[u8],
    most: u64,
    within: Duration,
) -> Result<Vec<u8>, Error> {
    let path = program();
    let start = |source| Error::Start {
        path: path.clone(),
        source,
    };
    let mut child = Command::new(&path)
        .arg(job)
        .arg(argument)
        .env_clear()
        .current_dir("/")
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(match WATCHER.get() {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        })
        .spawn()
        .map_err(start)?;
    let heard = child.stderr.take().map(listen);
    if let Some(mut input) = child.stdin.take() {
        // It reads all of it before it does anything; if it does not, it gives no answer either.
        let _ = io::Write::write_all(&mut input, order);
    }
    let answer = child.stdout.take().map(|out| answer(out, most, within));
    let answer = answer.unwrap_or(Err(Error::Failed));
    let answer = end(&mut child, answer);
    // It has ended, and so has what it says.
    drop(heard.map(JoinHandle::join));
    answer
}

/// Longest line in which a job says how far it is.
const LINE: u64 = 32;

/// Passes on how far a job is. Whatever else it says is nobody's.
fn listen(said: ChildStderr) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let tell = |done| WATCHER.get().iter().for_each(|watcher| watcher(done));
        let mut said = BufReader::new(said);
        let mut line = String::new();
        while matches!(said.by_ref().take(LINE).read_line(&mut line), Ok(1..)) {
            if let Ok(count) = line.trim_end().parse() {
                tell(Some(count));
            }
            line.clear();
        }
        tell(None);
    })
}

/// `PREFIX/libexec/oz/cow-worker` for a program in `PREFIX/bin` or `PREFIX/libexec/oz`.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let directory = own.parent().unwrap_or(Path::new("/usr/bin"));
    if directory.ends_with("libexec/oz") {
        return directory.join("cow-worker");
    }
    let prefix = directory.parent().unwrap_or(Path::new("/usr"));
    prefix.join("libexec/oz/cow-worker")
}

fn answer(mut out: ChildStdout, most: u64, within: Duration) -> Result<Vec<u8>, Error> {
    let until = Instant::now() + within;
    let mut said = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|_| Error::Late)?;
        let mut polled = [PollFd::new(&out, PollFlags::IN)];
        match poll(&mut polled, Some(&left)) {
            Ok(0) => return Err(Error::Late),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Err(Error::Failed),
        }
        match out.read(&mut buffer) {
            Ok(0) => return Ok(said),
            Ok(count) => said.extend_from_slice(&buffer[..count]),
            Err(_) => return Err(Error::Failed),
        }
        if said.len() as u64 > most {
            return Err(Error::TooMuch);
        }
    }
}

/// It has nothing more to say; whatever it still does is not waited for.
fn end(child: &mut Child, answer: Result<Vec<u8>, Error>) -> Result<Vec<u8>, Error> {
    if answer.is_err() {
        let _ = child.kill();
    }
    match child.wait() {
        Ok(status) if status.success() => answer,
        _ => answer.and(Err(Error::Failed)),
    }
}
