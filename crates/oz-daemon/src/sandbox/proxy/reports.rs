//! What proxies report: lines of JSON. A proxy parses a hostile protocol, so its reports are capped in
//! length and rate and taken for hostile as well.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::sandbox::{Command, Sandbox};

/// Longest line in bytes.
const LINE: usize = 4096;
/// Most lines in a second.
const RATE: u32 = 1000;
#[derive(Debug, thiserror::Error)]
pub(in crate::sandbox) enum ReportError {
    #[error("a report is longer than {LINE} bytes")]
    TooLong,
    #[error("more than {RATE} reports in a second")]
    TooMany,
    #[error("a report is not one of the known kinds of line")]
    Nonsense,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Follows the reports until the proxy closes the pipe. `take` says whether a later daemon shall know of one.
pub(in crate::sandbox) async fn follow<E: DeserializeOwned>(
    sandbox: &Sandbox,
    reports: OwnedFd,
    mut take: impl FnMut(E) -> bool,
) -> Result<(), ReportError> {
    let flags = rustix::fs::fcntl_getfl(&reports).map_err(io::Error::from)?;
    rustix::fs::fcntl_setfl(&reports, flags | rustix::fs::OFlags::NONBLOCK)
        .map_err(io::Error::from)?;
    let mut pipe = pipe::Receiver::from_owned_fd(reports)?;
    let mut lines = Lines::default();
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = pipe.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let mut lasts = false;
        for event in lines.push(&buffer[..count], Instant::now())? {
            lasts |= take(event);
        }
        if lasts {
            let _ = sandbox.ask(Command::Save);
        }
    }
}

/// Splits what arrives into lines.
#[derive(Default)]
struct Lines {
    pending: Vec<u8>,
    second: Option<Instant>,
    in_second: u32,
}

impl Lines {
    fn push<E: DeserializeOwned>(
        &mut self,
        bytes: &[u8],
        now: Instant,
    ) -> Result<Vec<E>, ReportError> {
        let mut events = Vec::new();
        for byte in bytes {
            if *byte != b'\n' {
                self.pending.push(*byte);
                if self.pending.len() > LINE {
                    return Err(ReportError::TooLong);
                }
                continue;
            }
            self.count(now)?;
            let event = serde_json::from_slice(&self.pending);
            events.push(event.map_err(|_| ReportError::Nonsense)?);
            self.pending.clear();
        }
        Ok(events)
    }

    fn count(&mut self, now: Instant) -> Result<(), ReportError> {
        let current = self
            .second
            .is_some_and(|start| now - start < Duration::from_secs(1));
        if !current {
            self.second = Some(now);
            self.in_second = 0;
        }
        self.in_second += 1;
        if self.in_second > RATE {
            return Err(ReportError::TooMany);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn parse(text: &[u8]) -> Result<Vec<Value>, ReportError> {
        Lines::default().push(text, Instant::now())
    }

    #[test]
    fn lines_are_whole() {
        let mut lines = Lines::default();
        let now = Instant::now();
        let events: Vec<u32> = lines.push(b"1\n2\n3", now).expect("understood");
        assert_eq!(events, [1, 2]);
        let events: Vec<u32> = lines.push(b"4\n", now).expect("understood");
        assert_eq!(events, [34]);
    }

    #[test]
    fn nonsense_floods_and_endless_lines_are_errors() {
        assert!(matches!(parse(b"x\n"), Err(ReportError::Nonsense)));
        assert!(matches!(parse(&[b'['; 5000]), Err(ReportError::TooLong)));
        let flood = b"{\"event\":\"ready\"}\n".repeat(RATE as usize + 1);
        assert!(matches!(parse(&flood), Err(ReportError::TooMany)));
    }
}
