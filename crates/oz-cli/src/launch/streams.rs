//! What the program's standard streams are: a terminal inside if ours are one, else pipes, through
//! which we copy. Nothing that we have open goes inside itself.

use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::FileType;
use rustix::pipe::PipeFlags;

use super::Options;
use super::pump::{Input, Pumps};
use super::terminal;
use crate::error::{Error, Result};

/// How the streams go.
pub(super) enum Streams {
    /// By the terminal that comes with the answer, of so many rows and columns at first.
    Terminal(u16, u16),
    /// By pipes.
    Pipes {
        /// The program's ends, until they are sent.
        theirs: Option<[OwnedFd; 3]>,
        pumps: Pumps,
        /// None if there is nothing to read.
        _input: Option<Input>,
    },
}

impl Streams {
    /// All three must be the terminal, in the foreground: whoever redirects one of them wants it
    /// apart from the others, and who starts us in the background wants no terminal.
    pub(super) fn choose() -> Result<Self> {
        let (input, output, errors) = (io::stdin(), io::stdout(), io::stderr());
        for (stream, name) in [
            (input.as_fd(), "standard input"),
            (output.as_fd(), "standard output"),
            (errors.as_fd(), "standard error"),
        ] {
            refuse_what_is_no_stream(stream, name)?;
        }
        let all = input.is_terminal() && output.is_terminal() && errors.is_terminal();
        if all && terminal::in_foreground() {
            let (rows, columns) = terminal::size();
            return Ok(Self::Terminal(rows, columns));
        }
        let background = input.is_terminal() && !terminal::in_foreground();
        Self::pipes(background).map_err(|error| {
            Error::failed(
                format!("cannot make pipes: {error}."),
                "Close some programs.",
            )
        })
    }

    fn pipes(no_input: bool) -> io::Result<Self> {
        let pipe = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC);
        let (in_read, in_write) = pipe()?;
        let (out_read, out_write) = pipe()?;
        let (err_read, err_write) = pipe()?;
        let input = !no_input && !is_null(io::stdin().as_fd());
        let input = input.then(|| Input::start(in_write)).transpose()?;
        let pumps = Pumps::listen([
            (out_read, io::stdout().as_fd().try_clone_to_owned()?),
            (err_read, io::stderr().as_fd().try_clone_to_owned()?),
        ])?;
        Ok(Self::Pipes {
            theirs: Some([in_read, out_write, err_write]),
            pumps,
            _input: input,
        })
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(..))
    }

    /// Puts them into the request.
    pub(super) fn offer(&mut self, options: &mut Options) {
        match self {
            Self::Terminal(rows, columns) => options.terminal = Some((*rows, *columns)),
            Self::Pipes { theirs, .. } => {
                if let Some([input, output, errors]) = theirs.take() {
                    options.stdin = Some(input.into());
                    options.stdout = Some(output.into());
                    options.stderr = Some(errors.into());
                }
            }
        }
    }

    /// Copies what the program writes, for as long as this is polled.
    pub(super) async fn flow(&mut self) -> io::Result<()> {
        match self {
            Self::Pipes { pumps, .. } => pumps.next().await,
            Self::Terminal(..) => std::future::pending().await,
        }
    }

    /// Copies what is left of the program's output.
    pub(super) fn finish(&mut self) {
        if let Self::Pipes { pumps, .. } = self {
            pumps.finish();
        }
    }
}

/// Whether it is /dev/null, of which nothing can be read.
fn is_null(fd: BorrowedFd<'_>) -> bool {
    let null = rustix::fs::makedev(1, 3);
    rustix::fs::fstat(fd).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == null
    })
}

fn refuse_what_is_no_stream(fd: BorrowedFd<'_>, name: &str) -> Result<()> {
    let kind = rustix::fs::fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode));
    let what = match kind {
        Ok(FileType::Directory) => "a directory",
        Ok(FileType::Socket) => "a socket",
        _ => return Ok(()),
    };
    Err(Error::usage(
        format!("{name} is {what}, which does not go into a sandbox."),
        "Redirect it to a file or a pipe, or use --detach.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_be_read_of_null() {
        let open = |path| std::fs::File::open(path).expect("opens");
        assert!(is_null(open("/dev/null").as_fd()));
        assert!(!is_null(open("/dev/zero").as_fd()) && !is_null(open("/").as_fd()));
    }

    #[test]
    fn directories_and_sockets_are_refused() {
        let directory = std::fs::File::open("/").expect("opens");
        assert!(refuse_what_is_no_stream(directory.as_fd(), "x").is_err());
        let (socket, _other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        assert!(refuse_what_is_no_stream(socket.as_fd(), "x").is_err());
        let file = std::fs::File::open("/dev/null").expect("opens");
        assert!(refuse_what_is_no_stream(file.as_fd(), "x").is_ok());
    }
}
