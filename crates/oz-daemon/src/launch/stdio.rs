//! What a program's standard streams are connected to.

use std::os::fd::OwnedFd;

use oz_core::wire::init::Stdio;
use rustix::pipe::PipeFlags;

use super::options::Options;
use crate::daemon::Daemon;
use crate::failure::{Failure, Kind, Result};
use crate::sandbox::Sandbox;
use crate::sandbox::status::check_pipe;

/// As the caller asked.
pub(super) enum Streams {
    /// The caller's pipes.
    Pipes(Vec<OwnedFd>),
    /// A terminal of rows and columns.
    Terminal(u16, u16),
    /// The sandbox's log.
    Log,
}

impl Streams {
    pub(super) fn of(options: &mut Options) -> Result<Self> {
        if options.detach == Some(true) {
            return Ok(Self::Log);
        }
        if let Some((rows, columns)) = options.terminal {
            return Ok(Self::Terminal(rows, columns));
        }
        let given = [
            (options.stdin.take(), "standard input"),
            (options.stdout.take(), "standard output"),
            (options.stderr.take(), "standard error"),
        ];
        let mut pipes = Vec::new();
        for (fd, what) in given {
            if let Some(fd) = fd {
                let fd = OwnedFd::from(fd);
                check_pipe(&fd, what)?;
                pipes.push(fd);
            }
        }
        match pipes.len() {
            3 => Ok(Self::Pipes(pipes)),
            0 => Ok(Self::Log),
            _ => Err(Failure::new(
                Kind::InvalidArgument,
                "some of stdin, stdout and stderr are missing",
                "Give all three, or none",
            )),
        }
    }

    /// For the message to init: copies, since another attempt may want them again.
    pub(super) fn give(&self, daemon: &Daemon, sandbox: &Sandbox) -> Result<(Stdio, Vec<OwnedFd>)> {
        match self {
            Self::Pipes(pipes) => {
                let copies: std::io::Result<_> = pipes.iter().map(OwnedFd::try_clone).collect();
                let copies = copies.map_err(|error| {
                    Failure::new(Kind::Host, format!("cannot copy a pipe: {error}"), "")
                })?;
                Ok((Stdio::Pipes, copies))
            }
            Self::Terminal(rows, columns) => {
                let (rows, columns) = (*rows, *columns);
                Ok((Stdio::Terminal { rows, columns }, Vec::new()))
            }
            Self::Log => {
                let directories = &daemon.directories;
                let pipes = sandbox
                    .output
                    .open(directories, &sandbox.id)
                    .and_then(|output| {
                        // The other end is closed at once: the program reads nothing.
                        let (input, _) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
                        Ok(vec![input, output.try_clone()?, output])
                    });
                let pipes = pipes.map_err(|error| {
                    Failure::host("write the log in", &directories.logs(), &error)
                })?;
                Ok((Stdio::Pipes, pipes))
            }
        }
    }
}
