//! A running `oz-bench-client serve`, seen from outside.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use oz_bench::job::{Answer, Job, Ready};
use serde::de::DeserializeOwned;

/// How long one answer may take; the longest job takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(90);

/// The client; it ends with the value.
pub(crate) struct Client {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    pub(crate) ready: Ready,
}

impl Client {
    /// Starts it with a command of whatever peer it is to be seen through.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let output = child.stdout.take().context("no stdout")?;
        let (sender, lines) = channel();
        // A thread, so that a peer that hangs costs a round and not the whole run.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        let mut client = Self {
            child,
            input,
            lines,
            ready: Ready {
                first_frame_ms: 0.0,
            },
        };
        client.ready = client
            .read(PATIENCE)
            .context("the window did not come up")?;
        Ok(client)
    }

    /// Has a job done.
    pub(crate) fn play(&mut self, job: Job) -> Result<Answer> {
        self.ask(job)?;
        self.answer(job, PATIENCE)
    }

    /// Starts a job that something else is needed for.
    pub(crate) fn ask(&mut self, job: Job) -> Result<()> {
        Ok(writeln!(self.input.as_mut().context("no stdin")?, "{job}")?)
    }

    /// What came of it.
    pub(crate) fn answer(&mut self, job: Job, longest: Duration) -> Result<Answer> {
        let answer: Answer = self
            .read(longest)
            .with_context(|| format!("no answer to `{job}`"))?;
        ensure!(
            answer.job == job.to_string(),
            "an answer to `{}` instead of `{job}`",
            answer.job
        );
        Ok(answer)
    }

    fn read<T: DeserializeOwned>(&mut self, longest: Duration) -> Result<T> {
        let line = self.lines.recv_timeout(longest)?;
        serde_json::from_str(&line).with_context(|| format!("an answer that is none: {line}"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The end of its input is the end of the client, and of what it runs in.
        self.input = None;
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!("bench: a client would not end");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
