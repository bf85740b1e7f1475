//! The pipe on which whoever launched a program hears how it ended.

use std::io::Write;
use std::os::fd::OwnedFd;

use oz_core::wire::init::ExitStatus;

use crate::failure::{Failure, Kind, Result};

/// Where one line is written, once: `exit N`, `signal N`, or `failed` and a sentence.
#[derive(Debug)]
pub(crate) struct StatusPipe(std::fs::File);

impl StatusPipe {
    /// Takes the caller's pipe; a write to it must not make the daemon wait.
    pub(crate) fn new(fd: OwnedFd) -> Result<Self> {
        check_pipe(&fd, "the status")?;
        let flags = rustix::fs::fcntl_getfl(&fd).map_err(std::io::Error::from);
        flags
            .and_then(|flags| {
                let flags = flags | rustix::fs::OFlags::NONBLOCK;
                rustix::fs::fcntl_setfl(&fd, flags).map_err(std::io::Error::from)
            })
            .map_err(|error| {
                Failure::new(
                    Kind::Host,
                    format!("cannot use the status pipe: {error}"),
                    "",
                )
            })?;
        Ok(Self(fd.into()))
    }

    /// For another attempt.
    pub(crate) fn try_clone(&self) -> Result<Self> {
        let copy = self.0.try_clone();
        copy.map(Self)
            .map_err(|error| Failure::new(Kind::Host, format!("cannot copy a pipe: {error}"), ""))
    }

    /// The program has ended.
    pub(crate) fn ended(mut self, status: ExitStatus) {
        let line = match status {
            ExitStatus::Code(code) => format!("exit {code}\n"),
            ExitStatus::Signal(signal) => format!("signal {signal}\n"),
        };
        // Nobody may be listening any more.
        let _ = self.0.write_all(line.as_bytes());
    }

    /// Its sandbox is gone without an exit status of the program.
    pub(crate) fn failed(mut self, failure: &Failure) {
        let _ = writeln!(self.0, "failed {}", failure.line());
    }
}

/// A descriptor that goes inside or is written to by us is a pipe without a name, nothing else.
pub(crate) fn check_pipe(fd: &OwnedFd, what: &str) -> Result<()> {
    const PIPEFS: i64 = 0x5049_5045;
    let kind = rustix::fs::fstatfs(fd).map(|fs| fs.f_type);
    if kind == Ok(PIPEFS) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::InvalidArgument,
        format!("the descriptor for {what} is not a pipe"),
        "Make a pipe and copy: files, directories and sockets of the host do not go inside",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn line(tell: impl FnOnce(StatusPipe)) -> String {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        tell(StatusPipe::new(writer.into()).expect("accepted"));
        let mut line = String::new();
        std::fs::File::from(OwnedFd::from(reader))
            .read_to_string(&mut line)
            .expect("text");
        line
    }

    #[test]
    fn the_status_is_one_line() {
        assert_eq!(line(|pipe| pipe.ended(ExitStatus::Code(3))), "exit 3\n");
        assert_eq!(line(|pipe| pipe.ended(ExitStatus::Signal(9))), "signal 9\n");
        let failure = Failure::new(Kind::Gone, "it broke", "Mend it");
        assert_eq!(
            line(|pipe| pipe.failed(&failure)),
            "failed it broke. Mend it.\n"
        );
    }

    #[test]
    fn only_pipes_go_inside() {
        let file = std::fs::File::open("/").expect("opens");
        assert!(check_pipe(&file.into(), "input").is_err());
        let (socket, _other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        assert!(check_pipe(&socket.into(), "input").is_err());
    }
}
