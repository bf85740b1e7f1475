//! Programs of the host, run as an ordinary user: sound servers do not want root.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process_group};

use super::PATIENCE;

/// Whom the programs run as: whoever runs the tests, or nobody if that is root: buses
/// want a user who is in the list of users.
fn ordinary() -> Option<(u32, u32)> {
    rustix::process::geteuid()
        .is_root()
        .then_some((65534, 65534))
}

/// Gives a file to that user.
pub fn hand_over(path: &Path) {
    if let Some((user, group)) = ordinary() {
        std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
    }
}

/// A program that ends with its owner, and all that it started.
pub struct Program {
    words: Vec<String>,
    command: Command,
    child: Option<Child>,
}

impl Program {
    /// A program with nothing in its environment but these.
    pub fn new(words: &[&str], environment: &[(&str, &Path)]) -> Self {
        let mut command = match ordinary() {
            Some((user, group)) => {
                let mut command = Command::new("/usr/bin/setpriv");
                command.args(["--clear-groups", "--reuid", &user.to_string()]);
                command.args(["--regid", &group.to_string()]);
                command.args(words);
                command
            }
            None => {
                let mut command = Command::new(words[0]);
                command.args(&words[1..]);
                command
            }
        };
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        Self {
            words: words.iter().map(|word| (*word).to_owned()).collect(),
            command,
            child: None,
        }
    }

    /// Starts it and lets it run.
    pub fn start(mut self) -> Self {
        self.child = Some(self.spawn());
        self
    }

    /// Starts it, with pipes for what it reads and writes.
    pub fn start_piped(mut self) -> (Self, std::process::ChildStdin, std::process::ChildStdout) {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = self.spawn();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        self.child = Some(child);
        (self, stdin.unwrap(), stdout.unwrap())
    }

    fn spawn(&mut self) -> Child {
        let child = self.command.spawn();
        child.unwrap_or_else(|error| panic!("cannot start {:?}: {error}", self.words))
    }

    /// Runs it to its end.
    pub fn output(mut self) -> Output {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.spawn();
        let group = Pid::from_child(&child);
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let output = child.wait_with_output();
            let _ = sender.send(());
            output
        });
        let in_time = receiver.recv_timeout(PATIENCE).is_ok();
        let _ = kill_process_group(group, Signal::KILL);
        let output = thread.join().unwrap().unwrap();
        assert!(in_time, "{:?} did not end", self.words);
        output
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        let child = self.child.as_mut().expect("was started");
        child.try_wait().unwrap().is_none()
    }

    /// Waits for its end; whether it was content.
    pub fn ends(&mut self) -> bool {
        let end = Instant::now() + PATIENCE;
        while self.runs() {
            assert!(Instant::now() < end, "{:?} did not end", self.words);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let child = self.child.as_mut().expect("was started");
        child.wait().unwrap().success()
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
            let _ = child.wait();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
