//! How the program ended: one line from the daemon on a pipe of ours.

use std::os::fd::OwnedFd;

use rustix::pipe::PipeFlags;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

use super::Options;
use crate::error::{Error, Result};

/// Longest line.
const LINE: usize = 16 << 10;

/// What the line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Exit(u8),
    Signal(u8),
    Failed(String),
}

/// Our end of the pipe.
pub(super) struct Status {
    receiver: Receiver,
    text: Vec<u8>,
}

/// Makes the pipe and puts the daemon's end into the request.
pub(super) fn pipe(options: &mut Options) -> Result<Status> {
    let pipe = rustix::pipe::pipe_with(PipeFlags::CLOEXEC);
    let (ours, theirs) = pipe.map_err(std::io::Error::from)?;
    options.status = Some(theirs.into());
    let receiver = receiver(ours)?;
    Ok(Status {
        receiver,
        text: Vec::new(),
    })
}

fn receiver(fd: OwnedFd) -> Result<Receiver> {
    let flags = rustix::fs::fcntl_getfl(&fd).map_err(std::io::Error::from)?;
    rustix::fs::fcntl_setfl(&fd, flags | rustix::fs::OFlags::NONBLOCK)
        .map_err(std::io::Error::from)?;
    Ok(Receiver::from_owned_fd(fd)?)
}

impl Status {
    /// Waits for the line. Dropping the future loses nothing.
    pub(super) async fn wait(&mut self) -> Result<Ended> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                return Ok(parse(&String::from_utf8_lossy(&self.text[..end])));
            }
            let mut buffer = [0; 1024];
            let count = self.receiver.read(&mut buffer).await?;
            if count == 0 || self.text.len() > LINE {
                return Err(Error::failed(
                    "the daemon ended while the program ran.",
                    "`oz ps` shows whether its sandbox still runs.",
                ));
            }
            self.text.extend_from_slice(&buffer[..count]);
        }
    }
}

fn parse(line: &str) -> Ended {
    let number = |text: &str| text.parse().unwrap_or(u8::MAX);
    match line.split_once(' ') {
        Some(("exit", code)) => Ended::Exit(number(code)),
        Some(("signal", signal)) => Ended::Signal(number(signal)),
        Some(("failed", why)) => Ended::Failed(crate::out::safe(why)),
        _ => Ended::Failed("the daemon does not say how the program ended.".to_owned()),
    }
}

impl Ended {
    /// The code that a shell shows.
    pub(super) fn code(self) -> Result<u8> {
        match self {
            Self::Exit(code) => Ok(code),
            Self::Signal(signal) => Ok(signal.saturating_add(128)),
            Self::Failed(why) => Err(Error::ended(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_128_and_its_number_and_a_failure_says_why() {
        assert_eq!(parse("exit 3").code().expect("a code"), 3);
        assert_eq!(parse("signal 15").code().expect("a code"), 143);
        assert_eq!(parse("signal 300").code().expect("a code"), 255);
        let error = parse("failed the host \u{1b}[2J is gone.")
            .code()
            .expect_err("failed");
        assert_eq!(error.to_string(), "the host \\x1b[2J is gone.");
        assert!(matches!(parse("nonsense"), Ended::Failed(_)));
    }
}
