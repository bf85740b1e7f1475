//! Standard streams of a program.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use oz_core::wire::init::{Stage, Stdio};
use oz_sys::descriptors::install;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;

use crate::failure::{At, Failure};
use crate::inside::Inside;

/// Where standard input, output and error lead.
pub enum Streams {
    /// Nowhere.
    Null,
    /// To pipes of the daemon's.
    Pipes([OwnedFd; 3]),
    /// To a terminal, by its other end.
    Terminal(OwnedFd),
}

impl Streams {
    /// What the daemon asks for, with the descriptors that it sent.
    pub fn prepare(inside: &Inside, stdio: Stdio, fds: Vec<OwnedFd>) -> Result<Self, Failure> {
        match stdio {
            Stdio::Null => Ok(Self::Null),
            Stdio::Pipes => match <[OwnedFd; 3]>::try_from(fds) {
                Ok(pipes) => Ok(Self::Pipes(pipes)),
                Err(_) => Err(io::Error::from(Errno::BADF)).at(Stage::Stdio, "pipes"),
            },
            Stdio::Terminal { rows, columns } => {
                let terminal = make_terminal(inside, rows, columns);
                Ok(Self::Terminal(
                    terminal.at(Stage::Terminal, "/dev/pts/ptmx")?,
                ))
            }
        }
    }

    /// The daemon's end of the terminal.
    pub fn into_terminal(self) -> Option<OwnedFd> {
        match self {
            Self::Terminal(terminal) => Some(terminal),
            Self::Null | Self::Pipes(_) => None,
        }
    }

    /// Makes them those of the calling process, which leads a session.
    pub fn install(&self, inside: &Inside) -> Result<(), Failure> {
        let all = |from: [&OwnedFd; 3]| {
            let numbered = (0..).zip(from);
            let mut results = numbered.map(|(number, fd)| install(fd, number));
            results
                .try_for_each(|result| result)
                .at(Stage::Stdio, "standard streams")
        };
        match self {
            Self::Null => all([&inside.null; 3]),
            Self::Pipes([input, output, error]) => all([input, output, error]),
            Self::Terminal(terminal) => {
                let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
                let end = rustix::pty::ioctl_tiocgptpeer(terminal, flags)
                    .at(Stage::Terminal, "other end")?;
                rustix::process::ioctl_tiocsctty(&end).at(Stage::Terminal, "session")?;
                all([&end; 3])
            }
        }
    }
}

/// A new terminal of the sandbox, by the descriptor of its file system: no path inside is trusted.
fn make_terminal(inside: &Inside, rows: u16, columns: u16) -> io::Result<OwnedFd> {
    let terminals = inside.terminals.as_ref().ok_or(Errno::NOENT)?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::openat(terminals.as_fd(), "ptmx", flags, Mode::empty())?;
    rustix::pty::unlockpt(&terminal)?;
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(&terminal, size)?;
    Ok(terminal)
}
