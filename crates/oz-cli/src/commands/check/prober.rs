//! Running the prober inside, and hearing what it found.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::time::Duration;

use oz_core::plan::Plan;
use oz_core::wire::check::{Ask, Evidence, Finding};
use oz_core::wire::{Reader, encode, frame};

use super::around;
use super::baits::Baits;
use super::verdict::From;
use crate::bus::Bus;
use crate::error::{Error, Result};
use crate::launch::{Options, Reply};

/// How long it may take to try everything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most that it can have to say.
const MOST: usize = 1024;

/// A prober that has said what it found and waits to be let go.
pub(super) struct Prober {
    evidence: Evidence,
    /// It ends when this is closed.
    _input: OwnedFd,
    _errors: OwnedFd,
}

impl Prober {
    pub(super) fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    pub(super) fn findings(&self) -> Vec<(From, Finding)> {
        let findings = self.evidence.findings.iter().take(MOST);
        findings
            .map(|finding| (From::Inside, finding.clone()))
            .collect()
    }
}

/// Has the daemon execute it in the sandbox.
pub(super) async fn start(bus: &Bus, id: &str, plan: &Plan, baits: &Baits) -> Result<Prober> {
    let ask = Ask {
        plan: Box::new(plan.clone()),
        ports: baits.ports.clone(),
        abstract_socket: baits.abstract_socket.clone(),
        around: around::look(),
    };
    let ask = encode(&ask, 0).map_err(|error| failed(&error.to_string()))?;
    let pipe = || io::pipe().map_err(|error| failed(&error.to_string()));
    let ((stdin, input), (output, stdout), (errors, stderr)) = (pipe()?, pipe()?, pipe()?);
    let options = Options {
        join: Some(id.to_owned()),
        check: Some(true),
        stdin: Some(OwnedFd::from(stdin).into()),
        stdout: Some(OwnedFd::from(stdout).into()),
        stderr: Some(OwnedFd::from(stderr).into()),
        ..Options::default()
    };
    let none: Vec<Vec<u8>> = Vec::new();
    let arguments = (none, options);
    let _: Reply = bus.manager("Launch", &arguments).await?;
    // The copies went with the message; ours would keep its output open.
    drop(arguments);
    let talk = tokio::task::spawn_blocking(move || -> io::Result<(Evidence, OwnedFd)> {
        let (mut input, mut output) = (input, output);
        // A plan is longer than a pipe: the prober reads while we write.
        input.write_all(&ask)?;
        Ok((hear(&mut output)?, input.into()))
    });
    match tokio::time::timeout(PATIENCE, talk).await {
        Ok(Ok(Ok((evidence, input)))) => Ok(Prober {
            evidence,
            _input: input,
            _errors: errors.into(),
        }),
        Ok(Ok(Err(error))) => Err(failed(&error.to_string())),
        Ok(Err(error)) => Err(failed(&error.to_string())),
        Err(_) => Err(failed("it did not answer in time")),
    }
}

/// One frame, and no more than a frame may be.
fn hear(output: &mut impl Read) -> io::Result<Evidence> {
    let mut reader = Reader::<()>::new(frame::MAX_UNTRUSTED);
    let mut buffer = [0; 4096];
    loop {
        let count = output.read(&mut buffer)?;
        reader.push(&buffer[..count], []);
        if let Some(frame) = reader.next().map_err(io::Error::other)? {
            return frame.decode().map_err(io::Error::other);
        }
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn failed(why: &str) -> Error {
    Error::failed(
        format!(
            "the walls cannot be tried from inside: {}.",
            crate::out::safe(why)
        ),
        "`oz ps` shows whether the sandbox still runs.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prober_that_lies_is_no_danger() {
        for bytes in [&b""[..], b"nonsense that is no frame at all", &[0xff; 64]] {
            assert!(hear(&mut io::Cursor::new(bytes)).is_err());
        }
        let good = encode(&Evidence::default(), 0).expect("encodes");
        assert_eq!(
            hear(&mut io::Cursor::new(good)).expect("heard"),
            Evidence::default()
        );
    }
}
