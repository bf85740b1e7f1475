//! `--explain`: what system calls of the program are refused, as `oz-explain` tells it. It goes to standard error,
//! where the program may write as well, or to a file.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use oz_core::learn::MOST_LOG;
use oz_core::wire::explain::{LINE, Line, MOST, Refused};
use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType};
use serde::Serialize;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use super::Options;
use crate::error::{Error, Result};
use crate::out;

/// How long the numbers may take to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the user wants to read.
#[derive(Clone, Debug, Default)]
pub(crate) struct How {
    /// A file instead of standard error.
    pub(crate) file: Option<PathBuf>,
    pub(crate) json: bool,
    /// The program is trained: all lines go into this file as they come, and nobody here looks into them.
    pub(crate) train: Option<Arc<File>>,
}

/// What is known so far.
pub(super) struct Explanation {
    socket: Option<UnixStream>,
    text: Vec<u8>,
    /// Absent: standard error.
    file: Option<File>,
    json: bool,
    train: Option<Log>,
    all: All,
}

/// What is kept of a training.
#[derive(Debug)]
struct Log {
    file: Arc<File>,
    left: u64,
}

impl Log {
    /// Keeps a line, unless there are too many.
    fn keep(&mut self, line: &[u8]) -> io::Result<()> {
        let length = line.len() as u64;
        if length <= self.left {
            self.left -= length;
            (&*self.file).write_all(line)?;
        }
        Ok(())
    }
}

/// As `--json` prints it.
#[derive(Debug, Default, Serialize)]
struct All {
    /// What explained was there to the end: nothing is missing.
    complete: bool,
    refused: Vec<Counted>,
}

#[derive(Debug, Serialize)]
struct Counted {
    #[serde(flatten)]
    call: Refused,
    times: u64,
}

/// Makes the socket and puts the other end into the request.
pub(super) fn ask(how: &How, options: &mut Options) -> Result<Explanation> {
    let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
    let pair = rustix::net::socketpair(family, kind, SocketFlags::CLOEXEC, None);
    let (ours, theirs) = pair.map_err(io::Error::from)?;
    options.explain = Some(theirs.into());
    options.train = how.train.is_some().then_some(true);
    let file = how.file.as_ref().map(|path| {
        File::create(path).map_err(|error| {
            let path = oz_core::OsBytes::from(path.as_path());
            Error::failed(
                format!("cannot write {path}: {error}."),
                "Name a file that you may write.",
            )
        })
    });
    Ok(Explanation {
        socket: Some(stream(ours)?),
        text: Vec::new(),
        file: file.transpose()?,
        json: how.json,
        train: how.train.clone().map(|file| Log {
            file,
            left: MOST_LOG,
        }),
        all: All::default(),
    })
}

pub(super) fn stream(fd: OwnedFd) -> io::Result<UnixStream> {
    let stream = std::os::unix::net::UnixStream::from(fd);
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

impl Explanation {
    /// Takes what comes, and shows it. Dropping the future loses nothing; it never ends after the last line.
    pub(super) async fn follow(&mut self) -> Result<()> {
        match self.more().await {
            true => self.take(),
            false => std::future::pending().await,
        }
    }

    /// Whether more has come.
    async fn more(&mut self) -> bool {
        let Some(socket) = &mut self.socket else {
            return false;
        };
        let mut buffer = [0; 4096];
        match socket.read(&mut buffer).await {
            Ok(count) if count > 0 && self.text.len() <= LINE => {
                self.text.extend_from_slice(&buffer[..count]);
                true
            }
            _ => {
                self.socket = None;
                false
            }
        }
    }

    /// Takes whole lines out of the text.
    fn take(&mut self) -> Result<()> {
        while let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.text.drain(..=end).collect();
            if let Some(log) = &mut self.train {
                log.keep(&line)?;
                self.all.complete |= line == b"\"end\"\n";
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(line) => self.hear(line)?,
                Err(_) => self.socket = None,
            }
        }
        Ok(())
    }

    fn hear(&mut self, line: Line) -> Result<()> {
        match line {
            Line::New(call) if self.all.refused.len() < MOST => {
                let call = safe(call);
                if !self.json {
                    self.write(&call.line())?;
                }
                self.all.refused.push(Counted { call, times: 1 });
            }
            Line::New(_) => {}
            Line::Times { kind, times } => {
                if let Some(counted) = self.all.refused.get_mut(kind) {
                    counted.times = times;
                }
            }
            Line::End => self.all.complete = true,
            // Only of a program that is trained.
            Line::Seen(_) | Line::Cut | Line::Denied(_) => {}
        }
        Ok(())
    }

    /// Asks for the numbers, and shows what came of it all. Of a program that is trained it also keeps the kinds of
    /// what proxies and portals refused it.
    pub(super) async fn finish(mut self, denied: &BTreeSet<String>) -> Result<()> {
        if let Some(socket) = &self.socket {
            // If it has ended it has said them.
            let _ = rustix::net::shutdown(socket, Shutdown::Write);
        }
        let rest = async {
            while !self.all.complete && self.more().await {
                self.take()?;
            }
            Ok::<_, Error>(())
        };
        if let Ok(heard) = tokio::time::timeout(PATIENCE, rest).await {
            heard?;
        }
        if let Some(log) = &mut self.train {
            for kind in denied {
                let line = Line::Denied(kind.clone());
                let mut line = serde_json::to_vec(&line).map_err(io::Error::other)?;
                line.push(b'\n');
                log.keep(&line)?;
            }
            return Ok(());
        }
        if self.json {
            let json = serde_json::to_string_pretty(&self.all).map_err(io::Error::other)?;
            return self.put(&format!("{json}\n"));
        }
        for line in self.all.summary().lines() {
            self.write(line)?;
        }
        Ok(())
    }

    /// A line for people.
    fn write(&mut self, line: &str) -> Result<()> {
        // The program may have the terminal, where a new line need not begin at the left.
        let raw = self.file.is_none() && io::stderr().is_terminal();
        let end = if raw { "\r\n" } else { "\n" };
        self.put(&format!("oz: {line}{end}"))
    }

    fn put(&mut self, text: &str) -> Result<()> {
        match &mut self.file {
            Some(file) => Ok(file.write_all(text.as_bytes())?),
            None => out::aside(text),
        }
    }
}

/// What came by a program that hears an app.
fn safe(call: Refused) -> Refused {
    Refused {
        process: out::safe(&call.process),
        pid: call.pid,
        call: out::safe(&call.call),
        // Its backslashes are those by which it has been made safe.
        arguments: call.arguments.replace(char::is_control, "?"),
        answer: out::safe(&call.answer),
        reason: call.reason.as_deref().map(out::safe),
    }
}

/// How a call is told on a line.
trait Told {
    fn line(&self) -> String;
    fn why(&self) -> &str;
}

impl Told for Refused {
    fn line(&self) -> String {
        let Self {
            process,
            pid,
            call,
            arguments,
            answer,
            ..
        } = self;
        let who = if process.is_empty() {
            String::new()
        } else {
            format!("{process}[{pid}]: ")
        };
        format!(
            "refused: {who}{call}({arguments}) = {answer}: {}",
            self.why()
        )
    }

    fn why(&self) -> &str {
        self.reason.as_deref().unwrap_or("it is in no list")
    }
}

impl All {
    fn summary(&self) -> String {
        let mut text = String::new();
        let calls: u64 = self.refused.iter().map(|counted| counted.times).sum();
        if self.refused.is_empty() {
            text.push_str("no system call was refused\n");
        } else {
            text.push_str(&format!("system calls that were refused: {calls}\n"));
            let mut often: Vec<&Counted> = self.refused.iter().collect();
            often.sort_by_key(|counted| std::cmp::Reverse(counted.times));
            let rows: Vec<Vec<String>> = often
                .iter()
                .map(|counted| {
                    let Refused {
                        process,
                        call,
                        arguments,
                        answer,
                        ..
                    } = &counted.call;
                    vec![
                        counted.times.to_string(),
                        process.clone(),
                        format!("{call}({arguments})"),
                        answer.clone(),
                        counted.call.why().to_owned(),
                    ]
                })
                .collect();
            text.push_str(&out::table(
                &["TIMES", "PROCESS", "CALL", "ANSWER", "WHY"],
                &rows,
            ));
        }
        if !self.complete {
            text.push_str(
                "what explains ended before the program: later calls were refused without being counted\n",
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(process: &str, arguments: &str, reason: Option<&str>) -> Refused {
        Refused {
            process: process.to_owned(),
            pid: 7,
            call: "ptrace".to_owned(),
            arguments: arguments.to_owned(),
            answer: "EPERM".to_owned(),
            reason: reason.map(str::to_owned),
        }
    }

    #[test]
    fn a_summary_is_a_table_with_what_was_most_often_first() {
        let all = All {
            complete: true,
            refused: vec![
                Counted {
                    call: call("app", "request=PTRACE_TRACEME", Some("controls others")),
                    times: 1,
                },
                Counted {
                    call: call("", "…", None),
                    times: 12,
                },
            ],
        };
        insta::assert_snapshot!(all.summary());
        insta::assert_snapshot!(
            all.refused[0].call.line(),
            @"refused: app[7]: ptrace(request=PTRACE_TRACEME) = EPERM: controls others"
        );
        let none = All::default();
        assert!(none.summary().contains("no system call") && none.summary().contains("ended"));
    }

    #[test]
    fn what_is_said_steers_no_terminal_whoever_says_it() {
        let hostile = safe(call("a\u{1b}[2J", "x=\"\u{1b}[2J\"\n", Some("\r")));
        assert!(!hostile.line().contains(char::is_control), "{hostile:?}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_never_ends_a_line_is_not_listened_to() {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().expect("a pair");
        let mut explanation = Explanation {
            socket: Some(stream(ours.into()).expect("a stream")),
            text: Vec::new(),
            file: None,
            json: true,
            train: None,
            all: All::default(),
        };
        theirs.write_all(&[b'['; 3 * LINE]).expect("written");
        while explanation.more().await {
            explanation.take().expect("taken");
        }
        assert!(explanation.socket.is_none() && explanation.text.len() <= 2 * LINE);
    }
}
