//! Running a program to its end, within a time, and judging how it went.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use oz_testkit::patience::scaled;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::collect::Collected;

/// A program that is about to be run.
pub struct Run {
    command: Command,
    stdin: Option<Vec<u8>>,
    limit: Duration,
}

/// How a program went.
#[derive(Debug)]
pub struct Ran {
    /// What was run, for messages.
    pub shown: String,
    /// The exit status as a shell shows it: the code, or 128 + the signal.
    pub code: i32,
    /// What it printed.
    pub out: Vec<u8>,
    /// What it complained about.
    pub err: Vec<u8>,
    /// How long it ran.
    pub took: Duration,
}

impl Run {
    /// A program and its arguments; stdin is empty unless given.
    pub fn new<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = Command::new(program);
        command.args(arguments);
        Self {
            command,
            stdin: None,
            limit: Duration::from_secs(40),
        }
    }

    /// A script for the shell.
    pub fn sh(script: &str) -> Self {
        Self::new("sh", ["-c", script])
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// With a variable set.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Without a variable.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Started in a directory.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<std::path::Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// With something to read.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(input.into());
        self
    }

    /// Not longer than this; it is killed then and the test fails.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    pub fn run(self) -> Ran {
        let shown = shown(&self.command);
        let (ran, in_time) = self.run_or_kill();
        assert!(in_time, "`{shown}` did not end in time: {ran}");
        ran
    }

    /// Starts it in a process group of its own, its output collected from the first byte on.
    fn spawn(&mut self, with_input: bool) -> (Child, Collected, Collected) {
        let input = if with_input {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let mut child = self
            .command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{}`: {error}", shown(&self.command)));
        let out = Collected::from(child.stdout.take());
        let err = Collected::from(child.stderr.take());
        (child, out, err)
    }

    /// Runs it to its end or kills it when the time is over; says whether it ended by itself.
    pub fn run_or_kill(mut self) -> (Ran, bool) {
        let shown = shown(&self.command);
        let start = Instant::now();
        let limit = self.limit;
        let input = self.stdin.take();
        let (mut child, out, err) = self.spawn(input.is_some());
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            // Who does not read what it is given is judged by what it does then.
            std::thread::spawn(move || drop(pipe.write_all(&input)));
        }
        let (status, in_time) = wait(&mut child, limit);
        let took = start.elapsed();
        // A child of the child may still hold the pipes; nobody needs it now.
        kill_group(&child);
        let ran = Ran {
            shown,
            code: shell_code(status),
            out: out.all(),
            err: err.all(),
            took,
        };
        (ran, in_time)
    }

    /// Starts it and leaves it running; it is killed when the handle is dropped.
    pub fn start(mut self) -> Started {
        let shown = shown(&self.command);
        let input = self.stdin.take();
        let (mut child, out, err) = self.spawn(input.is_some());
        if let (Some(input), Some(pipe)) = (input, child.stdin.as_mut()) {
            // Short enough for the pipe; what is longer is for `run`.
            let _ = pipe.write_all(&input);
        }
        Started {
            child,
            out,
            err,
            shown,
            start: Instant::now(),
        }
    }
}

/// A program that runs.
pub struct Started {
    /// The process; its stdin is a pipe if the run was given some (even empty) input.
    pub child: Child,
    out: Collected,
    err: Collected,
    shown: String,
    start: Instant,
}

impl Started {
    /// Its process id.
    pub fn pid(&self) -> Pid {
        pid_of(&self.child)
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it has printed so far.
    pub fn text_so_far(&self) -> String {
        self.out.text_so_far()
    }

    /// What it has complained about so far.
    pub fn complaint_so_far(&self) -> String {
        self.err.text_so_far()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal)
            .expect("the process is there to be signalled");
    }

    /// Waits for its end; panics when the time is over.
    pub fn end_within(mut self, limit: Duration) -> Ran {
        drop(self.child.stdin.take());
        let (status, in_time) = wait(&mut self.child, limit);
        kill_group(&self.child);
        let ran = Ran {
            shown: std::mem::take(&mut self.shown),
            code: shell_code(status),
            out: self.out.all(),
            err: self.err.all(),
            took: self.start.elapsed(),
        };
        assert!(in_time, "it did not end within {limit:?}: {ran}");
        ran
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        kill_group(&self.child);
        let _ = self.child.wait();
    }
}

impl Ran {
    /// What it printed, as text without the last line's end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).trim_end().to_owned()
    }

    /// What it complained about, as text.
    pub fn complaint(&self) -> String {
        String::from_utf8_lossy(&self.err).trim_end().to_owned()
    }

    /// Panics unless it succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Panics unless it ended with this status.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "wrong exit status of {self}");
        self
    }

    /// Panics if it succeeded.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert_ne!(self.code, 0, "this was to fail: {self}");
        self
    }

    /// Panics unless a program in a sandbox ran and failed: that there was no sandbox to run it in
    /// proves nothing about what it may do there.
    #[track_caller]
    pub fn refused_inside(self) -> Self {
        let spoke_for_itself = !self
            .complaint()
            .lines()
            .any(|line| line.starts_with("oz: "));
        assert!(
            self.code != 125 && spoke_for_itself,
            "it did not even start: {self}"
        );
        self.fails()
    }

    /// Panics unless it complained in these words, whatever their case.
    #[track_caller]
    pub fn complains(self, words: &str) -> Self {
        let complaint = self.complaint().to_lowercase();
        assert!(
            complaint.contains(&words.to_lowercase()),
            "no word of {words:?} from {self}"
        );
        self
    }

    /// Panics unless it ended within a time.
    #[track_caller]
    pub fn quick(self, limit: Duration) -> Self {
        assert!(self.took < scaled(limit), "slower than {limit:?}: {self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{}`\n  exit {} after {:?}\n  stdout: {}\n  stderr: {}",
            self.shown,
            self.code,
            self.took,
            shortened(&self.out),
            shortened(&self.err)
        )
    }
}

fn shortened(bytes: &[u8]) -> String {
    const MOST: usize = 4000;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)])
        .trim_end()
        .to_owned();
    if bytes.len() > MOST {
        format!("{text} … {} bytes in all", bytes.len())
    } else {
        text
    }
}

fn shown(command: &Command) -> String {
    let words: Vec<OsString> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_owned)
        .collect();
    words.join(OsStr::new(" ")).to_string_lossy().into_owned()
}

fn wait(child: &mut Child, limit: Duration) -> (ExitStatus, bool) {
    let end = Instant::now() + scaled(limit);
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return (status, true);
        }
        if Instant::now() >= end {
            kill_group(child);
            return (child.wait().expect("a killed child ends"), false);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn pid_of(child: &Child) -> Pid {
    i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .expect("a child has a pid")
}

/// Every program gets a process group of its own, so that nothing that it started stays.
fn kill_group(child: &Child) {
    let _ = kill_process_group(pid_of(child), Signal::KILL);
}

fn shell_code(status: ExitStatus) -> i32 {
    status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal))
        .unwrap_or(-1)
}
